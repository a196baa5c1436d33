//! Rows that are written to find out whether the store takes rows, and rolled back.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use cleaning::{outcome::Outcome, patient::Patient};

use crate::model::{
    Content, Row, StoreError,
    sql::{engine::Connection, prepared_row::PreparedRow, statements::Statements, transaction::Task},
};

/// Large enough that a full disk has no room for it.
const RAW_BYTES: usize = 256 * 1024;

/// No batch and no patient has this id: those of callers and hospitals are never empty.
const ID: &str = "";

/// Writes a patient and a reject as any chunk does. The caller rolls back.
pub(crate) async fn write<E: Statements>(connection: &mut Connection<E>) -> Result<(), StoreError> {
    let patient = Box::new(Patient::unknown(ID, ID));
    let rows = [row(0, Content::Patient(patient)), row(1, Content::Settled(Outcome::Rejected))];
    let rows: Vec<_> = rows.iter().enumerate().map(|(index, row)| PreparedRow::new(index, row)).collect();
    let task = Task::Rows { batch_id: ID, resumes: false, is_first_try: true, rows: &rows };
    task.run::<E>(connection).await.map(drop)
}

fn row(index: u32, content: Content) -> Row {
    Row {
        index,
        record_id: ID.into(),
        hospital_code: ID.into(),
        raw: noise().into(),
        issues: Default::default(),
        changes: Default::default(),
        attempts: 0,
        retryable: false,
        digest: None,
        content,
    }
}

/// Bytes that cannot be compressed.
fn noise() -> Bytes {
    let seed = RandomState::new();
    (0..RAW_BYTES / 8).flat_map(|word| seed.hash_one(word).to_le_bytes()).collect()
}
