//! The store: the same cases on both engines, and a few that only one of them can meet.

use std::{sync::Arc, time::Duration};

use cleaning::{
    issue::{Issue, IssueKind},
    message::Text,
    outcome::{Completion, Outcome},
    patient::{Identifier, Name, Patient, RecordOrder},
};
use dataprocessing::model::{Chunk, Content, FinishedBatch, Overwritten, Row, Store, StoreError, Written};
use tokio::time::Instant;

use crate::support::database::TestDatabase;

/// Runs every case against both engines.
macro_rules! on_both_engines {
    ($($case:ident)*) => {
        mod on_sqlite {
            use super::*;
            $(#[tokio::test] async fn $case() { super::$case(&TestDatabase::sqlite()).await; })*
        }
        mod on_postgres {
            use super::*;
            $(#[tokio::test] async fn $case() { super::$case(&TestDatabase::postgres().await).await; })*
        }
    };
}

mod batch_reads;
mod chunks;
mod columns;
mod faults;
mod postgres;
mod rejects;
mod sqlite;
mod store_issues;

const STORED: Written = Written::Stored { replaced: None, overwritten: Overwritten::NOTHING };

static MISSING: IssueKind =
    IssueKind { code: "EXAMPLE_MISSING", text: Text { en: "something is missing", zh: "缺少内容" } };

/// A patient whose content is its name.
fn patient(id: &str, name: &str, version: i64) -> Patient {
    Patient {
        name: Some(Name { text: name.into(), family: None, given: None, pinyin: None }),
        identifiers: vec![Identifier { kind: "99".into(), value: id.into(), system: None }],
        order: RecordOrder::Version(version),
        ..Patient::unknown("h1", id)
    }
}

fn row(index: u32, content: Content) -> Row {
    Row {
        index,
        record_id: format!("r{index}").into(),
        hospital_code: "h1".into(),
        raw: bytes::Bytes::from(format!("raw {index}")).into(),
        issues: Arc::from([]),
        changes: Arc::from([]),
        attempts: 1,
        retryable: false,
        digest: None,
        content,
    }
}

fn stored(index: u32, patient: Patient) -> Row {
    row(index, Content::Patient(Box::new(patient)))
}

fn settled(index: u32, outcome: Outcome) -> Row {
    let issues = Arc::from([Issue::error(&MISSING, "name")]);
    Row { issues, ..row(index, Content::Settled(outcome)) }
}

async fn write(store: &dyn Store, batch: &str, rows: Vec<Row>) -> Vec<Written> {
    write_within(store, batch, rows, Duration::from_secs(20)).await
}

async fn write_within(store: &dyn Store, batch: &str, rows: Vec<Row>, limit: Duration) -> Vec<Written> {
    store.write(&Chunk { batch_id: batch.into(), resumes: true, rows }, Instant::now() + limit).await
}

fn finished(batch: &str) -> FinishedBatch {
    FinishedBatch {
        batch_id: batch.into(),
        completion: Completion::Deadline,
        by_outcome: None,
        warnings: 9,
        elapsed: Duration::from_millis(1_500),
    }
}

/// `id name` of every patient.
const PATIENTS: &str = "SELECT patient_id || ' ' || name FROM patients ORDER BY patient_id";

/// `batch index outcome` of every outcome.
const OUTCOMES: &str = "SELECT batch_id || ' ' || CAST(record_index AS TEXT) || ' ' || outcome \
                        FROM outcomes JOIN batches USING (batch_key) ORDER BY batch_id, record_index";
