//! The statements that both engines run, in the dialect of one of them.

use super::{batch_reads, finish_batch, retention};

/// The fragments in which the engines' SQL differs.
pub(crate) struct Dialect {
    pub(crate) now: &'static str,
    /// The time that lies `$3` microseconds before now.
    pub(crate) started_at: &'static str,
    /// The function that returns the least of its arguments.
    pub(crate) least: &'static str,
    /// A column of times as text in the form of ISO 8601.
    pub(crate) time_as_text: fn(column: &str) -> String,
    /// `$1` as a time, from text in the form of ISO 8601.
    pub(crate) time_from_text: &'static str,
    /// Whether `outcome` is in the JSON list `$4`.
    pub(crate) outcome_is_listed: &'static str,
    /// Deletes at most `$2` rows of the batch `$1` from a table.
    pub(crate) delete_some: fn(table: &str) -> String,
}

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
            find_batch: batch_reads::find_batch_sql(dialect),
            read_results: batch_reads::read_results_sql(dialect),
            finish_batch: finish_batch::sql(dialect),
            find_oldest_batch: retention::find_oldest_batch_sql(dialect),
            delete_some: ["outcomes", "rejects"].map(dialect.delete_some),
        }
    }
}
