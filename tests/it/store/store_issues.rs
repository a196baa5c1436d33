//! Issues that the store itself finds when it writes a record: stale records, and known patients who turn into another
//! person.

use cleaning::patient::{Gender, PartialDate};
use dataprocessing::server::pb::{Outcome as Reported, RecordResult};

use super::*;
use crate::support::{
    records::{raw_json, request},
    service::{TestService, balanced},
};

on_both_engines! {
    a_stale_record_says_that_a_newer_one_is_stored
    a_known_patient_who_becomes_somebody_else_is_reported_and_stored_with_the_warning
    an_overwritten_identity_is_not_forgotten_by_a_later_chunk_of_its_batch
    encrypted_identifiers_are_not_compared
}

/// The issues that are kept with the outcome of a record.
async fn stored_issues(database: &TestDatabase, batch: &str, index: u32) -> String {
    let sql = format!(
        "SELECT issues FROM outcomes JOIN batches USING (batch_key) \
         WHERE batch_id = '{batch}' AND record_index = {index}"
    );
    database.column(&sql).await.concat()
}

async fn a_stale_record_says_that_a_newer_one_is_stored(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "first", vec![stored(0, patient("a", "two", 2))]).await;
    let issues = Arc::from([Issue::warning(&MISSING, "name")]);
    let late = Row { issues, ..stored(0, patient("a", "one", 1)) };
    let results = write(&*store, "second", vec![late]).await;
    assert_eq!(results, [Written::Stale]);
    let found: Vec<Issue> = results[0].issues().collect();
    assert_eq!((found[0].kind.code, found[0].field), ("RECORD_OLDER_THAN_STORED", "updated_at"));
    assert_eq!(
        stored_issues(database, "second", 0).await,
        r#"[["EXAMPLE_MISSING","warning","name"],["RECORD_OLDER_THAN_STORED","warning","updated_at"]]"#
    );
    assert_eq!(database.column("SELECT issues FROM patients").await, ["[]"]);
}

fn person(id: &str, gender: Gender, day: i8, resident_id: &str, version: i64) -> Patient {
    Patient {
        gender: Some(gender.into()),
        birth_date: Some(PartialDate::Day(jiff::civil::date(1949, 12, day)).into()),
        identifiers: vec![Identifier { kind: "01".into(), value: resident_id.into(), system: None }],
        ..patient(id, "name", version)
    }
}

const SOME_ID: &str = "11010519491231002X";
const SAME_ID_OF_15_DIGITS: &str = "110105491231002";
const OTHER_ID: &str = "440524188001010014";
const GENDER: Overwritten = Overwritten { gender: true, ..Overwritten::NOTHING };

const fn overwriting(overwritten: Overwritten) -> Written {
    Written::Stored { replaced: None, overwritten }
}

async fn a_known_patient_who_becomes_somebody_else_is_reported_and_stored_with_the_warning(
    database: &TestDatabase,
) {
    let store = database.store().await;
    let first = ["a", "b", "c"].map(|id| person(id, Gender::Male, 31, SOME_ID, 1));
    let rows = first.into_iter().zip(0..).map(|(patient, index)| stored(index, patient)).collect();
    assert_eq!(write(&*store, "first", rows).await, [STORED; 3]);

    let issues = Arc::from([Issue::warning(&MISSING, "name")]);
    let rows = vec![
        Row { issues, ..stored(0, person("a", Gender::Female, 30, OTHER_ID, 2)) },
        stored(1, person("b", Gender::Female, 31, SAME_ID_OF_15_DIGITS, 2)),
        stored(2, person("c", Gender::Male, 31, SAME_ID_OF_15_DIGITS, 2)),
    ];
    let all = Overwritten { gender: true, birth_date: true, resident_id: true };
    let results = write(&*store, "second", rows).await;
    assert_eq!(results, [overwriting(all), overwriting(GENDER), STORED]);

    let finding =
        |field: &str| format!(r#"{{"code":"IDENTITY_OVERWRITTEN","severity":"warning","field":"{field}"}}"#);
    let [gender, birth_date, identifiers] = ["gender", "birth_date", "identifiers"].map(finding);
    let own = r#"{"code":"EXAMPLE_MISSING","severity":"warning","field":"name"}"#;
    assert_eq!(
        database.column("SELECT issues FROM patients ORDER BY patient_id").await,
        [format!("[{own},{gender},{birth_date},{identifiers}]"), format!("[{gender}]"), "[]".to_owned()]
    );
    let found = r#"[["IDENTITY_OVERWRITTEN","warning","gender"]]"#;
    assert_eq!(stored_issues(database, "second", 1).await, found);
    assert_eq!(stored_issues(database, "second", 2).await, "");
}

async fn an_overwritten_identity_is_not_forgotten_by_a_later_chunk_of_its_batch(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "first", vec![stored(0, person("a", Gender::Male, 31, SOME_ID, 1))]).await;
    let woman = |index| stored(index, person("a", Gender::Female, 31, SOME_ID, 1));
    assert_eq!(write(&*store, "second", vec![woman(0)]).await, [overwriting(GENDER)]);
    let replaced = Written::Stored { replaced: Some(0), overwritten: GENDER };
    assert_eq!(write(&*store, "second", vec![woman(1)]).await, [replaced]);
    assert!(database.column("SELECT issues FROM patients").await[0].contains("IDENTITY_OVERWRITTEN"));
    // Another batch that writes the same woman overwrites nobody.
    let again = stored(0, person("a", Gender::Female, 31, SOME_ID, 2));
    assert_eq!(write(&*store, "third", vec![again]).await, [STORED]);
    assert_eq!(database.column("SELECT issues FROM patients").await, ["[]"]);
}

async fn encrypted_identifiers_are_not_compared(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "first", vec![stored(0, person("a", Gender::Male, 31, SOME_ID, 1))]).await;
    database.execute("UPDATE patients SET key_id = 'k1'").await;
    let other = stored(0, person("a", Gender::Female, 31, OTHER_ID, 2));
    assert_eq!(write(&*store, "second", vec![other]).await, [overwriting(GENDER)]);
}

#[tokio::test]
async fn the_caller_hears_what_the_store_has_found() {
    let service = TestService::start().await;
    let send = async |gender: &str, updated_at: &str| {
        let json = serde_json::json!({
            "blh": "0001", "xm": "张三", "xb": gender, "csrq": "1949-12-31", "gxsj": updated_at,
        });
        let record = raw_json("r", "renmin", json.to_string());
        let response = service.process(request(vec![record])).await.unwrap();
        assert_eq!(balanced(&response).warnings as usize, response.results[0].issues.len());
        response.results[0].clone()
    };
    let found = |result: &RecordResult| {
        let ours = ["RECORD_OLDER_THAN_STORED", "IDENTITY_OVERWRITTEN"];
        let issues = result.issues.iter().filter(|issue| ours.contains(&issue.code.as_str()));
        issues.map(|issue| format!("{} {}", issue.code, issue.field)).collect::<Vec<_>>()
    };
    let first = send("女", "2024-05-02 00:00:00").await;
    assert_eq!((first.outcome(), found(&first)), (Reported::Stored, vec![]));
    let older = send("女", "2024-05-01 00:00:00").await;
    let expected = vec!["RECORD_OLDER_THAN_STORED updated_at".to_owned()];
    assert_eq!((older.outcome(), found(&older)), (Reported::Stale, expected));
    let other = send("男", "2024-05-03 00:00:00").await;
    let expected = vec!["IDENTITY_OVERWRITTEN gender".to_owned()];
    assert_eq!((other.outcome(), found(&other)), (Reported::Stored, expected));
    service.ended().await;
}
