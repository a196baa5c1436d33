//! The same batch again: what is settled is answered as it was, the rest is done, and other content is refused.

use std::time::Duration;

use dataprocessing::server::pb::{
    BatchProcessRequest, BatchProcessResponse, Completion, Outcome, PatientData, RecordResult,
    patient_data::Payload,
};
use tokio::time::Instant;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::{
    stream::caller::{self, Answer},
    support::{
        database::TestDatabase,
        eventually,
        postgres::PostgresServer,
        query::count,
        records::{canonical, febrl, many, raw_json, request},
        service::{TestService, balanced},
    },
};

/// A batch under an id of the caller's.
fn named(batch_id: &str, data_list: Vec<PatientData>) -> BatchProcessRequest {
    BatchProcessRequest { batch_id: batch_id.to_owned(), ..request(data_list) }
}

/// Records that end in every way that the data or the store decides.
fn of_all_kinds() -> Vec<PatientData> {
    let bytes: &[u8] =
        b"{\"blh\":\"0007\",\"xm\":\"\xD5\xC5\xC8\xFD\",\"xb\":\"\xC4\xD0\",\"csrq\":\"19491331\"}";
    let mut data_list = many(40);
    data_list.extend([
        canonical("fields", "c1"),
        febrl("mismatch", "p-mismatch"),
        febrl("not found", "p-notfound"),
        febrl("twice", "p3"),
        febrl("r1", "another"),
        raw_json("unknown", "nowhere", "{}"),
        raw_json("array", "febrl", "[1]"),
        raw_json("no name", "febrl", r#"{"rec_id":"n","date_of_birth":"19990219"}"#),
        PatientData {
            id: "gbk".to_owned(),
            hospital_code: "renmin".to_owned(),
            payload: Some(Payload::RawBytes(bytes.into())),
        },
        PatientData { payload: None, ..febrl("nothing", "x") },
    ]);
    data_list
}

/// An answer without what may differ: the times.
fn timeless(mut response: BatchProcessResponse) -> BatchProcessResponse {
    response.summary.as_mut().expect("a summary").times = None;
    response
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_error_details().error_info().expect("every status has one").reason.clone())
}

fn sorted(mut results: Vec<RecordResult>) -> Vec<RecordResult> {
    results.sort_by_key(|result| result.index);
    results
}

async fn on(database: &TestDatabase) -> TestService {
    let url = database.url().to_owned();
    TestService::with(|knobs| knobs.config.store.url = url.into()).await
}

async fn what_is_settled_is_answered_as_it_was(database: &TestDatabase) {
    let service = on(database).await;
    let first = service.process(named("b", of_all_kinds())).await.unwrap();
    let summary = balanced(&first);
    assert!(summary.stored > 30 && summary.superseded > 0 && summary.rejected > 5);
    let calls = service.simulator.stats().calls;
    let books = "SELECT completion || ' ' || CAST(finished_at AS TEXT) FROM batches";
    let written = database.column(books).await;
    for _ in 0..2 {
        let again = service.process(named("b", of_all_kinds())).await.unwrap();
        assert!(timeless(again) == timeless(first.clone()), "another answer");
    }
    assert_eq!(service.simulator.stats().calls, calls, "no hospital is asked again");
    assert_eq!(database.column(books).await, written, "nothing is written");
    service.ended().await;
}

#[tokio::test]
async fn what_is_settled_is_answered_as_it_was_from_sqlite() {
    what_is_settled_is_answered_as_it_was(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn what_is_settled_is_answered_as_it_was_from_postgres() {
    what_is_settled_is_answered_as_it_was(&TestDatabase::postgres().await).await;
}

fn streamed(
    batch_id: &str,
    data_list: Vec<PatientData>,
) -> Vec<dataprocessing::server::pb::BatchProcessStreamRequest> {
    let mut messages = caller::upload(data_list, 7);
    messages[0] = caller::start_with(|start| start.batch_id = batch_id.to_owned());
    messages
}

#[tokio::test]
async fn a_stream_again_is_answered_as_it_stands_in_the_books() {
    let service = TestService::start().await;
    let first = caller::send(&service, streamed("b", of_all_kinds())).await;
    let summary = balanced(first.full_report());
    let calls = service.simulator.stats().calls;
    let again = caller::send(&service, streamed("b", of_all_kinds())).await;
    assert_eq!(balanced(again.full_report()).rejected, summary.rejected);
    assert_eq!(service.simulator.stats().calls, calls);
    // A result of the stream was final when it came; the books know who won.
    let settled = |answer: Answer| {
        let results = sorted(answer.results).into_iter();
        results
            .filter(|result| result.outcome() != Outcome::Superseded && result.id != "r3")
            .collect::<Vec<_>>()
    };
    assert!(settled(first) == settled(again), "another answer");
    // The same batch as a whole is the same batch.
    service.process(named("b", of_all_kinds())).await.unwrap();
    assert_eq!(service.simulator.stats().calls, calls);
    service.ended().await;
}

#[tokio::test]
async fn what_a_deadline_cut_off_is_done_when_the_batch_is_sent_again() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(40)).await;
    let mut asked = Request::new(named("b", many(2500)));
    asked.set_timeout(Duration::from_secs(1));
    let first = service.client().batch_process(asked).await.unwrap().into_inner();
    assert_eq!(first.completion(), Completion::Deadline);
    let done = balanced(&first).stored;
    assert!(done > 0, "some were stored in time");
    assert!(done <= 50 * 25, "50 workers make no more calls of 40 ms in 1 s");
    let calls = service.simulator.stats().calls;

    let again = service.process(named("b", many(2500))).await.unwrap();
    let summary = balanced(&again);
    assert_eq!((summary.stored + summary.unchanged, again.completion()), (2500, Completion::Complete));
    let repeated = service.simulator.stats().calls - calls;
    assert!(repeated <= u64::from(2500 - done), "{repeated} calls for {} records", 2500 - done);
    assert_eq!(count(&service.database_url, "outcomes").await, 2500);
    assert_eq!(count(&service.database_url, "batches WHERE stored = 2500 AND received = 2500").await, 1);
    service.ended().await;
}

#[tokio::test]
async fn what_failed_is_done_again_and_keeps_its_warnings() {
    let service = TestService::start().await;
    let data_list = vec![febrl("a", "p-status-503"), febrl("b", "p-ok"), febrl("c", "p-status-404")];
    let first = service.process(named("b", data_list.clone())).await.unwrap();
    assert_eq!((balanced(&first).failed, balanced(&first).stored), (2, 1));
    let calls = service.simulator.stats().calls;
    let again = service.process(named("b", data_list)).await.unwrap();
    assert!(first.results == again.results, "another answer");
    assert_eq!(service.simulator.stats().calls - calls, 2, "those that failed are asked for again");
    service.ended().await;
}

#[tokio::test]
async fn other_content_under_the_same_id_is_refused_before_anything_is_done() {
    let service = TestService::start().await;
    service.process(named("b", many(30))).await.unwrap();
    let calls = service.simulator.stats().calls;
    let mut other = many(30);
    other[17] = febrl("r17", "somebody else");
    other[20] = febrl("r20 otherwise", "p20");
    for messages in [other.clone(), many(30).into_iter().skip(1).collect()] {
        let refused = service.process(named("b", messages)).await.err().unwrap();
        assert_eq!(reason(&refused), (Code::AlreadyExists, "BATCH_ID_REUSED".to_owned()));
    }
    let refused = service.process(named("b", other.clone())).await.err().unwrap();
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["first_index"], "17");
    assert!(refused.message().contains("17") && !refused.message().contains("somebody"));

    let answer = caller::send(&service, streamed("b", other)).await;
    let status = answer.status.expect("it is no report");
    assert_eq!(reason(&status), (Code::AlreadyExists, "BATCH_ID_REUSED".to_owned()));
    assert!(answer.results.iter().all(|result| result.index < 17));
    assert_eq!(service.simulator.stats().calls, calls);
    assert_eq!(count(&service.database_url, "patients").await, 30);

    // Longer by some records it is the same batch; what is new is done.
    let longer = balanced(&service.process(named("b", many(33))).await.unwrap());
    assert_eq!((longer.stored, service.simulator.stats().calls), (33, calls + 3));
    service.ended().await;
}

#[tokio::test]
async fn the_same_batch_at_the_same_time_is_told_to_come_later() {
    let service = TestService::with(|knobs| knobs.latency = Duration::from_millis(200)).await;
    let mut client = service.client();
    let running = tokio::spawn(async move { client.batch_process(named("b", many(100))).await });
    eventually("the batch runs", async || service.simulator.stats().calls > 0).await;
    let refused = service.process(named("b", many(100))).await.err().unwrap();
    assert_eq!(reason(&refused), (Code::Aborted, "BATCH_RUNNING".to_owned()));
    let delay = refused.get_error_details().retry_info().and_then(|info| info.retry_delay);
    assert!(delay.is_some_and(|delay| delay > Duration::ZERO));
    let streamed = caller::send(&service, streamed("b", many(100))).await.status.expect("refused");
    assert_eq!(reason(&streamed).0, Code::Aborted);
    // Another one, the same records without an id, and a rehearsal are not concerned.
    for asked in [
        named("c", many(1)),
        request(many(1)),
        BatchProcessRequest { validate_only: true, ..named("b", many(1)) },
    ] {
        service.process(asked).await.unwrap();
    }
    assert_eq!(balanced(&running.await.unwrap().unwrap().into_inner()).received, 100);
    assert_eq!(balanced(&service.process(named("b", many(100))).await.unwrap()).received, 100);
    service.ended().await;
}

#[tokio::test]
async fn two_services_over_one_store_may_race_with_the_same_batch() {
    let database = TestDatabase::postgres().await;
    let (one, other) = (on(&database).await, on(&database).await);
    for round in 0..5 {
        let batch_id = format!("b{round}");
        let mut data_list: Vec<_> =
            (0..600).map(|place| febrl(&format!("r{place}"), &format!("{round}.{place}"))).collect();
        data_list.extend((0..50).map(|place| raw_json(&format!("bad{place}"), "nowhere", "{}")));
        data_list.push(febrl("again", &format!("{round}.7")));
        let asked = || named(&batch_id, data_list.clone());
        let (first, second) = tokio::join!(one.process(asked()), other.process(asked()));
        for response in [first.unwrap(), second.unwrap()] {
            let summary = balanced(&response);
            assert_eq!((summary.rejected, summary.failed, summary.not_attempted), (50, 0, 0));
        }
        let rows = format!(
            "SELECT outcome || ' ' || count(*) FROM outcomes JOIN batches USING (batch_key) \
             WHERE batch_id = '{batch_id}' GROUP BY outcome ORDER BY outcome"
        );
        assert_eq!(database.column(&rows).await, ["rejected 50", "stored 600", "superseded 1"]);
        let calls = one.simulator.stats().calls;
        assert_eq!(balanced(&one.process(asked()).await.unwrap()).stored, 600);
        assert_eq!(one.simulator.stats().calls, calls);
    }
    assert_eq!(count(database.url(), "patients").await, 5 * 600);
    assert_eq!(count(database.url(), "rejects").await, 5 * 50);
    assert_eq!(count(database.url(), "batches").await, 5);
    one.ended().await;
    other.ended().await;
}

#[tokio::test]
async fn a_store_that_cannot_be_read_refuses_a_named_batch_at_once() {
    let mut server = PostgresServer::start();
    let url = server.url();
    let service = TestService::with(|knobs| knobs.config.store.url = url.as_str().into()).await;
    server.stop();
    let sent = Instant::now();
    let mut asked = Request::new(named("b", many(5)));
    asked.set_timeout(Duration::from_secs(20));
    let refused = service.client().batch_process(asked).await.err().unwrap();
    assert_eq!(reason(&refused), (Code::Unavailable, "STORE_UNAVAILABLE".to_owned()));
    assert!(refused.get_error_details().retry_info().is_some());
    assert!(sent.elapsed() < Duration::from_secs(10), "not at the deadline: {:?}", sent.elapsed());
    let streamed = caller::send(&service, streamed("b", many(5))).await.status.expect("refused");
    assert_eq!(reason(&streamed).0, Code::Unavailable);
    assert_eq!(service.simulator.stats().calls, 0, "no hospital was called");
    server.restart();
    eventually("the batch goes through", async || service.process(named("b", many(5))).await.is_ok()).await;
    service.ended().await;
    server.stop();
}
