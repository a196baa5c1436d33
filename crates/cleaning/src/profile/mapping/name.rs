//! The sender's own names of fields.

use std::sync::Arc;

/// What the sender calls a field.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// As the profile writes it; for an element of a list, with the condition that chooses it.
    whole: Arc<str>,
    /// Before and after the place of the element.
    around: Option<(Box<str>, Box<str>)>,
}

/// What the sender calls the elements of a list.
#[derive(Clone)]
pub(super) struct Elements {
    /// A pointer to the list.
    pub(super) list: String,
    /// `*`, or the conditions: `[system=phone]`.
    pub(super) which: String,
}

impl Name {
    /// Of a field of the record itself.
    pub(super) fn of(written: &str) -> Self {
        Self { whole: written.into(), around: None }
    }

    /// Of a field of an element; `rest` is the pointer that leads to it from there.
    pub(super) fn within(elements: &Elements, rest: &str) -> Self {
        let around = (format!("{}/", elements.list).into(), rest.into());
        Self { whole: elements.any(rest).into(), around: Some(around) }
    }

    /// The name, if there is one with the place of the element.
    pub(super) fn at(&self, place: Option<u32>) -> Arc<str> {
        match (place, &self.around) {
            (Some(place), Some((before, after))) => format!("{before}{place}{after}").into(),
            _ => Arc::clone(&self.whole),
        }
    }
}

impl Elements {
    /// The name of a field of whichever element it is.
    pub(super) fn any(&self, rest: &str) -> String {
        format!("{}{}{rest}", self.list, self.which)
    }
}

/// A path as a pointer.
pub(super) fn pointer(written: &str) -> String {
    match written {
        "" => String::new(),
        pointer if pointer.starts_with('/') => pointer.to_owned(),
        key => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
    }
}
