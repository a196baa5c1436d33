//! Where one canonical field comes from.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::path::Path;

/// One canonical field: the first alternative that holds something is its value.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    /// The canonical name, as `birth_date` or `identifiers.value`.
    pub(super) canonical: &'static str,
    pub(super) alternatives: Vec<Alternative>,
}

/// One way to a value, and the place of its name among the mapping's names. A constant has no name: it
/// does not come from the sender.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    pub(super) source: Source,
    pub(super) name: Option<u16>,
}

/// One way to a value.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The value at a path.
    At(Path),
    /// The values at several paths that hold something, with a text between them.
    Joined { parts: Vec<Path>, with: String },
    /// The same text for every record.
    Constant(String),
}

impl Field {
    /// The value and the alternative that it came from; if none holds anything, the first one.
    pub(super) fn read(&self, object: &Map<String, Value>) -> (String, Option<&Alternative>) {
        for alternative in &self.alternatives {
            if let Some(text) = alternative.source.text(object) {
                return (text, Some(alternative));
            }
        }
        (String::new(), self.alternatives.first())
    }

    /// The value itself, where it stands at one path.
    pub(super) fn value_in<'o>(&self, object: &'o mut Map<String, Value>) -> Option<&'o mut Value> {
        let (_, alternative) = self.read(object);
        match &alternative?.source {
            Source::At(path) => path.find_mut(object),
            Source::Joined { .. } | Source::Constant(_) => None,
        }
    }
}

impl Source {
    fn text(&self, object: &Map<String, Value>) -> Option<String> {
        match self {
            Self::At(path) => scalar(path.find(object)?).map(Cow::into_owned),
            Self::Joined { parts, with } => {
                let mut joined = String::new();
                for text in parts.iter().filter_map(|part| scalar(part.find(object)?)) {
                    if !joined.is_empty() {
                        joined.push_str(with);
                    }
                    joined.push_str(text.trim());
                }
                (!joined.is_empty()).then_some(joined)
            }
            Self::Constant(text) => Some(text.clone()),
        }
    }
}

/// The text of a scalar that is not blank.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then_some(Cow::Borrowed(text)),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(if *truth { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
