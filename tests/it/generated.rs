//! The generated Chinese records, `tests/data/chinese`: every kind of dirt ends as the manifest says.
//!
//! Mismatches name records by index, kind of dirt and code, never by what is in them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use cleaning::{
    clean::{Cleaned, clean},
    format::{
        resident_id::{self, ResidentId},
        text,
    },
    profile::{Charset, Profile},
    record::Payload,
};
use dataprocessing::server::pb::{self, PatientData, RecordResult};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::support::{
    records::request,
    service::{TestService, balanced},
};

const RECORDS: &str = include_str!("../data/chinese/records.ndjson");
const MANIFEST: &str = include_str!("../data/chinese/manifest.ndjson");

/// The year in which resident ids were given for the first time.
const FIRST_RESIDENT_IDS: u16 = 1984;

/// What ISO 3166-1 gives to no country, where the card of a foreigner has the number of one.
const OF_NO_COUNTRY: &str = "999";

/// What becomes of a record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    index: usize,
    id: String,
    dirt: Vec<String>,
    outcome: Outcome,
    /// The codes of all that is found, sorted, each once.
    issues: Vec<String>,
    /// The canonical patient in part.
    #[serde(default)]
    patient: Value,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Stored,
    Rejected,
}

impl Expected {
    /// How a record differs from what is expected of it; empty if it does not.
    fn compare(&self, outcome: Outcome, mut codes: Vec<&str>) -> Vec<String> {
        codes.sort_unstable();
        codes.dedup();
        let mut found = Vec::new();
        if outcome != self.outcome || codes != self.issues {
            found.push(self.difference(&format!(
                "{outcome:?} with {codes:?}, not {:?} with {:?}",
                self.outcome, self.issues
            )));
        }
        found
    }

    fn difference(&self, what: &str) -> String {
        format!("record {} ({}): {what}", self.index, self.dirt.join(", "))
    }
}

fn manifest() -> Vec<Expected> {
    MANIFEST.lines().map(|line| serde_json::from_str(line).expect("a line of the manifest")).collect()
}

fn renmin() -> Arc<Profile> {
    profiles::shipped()["renmin"].clone()
}

fn cleaned(payload: &Payload, profile: &Profile) -> Cleaned {
    clean(payload, profile, "2024-06-15T00:00:00Z".parse().expect("an instant"))
}

fn none(differences: &[String]) {
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// Whether the value has all that is expected of it, and the paths where it has not.
fn missing_parts(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .flat_map(|(key, value)| missing_parts(&format!("{path}/{key}"), value, &found[key]))
            .collect(),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => (0..)
            .zip(expected.iter().zip(found))
            .flat_map(|(place, (expected, found)): (usize, _)| {
                missing_parts(&format!("{path}/{place}"), expected, found)
            })
            .collect(),
        _ if expected == found => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

#[test]
fn every_record_is_cleaned_as_the_manifest_says() {
    let (profile, mut differences) = (renmin(), Vec::new());
    for (expected, record) in manifest().iter().zip(RECORDS.lines()) {
        let as_json = cleaned(&Payload::Json(record.to_owned().into()), &profile);
        let as_bytes =
            cleaned(&Payload::Bytes(bytes::Bytes::from(Charset::Gb18030.encode(record)).into()), &profile);
        for cleaned in [as_json, as_bytes] {
            let codes = cleaned.issues.iter().map(|issue| issue.kind.code).collect();
            let outcome = if cleaned.patient.is_some() { Outcome::Stored } else { Outcome::Rejected };
            differences.extend(expected.compare(outcome, codes));
            let Some(patient) = cleaned.patient else { continue };
            let patient = serde_json::to_value(patient).expect("a patient serialises");
            let parts = missing_parts("", &expected.patient, &patient);
            differences.extend(parts.iter().map(|path| expected.difference(&format!("{path} differs"))));
        }
    }
    none(&differences);
}

#[tokio::test]
async fn a_batch_of_them_ends_as_the_manifest_says() {
    let manifest = manifest();
    let json = |record: &str| pb::patient_data::Payload::RawJson(record.to_owned());
    let bytes = |record: &str| pb::patient_data::Payload::RawBytes(Charset::Gb18030.encode(record).into());
    let dresses: [&dyn Fn(&str) -> pb::patient_data::Payload; 2] = [&json, &bytes];
    for dress in dresses {
        let service = TestService::with(|knobs| {
            let unverified = Profile { verify: None, ..(*renmin()).clone() };
            knobs.profiles.insert("renmin".into(), Arc::new(unverified));
        })
        .await;
        let record = |(expected, record): (&Expected, &str)| PatientData {
            id: expected.id.clone(),
            hospital_code: "renmin".to_owned(),
            payload: Some(dress(record)),
        };
        let data_list = manifest.iter().zip(RECORDS.lines()).map(record).collect();
        let response = service.process(request(data_list)).await.expect("a batch of any records");
        let stored = manifest.iter().filter(|expected| expected.outcome == Outcome::Stored).count();
        assert_eq!(balanced(&response).stored as usize, stored);
        let differences: Vec<_> = manifest
            .iter()
            .zip(&response.results)
            .flat_map(|(expected, result)| settled(expected, result))
            .collect();
        none(&differences);
        assert_eq!(response.results.len(), manifest.len());
        service.ended().await;
    }
}

fn settled(expected: &Expected, result: &RecordResult) -> Vec<String> {
    let outcome = match result.outcome() {
        pb::Outcome::Stored => Outcome::Stored,
        pb::Outcome::Rejected => Outcome::Rejected,
        other => return vec![expected.difference(other.as_str_name())],
    };
    expected.compare(outcome, result.issues.iter().map(|issue| issue.code.as_str()).collect())
}

#[test]
fn no_resident_id_among_them_can_be_anybodys() {
    let mut seen = 0;
    for (index, record) in RECORDS.lines().enumerate() {
        let record: Map<String, Value> = serde_json::from_str(record).expect("an object");
        for number in resident_ids(&record) {
            seen += 1;
            assert!(is_nobodys(&number, &record), "record {index}");
        }
    }
    assert!(seen > 1000, "{seen} resident ids");
}

/// The numbers in a record, under whatever key and however written, that somebody could have been given.
fn resident_ids(record: &Map<String, Value>) -> impl Iterator<Item = String> {
    let texts = record.values().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let numbers = texts.map(|text| resident_id::compact(&text::clean_token(&text)).into_owned());
    numbers.filter(|number| ResidentId::parse(number).is_ok_and(|id| id.is_valid()))
}

/// The ways in which the README of the data says that its numbers cannot have been given to anybody.
fn is_nobodys(number: &str, record: &Map<String, Value>) -> bool {
    let division = &number[..6];
    let was_abolished_before_ids = || {
        let ended = |last_year: Option<u16>| last_year.is_some_and(|year| year < FIRST_RESIDENT_IDS);
        divisions::all(division).iter().all(|name| ended(name.last_year))
    };
    let died_before_permits = || record["swrq"].as_str().is_some_and(|day| day < "2018");
    match number.as_bytes() {
        [b'8', b'1'..=b'3', ..] => died_before_permits(),
        [b'9', ..] => division.ends_with(OF_NO_COUNTRY),
        _ => was_abolished_before_ids(),
    }
}

#[test]
fn the_generator_writes_what_is_committed() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chinese");
    let written = tempfile::tempdir().expect("a temporary directory");
    let mut python = Command::new("python3");
    python.arg(committed.join("generate.py")).arg(written.path());
    let status = python.status().expect("python3 is missing: run tests/run");
    assert!(status.success());
    let same = |file: &str| {
        let read = |directory: PathBuf| fs::read(directory.join(file)).expect("a readable file");
        read(committed.clone()) == read(written.path().to_owned())
    };
    for file in ["records.ndjson", "manifest.ndjson"] {
        assert!(same(file), "{file}: run tests/data/chinese/generate.py");
    }
}
