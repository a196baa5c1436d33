//! Which elements of a list in a record are meant.

use std::iter;

use serde_json::{Map, Value};

use super::{
    path::{Path, Root},
    scalar::scalar,
};

/// The elements of one list that satisfy every condition.
#[derive(Clone, Debug)]
pub struct Selection {
    pub list: Path,
    pub conditions: Vec<Condition>,
}

/// What an element must hold.
#[derive(Clone, Debug)]
pub struct Condition {
    /// From the element.
    pub path: Path,
    /// The text there, trimmed, must be one of these.
    pub texts: Vec<String>,
}

impl Selection {
    /// The elements and their indexes in the list. Anything else than a list counts as a list of one: converters from
    /// XML leave the list out where there is only one element.
    pub(super) fn elements<'s, 'v: 's>(
        &'s self,
        root: Root<'v>,
    ) -> impl Iterator<Item = (u32, &'v Value)> + 's {
        let list = match self.list.find(root) {
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        iter::zip(0.., list).filter(|(_, element)| self.is_satisfied_by(element))
    }

    /// The element at an index of the list, to be changed in place.
    pub(super) fn element_mut<'v>(
        &self,
        record: &'v mut Map<String, Value>,
        index: u32,
    ) -> Option<&'v mut Value> {
        match self.list.find_mut(record)? {
            Value::Array(elements) => elements.get_mut(usize::try_from(index).ok()?),
            single => Some(single),
        }
    }

    fn is_satisfied_by(&self, element: &Value) -> bool {
        self.conditions.iter().all(|condition| {
            let text = condition.path.find(Root::Element(element)).and_then(scalar);
            text.is_some_and(|text| condition.texts.iter().any(|wanted| wanted == text.trim()))
        })
    }
}
