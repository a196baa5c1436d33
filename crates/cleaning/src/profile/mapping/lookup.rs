//! Where one canonical field comes from.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    path::{Path, Root},
    scalar::scalar,
    selection::Selection,
};
use crate::format::{null_token, text};

/// Where one canonical field is looked up: the first alternative that holds more than a null token is its value, else
/// the first that holds anything.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// The canonical name, as `birth_date` or `identifiers.value`.
    pub canonical: &'static str,
    pub alternatives: Vec<Alternative>,
}

/// One source of a value, and the index of its name among the mapping's names. A constant has no name: it does not
/// come from the sender.
#[derive(Clone, Debug)]
pub struct Alternative {
    pub source: Source,
    pub name: Option<u16>,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The value at a path.
    At(Path),
    /// The values at several paths that hold something, with a text between them.
    Joined { parts: Vec<Path>, with: String },
    /// A source within the first of some elements in which it holds something.
    First(Selection, Box<Source>),
    /// The same text for every record.
    Constant(String),
}

/// A value that was found.
pub(super) struct Found {
    pub(super) text: String,
    /// The index of the element in which it was found, if its source leads through a list.
    pub(super) element: Option<u32>,
    /// Whether it is a number in the source's JSON.
    pub(super) is_number: bool,
}

impl Lookup {
    /// A field that the source does not have.
    pub fn none(canonical: &'static str) -> Self {
        Self { canonical, alternatives: Vec::new() }
    }

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

    /// The value itself, if it is at one path.
    pub(super) fn value_in<'o>(
        &self,
        record: &'o mut Map<String, Value>,
        nulls: &HashSet<String>,
    ) -> Option<&'o mut Value> {
        let (found, alternative) = self.read(Root::Record(record), nulls);
        match &alternative?.source {
            Source::At(path) => path.find_mut(record),
            Source::First(selection, inner) => match &**inner {
                Source::At(path) => path.find_mut_in(selection.element_mut(record, found?.element?)?),
                Source::Joined { .. } | Source::First(..) | Source::Constant(_) => None,
            },
            Source::Joined { .. } | Source::Constant(_) => None,
        }
    }

    /// The keys of the record in which its paths begin.
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
            Self::First(selection, inner) => selection
                .elements(root)
                .find_map(|(index, element)| Some((index, inner.read(Root::Element(element))?)))
                .map(|(index, found)| Found { element: Some(index), ..found }),
            Self::Constant(text) => Some(Found::of(text.clone())),
        }
    }

    /// The paths that begin where this source begins.
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
