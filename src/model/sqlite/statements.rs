//! The statements.

use std::sync::Arc;

use sqlx::{
    Arguments as _, Row, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::inserts::{Insert, text};

use crate::model::{
    FinishedBatch,
    classify::{Fingerprint, Head},
    columns::{Key, OutcomeColumns, RejectColumns, Winner},
    identity::{Identity, Overwritten},
};
use cleaning::{outcome::Outcome, patient::RecordOrder};

/// The patients of one hospital. `CROSS JOIN` keeps the order of the loops: each wanted key is looked up, the
/// table is never scanned.
const HEADS: &str = "
SELECT wanted.key, head.content_hash, head.hash_version, head.order_kind, head.order_value,
       head.batch_id = ?1, head.batch_index, head.gender, head.birth_date,
       CASE WHEN head.key_id IS NULL THEN head.identifiers END,
       CASE WHEN head.batch_id = ?1 THEN head.issues END
FROM json_each(?3) AS wanted
CROSS JOIN patients AS head ON head.hospital_code = ?2 AND head.patient_id = wanted.value
";

static INSERT: Insert = Insert::new(UPSERT_INTO, 25, "");

static UPSERT: Insert = Insert::new(UPSERT_INTO, 25, UPSERT_CONFLICT);

const UPSERT_INTO: &str = "
INSERT INTO patients (
    batch_id, hospital_code, patient_id, name, family_name, given_name, name_pinyin, gender, birth_date,
    deceased, phones, addresses, contacts, nationality, ethnicity, marital_status, identifiers, raw,
    content_hash, hash_version, order_kind, order_value, batch_index, issues, changes
) ";

/// The guard repeats the classification: neither a newer row nor a later one of the same batch is
/// overwritten. Orders of different kinds count as equal. The write lock is held since before the heads
/// were read, so it refuses nothing; it stands here for whoever changes that.
const UPSERT_CONFLICT: &str = "
ON CONFLICT (hospital_code, patient_id) DO UPDATE SET
    name = excluded.name,
    family_name = excluded.family_name,
    given_name = excluded.given_name,
    name_pinyin = excluded.name_pinyin,
    gender = excluded.gender,
    birth_date = excluded.birth_date,
    deceased = excluded.deceased,
    phones = excluded.phones,
    addresses = excluded.addresses,
    contacts = excluded.contacts,
    nationality = excluded.nationality,
    ethnicity = excluded.ethnicity,
    marital_status = excluded.marital_status,
    identifiers = excluded.identifiers,
    raw = excluded.raw,
    key_id = excluded.key_id,
    content_hash = excluded.content_hash,
    hash_version = excluded.hash_version,
    order_kind = excluded.order_kind,
    order_value = excluded.order_value,
    batch_id = excluded.batch_id,
    batch_index = excluded.batch_index,
    issues = excluded.issues,
    changes = excluded.changes,
    stored_at = excluded.stored_at
WHERE NOT (patients.order_kind = excluded.order_kind AND patients.order_value > excluded.order_value)
  AND NOT (
      patients.batch_id = excluded.batch_id
      AND (patients.order_kind <> excluded.order_kind OR patients.order_value = excluded.order_value)
      AND patients.batch_index > excluded.batch_index
  )";

const BATCH_KEY: &str = "SELECT batch_key FROM batches WHERE caller = '' AND batch_id = ?1";

const OPEN_BATCH: &str = "INSERT INTO batches (batch_id) VALUES (?1) RETURNING batch_key";

const REOPEN: &str = "
UPDATE batches SET completion = NULL WHERE caller = '' AND batch_id = ?1 AND completion IS NOT NULL";

/// Only outcomes without a digest are replaced where there may be a reject.
const CLEAR_REJECTS: &str = "
DELETE FROM rejects
WHERE batch_key = ?1
  AND record_index IN (
      SELECT record_index FROM json_each(?2) AS anew
      CROSS JOIN outcomes ON batch_key = ?1 AND record_index = anew.value
      WHERE digest IS NULL
  )";

static RECORD_ANEW: Insert = Insert::new(RECORD_INTO, 9, "");

static RECORD: Insert = Insert::new(RECORD_INTO, 9, RECORD_CONFLICT);

const RECORD_INTO: &str = "
INSERT INTO outcomes (
    batch_key, record_index, record_id, hospital_code, outcome, issues, retryable, attempts, digest
) ";

const RECORD_CONFLICT: &str = "
ON CONFLICT (batch_key, record_index) DO UPDATE SET
    record_id = excluded.record_id,
    hospital_code = excluded.hospital_code,
    outcome = excluded.outcome,
    issues = excluded.issues,
    retryable = excluded.retryable,
    attempts = excluded.attempts,
    digest = excluded.digest
WHERE outcomes.outcome IN ('failed', 'not_attempted')
   OR (outcomes.digest IS NULL AND excluded.outcome NOT IN ('failed', 'not_attempted'))";

static REJECT: Insert = Insert::new(
    "INSERT INTO rejects (batch_key, record_index, record_id, hospital_code, raw, issues) ",
    6,
    "
ON CONFLICT (batch_key, record_index) DO UPDATE SET
    record_id = excluded.record_id,
    hospital_code = excluded.hospital_code,
    raw = excluded.raw,
    key_id = excluded.key_id,
    issues = excluded.issues,
    rejected_at = excluded.rejected_at",
);

const SUPERSEDE: &str = "
UPDATE outcomes SET outcome = ?2
WHERE batch_key = ?1 AND record_index IN (SELECT value FROM json_each(?3))";

/// Counts that are known are written as they are, unless somebody else has finished the same batch meanwhile; else
/// the rows are counted.
const FINISH: &str = "
INSERT INTO batches (
    batch_id, started_at, finished_at, completion, elapsed_micros, received, stored, unchanged, stale,
    superseded, valid, rejected, failed, not_attempted, warnings
)
SELECT ?1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-?3 / 1e6) || ' seconds'),
       strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?2, ?3,
       coalesce(?5 + ?6 + ?7 + ?8 + ?9 + ?10 + ?11 + ?12, count(*)),
       coalesce(?5, count(*) FILTER (WHERE outcome = 'stored')),
       coalesce(?6, count(*) FILTER (WHERE outcome = 'unchanged')),
       coalesce(?7, count(*) FILTER (WHERE outcome = 'stale')),
       coalesce(?8, count(*) FILTER (WHERE outcome = 'superseded')),
       coalesce(?9, count(*) FILTER (WHERE outcome = 'valid')),
       coalesce(?10, count(*) FILTER (WHERE outcome = 'rejected')),
       coalesce(?11, count(*) FILTER (WHERE outcome = 'failed')),
       coalesce(?12, count(*) FILTER (WHERE outcome = 'not_attempted')),
       ?4
FROM outcomes
WHERE ?5 IS NULL AND batch_key = (SELECT batch_key FROM batches WHERE caller = '' AND batch_id = ?1)
ON CONFLICT (caller, batch_id) DO UPDATE SET
    started_at = min(batches.started_at, excluded.started_at),
    finished_at = excluded.finished_at,
    completion = excluded.completion,
    elapsed_micros = excluded.elapsed_micros,
    received = excluded.received,
    stored = excluded.stored,
    unchanged = excluded.unchanged,
    stale = excluded.stale,
    superseded = excluded.superseded,
    valid = excluded.valid,
    rejected = excluded.rejected,
    failed = excluded.failed,
    not_attempted = excluded.not_attempted,
    warnings = excluded.warnings
WHERE ?5 IS NULL OR batches.finished_at IS NULL";

pub(super) async fn heads(
    connection: &mut SqliteConnection,
    batch_id: &str,
    keys: &[Key<'_>],
) -> sqlx::Result<Vec<(usize, Head<'static>)>> {
    let mut heads = Vec::new();
    let mut first = 0;
    for keys in keys.chunk_by(|one, other| one.hospital_code == other.hospital_code) {
        let patient_ids: Vec<&str> = keys.iter().map(|key| key.patient_id).collect();
        let stored = sqlx::query(HEADS)
            .bind(batch_id)
            .bind(keys[0].hospital_code)
            .bind(json(&patient_ids))
            .try_map(head)
            .fetch_all(&mut *connection)
            .await?;
        heads.extend(stored.into_iter().map(|(place, head)| (first + place, head)));
        first += keys.len();
    }
    Ok(heads)
}

fn head(row: SqliteRow) -> sqlx::Result<(usize, Head<'static>)> {
    let place: i64 = row.try_get(0)?;
    let index: i64 = row.try_get(6)?;
    let head = Head {
        fingerprint: Fingerprint::from_columns(row.try_get(1)?, row.try_get(2)?),
        order: RecordOrder::from_columns(row.try_get(3)?, row.try_get(4)?),
        same_batch: row.try_get(5)?,
        index: index as u32,
        identity: Identity::from_columns(row.try_get(7)?, row.try_get(8)?, row.try_get(9)?),
        overwritten: row
            .try_get::<Option<_>, _>(10)?
            .map(Overwritten::from_issues_column)
            .unwrap_or_default(),
    };
    Ok((place as usize, head))
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<()> {
    write(connection, &INSERT, batch_id, patients).await.map(drop)
}

pub(super) async fn upsert(
    connection: &mut SqliteConnection,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<u64> {
    write(connection, &UPSERT, batch_id, patients).await
}

async fn write(
    connection: &mut SqliteConnection,
    statement: &Insert,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<u64> {
    let batch_id = text(batch_id);
    let bind = |values: &mut SqliteArguments, winner: &Winner<'_>| {
        let row = winner.patient;
        let (order_kind, order_value) = row.order.columns();
        values.add(Arc::clone(&batch_id))?;
        values.add(text(row.key.hospital_code))?;
        values.add(text(row.key.patient_id))?;
        values.add(row.name.map(text))?;
        values.add(row.family_name.map(text))?;
        values.add(row.given_name.map(text))?;
        values.add(row.name_pinyin.map(text))?;
        values.add(row.gender.map(text))?;
        values.add(row.birth_date.as_deref().map(text))?;
        values.add(row.deceased.as_deref().map(text))?;
        values.add(text(&row.phones))?;
        values.add(text(&row.addresses))?;
        values.add(text(&row.contacts))?;
        values.add(row.nationality.map(text))?;
        values.add(row.ethnicity.map(text))?;
        values.add(row.marital_status.map(text))?;
        values.add(row.identifiers.as_slice())?;
        values.add(row.raw)?;
        values.add(row.fingerprint.hash.as_slice())?;
        values.add(row.fingerprint.version)?;
        values.add(order_kind)?;
        values.add(order_value)?;
        values.add(row.index)?;
        values.add(text(&winner.issues()))?;
        values.add(text(&row.changes))
    };
    statement.run(connection, patients, bind).await
}

/// The key of a batch that has a row.
async fn key(connection: &mut SqliteConnection, batch_id: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(BATCH_KEY).bind(batch_id).fetch_optional(connection).await
}

pub(super) async fn reopen(
    connection: &mut SqliteConnection,
    batch_id: &str,
    indexes: &[u32],
) -> sqlx::Result<()> {
    sqlx::query(REOPEN).bind(batch_id).execute(&mut *connection).await?;
    let batch_key = key(connection, batch_id).await?;
    sqlx::query(CLEAR_REJECTS).bind(batch_key).bind(json(indexes)).execute(connection).await.map(drop)
}

pub(super) async fn record_anew(
    connection: &mut SqliteConnection,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    write_outcomes(connection, &RECORD_ANEW, batch_id, outcomes).await
}

pub(super) async fn record(
    connection: &mut SqliteConnection,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    write_outcomes(connection, &RECORD, batch_id, outcomes).await
}

async fn write_outcomes(
    connection: &mut SqliteConnection,
    statement: &Insert,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    let batch_key = match key(connection, batch_id).await? {
        Some(batch_key) => batch_key,
        None => sqlx::query_scalar(OPEN_BATCH).bind(batch_id).fetch_one(&mut *connection).await?,
    };
    let bind = |values: &mut SqliteArguments, row: &OutcomeColumns<'_>| {
        values.add(batch_key)?;
        values.add(row.index)?;
        values.add(text(row.record_id))?;
        values.add(text(row.hospital_code))?;
        values.add(text(row.outcome.name()))?;
        values.add(text(&row.issues))?;
        values.add(row.retryable)?;
        values.add(row.attempts)?;
        values.add(row.digest)
    };
    statement.run(connection, outcomes, bind).await.map(drop)
}

pub(super) async fn reject(
    connection: &mut SqliteConnection,
    batch_id: &str,
    rejects: &[RejectColumns<'_>],
) -> sqlx::Result<()> {
    let batch_key = key(connection, batch_id).await?;
    let bind = |values: &mut SqliteArguments, row: &RejectColumns<'_>| {
        values.add(batch_key)?;
        values.add(row.index)?;
        values.add(text(row.record_id))?;
        values.add(text(row.hospital_code))?;
        values.add(row.raw)?;
        values.add(text(&row.issues))
    };
    REJECT.run(connection, rejects, bind).await.map(drop)
}

pub(super) async fn supersede(
    connection: &mut SqliteConnection,
    batch_id: &str,
    losers: &[u32],
) -> sqlx::Result<()> {
    let batch_key = key(connection, batch_id).await?;
    sqlx::query(SUPERSEDE)
        .bind(batch_key)
        .bind(Outcome::Superseded.name())
        .bind(json(losers))
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn finish(
    connection: &mut SqliteConnection,
    batch: &FinishedBatch,
    by_outcome: Option<[u32; 8]>,
) -> sqlx::Result<u64> {
    let elapsed = i64::try_from(batch.elapsed.as_micros()).unwrap_or(i64::MAX);
    let mut query = sqlx::query(FINISH)
        .bind(&*batch.batch_id)
        .bind(batch.completion.name())
        .bind(elapsed)
        .bind(batch.warnings);
    for place in 0..8 {
        query = query.bind(by_outcome.map(|counts| i64::from(counts[place])));
    }
    query.execute(connection).await.map(|done| done.rows_affected())
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("keys and numbers serialise")
}
