//! Records to send: from a file or from the synthetic persons in the binary, repeated without end.

use std::{fs, ops::Range, path::Path};

use serde_json::Value;

use cleaning::profile::{Charset, Profile};
use dataprocessing::{
    cli::{CommandError, csv_rows::CsvRows},
    server::pb::{PatientData, patient_data::Payload},
};

use profiles::Profiles;

use super::patient_data::PatientDataReader;

/// Synthetic persons with realistic errors; see data/febrl/README.md.
const FEBRL: &[u8] = include_bytes!("../../data/febrl/dataset3.csv");

/// The number of synthetic persons in the binary.
pub(crate) const SYNTHETIC_PERSONS: usize = 5_000;

/// The hospital code of the synthetic persons.
pub(crate) const SYNTHETIC: &str = "febrl";

/// An input that is repeated without end. A repeat is another person: it has a record id and a patient id of its own.
pub(crate) struct SourceRecords(Vec<Template>);

/// A record of the input, from which its repeats are made.
struct Template {
    record: PatientData,
    /// Set if the record is a JSON object of the source.
    split: Option<SplitJson>,
}

/// A JSON object, split before the patient id, where a repeat writes its round.
struct SplitJson {
    before: String,
    after: String,
    charset: Charset,
}

impl SourceRecords {
    /// The synthetic persons in the binary.
    pub(crate) fn synthetic(profiles: &Profiles) -> Self {
        let once = csv_rows(FEBRL, SYNTHETIC).expect("the records in the binary are valid");
        Self(once.into_iter().map(|record| Template::new(record, profiles)).collect())
    }

    /// The records of a file: `.ndjson` of `PatientData`, or `.csv` whose rows are of `hospital`.
    pub(crate) fn from_file(path: &Path, hospital: &str, profiles: &Profiles) -> Result<Self, CommandError> {
        let once = read(path, hospital)?;
        if once.is_empty() {
            return Err("the input has no records".into());
        }
        Ok(Self(once.into_iter().map(|record| Template::new(record, profiles)).collect()))
    }

    /// The record at an index of the endless repetition.
    pub(crate) fn at(&self, index: usize) -> PatientData {
        self.0[index % self.0.len()].repeat(index / self.0.len())
    }

    pub(crate) fn range(&self, indices: Range<usize>) -> Vec<PatientData> {
        indices.map(|index| self.at(index)).collect()
    }
}

fn read(path: &Path, hospital: &str) -> Result<Vec<PatientData>, CommandError> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => csv_rows(&bytes, hospital),
        Some("ndjson") => ndjson_lines(&bytes),
        _ => Err(format!("{}: the input must end in .csv or .ndjson", path.display()).into()),
    }
}

/// Each row as a JSON object of strings. The first field must be unique: it is the id of the record.
fn csv_rows(bytes: &[u8], hospital: &str) -> Result<Vec<PatientData>, CommandError> {
    let decode = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
    let mut rows = CsvRows::new(bytes, decode)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next_row() {
        let index = records.len() + 1;
        let row = row.map_err(|error| format!("row {index} {error}"))?;
        let object = row.object(decode).ok_or_else(|| format!("row {index} is not UTF-8"))?;
        records.push(PatientData {
            id: row.id(),
            hospital_code: hospital.to_owned(),
            payload: Some(Payload::RawJson(Value::from(object).to_string())),
        });
    }
    Ok(records)
}

fn ndjson_lines(bytes: &[u8]) -> Result<Vec<PatientData>, CommandError> {
    let reader = PatientDataReader::new()?;
    let lines = std::str::from_utf8(bytes)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = lines.map(|(index, line)| {
        reader
            .read(line)
            .ok_or_else(|| format!("line {}: not a PatientData in proto3 JSON", index + 1).into())
    });
    read.collect()
}

impl Template {
    fn new(record: PatientData, profiles: &Profiles) -> Self {
        let profile = profiles.get(record.hospital_code.as_str());
        let split = profile.and_then(|profile| match &record.payload {
            Some(Payload::RawJson(text)) => SplitJson::new(text, profile),
            Some(Payload::RawBytes(bytes)) => SplitJson::new(&profile.charset.decode(bytes)?, profile),
            _ => None,
        });
        Self { record, split }
    }

    /// The record of a round; round 0 is the record itself.
    fn repeat(&self, round: usize) -> PatientData {
        let mut record = self.record.clone();
        if round == 0 {
            return record;
        }
        record.id.insert_str(0, &format!("{round}-"));
        match (&mut record.payload, &self.split) {
            (Some(Payload::Patient(patient)), _) => patient.patient_id.insert_str(0, &format!("{round}-")),
            (Some(Payload::RawJson(json)), Some(split)) => *json = split.text(round),
            (Some(Payload::RawBytes(bytes)), Some(split)) => {
                *bytes = split.charset.encode(&split.text(round)).into();
            }
            // The service rejects it in every round.
            _ => {}
        }
        record
    }
}

impl SplitJson {
    fn new(text: &str, profile: &Profile) -> Option<Self> {
        /// Occurs in no data, and needs no escape in JSON.
        const ROUND: &str = "\u{E000}round\u{E001}";
        let Ok(Value::Object(mut object)) = serde_json::from_str(text) else { return None };
        let Some(Value::String(patient_id)) = profile.mapping.patient_id_in(&mut object) else { return None };
        patient_id.insert_str(0, ROUND);
        let text = Value::from(object).to_string();
        let (before, after) = text.split_once(ROUND)?;
        Some(Self { before: before.to_owned(), after: after.to_owned(), charset: profile.charset })
    }

    fn text(&self, round: usize) -> String {
        format!("{}{round}-{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_in_the_binary_are_all_there_and_unique() {
        let records = csv_rows(FEBRL, "febrl").unwrap();
        let ids: std::collections::HashSet<_> = records.iter().map(|record| &record.id).collect();
        assert_eq!((records.len(), ids.len()), (SYNTHETIC_PERSONS, SYNTHETIC_PERSONS));
    }

    #[test]
    fn a_repeat_is_another_patient() {
        let profiles = profiles::shipped();
        let once = csv_rows(b"rec_id, surname\nrec-1, berry\n", "febrl").unwrap();
        let record = Template::new(once[0].clone(), &profiles).repeat(2);
        assert_eq!(record.id, "2-rec-1");
        assert!(
            record.payload == Some(Payload::RawJson(r#"{"rec_id":"2-rec-1","surname":"berry"}"#.to_owned()))
        );
    }

    #[test]
    fn proto3_json_is_read_in_both_spellings() {
        let lines = br#"{"id": "1", "hospitalCode": "a", "rawJson": "{}"}
{"id": "2", "hospital_code": "b", "patient": {"patientId": "p", "name": {"text": "t"}}}"#;
        let records = ndjson_lines(lines).unwrap();
        assert!(records[0].hospital_code == "a" && records[1].hospital_code == "b");
        assert!(matches!(&records[1].payload, Some(Payload::Patient(patient)) if patient.patient_id == "p"));
    }

    #[test]
    fn a_line_that_is_no_record_is_named_and_not_shown() {
        let error = ndjson_lines(b"{\"id\": \"1\"}\n{\"secret\": 1}").err().unwrap().to_string();
        assert_eq!(error, "line 2: not a PatientData in proto3 JSON");
    }
}
