//! How SQLite's SQL differs. Times are text of one form, whose order is that of the times.

use std::sync::LazyLock;

use crate::model::sql::{dialect::Dialect, shared_sql::SharedSql};

pub(super) static SQL: LazyLock<SharedSql> = LazyLock::new(|| {
    SharedSql::new(&Dialect {
        now: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        started_at: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-$3 / 1e6) || ' seconds')",
        least: "min",
        time_as_text: str::to_owned,
        time_from_text: "$1",
        outcome_is_listed: "outcome IN (SELECT value FROM json_each($4))",
        delete_some: |table| {
            format!(
                "DELETE FROM {table} WHERE batch_key = $1 AND record_index IN \
                 (SELECT record_index FROM {table} WHERE batch_key = $1 LIMIT $2)"
            )
        },
    })
});
