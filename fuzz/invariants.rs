//! What holds of the cleaning of any payload, whoever sent it.
//!
//! The fuzz target and the tests share this file, so that what one finds the other keeps.

use std::sync::LazyLock;

use bytes::Bytes;
use cleaning::{
    clean::{Cleaned, MAX_ISSUES, clean},
    field_names,
    issue::{Issue, Severity},
    patient::Patient,
    profile::{Charset, Profile},
    record::{MAX_ELEMENTS, Payload},
};
use jiff::Timestamp;
use profiles::{Profiles, shipped};
use serde_json::Value;

/// The shipped profiles.
pub(super) static PROFILES: LazyLock<Profiles> = LazyLock::new(shipped);

/// When every payload was received: 2024-06-15T00:00:00Z.
pub(super) const RECEIVED_AT: Timestamp = Timestamp::constant(1_718_409_600, 0);

/// Cleans a payload as every shipped hospital could send it: as `raw_json`, if it is text, and as `raw_bytes`.
///
/// # Panics
///
/// If what comes of it breaks an invariant. The message does not say what the payload holds.
pub(super) fn hold_for(payload: &[u8]) {
    for profile in PROFILES.values() {
        for payload in payloads(payload, profile) {
            let cleaned = clean(&payload, profile, RECEIVED_AT);
            patient_or_error(&cleaned);
            issues_are_few_and_in_order(&cleaned.issues);
            cleaned.issues.iter().for_each(says_no_value);
            if let Some(patient) = &cleaned.patient {
                can_be_stored(patient);
            }
            same_again(&cleaned, &clean(&payload, profile, RECEIVED_AT));
        }
    }
}

/// The payloads that the bytes can be. Bytes in UTF-8 are read as text is, so they come as text alone.
fn payloads(bytes: &[u8], profile: &Profile) -> impl Iterator<Item = Payload> {
    let text = std::str::from_utf8(bytes).ok().map(|text| Payload::Json(text.into()));
    let other = (profile.charset != Charset::Utf8 || text.is_none())
        .then(|| Payload::Bytes(Bytes::copy_from_slice(bytes).into()));
    text.into_iter().chain(other)
}

fn patient_or_error(cleaned: &Cleaned) {
    let rejected = cleaned.issues.iter().any(|issue| issue.severity == Severity::Error);
    assert_eq!(cleaned.patient.is_none(), rejected, "a record has a patient or an error, and never both");
}

fn issues_are_few_and_in_order(issues: &[Issue]) {
    assert!(issues.len() <= MAX_ISSUES, "{} issues", issues.len());
    assert!(issues.is_sorted_by_key(|issue| issue.severity), "a warning goes before an error");
}

/// All that an issue says and the program did not say itself: a shape, and the name of the source's field.
/// Everything else in an issue or a change is static.
fn says_no_value(issue: &Issue) {
    let code = issue.kind.code;
    assert!(field_names::find(issue.field).is_some(), "{code}: no canonical field");
    if let Some(shape) = &issue.shape {
        let shape = shape.to_string();
        let (classes, _length) = shape.split_once("... (").unwrap_or((&shape, ""));
        let is_class = |c: char| matches!(c, 'd' | 'a' | 'A' | '汉' | '~' | ' ') || c.is_ascii_punctuation();
        assert!(classes.chars().all(is_class), "{code}: the shape shows a character");
    }
    if let Some(name) = &issue.source_field {
        assert!(name.len() <= LONGEST_NAME, "{code}: the name of a field has {} bytes", name.len());
        // The names of the shipped profiles are ASCII; a place in a list has at most seven digits.
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()), "{code}: the name of a field is a text");
        let number = |run: &[u8]| run.iter().all(u8::is_ascii_digit);
        assert!(!name.as_bytes().windows(8).any(number), "{code}: the name of a field holds a number");
    }
}

const LONGEST_NAME: usize = 100;

/// There is a key to store it under, and nothing that a store refuses.
fn can_be_stored(patient: &Patient) {
    assert!(!patient.patient_id.is_empty(), "a patient without a number");
    assert!(patient.phones.len() <= MAX_ELEMENTS, "{} phones", patient.phones.len());
    let content = serde_json::to_value(patient).expect("a patient serialises");
    assert!(!holds_nul(&content), "a patient with a NUL");
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(elements) => elements.iter().any(holds_nul),
        Value::Object(fields) => fields.values().any(holds_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn same_again(first: &Cleaned, second: &Cleaned) {
    let hash = |cleaned: &Cleaned| cleaned.patient.as_ref().map(|patient| patient.content_hash());
    assert!(hash(first) == hash(second), "the same payload became two patients");
    let found = |cleaned: &Cleaned| format!("{:?}{:?}", cleaned.issues, cleaned.changes);
    assert!(found(first) == found(second), "the same payload was judged in two ways");
}
