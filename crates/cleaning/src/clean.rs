//! From one raw record to one canonical patient, or to the issues that reject it.

use jiff::Timestamp;

use crate::{
    change::{Change, ChangeKind},
    format::{catalogue, draft::Draft},
    issue::{Issue, Severity},
    look_back::LookBack,
    patient::{Gender, Patient},
    profile::{
        Charset, Profile,
        mapping::{Mapped, SourceFields, UnmappedKeys},
    },
    record::Payload,
    rules::{self, ReceivedAt, RecordContext, Rule},
};

mod payload;

/// What cleaning makes of a record.
#[derive(Debug)]
pub struct Cleaned {
    /// The patient; none if an issue is an error.
    pub patient: Option<Box<Patient>>,
    /// What was found, at most [`MAX_ISSUES`], errors first.
    pub issues: Vec<Issue>,
    /// What formatting did.
    pub changes: Vec<Change>,
    /// What could be held against the resident id.
    pub comparability: IdComparability,
}

/// Which fields of a record could be held against its resident id: of many records, this tells whether a
/// difference is the rule or an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdComparability {
    /// The gender.
    pub gender: bool,
    /// The date of birth.
    pub birth_date: bool,
}

/// Most issues that are reported about one record.
pub const MAX_ISSUES: usize = 50;

/// Deepest nesting of a JSON payload; the object itself is the first level.
pub const MAX_DEPTH: usize = 64;

/// Cleans one record: parses, maps and formats it, and asks every rule of the catalogue that is about one
/// record. Total: it answers for any payload.
pub fn clean(payload: &Payload, profile: &Profile, received_at: Timestamp) -> Cleaned {
    read(payload, profile, received_at, None)
}

/// The same with the next record of a hospital in a batch: what passes its own rules is also held against the
/// earlier ones, and is remembered unless that rejects it.
pub fn clean_next(
    payload: &Payload,
    profile: &Profile,
    received_at: Timestamp,
    look_back: &mut LookBack,
) -> Cleaned {
    read(payload, profile, received_at, Some(look_back))
}

fn read(
    payload: &Payload,
    profile: &Profile,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    match payload {
        Payload::Fields(raw) => {
            let origin = RecordContext { raw, sources: &SourceFields::none(), profile };
            judge(origin, None, received_at, look_back)
        }
        Payload::Missing => Cleaned::rejected(&rules::PAYLOAD_MISSING),
        Payload::Json(text) => read_json(text, profile, received_at, look_back),
        Payload::Bytes(bytes) => match profile.charset.decode(bytes) {
            Some(text) => {
                let mut cleaned = read_json(&text, profile, received_at, look_back);
                if profile.charset != Charset::Utf8 && !bytes.is_ascii() {
                    cleaned.changes.push(DECODED);
                }
                cleaned
            }
            None => Cleaned::rejected(&rules::PAYLOAD_UNDECODABLE),
        },
    }
}

const DECODED: Change =
    Change { field: "", position: None, rule: &catalogue::TEXT_DECODED, kind: ChangeKind::Decoded };

fn read_json(
    text: &str,
    profile: &Profile,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    match payload::parse(text) {
        Ok(object) => {
            let Mapped { patient, sources, unmapped } = profile.mapping.map(&object);
            let origin = RecordContext { raw: &patient, sources: &sources, profile };
            let mut cleaned = judge(origin, drift(&unmapped, profile), received_at, look_back);
            cleaned.changes.extend(sources.numbers().filter_map(made_text));
            cleaned
        }
        Err(rule) => Cleaned::rejected(rule),
    }
}

fn judge(
    origin: RecordContext<'_>,
    drift: Option<Issue>,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    let RecordContext { raw, profile, .. } = origin;
    let mut draft = Draft::of(raw, profile);
    let mut issues = rules::judge(&draft, &ReceivedAt::new(received_at, profile), origin);
    issues.extend(drift);
    if let Some(look_back) = look_back {
        check_against_earlier(look_back, &draft, origin, &mut issues);
    }
    issues.sort_by_key(|issue| issue.severity);
    issues.truncate(MAX_ISSUES);
    let comparability = IdComparability::of(&draft);
    let changes = std::mem::take(&mut draft.changes);
    let patient = (!is_rejected(&issues)).then(|| Box::new(draft.into_patient(profile)));
    Cleaned { patient, issues, changes, comparability }
}

fn check_against_earlier(
    look_back: &mut LookBack,
    draft: &Draft,
    origin: RecordContext<'_>,
    issues: &mut Vec<Issue>,
) {
    if is_rejected(issues) {
        return;
    }
    let past = look_back.look_up(draft);
    rules::judge_against_earlier(&past, origin, issues);
    if !is_rejected(issues) {
        look_back.insert(past);
    }
}

fn is_rejected(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.severity == Severity::Error)
}

/// Fields of the record that the profile does not know. The first is named, if its name can be no value.
fn drift(unmapped: &UnmappedKeys, profile: &Profile) -> Option<Issue> {
    let rule = &rules::FIELDS_UNMAPPED;
    if unmapped.count == 0 || rule.is_off(profile) {
        return None;
    }
    let source_field = unmapped.first.clone().filter(|key| is_plain_name(key));
    Some(Issue { source_field, ..rule.issue(Some(profile)) })
}

/// The change of an id that came as a number. Other fields are read as numbers anyway.
fn made_text((field, position): (&'static str, Option<u32>)) -> Option<Change> {
    let (rule, kind) = (&catalogue::NUMBER_MADE_TEXT, ChangeKind::Reformatted);
    matches!(field, "patient_id" | "identifiers.value").then_some(Change { field, position, rule, kind })
}

impl Cleaned {
    fn rejected(rule: &'static Rule) -> Self {
        Self {
            patient: None,
            issues: vec![rule.issue(None)],
            changes: Vec::new(),
            comparability: IdComparability::default(),
        }
    }
}

impl IdComparability {
    fn of(draft: &Draft) -> Self {
        let has_id = draft.resident_id().is_some();
        Self {
            gender: has_id && matches!(draft.gender.value(), Some(Gender::Male | Gender::Female)),
            birth_date: has_id && draft.birth_date.value().is_some(),
        }
    }
}

/// Whether a key looks like the name of a field: ASCII letters and digits, with no run of digits that could be
/// somebody's number. Keys are the sender's, and might hold anything.
fn is_plain_name(key: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    key.as_bytes().iter().all(plain)
        && !key.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests;
