//! The window from inside: what is read and not yet taken never exceeds it, whatever holds the batch up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cleaning::{
    outcome::{Completion, Outcome},
    record::{BatchId, Payload, RawRecord},
};
use dataprocessing::{
    context::RequestContext,
    logic::{
        batch_run::BatchReport,
        calls::batch_stream::{BatchStreamLogic, StreamError, StreamedBatch, Upload, UploadEnd},
        ledger::ResultStream,
    },
    svc::ServiceContext,
};
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::support::{eventually, service::TestService};

const WINDOW: u32 = 30;

/// Generates records as fast as they are read, and counts them.
struct Generated {
    count: u32,
    next: u32,
    /// Whether the rules reject its records.
    bad: bool,
    read: Arc<AtomicU32>,
    taken: Arc<AtomicU32>,
}

impl Upload for Generated {
    type Fault = ();

    async fn next(&mut self) -> Result<RawRecord, UploadEnd<()>> {
        // The place of the record that is read now was free.
        assert!(held(&self.read, &self.taken) < i64::from(WINDOW));
        if self.next == self.count {
            return Err(UploadEnd::Complete);
        }
        let index = self.next;
        self.next += 1;
        self.read.fetch_add(1, Ordering::SeqCst);
        let born = if self.bad { "19991332" } else { "19990219" };
        let json = serde_json::json!({
            "rec_id": format!("w{index}"), "surname": "berry", "date_of_birth": born, "soc_sec_id": "7364009",
        });
        let (id, payload) = (index.to_string().into(), Payload::Json(json.to_string().into()));
        Ok(RawRecord { index, id, hospital_code: "febrl".into(), payload })
    }
}

/// A batch of generated records on its way.
struct Run {
    read: Arc<AtomicU32>,
    taken: Arc<AtomicU32>,
    result_stream: ResultStream,
    report: oneshot::Receiver<Result<BatchReport, StreamError<()>>>,
    task: JoinHandle<()>,
}

async fn run(svc: &Arc<ServiceContext>, count: u32, bad: bool, timeout: Duration) -> Run {
    let (read, taken) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let upload = Generated { count, next: 0, bad, read: Arc::clone(&read), taken: Arc::clone(&taken) };
    let batch = StreamedBatch {
        id: BatchId::made(uuid::Uuid::now_v7().to_string()),
        validate_only: false,
        reject_limit: None,
    };
    let context = RequestContext::within(timeout);
    let (logic, result_stream) =
        BatchStreamLogic::start(context, Arc::clone(svc), batch).await.expect("there is time");
    let (reported, report) = oneshot::channel();
    let task = svc.tasks.spawn(logic.run(upload, reported));
    Run { read, taken, result_stream, report, task }
}

impl Run {
    fn is_full(&self) -> bool {
        held(&self.read, &self.taken) == i64::from(WINDOW)
    }

    async fn take(&mut self, most: usize) -> usize {
        // Counted before: the next record may be read as soon as a place is free.
        self.taken.fetch_add(most as u32, Ordering::SeqCst);
        let taken = self.result_stream.next(most).await.len();
        self.taken.fetch_sub((most - taken) as u32, Ordering::SeqCst);
        taken
    }
}

/// Records that were read and not taken.
fn held(read: &AtomicU32, taken: &AtomicU32) -> i64 {
    i64::from(read.load(Ordering::SeqCst)) - i64::from(taken.load(Ordering::SeqCst))
}

/// Keeps everybody else from writing to a SQLite file.
struct Lock(SqliteConnection);

impl Lock {
    async fn of(url: &str) -> Self {
        let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
        connection.execute("BEGIN IMMEDIATE").await.expect("nobody else writes for long");
        Self(connection)
    }

    async fn release(mut self) {
        self.0.execute("ROLLBACK").await.expect("a transaction is open");
    }
}

async fn service() -> TestService {
    TestService::with(|knobs| knobs.config.server.stream_window = WINDOW).await
}

#[tokio::test]
async fn nothing_is_read_beyond_the_window_while_nobody_takes() {
    let service = service().await;
    let mut run = run(&service.svc, 3000, false, Duration::from_secs(60)).await;
    eventually("the window is full", async || run.is_full()).await;
    eventually("all of it is settled", async || {
        run.result_stream.progress().is_some_and(|progress| progress.settled() == WINDOW)
    })
    .await;
    assert!(run.is_full());
    let mut taken = 0;
    while taken < 3000 {
        taken += run.take(1).await;
    }
    let report = run.report.await.unwrap().unwrap();
    assert_eq!(report.completion, Completion::Complete);
    assert_eq!(report.counts.by_outcome[Outcome::Stored], 3000);
    drop(run.result_stream);
    run.task.await.unwrap();
    service.ended().await;
}

#[tokio::test]
async fn a_store_that_stands_still_stops_the_reading_of_rejects_too() {
    let service = service().await;
    for bad in [true, false] {
        let lock = Lock::of(&service.database_url).await;
        let mut run = run(&service.svc, 500, bad, Duration::from_secs(60)).await;
        eventually("the window is full", async || run.is_full()).await;
        assert!(run.result_stream.take_ready(100).is_empty(), "what the store does not have is not told");
        lock.release().await;
        let mut taken = 0;
        while taken < 500 {
            taken += run.take(1).await;
        }
        let report = run.report.await.unwrap().unwrap();
        let outcome = if bad { Outcome::Rejected } else { Outcome::Stored };
        assert_eq!(report.counts.by_outcome[outcome], 500);
        drop(run.result_stream);
        run.task.await.unwrap();
    }
    service.ended().await;
}

#[tokio::test]
async fn a_batch_whose_results_nobody_takes_ends_at_its_deadline_and_lets_go_of_them() {
    let service = service().await;
    let mut run = run(&service.svc, 500, false, Duration::from_millis(800)).await;
    let report = (&mut run.report).await.unwrap().unwrap();
    assert_eq!((report.completion, report.counts.received), (Completion::Deadline, WINDOW));
    run.task.await.unwrap();
    assert!(run.result_stream.take_ready(100).is_empty(), "the results are gone with their batch");
    service.ended().await;
}
