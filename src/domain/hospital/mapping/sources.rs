//! Which of the sender's keys each canonical field came from.

use std::sync::Arc;

/// The sender's own names of the fields of one record.
///
/// A record has one of these and nearly always nobody asks, so it holds places among the mapping's names
/// and shares the names themselves.
#[derive(Clone, Debug)]
pub struct Sources {
    names: Option<Arc<[Arc<str>]>>,
    notes: Notes,
}

impl Sources {
    /// For a record whose fields have canonical names already.
    pub fn none() -> Self {
        Self { names: None, notes: Notes::default() }
    }

    pub(super) fn new(names: Arc<[Arc<str>]>, notes: Notes) -> Self {
        Self { names: Some(names), notes }
    }

    /// The sender's name of a plain field, as `birth_date`, `name` or `name.family`; of a list, the name
    /// of its first element. If the record holds nothing of it, the name under which it was looked for
    /// first. None if the profile does not map the field.
    pub fn of(&self, field: &str) -> Option<Arc<str>> {
        self.name(|note| is_or_holds(field, note.field))
    }

    /// The same for a part of one element of a list, as `identifiers.value`, or for the element as a
    /// whole, as `phones`. Positions count from 0.
    pub fn of_element(&self, field: &str, position: u32) -> Option<Arc<str>> {
        self.name(|note| note.position == position && is_or_holds(field, note.field))
    }

    fn name(&self, asked: impl Fn(&Note) -> bool) -> Option<Arc<str>> {
        let notes = &self.notes.0;
        let found = notes.iter().find(|note| note.found && asked(note));
        let note = found.or_else(|| notes.iter().find(|note| asked(note)))?;
        self.names.as_ref()?.get(usize::from(note.name)).cloned()
    }
}

/// Whether a noted field is the one asked for or a part of it.
fn is_or_holds(asked: &str, noted: &str) -> bool {
    noted.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What was noted while a record was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Vec<Note>);

#[derive(Clone, Copy, Debug)]
struct Note {
    field: &'static str,
    position: u32,
    name: u16,
    found: bool,
}

impl Notes {
    /// Notes that a field came from a name, or was looked for under it first and not found.
    pub(super) fn add(&mut self, field: &'static str, position: u32, name: u16, found: bool) {
        if self.0.capacity() == 0 {
            self.0.reserve(16);
        }
        self.0.push(Note { field, position, name, found });
    }

    pub(super) fn mark(&self) -> usize {
        self.0.len()
    }

    pub(super) fn found_since(&self, mark: usize) -> bool {
        self.0[mark..].iter().any(|note| note.found)
    }

    pub(super) fn forget_since(&mut self, mark: usize) {
        self.0.truncate(mark);
    }
}
