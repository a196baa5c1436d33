//! Which keys of a record are expected, and which show that the source has changed.

use std::sync::Arc;

use serde_json::{Map, Value};

/// Most characters of an unexpected key that are kept.
const MAX_KEY_CHARS: usize = 64;

/// The keys of a record that the mapping neither reads nor ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmappedKeys {
    /// How many there are.
    pub count: u32,
    /// The first of them in alphabetical order, cut after 64 characters.
    pub first: Option<Arc<str>>,
}

/// The keys at the top of a record that the mapping reads or ignores. As in all look-ups of keys, ASCII case is
/// ignored.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedKeys {
    /// By length: few keys of a source have the same, so that comparing them is cheaper than hashing.
    whole: Vec<Vec<Box<str>>>,
    starts: Vec<Box<str>>,
}

/// A key that the source sends and that is not wanted.
pub enum IgnoredKey {
    Whole(String),
    /// Every key that begins like this.
    Start(String),
}

impl IgnoredKey {
    /// Whether it covers a key. ASCII case is ignored.
    pub fn covers(&self, key: &str) -> bool {
        match self {
            Self::Whole(ignored) => key.eq_ignore_ascii_case(ignored),
            Self::Start(start) => starts_with(key, start),
        }
    }
}

impl ExpectedKeys {
    pub(super) fn new<'k>(read: impl Iterator<Item = &'k str>, ignored: &[IgnoredKey]) -> Self {
        let mut expected = Self::default();
        read.for_each(|key| expected.add(key));
        for key in ignored {
            match key {
                IgnoredKey::Whole(key) => expected.add(key),
                IgnoredKey::Start(start) => expected.starts.push(start.as_str().into()),
            }
        }
        expected
    }

    fn add(&mut self, key: &str) {
        if !self.holds(key) {
            if self.whole.len() <= key.len() {
                self.whole.resize_with(key.len() + 1, Vec::new);
            }
            self.whole[key.len()].push(key.into());
        }
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

/// Whether a key begins with a text. ASCII case is ignored.
fn starts_with(key: &str, start: &str) -> bool {
    let beginning = key.as_bytes().get(..start.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(start.as_bytes()))
}

fn cut(key: &str) -> Arc<str> {
    let end = key.char_indices().nth(MAX_KEY_CHARS).map_or(key.len(), |(end, _)| end);
    key[..end].into()
}
