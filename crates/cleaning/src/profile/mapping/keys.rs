//! Which keys of a record are expected, and which show that the source has changed.

use std::sync::Arc;

use serde_json::{Map, Value};

/// Most characters of an unexpected key that are kept.
const MAX_KEY_CHARS: usize = 64;

/// The keys of a record that nobody expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmappedKeys {
    /// How many there are.
    pub count: u32,
    /// The first of them in alphabetical order, cut after 64 characters.
    pub first: Option<Arc<str>>,
}

/// The keys at the top of a record that the mapping reads or ignores. Like all look-ups of keys, without
/// regard to the case of ASCII letters.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedKeys {
    /// By length: of the keys of a source few have the same, so that looking at these is cheaper than
    /// hashing.
    whole: Vec<Vec<Box<str>>>,
    starts: Vec<Box<str>>,
}

impl ExpectedKeys {
    /// Expects this key.
    pub(super) fn add(&mut self, key: &str) {
        if !self.holds(key) {
            if self.whole.len() <= key.len() {
                self.whole.resize_with(key.len() + 1, Vec::new);
            }
            self.whole[key.len()].push(key.into());
        }
    }

    /// Expects all keys that begin so.
    pub(super) fn add_start(&mut self, start: &str) {
        self.starts.push(start.into());
    }

    /// Whether this key is expected.
    pub(super) fn holds(&self, key: &str) -> bool {
        let same_length = self.whole.get(key.len()).map_or(&[][..], Vec::as_slice);
        same_length.iter().any(|known| known.eq_ignore_ascii_case(key))
            || self.starts.iter().any(|start| starts_with(key, start))
    }

    /// Counts the keys of a record that are not expected.
    pub(super) fn unmapped(&self, record: &Map<String, Value>) -> UnmappedKeys {
        let mut unmapped = UnmappedKeys::default();
        for key in record.keys().filter(|key| !self.holds(key)) {
            unmapped.count += 1;
            unmapped.first.get_or_insert_with(|| cut(key));
        }
        unmapped
    }
}

/// Whether a key begins so, without regard to the case of ASCII letters.
pub(super) fn starts_with(key: &str, start: &str) -> bool {
    let beginning = key.as_bytes().get(..start.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(start.as_bytes()))
}

fn cut(key: &str) -> Arc<str> {
    let end = key.char_indices().nth(MAX_KEY_CHARS).map_or(key.len(), |(end, _)| end);
    key[..end].into()
}
