//! What formatting did to a record: where, by which rule, and in what way. Never a value.

use std::borrow::Cow;

use super::{issue::path, message::Text};

/// One rule of formatting.
#[derive(Debug)]
pub struct FormatRule {
    /// Stable, UPPER_SNAKE.
    pub code: &'static str,
    /// Its number, as `F08`.
    pub number: &'static str,
    /// The canonical fields that it works on, for people.
    pub fields: &'static str,
    /// The standard or the reason behind it.
    pub basis: &'static str,
    /// What it does, for people.
    pub text: Text,
}

/// In what way a field was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Bytes became text.
    Decoded,
    /// Characters without meaning were removed, spaces trimmed and collapsed.
    Cleaned,
    /// Characters were replaced by their canonical equals.
    Folded,
    /// The same value was written in its canonical form.
    Reformatted,
    /// A code was translated by a table.
    Translated,
    /// A value was derived from another and stored beside it.
    Added,
    /// One text became several values.
    Split,
    /// A text that means "nothing" was left out.
    Emptied,
    /// A value that was there already was left out.
    Dropped,
}

impl ChangeKind {
    /// The kind in lower case, as the store writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decoded => "decoded",
            Self::Cleaned => "cleaned",
            Self::Folded => "folded",
            Self::Reformatted => "reformatted",
            Self::Translated => "translated",
            Self::Added => "added",
            Self::Split => "split",
            Self::Emptied => "emptied",
            Self::Dropped => "dropped",
        }
    }
}

/// One change of one field.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The canonical field, as `birth_date` or `identifiers.value`; empty when it is the whole record.
    pub field: &'static str,
    /// Which element, when the first part of `field` is a list.
    pub position: Option<u32>,
    pub rule: &'static FormatRule,
    pub kind: ChangeKind,
}

impl Change {
    /// The canonical path with the element's position in it: `identifiers[1].value`.
    pub fn path(&self) -> Cow<'static, str> {
        path(self.field, self.position)
    }
}
