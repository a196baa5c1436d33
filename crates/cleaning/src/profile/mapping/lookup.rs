//! Where one canonical field comes from.

use std::{borrow::Cow, collections::HashSet};

use serde_json::{Map, Value};

use super::{
    path::{Path, Root},
    selection::Selection,
};
use crate::format::{null_token, text};

/// One canonical field: the first alternative that holds something is its value, one that holds more than a
/// null token before one that does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
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
    /// The first of some elements that holds something at the end of a way from there.
    First(Selection, Box<Source>),
    /// The same text for every record.
    Constant(String),
}

/// What a way leads to.
pub(super) struct Found {
    pub(super) text: String,
    /// The place of the element, where the way leads through one.
    pub(super) element: Option<u32>,
    /// Whether it is a number in the source's JSON.
    pub(super) is_number: bool,
}

impl Lookup {
    /// The value and the alternative that it came from; if none holds anything, the first one. A null token
    /// is a value only where there is no other: it may be a code, as `0` is.
    pub(super) fn read(
        &self,
        root: Root<'_>,
        nulls: &HashSet<String>,
    ) -> (Option<Found>, Option<&Alternative>) {
        let mut tokens = None;
        for alternative in &self.alternatives {
            let Some(found) = alternative.source.read(root) else { continue };
            if self.alternatives.len() == 1 || !null_token::is_null(&text::clean_token(&found.text), nulls) {
                return (Some(found), Some(alternative));
            }
            tokens.get_or_insert((found, alternative));
        }
        match tokens {
            Some((found, alternative)) => (Some(found), Some(alternative)),
            None => (None, self.alternatives.first()),
        }
    }

    /// The value itself, where it stands at one path.
    pub(super) fn value_in<'o>(
        &self,
        record: &'o mut Map<String, Value>,
        nulls: &HashSet<String>,
    ) -> Option<&'o mut Value> {
        let (found, alternative) = self.read(Root::Record(record), nulls);
        match &alternative?.source {
            Source::At(path) => path.find_mut(record),
            Source::First(selection, way) => match &**way {
                Source::At(path) => path.find_mut_in(selection.element_mut(record, found?.element?)?),
                Source::Joined { .. } | Source::First(..) | Source::Constant(_) => None,
            },
            Source::Joined { .. } | Source::Constant(_) => None,
        }
    }

    /// The keys of the record with which its ways begin.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().flat_map(|alternative| alternative.source.paths()).filter_map(Path::key)
    }
}

impl Source {
    fn read(&self, root: Root<'_>) -> Option<Found> {
        match self {
            Self::At(path) => {
                let value = path.find(root)?;
                let text = scalar(value)?.into_owned();
                Some(Found { text, element: None, is_number: value.is_number() })
            }
            Self::Joined { parts, with } => joined(parts, with, root).map(Found::of),
            Self::First(selection, way) => selection
                .of(root)
                .find_map(|(place, element)| Some((place, way.read(Root::Element(element))?)))
                .map(|(place, found)| Found { element: Some(place), ..found }),
            Self::Constant(text) => Some(Found::of(text.clone())),
        }
    }

    /// The paths that begin where this way begins.
    fn paths(&self) -> &[Path] {
        match self {
            Self::At(path) => std::slice::from_ref(path),
            Self::Joined { parts, .. } => parts,
            Self::First(selection, _) => std::slice::from_ref(&selection.list),
            Self::Constant(_) => &[],
        }
    }
}

impl Found {
    fn of(text: String) -> Self {
        Self { text, element: None, is_number: false }
    }
}

fn joined(parts: &[Path], with: &str, root: Root<'_>) -> Option<String> {
    let mut joined = String::new();
    for part in parts {
        part.each(root, &mut |value| {
            if let Some(text) = scalar(value) {
                if !joined.is_empty() {
                    joined.push_str(with);
                }
                joined.push_str(text.trim());
            }
        });
    }
    (!joined.is_empty()).then_some(joined)
}

/// The text of a scalar that is not blank.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then_some(Cow::Borrowed(text)),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(if *truth { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
