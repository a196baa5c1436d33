//! From one raw record to one canonical patient, or to the issues that reject it.

use jiff::Timestamp;

use crate::{
    change::{Change, ChangeKind},
    draft::Draft,
    format::catalogue,
    formatter::Formatter,
    issue::{self, Issue, Severity},
    look_back::LookBack,
    patient::{Gender, Patient},
    profile::{
        Charset, Profile,
        mapping::{Mapped, SourceFields, UnmappedKeys},
    },
    record::{Payload, RawPatient},
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
    /// What can be compared with the resident id.
    pub comparability: IdComparability,
}

/// Which fields of a record can be compared with its resident id: over many records, this tells whether a difference
/// is the rule or an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdComparability {
    pub gender: bool,
    pub birth_date: bool,
}

/// The maximum number of issues reported about one record.
pub const MAX_ISSUES: usize = 50;

/// The maximum nesting of a JSON payload; the object itself is the first level.
pub const MAX_DEPTH: usize = 64;

/// Cleans one record: parses, maps and formats it, and applies every rule that is about one record. Total: it returns
/// for any payload.
pub fn clean(payload: &Payload, profile: &Profile, received_at: Timestamp) -> Cleaned {
    Cleaning { profile, received: ReceivedAt::new(received_at, profile), look_back: None }.clean(payload)
}

/// Cleans the next record of a hospital in a batch: one that passes its own rules is also compared with the earlier
/// ones, and is remembered unless that rejects it.
pub fn clean_next(
    payload: &Payload,
    profile: &Profile,
    received_at: Timestamp,
    look_back: &mut LookBack,
) -> Cleaned {
    let received = ReceivedAt::new(received_at, profile);
    Cleaning { profile, received, look_back: Some(look_back) }.clean(payload)
}

const DECODED: Change =
    Change { field: "", position: None, rule: &catalogue::TEXT_DECODED, kind: ChangeKind::Decoded };

/// What the cleaning of one record depends on beside its payload.
struct Cleaning<'a> {
    profile: &'a Profile,
    received: ReceivedAt,
    look_back: Option<&'a mut LookBack>,
}

impl Cleaning<'_> {
    fn clean(self, payload: &Payload) -> Cleaned {
        match payload {
            Payload::Fields(raw) => self.clean_patient(raw, &SourceFields::none(), None),
            Payload::Missing => Cleaned::rejected(&rules::PAYLOAD_MISSING),
            Payload::Json(text) => self.clean_json(text),
            Payload::Bytes(bytes) => self.clean_bytes(bytes),
        }
    }

    fn clean_bytes(self, bytes: &[u8]) -> Cleaned {
        let charset = self.profile.charset;
        let Some(text) = charset.decode(bytes) else {
            return Cleaned::rejected(&rules::PAYLOAD_UNDECODABLE);
        };
        let mut cleaned = self.clean_json(&text);
        if charset != Charset::Utf8 && !bytes.is_ascii() {
            cleaned.changes.push(DECODED);
        }
        cleaned
    }

    fn clean_json(self, text: &str) -> Cleaned {
        match payload::parse(text) {
            Ok(object) => {
                let Mapped { patient, sources, unmapped } = self.profile.mapping.map(&object);
                let drift = drift(&unmapped, self.profile);
                let mut cleaned = self.clean_patient(&patient, &sources, drift);
                cleaned.changes.extend(sources.numbers().filter_map(made_text));
                cleaned
            }
            Err(rule) => Cleaned::rejected(rule),
        }
    }

    fn clean_patient(self, raw: &RawPatient, sources: &SourceFields, drift: Option<Issue>) -> Cleaned {
        let Self { profile, ref received, look_back } = self;
        let record = RecordContext { raw, sources, profile, received };
        let mut draft = Formatter::new(profile).draft(raw);
        let mut issues = rules::judge(&draft, record);
        issues.extend(drift);
        if let Some(look_back) = look_back {
            check_against_earlier(look_back, &draft, record, &mut issues);
        }
        issue::sort_errors_first(&mut issues);
        issues.truncate(MAX_ISSUES);
        let comparability = IdComparability::from_draft(&draft);
        let changes = std::mem::take(&mut draft.changes);
        let patient = (!is_rejected(&issues)).then(|| Box::new(draft.into_patient(profile)));
        Cleaned { patient, issues, changes, comparability }
    }
}

fn check_against_earlier(
    look_back: &mut LookBack,
    draft: &Draft,
    record: RecordContext<'_>,
    issues: &mut Vec<Issue>,
) {
    if is_rejected(issues) {
        return;
    }
    let earlier = look_back.look_up(draft);
    rules::judge_against_earlier(&earlier, record, issues);
    if !is_rejected(issues) {
        look_back.insert(earlier);
    }
}

fn is_rejected(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.severity == Severity::Error)
}

/// An issue about fields that the profile does not know. It names the first of them, unless the name may be a value.
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
    fn from_draft(draft: &Draft) -> Self {
        let has_id = draft.resident_id().is_some();
        Self {
            gender: has_id && matches!(draft.gender.value(), Some(Gender::Male | Gender::Female)),
            birth_date: has_id && draft.birth_date.value().is_some(),
        }
    }
}

/// Whether a key looks like the name of a field: ASCII letters and digits, with no run of digits that could be
/// a person's number. Keys come from the sender and may contain anything.
fn is_plain_name(key: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    key.as_bytes().iter().all(plain)
        && !key.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests;
