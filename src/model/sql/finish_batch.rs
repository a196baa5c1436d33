//! Writes the final row of a batch.

use cleaning::outcome::{Outcome, OutcomeCounts};

use super::{
    driver::{
        Argument::{Number, OptionalNumber, Text},
        Driver,
    },
    engine::{Connection, Engine},
};
use crate::model::FinishedBatch;

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
