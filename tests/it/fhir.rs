//! FHIR R4 Patients by the profile that is shipped for them.

use std::{collections::BTreeMap, sync::Arc};

use cleaning::{
    clean::{Cleaned, clean},
    patient::{Deceased, Patient},
    profile::Profile,
    record::Payload,
};
use profiles::shipped;
use serde_json::{Value, json};

const PATIENTS: &str = include_str!("../data/synthea/patients-120.ndjson");

fn profile() -> Arc<Profile> {
    Arc::clone(&shipped()["synthea"])
}

/// The patient, and the codes of all warnings about it.
fn stored(json: &str) -> (Patient, Vec<&'static str>) {
    let received_at = "2024-06-15T00:00:00Z".parse().unwrap();
    let Cleaned { patient, issues, .. } =
        clean(&Payload::Json(json.to_owned().into()), &profile(), received_at);
    match patient {
        Some(patient) => (*patient, issues.iter().map(|issue| issue.kind.code).collect()),
        None => panic!("rejected: {:?}", issues.iter().map(ToString::to_string).collect::<Vec<_>>()),
    }
}

#[test]
fn every_synthea_patient_is_stored() {
    let mut types = BTreeMap::new();
    let mut dead = 0;
    for line in PATIENTS.lines() {
        let source: Value = serde_json::from_str(line).unwrap();
        let (patient, _) = stored(line);
        let json = serde_json::to_value(&patient).unwrap();
        assert_eq!(json["patient_id"], source["id"], "the number is the id in this data");
        assert_eq!(json["gender"], source["gender"]);
        assert_eq!(json["birth_date"], source["birthDate"]);
        assert_eq!(json["name"]["family"], source["name"][0]["family"]);
        assert_eq!(json["addresses"][0]["postal_code"], source["address"][0]["postalCode"]);
        assert!(
            patient.phones.len() == 1 && patient.addresses.len() == 1 && patient.marital_status.is_some()
        );
        for identifier in &patient.identifiers {
            *types.entry(identifier.kind.to_string()).or_insert(0) += 1;
        }
        dead += usize::from(matches!(patient.deceased.as_deref(), Some(Deceased::On(_))));
        let mapped = profile().mapping.map(source.as_object().unwrap());
        assert_eq!(mapped.unmapped.count, 0);
    }
    assert_eq!(types, BTreeMap::from([("99".into(), 120), ("05".into(), 91), ("03".into(), 86)]));
    assert_eq!(dead, 20);
}

#[test]
fn a_patient_with_everything_is_mapped() {
    let (patient, _) = stored(
        &json!({
            "resourceType": "Patient",
            "meta": {"versionId": "4", "lastUpdated": "2024-05-01T00:00:00.000Z"},
            "identifier": [
                {"system": "http://hospital.smarthealthit.org", "value": "007"},
                {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-81-5679"},
            ],
            "name": [
                {"use": "maiden", "family": "Roe"},
                {"use": "official", "family": "Doe", "given": ["Jane", "Q"]},
            ],
            "telecom": [
                {"system": "email", "value": "jane@example.org"},
                {"system": "phone", "value": "(617) 555-0123"},
            ],
            "gender": "female",
            "birthDate": "1949-11",
            "deceasedDateTime": "2001-02-20T23:15:54-05:00",
            "address": [{"line": ["1 Main St", "Apt 2"], "city": "Lee", "state": "MA", "postalCode": "01238", "country": "US"}],
            "contact": [{
                "name": {"family": "Doe", "given": ["John"]},
                "relationship": [{"coding": [{"code": "N"}]}],
                "telecom": [{"system": "phone", "value": "617-555-0124"}],
            }],
            "maritalStatus": {"coding": [{"code": "W", "display": "Widowed"}]},
        })
        .to_string(),
    );
    let json = serde_json::to_value(&patient).unwrap();
    assert_eq!((&json["patient_id"], &json["birth_date"]), (&json!("007"), &json!("1949-11")));
    assert_eq!(json["name"]["given"], "Jane Q");
    assert_eq!(json["phones"], json!(["+16175550123"]));
    assert_eq!(json["deceased"], json!({"on": "2001-02-20"}));
    assert_eq!(json["addresses"][0]["text"], "1 Main St, Apt 2, Lee, MA, 01238");
    assert_eq!(json["addresses"][0]["postal_code"], "01238");
    assert_eq!(json["contacts"], json!([{"name": "John Doe", "relation": "N", "phone": "+16175550124"}]));
    assert_eq!(json["marital_status"], "30");
    assert_eq!(json["order"]["updated_at"], 1_714_521_600_000_000i64);
}

#[test]
fn the_reason_why_a_birth_date_is_absent_is_mapped() {
    let source = json!({"_birthDate": {"extension": [
        {"url": "http://example.org/other", "valueCode": "x"},
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-declined"},
    ]}});
    let mapped = profile().mapping.map(source.as_object().unwrap());
    assert!(mapped.patient.birth_date.is_empty());
    assert!(mapped.patient.birth_date_absent_reason == "asked-declined");
    let name = mapped.sources.of("birth_date_absent_reason");
    assert_eq!(name.as_deref(), Some("/_birthDate/extension/1/valueCode"));
}

#[test]
fn a_key_that_fhir_does_not_know_is_seen() {
    let source = json!({"resourceType": "Patient", "animal": {}, "multipleBirthInteger": 2, "active": true});
    let unmapped = profile().mapping.map(source.as_object().unwrap()).unmapped;
    assert_eq!((unmapped.count, unmapped.first.as_deref()), (1, Some("animal")));
}
