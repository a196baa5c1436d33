//! Rows as both engines write them: borrowed where the record holds the text already, JSON where a column
//! holds a list. They hold patient data and have no `Debug`.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::{
    Row, Written,
    classify::{Candidate, Fingerprint},
    identity::Identity,
};
use cleaning::{
    change::Change,
    issue::Issue,
    outcome::Outcome,
    patient::{Deceased, Identifier, Patient, RecordOrder},
    phi::Phi,
    shape::Shape,
};

/// Bytes of an element of a list, as JSON: of an issue or a change of the usual size.
const USUAL_ELEMENT: usize = 96;

/// What a patient is stored under. The order is the one of the bytes, in which all writers lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key<'a> {
    pub(super) hospital_code: &'a str,
    pub(super) patient_id: &'a str,
}

/// One row of `patients`.
pub(super) struct PatientColumns<'a> {
    pub(super) key: Key<'a>,
    pub(super) name: Option<&'a str>,
    pub(super) family_name: Option<&'a str>,
    pub(super) given_name: Option<&'a str>,
    pub(super) name_pinyin: Option<&'a str>,
    pub(super) gender: Option<&'static str>,
    pub(super) birth_date: Option<String>,
    pub(super) deceased: Option<String>,
    pub(super) phones: Cow<'static, str>,
    pub(super) addresses: Cow<'static, str>,
    pub(super) contacts: Cow<'static, str>,
    pub(super) nationality: Option<&'a str>,
    pub(super) ethnicity: Option<&'a str>,
    pub(super) marital_status: Option<&'a str>,
    pub(super) identifiers: Vec<u8>,
    pub(super) raw: &'a [u8],
    pub(super) fingerprint: Fingerprint,
    pub(super) order: RecordOrder,
    pub(super) index: u32,
    pub(super) changes: Cow<'static, str>,
    numbers: &'a [Identifier],
    issues: &'a [Issue],
}

impl<'a> PatientColumns<'a> {
    pub(super) fn new(row: &'a Row, patient: &'a Patient) -> Self {
        let name = patient.name.as_ref();
        Self {
            key: Key { hospital_code: &patient.hospital_code, patient_id: &patient.patient_id },
            name: name.map(|name| name.text.as_str()),
            family_name: name.and_then(|name| plain(name.family.as_ref())),
            given_name: name.and_then(|name| plain(name.given.as_ref())),
            name_pinyin: name.and_then(|name| plain(name.pinyin.as_ref())),
            gender: patient.gender.map(|gender| gender.name()),
            birth_date: patient.birth_date.map(|date| date.into_inner().into()),
            deceased: patient.deceased.map(|deceased| deceased_text(deceased.into_inner())),
            phones: list_json(&patient.phones),
            addresses: list_json(&patient.addresses),
            contacts: list_json(&patient.contacts),
            nationality: plain(patient.nationality.as_ref()),
            ethnicity: plain(patient.ethnicity.as_ref()),
            marital_status: plain(patient.marital_status.as_ref()),
            identifiers: identifier_bytes(&patient.identifiers),
            numbers: &patient.identifiers,
            raw: &row.raw,
            fingerprint: Fingerprint { hash: patient.content_hash(), version: Patient::HASH_VERSION },
            order: patient.order,
            index: row.index,
            changes: changes_json(&row.changes),
            issues: &row.issues,
        }
    }

    pub(super) fn candidate(&self) -> Candidate<'_> {
        let is_resident_id = |number: &&Identifier| number.kind == Identifier::RESIDENT_ID;
        let resident_ids = self.numbers.iter().filter(is_resident_id);
        let resident_ids = resident_ids.map(|number| Cow::Borrowed(number.value.as_str()));
        let birth_date = self.birth_date.as_deref().map(Cow::Borrowed);
        Candidate {
            index: self.index,
            fingerprint: self.fingerprint,
            order: self.order,
            identity: Identity::new(self.gender.map(Cow::Borrowed), birth_date, resident_ids),
            unconfirmed: None,
        }
    }
}

/// A row of `patients` that is to be written.
pub(super) struct Winner<'a> {
    pub(super) patient: &'a PatientColumns<'a>,
    /// What the store has found about it.
    written: Written,
    /// Whether nothing was stored of the patient.
    pub(super) is_new: bool,
}

impl<'a> Winner<'a> {
    pub(super) fn new(patient: &'a PatientColumns<'a>, written: Written, is_new: bool) -> Self {
        Self { patient, written, is_new }
    }

    /// The column of its issues, with those that the store has added.
    pub(super) fn issues(&self) -> Cow<'static, str> {
        issues_json(self.patient.issues, self.written)
    }
}

/// One row of `outcomes`.
pub(super) struct OutcomeColumns<'a> {
    pub(super) index: u32,
    pub(super) record_id: &'a str,
    pub(super) hospital_code: &'a str,
    pub(super) outcome: Outcome,
    pub(super) issues: Cow<'a, str>,
    pub(super) retryable: bool,
    pub(super) attempts: u32,
    pub(super) digest: Option<&'a [u8]>,
}

/// One row of `rejects`.
pub(super) struct RejectColumns<'a> {
    pub(super) index: u32,
    pub(super) record_id: &'a str,
    pub(super) hospital_code: &'a str,
    pub(super) raw: &'a [u8],
    pub(super) issues: Cow<'static, str>,
}

/// A row's issues and what the store has found, for `rejects` and `patients`.
pub(super) fn issues_json(issues: &[Issue], written: Written) -> Cow<'static, str> {
    #[derive(Serialize)]
    struct Finding<'a> {
        code: &'static str,
        severity: &'static str,
        field: Cow<'static, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source_field: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shape: Option<String>,
    }
    fn finding(issue: &Issue) -> Finding<'_> {
        Finding {
            code: issue.kind.code,
            severity: issue.severity.name(),
            field: issue.path(),
            source_field: issue.source_field.as_deref(),
            shape: issue.shape.as_ref().map(Shape::to_string),
        }
    }
    let found: Vec<Issue> = written.issues().collect();
    json_of(issues.len() + found.len(), issues.iter().chain(&found).map(finding))
}

/// What formatting changed, for `patients`.
fn changes_json(changes: &[Change]) -> Cow<'static, str> {
    #[derive(Serialize)]
    struct Changed {
        field: Cow<'static, str>,
        rule: &'static str,
        kind: &'static str,
    }
    let changed = |change: &Change| Changed {
        field: change.path(),
        rule: change.rule.number,
        kind: change.kind.name(),
    };
    json_of(changes.len(), changes.iter().map(changed))
}

fn plain(text: Option<&Phi<String>>) -> Option<&str> {
    text.map(|text| text.as_str())
}

fn deceased_text(deceased: Deceased) -> String {
    match deceased {
        Deceased::No => "no".into(),
        Deceased::Yes => "yes".into(),
        Deceased::On(date) => date.to_string(),
    }
}

fn identifier_bytes(identifiers: &[Identifier]) -> Vec<u8> {
    serde_json::to_vec(identifiers).expect("identifiers serialise")
}

fn list_json<T: Serialize>(list: &[T]) -> Cow<'static, str> {
    json_of(list.len(), list)
}

/// A list of `length` elements. Most lists are empty; for the others there is room from the start.
pub(super) fn json_of<T: Serialize>(
    length: usize,
    elements: impl IntoIterator<Item = T>,
) -> Cow<'static, str> {
    if length == 0 {
        return Cow::Borrowed("[]");
    }
    let mut json = Vec::with_capacity(length * USUAL_ELEMENT);
    let mut serializer = serde_json::Serializer::new(&mut json);
    serializer.collect_seq(elements).expect("plain structures serialise");
    String::from_utf8(json).expect("JSON is UTF-8").into()
}
