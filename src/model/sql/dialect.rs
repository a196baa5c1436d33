//! What differs between the engines in the statements that both run.

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
