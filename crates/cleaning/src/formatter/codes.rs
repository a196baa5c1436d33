//! Codes, with or without what the source shows for them.

use std::collections::HashMap;

use super::{FieldPath, Formatter};
use crate::{
    change::ChangeKind,
    field_names::FieldName,
    format::{
        catalogue, code, gender,
        parsed::{NotInTable, Parsed},
        text,
    },
    patient::Gender,
    phi::Phi,
};

/// A code and what the source shows for it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'r> {
    pub(super) code: &'r str,
    pub(super) display: &'r str,
    pub(super) field: FieldName,
}

impl Formatter<'_> {
    pub(super) fn gender(&mut self, pair: Pair<'_>) -> Parsed<Gender, NotInTable> {
        let table = self.profile.codes.gender.as_ref();
        let code = self.preferred(pair);
        let path = FieldPath(pair.field, None);
        let gender = self.known_or_null(code, path, |code| gender::read(code, table));
        if let Parsed::Value(gender) = gender {
            let translated = text::clean_token(code) != gender.name();
            self.note_if(translated, path, &catalogue::CODE_TRANSLATED, ChangeKind::Translated);
            let shown = text::clean_token(pair.display);
            let disagrees = matches!(gender::read(&shown, table), Parsed::Value(shown) if shown != gender);
            self.disagreements.extend(disagrees.then_some(pair.field));
        }
        gender
    }

    /// The code of a pair, or what is shown for it where there is no code.
    pub(super) fn preferred<'r>(&mut self, pair: Pair<'r>) -> &'r str {
        let code = text::clean_token(pair.code);
        if !self.is_null(&code) || pair.display.is_empty() {
            return pair.code;
        }
        self.note(FieldPath(pair.field, None), &catalogue::CODE_PREFERRED, ChangeKind::Translated);
        pair.display
    }

    pub(super) fn paired(
        &mut self,
        pair: Pair<'_>,
        table: Option<&HashMap<String, String>>,
    ) -> Parsed<Phi<String>, NotInTable> {
        let code = self.preferred(pair);
        let field = self.coded(code, FieldPath(pair.field, None), table).map(Phi::new);
        // Only a table can say that a display means another code.
        if let (Parsed::Value(code), Some(table)) = (&field, table)
            && table.get(&*text::clean_token(pair.display)).is_some_and(|shown| *code != *shown.as_str())
        {
            self.disagreements.push(pair.field);
        }
        field
    }

    pub(super) fn coded(
        &mut self,
        raw: &str,
        path: FieldPath,
        table: Option<&HashMap<String, String>>,
    ) -> Parsed<String, NotInTable> {
        let field = match table {
            Some(_) => self.known_or_null(raw, path, |code| code::translate(code, table)),
            // Without a table every text is a code: only the null tokens can tell that it is none.
            None => self.token(raw, path).map_or(Parsed::Absent, |code| code::translate(&code, None)),
        };
        let translated = table.is_some() && field.value().is_some_and(|code| *code != text::clean_token(raw));
        self.note_if(translated, path, &catalogue::CODE_TRANSLATED, ChangeKind::Translated);
        field
    }

    /// Reads a code before it is taken for a null token: `0` is a null token of many sources, and a gender
    /// or a "no" of others.
    pub(super) fn known_or_null<T, Fault>(
        &mut self,
        raw: &str,
        path: FieldPath,
        read: impl FnOnce(&str) -> Parsed<T, Fault>,
    ) -> Parsed<T, Fault> {
        self.note_flaws(raw, path);
        let text = text::clean_token(raw);
        if text.is_empty() {
            return Parsed::Absent;
        }
        match read(&text) {
            Parsed::Faulty(_) if self.is_null(&text) => {
                self.note(path, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
                Parsed::Absent
            }
            field => {
                self.note_edits(raw, &text, path, &catalogue::WIDTH_FOLDED);
                field
            }
        }
    }
}
