//! The records that the demo sends: from a file or from the synthetic persons in the binary, truncated or
//! repeated to the number that was asked for.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    super::{
        CommandError,
        input::{CsvRows, PatientDataReader},
    },
    Arguments,
};
use crate::{
    domain::hospital::Profile,
    server::pb::{PatientData, patient_data::Payload},
};

/// Synthetic persons with realistic errors; see the note beside the file.
const FEBRL: &[u8] = include_bytes!("../../../tests/data/febrl/dataset3.csv");

/// A request for somebody who wants to try the server by hand.
pub(super) const EXAMPLE: &str = r#"{"resultView": "RESULT_VIEW_ALL", "dataList": [{"id": "1", "hospitalCode": "febrl", "rawJson": "{\"rec_id\": \"rec-1\", \"given_name\": \"lachlan\", \"surname\": \"berry\", \"date_of_birth\": \"19990219\", \"soc_sec_id\": \"7364009\"}"}]}"#;

/// The records, as many as were asked for.
pub(super) fn records(
    arguments: &Arguments,
    profiles: &HashMap<Arc<str>, Arc<Profile>>,
) -> Result<Vec<PatientData>, CommandError> {
    let once = match &arguments.input {
        None => csv_rows(FEBRL, "febrl")?,
        Some(path) => read(path, &arguments.hospital)?,
    };
    if once.is_empty() {
        return Err("the input holds no record".into());
    }
    Ok((0..arguments.records).map(|place| repeat(&once, place, profiles)).collect())
}

fn read(path: &Path, hospital: &str) -> Result<Vec<PatientData>, CommandError> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => csv_rows(&bytes, hospital),
        Some("ndjson") => ndjson_lines(&bytes),
        _ => Err(format!("{}: the input must end in .csv or .ndjson", path.display()).into()),
    }
}

/// Each row as a JSON object of strings. The record's id is the row's first field, which has to be unique.
fn csv_rows(bytes: &[u8], hospital: &str) -> Result<Vec<PatientData>, CommandError> {
    let decode = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
    let mut rows = CsvRows::new(bytes, decode)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next() {
        let place = records.len() + 1;
        let row = row.map_err(|error| format!("row {place} {error}"))?;
        let object = row.object(decode).ok_or_else(|| format!("row {place} is not UTF-8"))?;
        records.push(PatientData {
            id: row.id(),
            hospital_code: hospital.to_owned(),
            payload: Some(Payload::RawJson(Value::from(object).to_string())),
        });
    }
    Ok(records)
}

/// Each line as a `PatientData` in proto3 JSON.
fn ndjson_lines(bytes: &[u8]) -> Result<Vec<PatientData>, CommandError> {
    let reader = PatientDataReader::new()?;
    let lines = std::str::from_utf8(bytes)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = lines.map(|(place, line)| {
        reader
            .read(line)
            .ok_or_else(|| format!("line {}: not a PatientData in proto3 JSON", place + 1).into())
    });
    read.collect()
}

/// The record at `place` of the endlessly repeated input. A repeat is another person: it gets a record id
/// and a patient id of its own.
fn repeat(once: &[PatientData], place: usize, profiles: &HashMap<Arc<str>, Arc<Profile>>) -> PatientData {
    let mut record = once[place % once.len()].clone();
    let round = place / once.len();
    if round == 0 {
        return record;
    }
    let prefix = format!("{round}-");
    record.id.insert_str(0, &prefix);
    match &mut record.payload {
        Some(Payload::Patient(patient)) => patient.patient_id.insert_str(0, &prefix),
        Some(Payload::RawJson(text)) => {
            if let Some(profile) = profiles.get(record.hospital_code.as_str()) {
                rename(text, profile, &prefix);
            }
        }
        Some(Payload::RawBytes(bytes)) => {
            if let Some(profile) = profiles.get(record.hospital_code.as_str())
                && let Some(mut text) = profile.charset.decode(bytes).map(String::from)
            {
                rename(&mut text, profile, &prefix);
                *bytes = profile.charset.encode(&text).into();
            }
        }
        None => {}
    }
    record
}

/// Gives the patient in a source's JSON object another number. Text that is no object stays as it is: the
/// service rejects it either way.
fn rename(text: &mut String, profile: &Profile, prefix: &str) {
    let Ok(Value::Object(mut object)) = serde_json::from_str(text) else { return };
    if let Some(Value::String(patient_id)) = profile.mapping.patient_id_in(&mut object) {
        patient_id.insert_str(0, prefix);
        *text = Value::from(object).to_string();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_in_the_binary_are_all_there_and_unique() {
        let records = csv_rows(FEBRL, "febrl").unwrap();
        let ids: std::collections::HashSet<_> = records.iter().map(|record| &record.id).collect();
        assert_eq!((records.len(), ids.len()), (5000, 5000));
    }

    #[test]
    fn a_repeat_is_another_patient() {
        let profiles = crate::config::shipped_hospitals();
        let once = csv_rows(b"rec_id, surname\nrec-1, berry\n", "febrl").unwrap();
        let record = repeat(&once, 2, &profiles);
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
