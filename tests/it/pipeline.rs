//! The record pipeline with a hospital that does anything, panics included, under random deadlines, cancels
//! and drains: every record has exactly one outcome, and what is reported stored is there.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use cleaning::{
    outcome::{Completion, Outcome},
    patient::Patient,
    record::{BatchId, Payload, RawBatch, RawRecord},
};
use dataprocessing::{
    client::hospital_api::{CallFault, FaultKind, HospitalApi, Verdict, VerificationClient},
    context::RequestContext,
    logic::{
        batch_run::BatchReport,
        calls::{
            batch_process::BatchProcessLogic,
            batch_stream::{BatchStreamLogic, StreamedBatch, Upload, UploadEnd},
        },
    },
    svc::{Hospital, ServiceContext},
};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::{sync::oneshot, time::Instant};

use crate::support::{
    BUSY_MACHINE, eventually,
    query::{count, patient_ids},
    service::TestService,
};

/// A hospital that does what the patient's number says.
struct Wilful;

#[async_trait]
impl VerificationClient for Wilful {
    async fn verify(&self, patient: &Patient, until: Instant) -> Result<Verdict, CallFault> {
        let (_, fate) = patient.patient_id.rsplit_once('-').expect("our own number");
        match fate {
            "match" => Ok(Verdict::Match),
            "slow" => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(Verdict::Match)
            }
            "mismatch" => Ok(Verdict::Mismatch),
            "notfound" => Ok(Verdict::NotFound),
            "unavailable" => Err(FaultKind::Throttled.into()),
            "hang" => {
                tokio::time::sleep_until(until + Duration::from_secs(3600)).await;
                Err(FaultKind::BatchDeadline.into())
            }
            // A panic without the hook, which would take the time of many records to print each.
            _ => std::panic::resume_unwind(Box::new("a bug")),
        }
    }
}

/// Places of a stream: fewer than most batches have records.
const SMALL_WINDOW: u32 = 40;

const FATES: [&str; 7] = ["match", "slow", "mismatch", "notfound", "unavailable", "hang", "panic"];

/// The service's own parts, with the wilful hospital in place of the simulated one.
fn wilful(service: &TestService) -> Arc<ServiceContext> {
    let profile = Arc::clone(&profiles::shipped()["febrl"]);
    let verify = profile.verify.as_ref().expect("the profile names an API");
    let verification = HospitalApi::new(&profile.code, verify, Arc::new(Wilful), 50);
    let hospital = Hospital { profile, verification: Some(verification) };
    service.with_hospital(hospital)
}

fn batch(id: &str, fates: &[usize]) -> RawBatch {
    let record = |(index, fate): (usize, &usize)| {
        let patient_id = format!("{id}.{index}-{}", FATES[*fate]);
        let json = serde_json::json!({
            "rec_id": patient_id, "surname": "berry", "date_of_birth": "19990219", "soc_sec_id": "7364009",
        });
        RawRecord {
            index: index as u32,
            id: index.to_string().into(),
            hospital_code: "febrl".into(),
            payload: Payload::Json(json.to_string().into()),
        }
    };
    RawBatch {
        id: BatchId::made(id),
        records: fates.iter().enumerate().map(record).collect(),
        validate_only: false,
        reject_limit: None,
    }
}

/// What ends a batch before it ends by itself.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Deadline,
    Cancel,
    Drain,
}

/// How a batch comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Whole,
    Streamed,
}

async fn run(
    svc: Arc<ServiceContext>,
    batch: RawBatch,
    way: Way,
    ending: Ending,
    after: Duration,
) -> BatchReport {
    let context = RequestContext::within(match ending {
        Ending::Deadline => after + Duration::from_millis(100),
        Ending::Cancel | Ending::Drain => Duration::from_secs(20),
    });
    let (deadline, cancelled, drained) = (context.deadline, context.cancelled.clone(), svc.drained.clone());
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        match ending {
            Ending::Deadline => {}
            Ending::Cancel => cancelled.cancel(),
            Ending::Drain => drained.cancel(),
        }
    });
    let report = match way {
        Way::Whole => BatchProcessLogic::new(context, svc).run(batch).await.expect("there is time"),
        Way::Streamed => stream(context, svc, batch).await,
    };
    assert!(Instant::now() < deadline + BUSY_MACHINE, "the answer is in time");
    report
}

/// Streams a batch, and puts the results that come out into its report.
async fn stream(context: RequestContext, svc: Arc<ServiceContext>, batch: RawBatch) -> BatchReport {
    let tasks = svc.tasks.clone();
    let start = StreamedBatch { id: batch.id, validate_only: batch.validate_only, reject_limit: None };
    let (logic, mut result_stream) =
        BatchStreamLogic::start(context, svc, start).await.expect("there is time");
    let (reported, mut report) = oneshot::channel();
    let running = tasks.spawn(logic.run(Records(batch.records.into_iter()), reported));
    let mut results = Vec::new();
    let mut report = loop {
        tokio::select! {
            biased;
            report = &mut report => break report.expect("no panic").expect("no fault"),
            taken = result_stream.next(7) => results.extend(taken),
        }
    };
    results.extend(result_stream.take_ready(usize::MAX));
    drop(result_stream);
    running.await.expect("no panic");
    results.sort_by_key(|result| result.index);
    report.results = results;
    report
}

/// An upload that is there already.
struct Records(std::vec::IntoIter<RawRecord>);

impl Upload for Records {
    type Fault = ();

    async fn next(&mut self) -> Result<RawRecord, UploadEnd<()>> {
        self.0.next().ok_or(UploadEnd::Complete)
    }
}

fn check(report: &BatchReport, fates: &[usize]) {
    let received = report.counts.received as usize;
    assert_eq!(report.counts.by_outcome.total(), report.counts.received);
    assert_eq!(report.results.len(), received);
    for ((result, fate), index) in report.results.iter().zip(fates).zip(0..) {
        assert_eq!(result.index, index);
        let outcome = result.settlement.outcome;
        let possible = match FATES[*fate] {
            "match" | "slow" | "notfound" => [Outcome::Stored, Outcome::Failed, Outcome::NotAttempted],
            "mismatch" => [Outcome::Rejected, Outcome::Failed, Outcome::NotAttempted],
            _ => [Outcome::Failed, Outcome::Failed, Outcome::NotAttempted],
        };
        assert!(possible.contains(&outcome), "{} ended as {outcome:?}", FATES[*fate]);
        if FATES[*fate] == "panic" && outcome == Outcome::Failed {
            let code = result.settlement.issues[0].kind.code;
            assert!(["INTERNAL", "DEADLINE_EXCEEDED", "CANCELLED", "DRAINED"].contains(&code), "{code}");
        }
    }
    let hangs = fates[..received].iter().any(|fate| FATES[*fate] == "hang");
    assert!(!hangs || report.completion != Completion::Complete, "a batch that hangs does not complete");
}

#[test]
fn every_record_of_a_whole_batch_has_one_outcome_whatever_happens() {
    every_record_has_one_outcome(Way::Whole);
}

#[test]
fn every_record_of_a_stream_has_one_outcome_whatever_happens() {
    every_record_has_one_outcome(Way::Streamed);
}

async fn every_batch_has_the_counters_of_its_rows(url: &str) {
    let ended = async || count(url, "batches WHERE completion IS NULL").await == 0;
    eventually("every batch has its last words in the books", ended).await;
    for outcome in Outcome::ALL {
        let name = outcome.name();
        let rows =
            format!("FROM outcomes WHERE outcomes.batch_key = batches.batch_key AND outcome = '{name}'");
        let wrong = count(url, &format!("batches WHERE {name} <> (SELECT count(*) {rows})")).await;
        assert_eq!(wrong, 0, "batches count another number of {name}");
    }
}

fn every_record_has_one_outcome(way: Way) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let service =
        runtime.block_on(TestService::with(|knobs| knobs.config.server.stream_window = SMALL_WINDOW));
    let fates = prop::collection::vec(0..FATES.len(), 1..150);
    let ending = prop_oneof![Just(Ending::Deadline), Just(Ending::Cancel), Just(Ending::Drain)];
    TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })
        .run(&(fates, ending, 0u64..120), |(fates, ending, after)| {
            let id = uuid::Uuid::now_v7().to_string();
            let (svc, batch) = (wilful(&service), batch(&id, &fates));
            let report = runtime.block_on(run(svc, batch, way, ending, Duration::from_millis(after)));
            check(&report, &fates);
            // A stream may be ended before all of it was read.
            prop_assert!(way == Way::Streamed || report.results.len() == fates.len());
            let there = runtime.block_on(patient_ids(&service.database_url));
            for (index, result) in report.results.iter().enumerate() {
                let is_there = there.contains(&format!("{id}.{index}-{}", FATES[fates[index]]));
                match result.settlement.outcome {
                    Outcome::Stored => prop_assert!(is_there, "reported stored"),
                    // Cut while it was written: either may be true.
                    Outcome::Failed => {}
                    _ => prop_assert!(!is_there, "reported as not stored"),
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(!runtime.block_on(patient_ids(&service.database_url)).is_empty());
    let bare = runtime.block_on(count(&service.database_url, "rejects WHERE length(raw) = 0"));
    assert_eq!(bare, 0, "every reject has its raw record");
    runtime.block_on(every_batch_has_the_counters_of_its_rows(&service.database_url));
    assert_eq!(service.svc.pool.stats().workers, 50, "no worker was lost");
    runtime.block_on(service.ended());
}
