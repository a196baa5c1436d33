//! Reading the books, and forgetting what is old.

use jiff::Timestamp;
use sqlx::{
    PgConnection, Row,
    postgres::{PgBindIterExt, PgRow},
};

use crate::model::{BatchKey, ResultsPage, StoredBatch, StoredResult, books::outcome_from_column, findings};
use cleaning::{outcome::Outcome, resend_digest::ResendDigest};

/// Times are microseconds since 1970.
const BATCH: &str = "
SELECT batch_key, (extract(epoch FROM started_at) * 1000000)::bigint,
       (extract(epoch FROM finished_at) * 1000000)::bigint, completion,
       stored, unchanged, stale, superseded, valid, rejected, failed,
       not_attempted
FROM batches
WHERE caller = '' AND batch_id = $1";

const COUNT_OUTCOMES: &str = "SELECT outcome, count(*) FROM outcomes WHERE batch_key = $1 GROUP BY outcome";

const RESULTS: &str = "
SELECT record_index, record_id, outcome, issues, retryable, attempts, digest
FROM outcomes
WHERE batch_key = $1 AND record_index BETWEEN $2 AND $3 AND outcome = ANY ($4)
ORDER BY record_index
LIMIT $5";

const OLDEST: &str = "
SELECT batch_key FROM batches
WHERE coalesce(finished_at, started_at) < to_timestamp($1::double precision / 1000000)
ORDER BY coalesce(finished_at, started_at)
LIMIT 1";

const FORGET_OUTCOMES: &str = "
DELETE FROM outcomes WHERE ctid = ANY (ARRAY(SELECT ctid FROM outcomes WHERE batch_key = $1 LIMIT $2))";

const FORGET_REJECTS: &str = "
DELETE FROM rejects WHERE ctid = ANY (ARRAY(SELECT ctid FROM rejects WHERE batch_key = $1 LIMIT $2))";

const FORGET_BATCH: &str = "DELETE FROM batches WHERE batch_key = $1";

pub(super) async fn batch(
    connection: &mut PgConnection,
    batch_id: &str,
) -> sqlx::Result<Option<StoredBatch>> {
    sqlx::query(BATCH).bind(batch_id).try_map(stored_batch).fetch_optional(connection).await
}

fn stored_batch(row: PgRow) -> sqlx::Result<StoredBatch> {
    let time =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| sqlx::Error::Decode(error.into()));
    let finished_at = row.try_get::<Option<i64>, _>(2)?.map(time).transpose()?;
    let mut counters = [None; 8];
    for (place, counter) in counters.iter_mut().enumerate() {
        *counter = row.try_get(4 + place)?;
    }
    let started_at = time(row.try_get(1)?)?;
    Ok(StoredBatch::from_columns(row.try_get(0)?, started_at, finished_at, row.try_get(3)?, counters))
}

pub(super) async fn count_outcomes(
    connection: &mut PgConnection,
    batch: BatchKey,
) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as(COUNT_OUTCOMES).bind(batch.0).fetch_all(connection).await
}

pub(super) async fn results(
    connection: &mut PgConnection,
    page: &ResultsPage<'_>,
) -> sqlx::Result<Vec<StoredResult>> {
    sqlx::query(RESULTS)
        .bind(page.batch.0)
        .bind(i64::from(page.from))
        .bind(i64::from(page.to))
        .bind(page.outcomes.iter().copied().map(Outcome::name).bind_iter())
        .bind(i64::from(page.limit))
        .try_map(stored_result)
        .fetch_all(connection)
        .await
}

fn stored_result(row: PgRow) -> sqlx::Result<StoredResult> {
    let index: i64 = row.try_get(0)?;
    let attempts: i64 = row.try_get(5)?;
    Ok(StoredResult {
        index: index as u32,
        record_id: row.try_get(1)?,
        outcome: outcome_from_column(row.try_get(2)?)?,
        issues: findings::from_column(row.try_get(3)?)?,
        retryable: row.try_get(4)?,
        attempts: attempts as u32,
        digest: row.try_get::<Option<&[u8]>, _>(6)?.and_then(ResendDigest::from_bytes),
    })
}

pub(super) async fn forget(connection: &mut PgConnection, before: Timestamp, most: u32) -> sqlx::Result<u64> {
    let oldest = sqlx::query_scalar(OLDEST).bind(before.as_microsecond()).fetch_optional(&mut *connection);
    let Some(batch): Option<i64> = oldest.await? else { return Ok(0) };
    let mut forgotten = 0;
    for rows in [FORGET_OUTCOMES, FORGET_REJECTS] {
        let left = i64::from(most) - forgotten as i64;
        let deleted = sqlx::query(rows).bind(batch).bind(left).execute(&mut *connection).await?;
        forgotten += deleted.rows_affected();
        if forgotten >= u64::from(most) {
            return Ok(forgotten);
        }
    }
    sqlx::query(FORGET_BATCH).bind(batch).execute(connection).await?;
    Ok(forgotten + 1)
}
