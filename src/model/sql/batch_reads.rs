//! Reads what is stored of a batch and of its records.

use cleaning::{
    outcome::{Completion, Outcome, OutcomeCounts},
    resend_digest::ResendDigest,
};
use jiff::Timestamp;

use super::{
    driver::{
        Argument::{Number, Text},
        Driver, ReadRow,
    },
    engine::{Connection, Engine},
    issue_column,
};
use crate::model::{BatchKey, ResultsPage, StoredBatch, StoredResult};

const COUNT_OUTCOMES: &str = "SELECT outcome, count(*) FROM outcomes WHERE batch_key = $1 GROUP BY outcome";

pub(super) async fn find_batch<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
) -> sqlx::Result<Option<StoredBatch>> {
    let found = E::Database::fetch(connection, &E::sql().find_batch, &[Text(batch_id)], stored_batch).await?;
    Ok(found.into_iter().next())
}

fn stored_batch(row: &impl ReadRow) -> sqlx::Result<StoredBatch> {
    let finished_at = row.read::<Option<&str>>(2)?.map(time).transpose()?;
    let completion = row.read::<Option<&str>>(3)?.and_then(Completion::from_name);
    let mut counters = [None; Outcome::COUNT];
    for (index, counter) in counters.iter_mut().enumerate() {
        *counter = row.read::<Option<i64>>(4 + index)?;
    }
    let ended = finished_at.zip(completion);
    let are_valid = ended.is_some() && counters.iter().all(Option::is_some);
    Ok(StoredBatch {
        key: BatchKey(row.read(0)?),
        started_at: time(row.read(1)?)?,
        ended,
        by_outcome: are_valid.then(|| counters.map(|count| count.unwrap_or_default() as u32).into()),
    })
}

fn time(text: &str) -> sqlx::Result<Timestamp> {
    text.parse().map_err(|error: jiff::Error| sqlx::Error::Decode(error.into()))
}

pub(super) async fn count_outcomes<E: Engine>(
    connection: &mut Connection<E>,
    batch: BatchKey,
) -> sqlx::Result<OutcomeCounts> {
    let counted = E::Database::fetch(connection, COUNT_OUTCOMES, &[Number(batch.0)], |row| {
        Ok((row.read::<String>(0)?, row.read::<i64>(1)?))
    })
    .await?;
    let count = |outcome: Outcome| counted.iter().find(|(name, _)| name == outcome.name());
    Ok(OutcomeCounts::from_fn(|outcome| count(outcome).map_or(0, |(_, count)| *count as u32)))
}

pub(super) async fn read_results<E: Engine>(
    connection: &mut Connection<E>,
    page: &ResultsPage<'_>,
) -> sqlx::Result<Vec<StoredResult>> {
    let outcomes: Vec<_> = page.outcomes.iter().copied().map(Outcome::name).collect();
    let outcomes = serde_json::to_string(&outcomes).expect("names serialise");
    let arguments = [
        Number(page.batch.0),
        Number(page.from.into()),
        Number(page.to.into()),
        Text(&outcomes),
        Number(page.limit.into()),
    ];
    E::Database::fetch(connection, &E::sql().read_results, &arguments, stored_result).await
}

fn stored_result(row: &impl ReadRow) -> sqlx::Result<StoredResult> {
    let outcome = Outcome::from_name(row.read(2)?);
    Ok(StoredResult {
        index: row.read::<i64>(0)? as u32,
        record_id: row.read(1)?,
        outcome: outcome.ok_or_else(|| sqlx::Error::Decode("an outcome of another version".into()))?,
        issues: issue_column::decode(row.read(3)?)?,
        retryable: row.read(4)?,
        attempts: row.read::<i64>(5)? as u32,
        digest: row.read::<Option<&[u8]>>(6)?.and_then(ResendDigest::from_bytes),
    })
}
