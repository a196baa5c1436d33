//! What formatting did to a record: where, by which rule, and in what way. Never a value.

use std::borrow::Cow;

use crate::{issue::path, message::Text, named_enum::named_enum};

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

named_enum! {
    /// In what way a field was changed.
    pub enum ChangeKind {
        /// Bytes became text.
        Decoded = "decoded",
        /// Characters without meaning were removed, spaces trimmed and collapsed.
        Cleaned = "cleaned",
        /// Characters were replaced by their canonical equals.
        Folded = "folded",
        /// The same value was written in its canonical form.
        Reformatted = "reformatted",
        /// A code was translated by a table.
        Translated = "translated",
        /// A value was derived from another and stored beside it.
        Added = "added",
        /// One text became several values.
        Split = "split",
        /// A text that means "nothing" was left out.
        Emptied = "emptied",
        /// A value that was there already was left out.
        Dropped = "dropped",
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
