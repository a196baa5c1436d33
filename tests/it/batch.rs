//! A batch end to end: one outcome per record, bad records beside good ones, views, sending again.

use dataprocessing::server::pb::{
    Completion, Outcome, PatientData, RawPatient, RecordResult, ResultView, patient_data::Payload,
};

use crate::support::{
    database::TestDatabase,
    eventually,
    query::count,
    records::{canonical, febrl, many, raw_json, request},
    service::{TestService, balanced},
};

fn codes(result: &RecordResult) -> Vec<&str> {
    result.issues.iter().map(|issue| issue.code.as_str()).collect()
}

#[tokio::test]
async fn every_record_of_a_sound_batch_is_stored_and_readable() {
    let service = TestService::start().await;
    let response = service.process(request(many(700))).await.unwrap();
    let summary = balanced(&response);
    assert_eq!((summary.received, summary.stored), (700, 700));
    assert_eq!(response.completion(), Completion::Complete);
    assert!(!response.batch_id.is_empty());
    let indexes: Vec<_> = response.results.iter().map(|result| result.index).collect();
    assert_eq!(indexes, (0..700).collect::<Vec<_>>());
    assert_eq!(response.profile_versions[0].hospital_code, "febrl");
    assert_eq!(service.simulator.stats().calls, 700);
    for table in ["patients", "outcomes"] {
        assert_eq!(count(&service.database_url, table).await, 700, "{table}");
    }
    assert_eq!(count(&service.database_url, "batches").await, 1);
    service.ended().await;
}

#[tokio::test]
async fn the_same_batch_again_changes_nothing() {
    let service = TestService::start().await;
    service.process(request(many(50))).await.unwrap();
    let summary = balanced(&service.process(request(many(50))).await.unwrap());
    assert_eq!(summary.unchanged, 50);
    assert_eq!(count(&service.database_url, "patients").await, 50);
    service.ended().await;
}

#[tokio::test]
async fn bad_records_are_rejected_and_their_neighbours_are_stored() {
    let service = TestService::with(|knobs| knobs.config.server.max_record_size = 4096).await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(70), "]".repeat(70));
    let long = format!("{{\"surname\":\"{}\"}}", "x".repeat(5000));
    let nul =
        raw_json("nul", "febrl", r#"{"rec_id":"n","surname":"be\u0000rry","date_of_birth":"19990219"}"#);
    let payload = Some(Payload::Patient(RawPatient::default()));
    let bad: Vec<(PatientData, &str)> = vec![
        (febrl("good", "other"), "RECORD_ID_DUPLICATE"),
        (febrl("", "p1"), "RECORD_ID_MISSING"),
        (febrl("n\0l", "p1"), "RECORD_ID_HAS_NUL"),
        (febrl(&"x".repeat(129), "p1"), "RECORD_ID_TOO_LONG"),
        (raw_json("huge", &"h\0".repeat(5000), "{}"), "HOSPITAL_UNKNOWN"),
        (raw_json("unknown", "nowhere", "{}"), "HOSPITAL_UNKNOWN"),
        (PatientData { payload: None, ..febrl("none", "p2") }, "PAYLOAD_MISSING"),
        (raw_json("array", "febrl", "[1]"), "PAYLOAD_NOT_AN_OBJECT"),
        (raw_json("text", "febrl", "no json"), "PAYLOAD_NOT_AN_OBJECT"),
        (raw_json("deep", "febrl", deep), "PAYLOAD_TOO_DEEP"),
        (raw_json("long", "febrl", long), "PAYLOAD_TOO_LARGE"),
        (nul, "TEXT_HAS_NUL"),
        (PatientData { payload, ..febrl("empty", "p3") }, "PATIENT_ID_MISSING"),
    ];
    let mut data_list = vec![febrl("good", "g1")];
    data_list.extend(bad.iter().map(|(record, _)| record.clone()));
    data_list.push(canonical("also good", "g2"));

    let response = service.process(request(data_list)).await.unwrap();
    let summary = balanced(&response);
    assert_eq!((summary.stored, summary.rejected), (2, bad.len() as u32));
    for ((_, code), result) in bad.iter().zip(&response.results[1..]) {
        assert_eq!(result.outcome(), Outcome::Rejected, "{code}");
        assert!(codes(result).contains(code), "{code}: {:?}", codes(result));
        assert!(!result.retryable);
    }
    assert_eq!(count(&service.database_url, "rejects").await, bad.len() as i64);
    service.ended().await;
}

#[tokio::test]
async fn the_hospitals_verdict_decides() {
    let service = TestService::start().await;
    let verdicts = [
        ("p-mismatch", Outcome::Rejected, "IDENTITY_MISMATCH"),
        ("p-illegal", Outcome::Rejected, "IDENTITY_ILLEGAL"),
        ("p-notfound", Outcome::Stored, "IDENTITY_NOT_FOUND"),
        ("p-status-503", Outcome::Failed, "HOSPITAL_UNAVAILABLE"),
        ("p-status-404", Outcome::Failed, "HOSPITAL_REFUSED"),
        ("p-garbage", Outcome::Failed, "HOSPITAL_PROTOCOL_ERROR"),
        ("p-huge", Outcome::Failed, "HOSPITAL_PROTOCOL_ERROR"),
    ];
    let data_list = verdicts.iter().map(|(patient, ..)| febrl(patient, patient)).collect();
    let response = service.process(request(data_list)).await.unwrap();
    balanced(&response);
    for ((patient, outcome, code), result) in verdicts.iter().zip(&response.results) {
        assert_eq!(result.outcome(), *outcome, "{patient}");
        assert!(codes(result).contains(code), "{patient}: {:?}", codes(result));
        assert_eq!(result.retryable, ["p-status-503", "p-garbage", "p-huge"].contains(patient), "{patient}");
    }
    service.ended().await;
}

#[tokio::test]
async fn a_batch_that_is_only_validated_stores_nothing() {
    let service = TestService::start().await;
    let mut asked = request(many(20));
    asked.validate_only = true;
    let response = service.process(asked).await.unwrap();
    assert_eq!(balanced(&response).valid, 20);
    assert_eq!(service.simulator.stats().calls, 20);
    for table in ["patients", "outcomes", "batches"] {
        assert_eq!(count(&service.database_url, table).await, 0, "{table}");
    }
    service.ended().await;
}

#[tokio::test]
async fn the_view_decides_what_is_listed() {
    let service = TestService::start().await;
    let mut data_list = many(5);
    data_list.push(raw_json("bad", "nowhere", "{}"));
    for (view, listed) in [(ResultView::All, 6), (ResultView::Failures, 1), (ResultView::Summary, 0)] {
        let mut asked = request(data_list.clone());
        asked.result_view = view as i32;
        assert_eq!(service.process(asked).await.unwrap().results.len(), listed, "{view:?}");
    }
    service.ended().await;
}

#[tokio::test]
async fn a_response_never_grows_over_its_limit() {
    use prost::Message;
    let service = TestService::with(|knobs| knobs.config.server.max_response_size = 16 * 1024).await;
    let response = service.process(request(many(1000))).await.unwrap();
    assert!(response.encoded_len() <= 16 * 1024);
    assert!(response.results.len() > 20, "{} are listed", response.results.len());
    assert_eq!(response.results.len() as u32 + response.results_omitted, 1000);
    assert_eq!(balanced(&response).stored, 1000);
    service.ended().await;
}

#[tokio::test]
async fn the_same_patient_twice_ends_with_one_winner() {
    let service = TestService::start().await;
    let mut data_list = many(3);
    data_list.push(febrl("again", "p1"));
    let response = service.process(request(data_list)).await.unwrap();
    let summary = balanced(&response);
    assert_eq!((summary.stored, summary.superseded), (3, 1));
    assert_eq!(response.results[1].outcome(), Outcome::Superseded);
    assert_eq!(response.results[3].outcome(), Outcome::Stored);
    assert_eq!(count(&service.database_url, "patients").await, 3);
    service.ended().await;
}

#[tokio::test]
async fn messages_come_in_the_language_that_was_asked_for() {
    let service = TestService::start().await;
    let mut asked = request(vec![raw_json("bad", "nowhere", "{}")]);
    asked.language = 2;
    let response = service.process(asked).await.unwrap();
    assert!(response.message.contains('条'));
    assert!(!response.results[0].issues[0].message.is_ascii());
    service.ended().await;
}

#[tokio::test]
async fn no_row_of_a_patient_is_written_when_nothing_has_changed() {
    /// Where each row stands and which transaction wrote it.
    async fn rows(database: &TestDatabase) -> Vec<String> {
        database.column("SELECT patient_id || ctid::text || xmin::text FROM patients ORDER BY 1").await
    }
    let database = TestDatabase::postgres().await;
    let service = TestService::with(|knobs| knobs.config.store.url = database.url().into()).await;
    service.process(request(many(300))).await.unwrap();
    let before = rows(&database).await;
    let response = service.process(request(many(300))).await.unwrap();
    assert_eq!(balanced(&response).unchanged, 300);
    assert!(rows(&database).await == before, "rows were written");
    assert_eq!(before.len(), 300);
    service.ended().await;
}

/// Somebody else holds a row that one chunk wants to write; the chunks after it are written all the same.
#[tokio::test]
async fn a_chunk_that_waits_in_the_store_holds_up_no_other() {
    let database = TestDatabase::postgres().await;
    let service = TestService::with(|knobs| {
        knobs.config.store.url = database.url().into();
        knobs.config.store.chunk_rows = 10;
        // One after the other, so that the row is wanted by the third chunk.
        knobs.config.pool.workers = 1;
    })
    .await;
    service.process(request(vec![canonical("before", "p25")])).await.unwrap();
    let mut other = database.connect().await;
    other.execute("BEGIN; SELECT 1 FROM patients WHERE patient_id = 'p25' FOR UPDATE").await;
    let mut client = service.client();
    let batch = tokio::spawn(async move { client.batch_process(request(many(60))).await });
    // The one from before, and all but the chunk that waits.
    eventually("the others are written", async || count(database.url(), "patients").await == 1 + 50).await;
    assert!(!batch.is_finished());
    other.execute("COMMIT").await;
    let summary = balanced(&batch.await.unwrap().unwrap().into_inner());
    assert_eq!(summary.stored, 60);
    service.ended().await;
}
