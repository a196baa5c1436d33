//! From the source's own field names to the canonical ones.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::record::RawPatient;

/// From field names to canonical ones.
#[derive(Debug, Default)]
pub struct Mapping {}

impl Mapping {
    /// Reads a source's object.
    pub fn map(&self, object: &Map<String, Value>) -> Mapped {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Mapped {
            patient: RawPatient { patient_id: text("patient_id"), ..RawPatient::default() },
            sources: Sources::none(),
        }
    }
}

/// A patient in canonical field names, and where its fields came from.
pub struct Mapped {
    /// The patient.
    pub patient: RawPatient,
    /// The source's own names.
    pub sources: Sources,
}

/// Which of the sender's keys each canonical field came from.
pub struct Sources(Vec<(&'static str, Arc<str>)>);

impl Sources {
    /// For a record whose fields have canonical names already.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The sender's key of a plain field.
    pub fn of(&self, field: &str) -> Option<Arc<str>> {
        self.of_element(field, 0)
    }

    /// The sender's key of an element of a list.
    pub fn of_element(&self, field: &str, position: u32) -> Option<Arc<str>> {
        let mut keys = self.0.iter().filter(|(name, _)| *name == field);
        keys.nth(position as usize).map(|(_, key)| Arc::clone(key))
    }
}
