//! The statements that both engines run, in the dialect of one of them.

use cleaning::outcome::Outcome;

use super::dialect::Dialect;

/// The number of the first counter's parameter in the final row of a batch.
const FIRST_COUNTER: usize = 5;

/// The statements whose texts depend on the dialect. Built once per engine, so that connections keep them prepared.
pub(crate) struct SharedSql {
    pub(super) find_batch: String,
    pub(super) read_results: String,
    pub(super) finish_batch: String,
    pub(super) find_oldest_batch: String,
    /// From each table of records.
    pub(super) delete_some: [String; 2],
}

impl SharedSql {
    pub(crate) fn new(dialect: &Dialect) -> Self {
        Self {
            find_batch: find_batch_sql(dialect),
            read_results: read_results_sql(dialect),
            finish_batch: finish_batch_sql(dialect),
            find_oldest_batch: find_oldest_batch_sql(dialect),
            delete_some: ["outcomes", "rejects"].map(dialect.delete_some),
        }
    }
}

fn find_batch_sql(dialect: &Dialect) -> String {
    let [started_at, finished_at] = ["started_at", "finished_at"].map(dialect.time_as_text);
    let counters = Outcome::ALL.map(Outcome::name).join(", ");
    format!(
        "SELECT batch_key, {started_at}, {finished_at}, completion, {counters} \
         FROM batches WHERE caller = '' AND batch_id = $1"
    )
}

fn read_results_sql(dialect: &Dialect) -> String {
    let is_listed = dialect.outcome_is_listed;
    format!(
        "SELECT record_index, record_id, outcome, issues, retryable, attempts, digest FROM outcomes \
         WHERE batch_key = $1 AND record_index BETWEEN $2 AND $3 AND {is_listed} ORDER BY record_index LIMIT $5"
    )
}

/// The counters' columns have the names of the outcomes. Known counters are written as they are, unless another writer
/// has finished the same batch meanwhile; otherwise the rows are counted.
fn finish_batch_sql(dialect: &Dialect) -> String {
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

fn find_oldest_batch_sql(dialect: &Dialect) -> String {
    let cutoff = dialect.time_from_text;
    format!(
        "SELECT batch_key FROM batches WHERE coalesce(finished_at, started_at) < {cutoff} \
         ORDER BY coalesce(finished_at, started_at) LIMIT 1"
    )
}
