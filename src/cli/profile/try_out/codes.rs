//! Codes that are in no table of the profile, which a data steward adds next.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use cleaning::{issue::Issue, record::RawPatient, rules, shape::Shape};

/// The number in the catalogue of the rules about codes.
const CODE_RULES: &str = "V06";

/// Distinct codes at most that are shown. More are values of patients rather than codes; their shapes are shown.
const MAX_CODES: usize = 30;

/// Characters at most of a code that is shown.
const MAX_CODE_LENGTH: usize = 8;

/// Digits at most of a code that is shown: with more it may be a date or a part of a number.
const MAX_DIGITS: usize = 3;

/// Distinct texts that are counted at most, which bounds the memory.
const MAX_COUNTED_TEXTS: usize = 1_000;

/// Codes in no table, by field.
#[derive(Default)]
pub(super) struct UnknownCodes(BTreeMap<&'static str, OfField>);

#[derive(Default)]
struct OfField {
    source_field: Option<Arc<str>>,
    texts: HashMap<String, u64>,
}

/// One code in no table, or texts of one shape.
pub(super) struct UnknownCode {
    pub(super) field: &'static str,
    /// The name of the field at the source.
    pub(super) source_field: Option<Arc<str>>,
    /// The code in quotes, or the shape of the texts.
    pub(super) shown: String,
    pub(super) count: u64,
}

impl UnknownCodes {
    /// Counts the code of an issue about a code.
    pub(super) fn add(&mut self, issue: &Issue, raw: &RawPatient) {
        let is_about_code = rules::find(issue.kind.code).is_some_and(|rule| rule.number == CODE_RULES);
        let Some(code) = raw.text(issue.field, issue.position).filter(|_| is_about_code) else { return };
        let of_field = self.0.entry(issue.field).or_default();
        of_field.source_field = of_field.source_field.take().or_else(|| issue.source_field.clone());
        if let Some(count) = of_field.texts.get_mut(code) {
            *count += 1;
        } else if of_field.texts.len() < MAX_COUNTED_TEXTS {
            of_field.texts.insert(code.to_owned(), 1);
        }
    }

    /// The codes by field, the most frequent first.
    pub(super) fn finish(self) -> Vec<UnknownCode> {
        let fields = self.0.into_iter();
        fields.flat_map(|(field, of_field)| of_field.finish(field)).collect()
    }
}

impl OfField {
    fn finish(self, field: &'static str) -> Vec<UnknownCode> {
        let are_codes = self.texts.len() <= MAX_CODES;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (text, count) in &self.texts {
            let shown = if are_codes && is_code(text) {
                format!("{text:?}")
            } else {
                Shape::from_text(text).to_string()
            };
            *counts.entry(shown).or_default() += count;
        }
        let mut codes: Vec<_> = counts
            .into_iter()
            .map(|(shown, count)| UnknownCode {
                field,
                source_field: self.source_field.clone(),
                shown,
                count,
            })
            .collect();
        codes.sort_by_key(|code| Reverse(code.count));
        codes
    }
}

/// Whether a text can only be a code, and may be shown.
fn is_code(text: &str) -> bool {
    let digits = text.chars().filter(|character| character.is_numeric()).count();
    text.chars().count() <= MAX_CODE_LENGTH && digits <= MAX_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(texts: &[&str]) -> Vec<(String, u64)> {
        let mut codes = UnknownCodes::default();
        for text in texts {
            let raw = RawPatient { gender: (*text).into(), ..RawPatient::default() };
            let rule = rules::find("GENDER_NOT_IN_TABLE").unwrap();
            codes.add(&rule.issue(None), &raw);
        }
        codes.finish().into_iter().map(|code| (code.shown, code.count)).collect()
    }

    #[test]
    fn codes_are_shown_and_what_may_be_about_a_patient_is_not() {
        assert_eq!(shown(&["7", "保密", "7"]), [("\"7\"".to_owned(), 2), ("\"保密\"".to_owned(), 1)]);
        assert_eq!(shown(&["19900101"]), [("dddddddd".to_owned(), 1)]);
        assert_eq!(shown(&["anna lindqvist"]), [("aaaa aaaaaaaaa".to_owned(), 1)]);
    }

    #[test]
    fn a_column_of_many_different_texts_is_no_column_of_codes() {
        let names: Vec<_> = ('a'..='z').flat_map(|one| ['x', 'y'].map(|two| format!("{one}{two}"))).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(shown(&names), [("aa".to_owned(), 52)]);
    }
}
