//! The sender's keys from which the canonical fields came.

use std::sync::Arc;

use super::name::KeyName;

/// The sender's own names of the fields of one record, and how its values were written.
///
/// Every record has one and it is rarely needed, so it holds indexes of the mapping's names, which it shares.
#[derive(Clone, Debug)]
pub struct SourceFields {
    names: Option<Arc<[KeyName]>>,
    notes: Notes,
}

impl SourceFields {
    /// For a record whose fields have canonical names already.
    pub fn none() -> Self {
        Self { names: None, notes: Notes::default() }
    }

    pub(super) fn new(names: Arc<[KeyName]>, notes: Notes) -> Self {
        Self { names: Some(names), notes }
    }

    /// The sender's name of a plain field, as `birth_date`, `name` or `name.family`; of a list, the name
    /// of its first element. If the record holds nothing of it, the name under which it was looked for
    /// first. None if the profile does not map the field.
    pub fn of(&self, field: &str) -> Option<Arc<str>> {
        self.name(|note| is_or_holds(field, note.field))
    }

    /// The sender's name of a part of one element of a list, as `identifiers.value`, or of the whole element, as `phones`.
    /// Positions count from 0.
    pub fn of_element(&self, field: &str, position: u32) -> Option<Arc<str>> {
        self.name(|note| note.position == Some(position) && is_or_holds(field, note.field))
    }

    /// The canonical fields that the record has; one in several elements of a list is repeated for each.
    pub fn found(&self) -> impl Iterator<Item = &'static str> {
        self.notes.0.iter().filter(|note| note.found).map(|note| note.field)
    }

    /// The canonical fields, and for those of lists the elements, whose values are numbers in the source's
    /// JSON, not texts: as a number, an id has lost its leading zeros, and may have lost more.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, Option<u32>)> {
        self.notes.0.iter().filter(|note| note.is_number).map(|note| (note.field, note.position))
    }

    fn name(&self, asked: impl Fn(&Note) -> bool) -> Option<Arc<str>> {
        let notes = &self.notes.0;
        let found = notes.iter().find(|note| note.found && asked(note));
        let note = found.or_else(|| notes.iter().find(|note| asked(note)))?;
        Some(self.names.as_ref()?.get(usize::from(note.name))?.at(note.element))
    }
}

/// Whether a noted field is the one asked for or a part of it.
fn is_or_holds(asked: &str, noted: &str) -> bool {
    noted.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What was noted while a record was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Vec<Note>);

/// A field came from a name, or was first looked up under it and not found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) field: &'static str,
    /// Index in the canonical list, if it is part of one.
    pub(super) position: Option<u32>,
    /// Index of the name in the mapping's names.
    pub(super) name: u16,
    /// Index in the sender's list, if it was found in one.
    pub(super) element: Option<u32>,
    pub(super) found: bool,
    pub(super) is_number: bool,
}

impl Notes {
    pub(super) fn add(&mut self, note: Note) {
        if self.0.capacity() == 0 {
            self.0.reserve(16);
        }
        self.0.push(note);
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
