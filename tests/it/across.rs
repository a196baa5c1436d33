//! Records against the earlier ones of their hospital in the same batch.

use std::sync::Arc;

use cleaning::{issue::Severity, profile::Profile};
use dataprocessing::server::pb::{Outcome, PatientData, RecordResult};
use serde_json::json;

use crate::support::{
    query::{count, patient_ids},
    records::{raw_json, request},
    service::{Knobs, TestService, balanced},
};

/// Belongs to nobody: the example of the standard.
const RESIDENT_ID: &str = "11010519491231002X";

fn renmin(patient_id: &str, name: &str, birth_date: &str) -> PatientData {
    let json = json!({
        "blh": patient_id, "xm": name, "xb": "女", "csrq": birth_date, "sfzh": RESIDENT_ID,
        "lxdh": "13912345678",
    });
    raw_json(patient_id, "renmin", json.to_string())
}

fn harbour(patient_id: &str, name: &str, birth_date: &str) -> PatientData {
    let json = json!({
        "patiId": patient_id, "patiName": name, "patiSexCode": 1, "patiBirthday": birth_date,
        "patiIdCardType": "IDCARD", "patiIdCardNum": RESIDENT_ID,
    });
    raw_json(&format!("at harbour {patient_id}"), "harbour", json.to_string())
}

fn codes(result: &RecordResult) -> Vec<&str> {
    result.issues.iter().map(|issue| issue.code.as_str()).collect()
}

/// Lets a date of birth differ from the resident id's, as some sources' do.
fn trust_dates(knobs: &mut Knobs) {
    for profile in knobs.profiles.values_mut() {
        let mut lenient: Profile = (**profile).clone();
        lenient.rules.insert("BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID", Severity::Warning.into());
        *profile = Arc::new(lenient);
    }
}

#[tokio::test]
async fn of_two_persons_with_one_resident_id_the_later_is_rejected() {
    let service = TestService::with(trust_dates).await;
    let data_list = vec![
        renmin("M1", "张三", "1949-12-31"),
        renmin("M2", "李四", "1962-03-04"),
        renmin("M3", "张三", "1949-12-31"),
    ];
    let response = service.process(request(data_list)).await.unwrap();
    let summary = balanced(&response);
    assert_eq!((summary.stored, summary.rejected), (2, 1));
    let [first, clash, duplicate] = &response.results[..] else { panic!("three records") };
    assert_eq!((first.outcome(), codes(first)), (Outcome::Stored, vec![]));
    assert_eq!(clash.outcome(), Outcome::Rejected);
    let issue = &clash.issues[0];
    assert_eq!((issue.code.as_str(), issue.field.as_str()), ("IDENTITY_CLASH", "identifiers[0].value"));
    assert_eq!(issue.source_field, "sfzh");
    assert_eq!((duplicate.outcome(), codes(duplicate)), (Outcome::Stored, vec!["RESIDENT_ID_SHARED"]));
    assert_eq!(patient_ids(&service.database_url).await, ["M1", "M3"].map(String::from).into());
    assert_eq!(count(&service.database_url, "rejects").await, 1);
    assert_eq!(service.simulator.stats().calls, 2, "a rejected record is not sent to the hospital");
    service.ended().await;
}

#[tokio::test]
async fn two_charts_of_one_person_are_both_stored_with_a_warning() {
    let service = TestService::start().await;
    let data_list = vec![renmin("M1", "张三", "1949-12-31"), renmin("M2", "张三", "1949-12-31")];
    let response = service.process(request(data_list)).await.unwrap();
    assert_eq!(balanced(&response).stored, 2);
    assert_eq!(codes(&response.results[0]), [""; 0]);
    assert_eq!(codes(&response.results[1]), ["RESIDENT_ID_SHARED"]);
    assert_eq!(count(&service.database_url, "patients").await, 2);
    service.ended().await;
}

#[tokio::test]
async fn a_resident_id_at_two_hospitals_is_no_matter() {
    let service = TestService::with(trust_dates).await;
    let data_list = vec![renmin("M1", "张三", "1949-12-31"), harbour("M2", "李四", "1962-03-04")];
    let response = service.process(request(data_list)).await.unwrap();
    assert_eq!(balanced(&response).stored, 2);
    let found = response.results.iter().flat_map(codes);
    assert_eq!(found.collect::<Vec<_>>(), ["BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"]);
    service.ended().await;
}

#[tokio::test]
async fn one_batch_knows_nothing_of_another() {
    let service = TestService::start().await;
    for patient_id in ["M1", "M2"] {
        let response =
            service.process(request(vec![renmin(patient_id, "张三", "1949-12-31")])).await.unwrap();
        assert_eq!(codes(&response.results[0]), [""; 0]);
    }
    service.ended().await;
}

#[tokio::test]
async fn a_phone_of_many_patients_shows_in_the_summary() {
    let service = TestService::start().await;
    let data_list = (0..8)
        .map(|place| {
            let json = json!({
                "blh": format!("M{place}"), "xm": "张三", "xb": "女", "csrq": "1949-12-31",
                "hzh": format!("E1234567{place}"), "sjhm": "13912345678",
            });
            raw_json(&format!("r{place}"), "renmin", json.to_string())
        })
        .collect();
    let response = service.process(request(data_list)).await.unwrap();
    let summary = balanced(&response);
    assert_eq!(summary.stored, 8);
    let groups = &summary.issue_groups;
    let group = groups.iter().find(|group| group.code == "PHONE_SHARED").expect("a group of its own");
    assert_eq!((group.count, &group.first_indexes[..]), (3, &[5, 6, 7][..]));
    assert_eq!((group.hospital_code.as_str(), group.source_field.as_str()), ("renmin", "sjhm"));
    service.ended().await;
}

#[tokio::test]
async fn a_second_record_of_a_patient_says_so() {
    let service = TestService::start().await;
    let again = PatientData { id: "again".to_owned(), ..renmin("M1", "张三", "1949-12-31") };
    let response = service.process(request(vec![renmin("M1", "张三", "1949-12-31"), again])).await.unwrap();
    assert_eq!(codes(&response.results[1]), ["PATIENT_REPEATED"]);
    assert_eq!(count(&service.database_url, "patients").await, 1);
    service.ended().await;
}
