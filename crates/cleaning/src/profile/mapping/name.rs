//! The sender's own names of fields.

use std::sync::Arc;

/// What the sender calls a field.
#[derive(Clone, Debug)]
pub struct KeyName {
    /// As the profile writes it; for an element of a list, with the condition that chooses it.
    whole: Arc<str>,
    /// Before and after the index of the element.
    around: Option<(Box<str>, Box<str>)>,
}

/// What the sender calls the elements of a list.
#[derive(Clone)]
pub struct Elements {
    /// A pointer to the list.
    pub list: String,
    /// `*`, or the conditions: `[system=phone]`.
    pub which: String,
}

impl KeyName {
    /// The name of a field of the record itself.
    pub fn new(written: &str) -> Self {
        Self { whole: written.into(), around: None }
    }

    /// The name of a field of an element; `rest` is the pointer that leads to it from there.
    pub fn within(elements: &Elements, rest: &str) -> Self {
        let around = (format!("{}/", elements.list).into(), rest.into());
        Self { whole: elements.any(rest).into(), around: Some(around) }
    }

    /// The name, with the index of the element if there is one.
    pub(super) fn at(&self, element: Option<u32>) -> Arc<str> {
        match (element, &self.around) {
            (Some(index), Some((before, after))) => format!("{before}{index}{after}").into(),
            _ => Arc::clone(&self.whole),
        }
    }
}

impl Elements {
    /// The name of a field of any of the elements.
    pub fn any(&self, rest: &str) -> String {
        format!("{}{}{rest}", self.list, self.which)
    }
}
