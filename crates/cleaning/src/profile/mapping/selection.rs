//! Which elements of a list in a record are meant.

use std::iter;

use serde_json::{Map, Value};

use super::{
    lookup::scalar,
    path::{Path, Root},
};

/// The elements of one list that satisfy every condition.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) list: Path,
    pub(super) conditions: Vec<Condition>,
}

/// What an element must hold.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// From the element.
    pub(super) path: Path,
    /// The text there, trimmed, must be one of these.
    pub(super) texts: Vec<String>,
}

impl Selection {
    /// The elements and their places in the list. What is no list is one of a single element: converters
    /// from XML leave the list out where there is only one.
    pub(super) fn of<'s, 'v: 's>(&'s self, root: Root<'v>) -> impl Iterator<Item = (u32, &'v Value)> + 's {
        let list = match self.list.find(root) {
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        iter::zip(0.., list).filter(|(_, element)| self.is_satisfied_by(element))
    }

    /// The element at a place in the list, to be changed in place.
    pub(super) fn element_mut<'v>(
        &self,
        record: &'v mut Map<String, Value>,
        place: u32,
    ) -> Option<&'v mut Value> {
        match self.list.find_mut(record)? {
            Value::Array(elements) => elements.get_mut(usize::try_from(place).ok()?),
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
