//! Writes the final row of a batch.

use cleaning::outcome::{Outcome, OutcomeCounts};

use super::{
    dialect::Dialect,
    driver::{
        Argument::{Number, OptionalNumber, Text},
        Driver,
    },
    engine::{Connection, Engine},
};
use crate::model::FinishedBatch;

/// The number of the first counter's parameter.
const FIRST_COUNTER: usize = 5;

/// The counters' columns have the names of the outcomes. Known counters are written as they are, unless another writer
/// has finished the same batch meanwhile; otherwise the rows are counted.
pub(super) fn sql(dialect: &Dialect) -> String {
    let Dialect { now, started_at, least, .. } = dialect;
    let names = Outcome::ALL.map(Outcome::name);
    let parameters: Vec<_> = (FIRST_COUNTER..).take(names.len()).map(|number| format!("${number}")).collect();
    let counters: Vec<_> = (parameters.iter().zip(names))
        .map(|(known, name)| format!("coalesce({known}, count(*) FILTER (WHERE outcome = '{name}'))"))
        .collect();
    let (received, counters, names) = (parameters.join(" + "), counters.join(", "), names.join(", "));
    let replaced = ["finished_at", "completion", "elapsed_micros", "received", "warnings"];
    let replaced = replaced.into_iter().chain(Outcome::ALL.map(Outcome::name));
    let replaced: Vec<_> = replaced.map(|column| format!("{column} = excluded.{column}")).collect();
    let replaced = replaced.join(", ");
    format!(
        "INSERT INTO batches (
             batch_id, started_at, finished_at, completion, elapsed_micros, warnings, received, {names}
         )
         SELECT $1, {started_at}, {now}, $2, $3, $4, coalesce({received}, count(*)), {counters}
         FROM outcomes
         WHERE $5 IS NULL
           AND batch_key = (SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1)
         ON CONFLICT (caller, batch_id) DO UPDATE SET
             started_at = {least}(batches.started_at, excluded.started_at), {replaced}
         WHERE $5 IS NULL OR batches.finished_at IS NULL"
    )
}

pub(super) async fn finish_batch<E: Engine>(
    connection: &mut Connection<E>,
    batch: &FinishedBatch,
) -> sqlx::Result<()> {
    let written = write::<E>(connection, batch, batch.by_outcome).await?;
    // Another writer has finished the same batch meanwhile, and some of its rows are not ours.
    if written == 0 && batch.by_outcome.is_some() {
        write::<E>(connection, batch, None).await?;
    }
    Ok(())
}

/// Returns how many rows were written: none if counters are given and the batch has been finished before.
async fn write<E: Engine>(
    connection: &mut Connection<E>,
    batch: &FinishedBatch,
    by_outcome: Option<OutcomeCounts>,
) -> sqlx::Result<u64> {
    let elapsed = i64::try_from(batch.elapsed.as_micros()).unwrap_or(i64::MAX);
    let mut arguments = vec![
        Text(&batch.batch_id),
        Text(batch.completion.name()),
        Number(elapsed),
        Number(batch.warnings.into()),
    ];
    let counter = |outcome| OptionalNumber(by_outcome.map(|counts| i64::from(counts[outcome])));
    arguments.extend(Outcome::ALL.map(counter));
    E::Database::execute(connection, &E::sql().finish_batch, &arguments).await
}
