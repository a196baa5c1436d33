//! Reading the books, and forgetting what is old.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::model::{BatchKey, ResultsPage, StoredBatch, StoredResult, books::outcome_from_column, findings};
use cleaning::{outcome::Outcome, resend_digest::ResendDigest};

const BATCH: &str = "
SELECT batch_key, started_at, finished_at, completion, stored, unchanged, stale, superseded, valid, rejected, failed,
       not_attempted
FROM batches
WHERE caller = '' AND batch_id = ?1";

const COUNT_OUTCOMES: &str = "SELECT outcome, count(*) FROM outcomes WHERE batch_key = ?1 GROUP BY outcome";

const RESULTS: &str = "
SELECT record_index, record_id, outcome, issues, retryable, attempts, digest
FROM outcomes
WHERE batch_key = ?1 AND record_index BETWEEN ?2 AND ?3 AND outcome IN (SELECT value FROM json_each(?4))
ORDER BY record_index
LIMIT ?5";

/// Times are text of one form, whose order is that of time.
const OLDEST: &str = "
SELECT batch_key FROM batches
WHERE coalesce(finished_at, started_at) < ?1
ORDER BY coalesce(finished_at, started_at)
LIMIT 1";

const FORGET_OUTCOMES: &str = "
DELETE FROM outcomes
WHERE batch_key = ?1 AND record_index IN (SELECT record_index FROM outcomes WHERE batch_key = ?1 LIMIT ?2)";

const FORGET_REJECTS: &str = "
DELETE FROM rejects
WHERE batch_key = ?1 AND record_index IN (SELECT record_index FROM rejects WHERE batch_key = ?1 LIMIT ?2)";

const FORGET_BATCH: &str = "DELETE FROM batches WHERE batch_key = ?1";

pub(super) async fn batch(
    connection: &mut SqliteConnection,
    batch_id: &str,
) -> sqlx::Result<Option<StoredBatch>> {
    sqlx::query(BATCH).bind(batch_id).try_map(stored_batch).fetch_optional(connection).await
}

fn stored_batch(row: SqliteRow) -> sqlx::Result<StoredBatch> {
    let time = |text: &str| text.parse().map_err(|error: jiff::Error| sqlx::Error::Decode(error.into()));
    let finished_at = row.try_get::<Option<&str>, _>(2)?.map(time).transpose()?;
    let mut counters = [None; 8];
    for (place, counter) in counters.iter_mut().enumerate() {
        *counter = row.try_get(4 + place)?;
    }
    let started_at = time(row.try_get(1)?)?;
    Ok(StoredBatch::from_columns(row.try_get(0)?, started_at, finished_at, row.try_get(3)?, counters))
}

pub(super) async fn count_outcomes(
    connection: &mut SqliteConnection,
    batch: BatchKey,
) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as(COUNT_OUTCOMES).bind(batch.0).fetch_all(connection).await
}

pub(super) async fn results(
    connection: &mut SqliteConnection,
    page: &ResultsPage<'_>,
) -> sqlx::Result<Vec<StoredResult>> {
    let outcomes: Vec<_> = page.outcomes.iter().copied().map(Outcome::name).collect();
    sqlx::query(RESULTS)
        .bind(page.batch.0)
        .bind(page.from)
        .bind(page.to)
        .bind(serde_json::to_string(&outcomes).expect("names serialise"))
        .bind(page.limit)
        .try_map(stored_result)
        .fetch_all(connection)
        .await
}

fn stored_result(row: SqliteRow) -> sqlx::Result<StoredResult> {
    Ok(StoredResult {
        index: row.try_get(0)?,
        record_id: row.try_get(1)?,
        outcome: outcome_from_column(row.try_get(2)?)?,
        issues: findings::from_column(row.try_get(3)?)?,
        retryable: row.try_get(4)?,
        attempts: row.try_get(5)?,
        digest: row.try_get::<Option<&[u8]>, _>(6)?.and_then(ResendDigest::from_bytes),
    })
}

pub(super) async fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    most: u32,
) -> sqlx::Result<u64> {
    let before = format!("{before:.3}");
    let oldest = sqlx::query_scalar(OLDEST).bind(before).fetch_optional(&mut *connection);
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
