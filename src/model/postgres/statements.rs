//! The statements: one text each, with an array per column, so that a chunk of any size is one statement
//! that the server has parsed before; and COPY for what is new.

use sqlx::{
    PgConnection, Row,
    postgres::{PgBindIterExt, PgRow},
};

use super::copy::Rows;

use crate::model::{
    FinishedBatch,
    classify::{Fingerprint, Head},
    columns::{Key, OutcomeColumns, RejectColumns, Winner},
    identity::{Identity, Overwritten},
};
use cleaning::{outcome::Outcome, patient::RecordOrder};

/// Locked in the order of the keys, as all writers do. Here and below, a `LATERAL` subquery that locks is never
/// merged into its surroundings: each row of a chunk is one look-up by key, whatever the planner thinks of the
/// sizes of the tables at the time.
const HEADS: &str = r#"
SELECT wanted.place, head.content_hash, head.hash_version, head.order_kind, head.order_value,
       head.batch_id = $1, head.batch_index, head.gender, head.birth_date,
       CASE WHEN head.key_id IS NULL THEN head.identifiers END,
       CASE WHEN head.batch_id = $1 THEN head.issues END
FROM UNNEST($2::text[], $3::text[]) WITH ORDINALITY AS wanted (hospital_code, patient_id, place)
CROSS JOIN LATERAL (
    SELECT * FROM patients
    WHERE hospital_code = wanted.hospital_code AND patient_id = wanted.patient_id
    FOR UPDATE
) AS head
"#;

/// Bytes of a patient beside its raw record, and of an outcome, of the usual size.
const USUAL_PATIENT: usize = 1024;
const USUAL_OUTCOME: usize = 256;

const INSERT: &str = "
COPY patients (
    batch_id, hospital_code, patient_id, name, family_name, given_name, name_pinyin, gender, birth_date,
    deceased, phones, addresses, contacts, nationality, ethnicity, marital_status, identifiers, raw,
    content_hash, hash_version, order_kind, order_value, batch_index, issues, changes
) FROM STDIN (FORMAT binary)";

/// Rows are locked as they come, which is in the order of their keys: a function is scanned in the order of its
/// arrays. Sorting them here again would cost a third of the statement.
///
/// The guard repeats the classification against what another process may have written since the heads
/// were read: neither a newer row nor a later one of the same batch is overwritten. Orders of different
/// kinds count as equal.
const UPSERT: &str = r#"
INSERT INTO patients AS stored (
    batch_id, hospital_code, patient_id, name, family_name, given_name, name_pinyin, gender, birth_date,
    deceased, phones, addresses, contacts, nationality, ethnicity, marital_status, identifiers, raw,
    content_hash, hash_version, order_kind, order_value, batch_index, issues, changes
)
SELECT $1, patient.*
FROM UNNEST(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
    $17::bytea[], $18::bytea[], $19::bytea[], $20::smallint[], $21::smallint[], $22::bigint[],
    $23::bigint[], $24::text[], $25::text[]
) AS patient
ON CONFLICT (hospital_code, patient_id) DO UPDATE SET
    name = EXCLUDED.name,
    family_name = EXCLUDED.family_name,
    given_name = EXCLUDED.given_name,
    name_pinyin = EXCLUDED.name_pinyin,
    gender = EXCLUDED.gender,
    birth_date = EXCLUDED.birth_date,
    deceased = EXCLUDED.deceased,
    phones = EXCLUDED.phones,
    addresses = EXCLUDED.addresses,
    contacts = EXCLUDED.contacts,
    nationality = EXCLUDED.nationality,
    ethnicity = EXCLUDED.ethnicity,
    marital_status = EXCLUDED.marital_status,
    identifiers = EXCLUDED.identifiers,
    raw = EXCLUDED.raw,
    key_id = EXCLUDED.key_id,
    content_hash = EXCLUDED.content_hash,
    hash_version = EXCLUDED.hash_version,
    order_kind = EXCLUDED.order_kind,
    order_value = EXCLUDED.order_value,
    batch_id = EXCLUDED.batch_id,
    batch_index = EXCLUDED.batch_index,
    issues = EXCLUDED.issues,
    changes = EXCLUDED.changes,
    stored_at = EXCLUDED.stored_at
WHERE NOT (stored.order_kind = EXCLUDED.order_kind AND stored.order_value > EXCLUDED.order_value)
  AND NOT (
      stored.batch_id = EXCLUDED.batch_id
      AND (stored.order_kind <> EXCLUDED.order_kind OR stored.order_value = EXCLUDED.order_value)
      AND stored.batch_index > EXCLUDED.batch_index
  )
"#;

/// Only outcomes without a digest are replaced where there may be a reject.
const REOPEN: &str = r#"
WITH reopened AS (
    UPDATE batches SET completion = NULL WHERE caller = '' AND batch_id = $1 AND completion IS NOT NULL
)
DELETE FROM rejects WHERE ctid = ANY (ARRAY(
    SELECT earlier.ctid
    FROM batches
    CROSS JOIN UNNEST($2::bigint[]) AS anew (record_index)
    CROSS JOIN LATERAL (
        SELECT rejects.ctid
        FROM rejects JOIN outcomes USING (batch_key, record_index)
        WHERE batch_key = batches.batch_key AND record_index = anew.record_index AND digest IS NULL
        FOR UPDATE
    ) AS earlier
    WHERE batches.caller = '' AND batches.batch_id = $1
))
"#;

/// A batch that another process is just opening is waited for: updating a row in place of inserting it is the way
/// to be told its key.
const OPEN_BATCH: &str = "
WITH known AS (
    SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1
), opened AS (
    INSERT INTO batches (batch_id) SELECT $1 WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (caller, batch_id) DO UPDATE SET batch_id = EXCLUDED.batch_id
    RETURNING batch_key
)
SELECT batch_key FROM known UNION ALL SELECT batch_key FROM opened";

const RECORD_ANEW: &str = "
COPY outcomes (
    batch_key, record_index, record_id, hospital_code, outcome, issues, retryable, attempts, digest
) FROM STDIN (FORMAT binary)";

/// Two tables in one round trip. A batch that another process is just opening is waited for: updating a row in
/// place of inserting it is the way to be told its key.
const RECORD: &str = r#"
WITH known AS (
    SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1
), opened AS (
    INSERT INTO batches (batch_id) SELECT $1 WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (caller, batch_id) DO UPDATE SET batch_id = EXCLUDED.batch_id
    RETURNING batch_key
), batch AS (
    SELECT batch_key FROM known UNION ALL SELECT batch_key FROM opened
)
INSERT INTO outcomes AS stored (
    batch_key, record_index, record_id, hospital_code, outcome, issues, retryable, attempts, digest
)
SELECT batch.batch_key, outcome.*
FROM batch CROSS JOIN UNNEST(
    $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[], $9::bytea[]
) AS outcome
ON CONFLICT (batch_key, record_index) DO UPDATE SET
    record_id = EXCLUDED.record_id,
    hospital_code = EXCLUDED.hospital_code,
    outcome = EXCLUDED.outcome,
    issues = EXCLUDED.issues,
    retryable = EXCLUDED.retryable,
    attempts = EXCLUDED.attempts,
    digest = EXCLUDED.digest
WHERE stored.outcome IN ('failed', 'not_attempted')
   OR (stored.digest IS NULL AND EXCLUDED.outcome NOT IN ('failed', 'not_attempted'))
"#;

/// The outcomes were written before, so the batch has a key.
const REJECT: &str = r#"
INSERT INTO rejects (batch_key, record_index, record_id, hospital_code, raw, issues)
SELECT batches.batch_key, reject.*
FROM batches CROSS JOIN UNNEST($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::text[]) AS reject
WHERE batches.caller = '' AND batches.batch_id = $1
ON CONFLICT (batch_key, record_index) DO UPDATE SET
    record_id = EXCLUDED.record_id,
    hospital_code = EXCLUDED.hospital_code,
    raw = EXCLUDED.raw,
    key_id = EXCLUDED.key_id,
    issues = EXCLUDED.issues,
    rejected_at = EXCLUDED.rejected_at
"#;

const SUPERSEDE: &str = r#"
UPDATE outcomes SET outcome = $2 WHERE ctid = ANY (ARRAY(
    SELECT loser.ctid
    FROM batches
    CROSS JOIN UNNEST($3::bigint[]) AS lost (record_index)
    CROSS JOIN LATERAL (
        SELECT ctid FROM outcomes
        WHERE batch_key = batches.batch_key AND record_index = lost.record_index
        FOR UPDATE
    ) AS loser
    WHERE batches.caller = '' AND batches.batch_id = $1
))
"#;

/// Counts that are known are written as they are, unless somebody else has finished the same batch meanwhile; else
/// the rows are counted.
const FINISH: &str = r#"
INSERT INTO batches (
    batch_id, started_at, finished_at, completion, elapsed_micros, received, stored, unchanged, stale,
    superseded, valid, rejected, failed, not_attempted, warnings
)
SELECT $1, now() - $3 * interval '1 microsecond', now(), $2, $3,
       coalesce(
           $5::bigint + $6::bigint + $7::bigint + $8::bigint + $9::bigint + $10::bigint + $11::bigint + $12::bigint,
           count(*)
       ),
       coalesce($5::bigint, count(*) FILTER (WHERE outcome = 'stored')),
       coalesce($6::bigint, count(*) FILTER (WHERE outcome = 'unchanged')),
       coalesce($7::bigint, count(*) FILTER (WHERE outcome = 'stale')),
       coalesce($8::bigint, count(*) FILTER (WHERE outcome = 'superseded')),
       coalesce($9::bigint, count(*) FILTER (WHERE outcome = 'valid')),
       coalesce($10::bigint, count(*) FILTER (WHERE outcome = 'rejected')),
       coalesce($11::bigint, count(*) FILTER (WHERE outcome = 'failed')),
       coalesce($12::bigint, count(*) FILTER (WHERE outcome = 'not_attempted')),
       $4
FROM outcomes
WHERE $5::bigint IS NULL AND batch_key = (SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1)
ON CONFLICT (caller, batch_id) DO UPDATE SET
    started_at = LEAST(batches.started_at, EXCLUDED.started_at),
    finished_at = EXCLUDED.finished_at,
    completion = EXCLUDED.completion,
    elapsed_micros = EXCLUDED.elapsed_micros,
    received = EXCLUDED.received,
    stored = EXCLUDED.stored,
    unchanged = EXCLUDED.unchanged,
    stale = EXCLUDED.stale,
    superseded = EXCLUDED.superseded,
    valid = EXCLUDED.valid,
    rejected = EXCLUDED.rejected,
    failed = EXCLUDED.failed,
    not_attempted = EXCLUDED.not_attempted,
    warnings = EXCLUDED.warnings
WHERE $5::bigint IS NULL OR batches.finished_at IS NULL
"#;

pub(super) async fn heads(
    connection: &mut PgConnection,
    batch_id: &str,
    keys: &[Key<'_>],
) -> sqlx::Result<Vec<(usize, Head<'static>)>> {
    sqlx::query(HEADS)
        .bind(batch_id)
        .bind(keys.iter().map(|key| key.hospital_code).bind_iter())
        .bind(keys.iter().map(|key| key.patient_id).bind_iter())
        .try_map(head)
        .fetch_all(connection)
        .await
}

fn head(row: PgRow) -> sqlx::Result<(usize, Head<'static>)> {
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
    // WITH ORDINALITY counts from 1.
    Ok((place as usize - 1, head))
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<()> {
    let room = patients.iter().map(|winner| winner.patient.raw.len() + USUAL_PATIENT).sum();
    let mut rows = Rows::new(25, room);
    for winner in patients {
        let row = winner.patient;
        let (order_kind, order_value) = row.order.columns();
        rows.row()
            .text(batch_id)
            .text(row.key.hospital_code)
            .text(row.key.patient_id)
            .text_if_any(row.name)
            .text_if_any(row.family_name)
            .text_if_any(row.given_name)
            .text_if_any(row.name_pinyin)
            .text_if_any(row.gender)
            .text_if_any(row.birth_date.as_deref())
            .text_if_any(row.deceased.as_deref())
            .text(&row.phones)
            .text(&row.addresses)
            .text(&row.contacts)
            .text_if_any(row.nationality)
            .text_if_any(row.ethnicity)
            .text_if_any(row.marital_status)
            .value(row.identifiers.as_slice())
            .value(row.raw)
            .value(row.fingerprint.hash.as_slice())
            .smallint(row.fingerprint.version)
            .smallint(order_kind)
            .bigint(order_value)
            .bigint(row.index.into())
            .text(&winner.issues())
            .text(&row.changes);
    }
    rows.copy(connection, INSERT).await
}

pub(super) async fn upsert(
    connection: &mut PgConnection,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<u64> {
    let rows = || patients.iter().map(|winner| winner.patient);
    sqlx::query(UPSERT)
        .bind(batch_id)
        .bind(rows().map(|row| row.key.hospital_code).bind_iter())
        .bind(rows().map(|row| row.key.patient_id).bind_iter())
        .bind(rows().map(|row| row.name).bind_iter())
        .bind(rows().map(|row| row.family_name).bind_iter())
        .bind(rows().map(|row| row.given_name).bind_iter())
        .bind(rows().map(|row| row.name_pinyin).bind_iter())
        .bind(rows().map(|row| row.gender).bind_iter())
        .bind(rows().map(|row| row.birth_date.as_deref()).bind_iter())
        .bind(rows().map(|row| row.deceased.as_deref()).bind_iter())
        .bind(rows().map(|row| &*row.phones).bind_iter())
        .bind(rows().map(|row| &*row.addresses).bind_iter())
        .bind(rows().map(|row| &*row.contacts).bind_iter())
        .bind(rows().map(|row| row.nationality).bind_iter())
        .bind(rows().map(|row| row.ethnicity).bind_iter())
        .bind(rows().map(|row| row.marital_status).bind_iter())
        .bind(rows().map(|row| row.identifiers.as_slice()).bind_iter())
        .bind(rows().map(|row| row.raw).bind_iter())
        .bind(rows().map(|row| row.fingerprint.hash.as_slice()).bind_iter())
        .bind(rows().map(|row| row.fingerprint.version).bind_iter())
        .bind(rows().map(|row| row.order.columns().0).bind_iter())
        .bind(rows().map(|row| row.order.columns().1).bind_iter())
        .bind(rows().map(|row| i64::from(row.index)).bind_iter())
        .bind(patients.iter().map(Winner::issues).bind_iter())
        .bind(rows().map(|row| &*row.changes).bind_iter())
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

pub(super) async fn reopen(
    connection: &mut PgConnection,
    batch_id: &str,
    indexes: &[u32],
) -> sqlx::Result<()> {
    sqlx::query(REOPEN)
        .bind(batch_id)
        .bind(indexes.iter().map(|index| i64::from(*index)).bind_iter())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn record_anew(
    connection: &mut PgConnection,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    let batch_key: i64 = sqlx::query_scalar(OPEN_BATCH).bind(batch_id).fetch_one(&mut *connection).await?;
    let mut rows = Rows::new(9, outcomes.len() * USUAL_OUTCOME);
    for row in outcomes {
        rows.row()
            .bigint(batch_key)
            .bigint(row.index.into())
            .text(row.record_id)
            .text(row.hospital_code)
            .text(row.outcome.name())
            .text(&row.issues)
            .boolean(row.retryable)
            .bigint(row.attempts.into())
            .value(row.digest);
    }
    rows.copy(connection, RECORD_ANEW).await
}

pub(super) async fn record(
    connection: &mut PgConnection,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    let rows = || outcomes.iter();
    sqlx::query(RECORD)
        .bind(batch_id)
        .bind(rows().map(|row| i64::from(row.index)).bind_iter())
        .bind(rows().map(|row| row.record_id).bind_iter())
        .bind(rows().map(|row| row.hospital_code).bind_iter())
        .bind(rows().map(|row| row.outcome.name()).bind_iter())
        .bind(rows().map(|row| &*row.issues).bind_iter())
        .bind(rows().map(|row| row.retryable).bind_iter())
        .bind(rows().map(|row| i64::from(row.attempts)).bind_iter())
        .bind(rows().map(|row| row.digest).bind_iter())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn reject(
    connection: &mut PgConnection,
    batch_id: &str,
    rejects: &[RejectColumns<'_>],
) -> sqlx::Result<()> {
    let rows = || rejects.iter();
    sqlx::query(REJECT)
        .bind(batch_id)
        .bind(rows().map(|row| i64::from(row.index)).bind_iter())
        .bind(rows().map(|row| row.record_id).bind_iter())
        .bind(rows().map(|row| row.hospital_code).bind_iter())
        .bind(rows().map(|row| row.raw).bind_iter())
        .bind(rows().map(|row| &*row.issues).bind_iter())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn supersede(
    connection: &mut PgConnection,
    batch_id: &str,
    losers: &[u32],
) -> sqlx::Result<()> {
    sqlx::query(SUPERSEDE)
        .bind(batch_id)
        .bind(Outcome::Superseded.name())
        .bind(losers.iter().map(|index| i64::from(*index)).bind_iter())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn finish(
    connection: &mut PgConnection,
    batch: &FinishedBatch,
    by_outcome: Option<[u32; 8]>,
) -> sqlx::Result<u64> {
    let elapsed = i64::try_from(batch.elapsed.as_micros()).unwrap_or(i64::MAX);
    let mut query = sqlx::query(FINISH)
        .bind(&*batch.batch_id)
        .bind(batch.completion.name())
        .bind(elapsed)
        .bind(i64::from(batch.warnings));
    for place in 0..8 {
        query = query.bind(by_outcome.map(|counts| i64::from(counts[place])));
    }
    query.execute(connection).await.map(|done| done.rows_affected())
}
