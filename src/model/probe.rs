//! A row that is written to find out whether the store takes rows, and rolled back.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::{
    Content, Row, StoreError,
    engine::{Connection, Engine},
    entry::Entry,
    transaction::Task,
};
use cleaning::{outcome::Outcome, patient::Patient};

/// Large enough to need room that is not there by chance.
const RAW_BYTES: usize = 256 * 1024;

/// No batch and no patient has this name: ids of callers and hospitals are never empty.
const NAME: &str = "";

/// Writes a patient and a reject as any chunk does. The caller rolls back.
pub(super) async fn write<E: Engine>(connection: &mut Connection<E>) -> Result<(), StoreError> {
    let rows = [row(0, Content::Patient(Box::new(patient()))), row(1, Content::Settled(Outcome::Rejected))];
    let entries: Vec<Entry<'_>> =
        rows.iter().enumerate().map(|(place, row)| Entry::new(place, row)).collect();
    let task = Task::Rows { batch_id: NAME, resumes: false, is_first_try: true, entries: &entries };
    task.run::<E>(connection).await.map(drop)
}

fn row(index: u32, content: Content) -> Row {
    Row {
        index,
        record_id: NAME.into(),
        hospital_code: NAME.into(),
        raw: noise().into(),
        issues: Default::default(),
        changes: Default::default(),
        attempts: 0,
        retryable: false,
        digest: None,
        content,
    }
}

fn patient() -> Patient {
    Patient::unknown(NAME, NAME)
}

/// Bytes that cannot be compressed.
fn noise() -> Bytes {
    let seed = RandomState::new();
    (0..RAW_BYTES / 8).flat_map(|word| seed.hash_one(word).to_le_bytes()).collect()
}
