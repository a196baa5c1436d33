//! Asking the books: `GetBatch`, `ListResults`, and what is forgotten.

use std::time::Duration;

use dataprocessing::{
    logic::retention::delete_expired,
    server::pb::{
        Batch, BatchProcessRequest, Completion, GetBatchRequest, Language, ListResultsRequest,
        ListResultsResponse, Outcome, PatientData, RecordResult, ResultFilter, ResultView,
    },
};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{
    database::TestDatabase,
    eventually,
    query::count,
    records::{febrl, many, raw_json, request},
    service::{TestService, balanced},
};

fn named(batch_id: &str, data_list: Vec<PatientData>) -> BatchProcessRequest {
    BatchProcessRequest { batch_id: batch_id.to_owned(), ..request(data_list) }
}

fn mixed(count: usize) -> Vec<PatientData> {
    let bad = |place| raw_json(&format!("bad{place}"), "nowhere", "{}");
    let failed = |place: usize| febrl(&format!("failed{place}"), "p-status-503");
    (0..count)
        .map(|place| match place % 5 {
            1 => bad(place),
            2 => failed(place),
            _ => febrl(&format!("r{place}"), &format!("p{place}")),
        })
        .collect()
}

async fn get(service: &TestService, batch_id: &str) -> Result<Batch, Status> {
    let asked = GetBatchRequest { batch_id: batch_id.to_owned() };
    service.client().get_batch(asked).await.map(tonic::Response::into_inner)
}

fn list(batch_id: &str) -> ListResultsRequest {
    ListResultsRequest { batch_id: batch_id.to_owned(), ..Default::default() }
}

async fn page(service: &TestService, asked: ListResultsRequest) -> Result<ListResultsResponse, Status> {
    service.client().list_results(asked).await.map(tonic::Response::into_inner)
}

/// Every page until there is none.
async fn all(service: &TestService, mut asked: ListResultsRequest) -> (Vec<RecordResult>, usize) {
    let (mut results, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(service, asked.clone()).await.unwrap();
        results.extend(page.results);
        pages += 1;
        if page.next_page_token.is_empty() {
            return (results, pages);
        }
        asked.page_token = page.next_page_token;
    }
}

fn count_of(batch: &Batch, outcome: Outcome) -> u32 {
    batch.outcomes.iter().find(|count| count.outcome() == outcome).map_or(0, |count| count.count)
}

async fn on(database: &TestDatabase) -> TestService {
    let url = database.url().to_owned();
    TestService::with(|knobs| knobs.config.store.url = url.into()).await
}

async fn pages_list_what_the_answer_did(database: &TestDatabase) {
    let service = on(database).await;
    let response = service.process(named("b", mixed(100))).await.unwrap();
    for size in [0, 1, 7, 100, i32::MAX] {
        let (results, pages) = all(&service, ListResultsRequest { page_size: size, ..list("b") }).await;
        assert!(results == response.results, "another list");
        let expected = if size == 0 { 1 } else { 100usize.div_ceil(size as usize) };
        assert_eq!(pages, expected, "no empty page at the end");
    }
    let failures = ResultFilter { failures_only: true, ..Default::default() };
    let failed = ResultFilter { outcomes: vec![Outcome::Failed as i32], failures_only: false };
    for (filter, matches) in [
        (failures, (|result| result.outcome() != Outcome::Stored) as fn(&RecordResult) -> bool),
        (failed, |result| result.outcome() == Outcome::Failed),
    ] {
        let asked = ListResultsRequest { page_size: 9, filter: Some(filter), ..list("b") };
        let expected: Vec<_> = response.results.iter().filter(|result| matches(result)).cloned().collect();
        assert!(!expected.is_empty() && all(&service, asked).await.0 == expected, "another list");
    }
    let chinese = ListResultsRequest { language: Language::Zh as i32, ..list("b") };
    let (results, _) = all(&service, chinese).await;
    assert!(results[1].issues.iter().all(|issue| !issue.message.is_ascii()));
    service.ended().await;
}

#[tokio::test]
async fn pages_list_what_the_answer_did_from_sqlite() {
    pages_list_what_the_answer_did(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn pages_list_what_the_answer_did_from_postgres() {
    pages_list_what_the_answer_did(&TestDatabase::postgres().await).await;
}

async fn a_batch_is_known_by_its_rows(database: &TestDatabase) {
    let service = on(database).await;
    let response = service.process(request(mixed(50))).await.unwrap();
    let summary = balanced(&response);
    let batch = get(&service, &response.batch_id).await.unwrap();
    assert_eq!((batch.batch_id.as_str(), batch.completion()), (&*response.batch_id, Completion::Complete));
    let counts =
        [Outcome::Stored, Outcome::Rejected, Outcome::Failed].map(|outcome| count_of(&batch, outcome));
    assert_eq!(counts, [summary.stored, summary.rejected, summary.failed]);
    let (start, end) = (batch.start_time.unwrap(), batch.end_time.unwrap());
    assert!((start.seconds, start.nanos) < (end.seconds, end.nanos));

    // As after a crash of the process.
    database.execute("UPDATE batches SET completion = NULL").await;
    let batch = get(&service, &response.batch_id).await.unwrap();
    assert_eq!((batch.completion(), batch.end_time), (Completion::Unspecified, None));
    assert_eq!(count_of(&batch, Outcome::Stored), summary.stored);

    // As it ended, a large one needs no counting.
    database.execute("UPDATE batches SET completion = 'complete'; DELETE FROM outcomes").await;
    let batch = get(&service, &response.batch_id).await.unwrap();
    let counts =
        [Outcome::Stored, Outcome::Rejected, Outcome::Failed].map(|outcome| count_of(&batch, outcome));
    assert_eq!(counts, [summary.stored, summary.rejected, summary.failed]);
    service.ended().await;
}

#[tokio::test]
async fn a_batch_is_known_by_its_rows_in_sqlite() {
    a_batch_is_known_by_its_rows(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn a_batch_is_known_by_its_rows_in_postgres() {
    a_batch_is_known_by_its_rows(&TestDatabase::postgres().await).await;
}

#[tokio::test]
async fn a_batch_that_runs_is_known_without_an_end() {
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_millis(50);
        knobs.config.store.chunk_rows = 20;
    })
    .await;
    let mut client = service.client();
    let running = tokio::spawn(async move { client.batch_process(named("b", many(1000))).await });
    eventually("something is written", async || get(&service, "b").await.is_ok()).await;
    let batch = get(&service, "b").await.unwrap();
    assert_eq!((batch.completion(), batch.end_time), (Completion::Unspecified, None));
    assert!((1..1000).contains(&count_of(&batch, Outcome::Stored)));
    running.await.unwrap().unwrap();
    assert_eq!(count_of(&get(&service, "b").await.unwrap(), Outcome::Stored), 1000);
    service.ended().await;
}

#[tokio::test]
async fn the_pages_give_what_an_answer_had_no_room_for() {
    let service = TestService::with(|knobs| knobs.config.server.max_response_size = 16 * 1024).await;
    let response = service.process(named("b", many(1000))).await.unwrap();
    assert!(response.results_omitted > 0);
    let (results, pages) = all(&service, ListResultsRequest { page_size: 900, ..list("b") }).await;
    assert_eq!(results.iter().map(|result| result.index).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    assert!(pages > 2, "the limit holds for pages, too");
    let first = page(&service, list("b")).await.unwrap();
    assert!(first.encoded_len() <= 16 * 1024);
    service.ended().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let service = TestService::start().await;
    service.process(named("b", many(30))).await.unwrap();
    service.process(named("c", many(30))).await.unwrap();
    let token =
        page(&service, ListResultsRequest { page_size: 10, ..list("b") }).await.unwrap().next_page_token;
    let failures = ResultFilter { failures_only: true, ..Default::default() };
    let wrong = [
        ListResultsRequest { page_token: token.clone(), ..list("c") },
        ListResultsRequest { page_token: token.clone(), filter: Some(failures), ..list("b") },
        ListResultsRequest { page_token: format!("{token}00"), ..list("b") },
        ListResultsRequest { page_token: "first".to_owned(), ..list("b") },
        ListResultsRequest { page_size: -1, ..list("b") },
        ListResultsRequest { language: 9, ..list("b") },
        list(""),
        list(&"b".repeat(129)),
    ];
    for asked in wrong {
        assert_eq!(page(&service, asked).await.err().unwrap().code(), Code::InvalidArgument);
    }
    assert_eq!(get(&service, "").await.err().unwrap().code(), Code::InvalidArgument);
    for status in
        [get(&service, "lost").await.err().unwrap(), page(&service, list("lost")).await.err().unwrap()]
    {
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.get_error_details().error_info().unwrap().reason, "BATCH_NOT_FOUND");
    }
    let second = ListResultsRequest { page_token: token, page_size: 10, ..list("b") };
    assert_eq!(page(&service, second).await.unwrap().results[0].index, 10);
    service.ended().await;
}

#[tokio::test]
async fn the_books_are_read_while_every_place_for_batches_is_taken() {
    let service = TestService::with(|knobs| {
        knobs.latency = Duration::from_secs(1);
        knobs.config.server.max_batches = 1;
    })
    .await;
    let mut quick = named("b", mixed(2));
    quick.data_list.truncate(2);
    service.process(quick).await.unwrap();
    let mut client = service.client();
    let running = tokio::spawn(async move { client.batch_process(request(many(10))).await });
    eventually("the place is taken", async || service.simulator.stats().in_flight > 0).await;
    let refused = service.process(request(many(1))).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(get(&service, "b").await.unwrap().completion(), Completion::Complete);
    assert_eq!(page(&service, list("b")).await.unwrap().results.len(), 2);
    running.await.unwrap().unwrap();
    service.ended().await;
}

async fn old_batches_are_forgotten_and_patients_stay(database: &TestDatabase) {
    let service = on(database).await;
    for batch_id in ["old", "older", "new"] {
        let data_list = (0..60).map(|place| match place % 3 {
            0 => raw_json(&format!("bad{place}"), "nowhere", "{}"),
            _ => febrl(&format!("r{place}"), &format!("{batch_id}{place}")),
        });
        service.process(named(batch_id, data_list.collect())).await.unwrap();
    }
    let days_ago = |days: u32| {
        if database.is_postgres() {
            format!("now() - interval '{days} days'")
        } else {
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{days} days')")
        }
    };
    // One of them never ended.
    database
        .execute(&format!("UPDATE batches SET finished_at = {} WHERE batch_id = 'old'", days_ago(31)))
        .await;
    let died = format!("started_at = {}, finished_at = NULL, completion = NULL", days_ago(40));
    database.execute(&format!("UPDATE batches SET {died} WHERE batch_id = 'older'")).await;

    let (month, never) = (Duration::from_secs(30 * 24 * 3600), CancellationToken::new());
    let forgotten = delete_expired(&*service.svc.store, month, &never).await.unwrap();
    assert_eq!(forgotten, 2 * (60 + 20 + 1));
    assert_eq!(delete_expired(&*service.svc.store, month, &never).await.unwrap(), 0);
    assert_eq!(database.column("SELECT batch_id FROM batches").await, ["new"]);
    for (table, rows) in [("outcomes", 60), ("rejects", 20), ("patients", 120)] {
        assert_eq!(count(database.url(), table).await, rows, "{table}");
    }
    assert_eq!(get(&service, "old").await.err().unwrap().code(), Code::NotFound);
    // It is a new batch now.
    assert_eq!(balanced(&service.process(named("old", many(3))).await.unwrap()).stored, 3);
    service.ended().await;
}

#[tokio::test]
async fn old_batches_are_forgotten_and_patients_stay_in_sqlite() {
    old_batches_are_forgotten_and_patients_stay(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn old_batches_are_forgotten_and_patients_stay_in_postgres() {
    old_batches_are_forgotten_and_patients_stay(&TestDatabase::postgres().await).await;
}

#[tokio::test]
async fn a_service_forgets_when_it_starts() {
    let database = TestDatabase::sqlite();
    let service = on(&database).await;
    service.process(named("b", many(3))).await.unwrap();
    service.ended().await;
    database.execute("UPDATE batches SET finished_at = '2020-01-01T00:00:00.000Z'").await;
    let service = on(&database).await;
    eventually("the batch is forgotten", async || count(database.url(), "batches").await == 0).await;
    assert_eq!(count(database.url(), "outcomes").await, 0);
    service.ended().await;
}

#[tokio::test]
async fn a_summary_alone_is_enough_to_page_through_the_results() {
    let service = TestService::start().await;
    let asked = BatchProcessRequest { result_view: ResultView::Summary as i32, ..named("b", mixed(10)) };
    assert!(service.process(asked).await.unwrap().results.is_empty());
    assert_eq!(all(&service, list("b")).await.0.len(), 10);
    service.ended().await;
}
