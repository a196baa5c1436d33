//! How PostgreSQL's SQL differs.

use std::sync::LazyLock;

use crate::model::sql::{dialect::Dialect, shared_sql::SharedSql};

pub(super) static SQL: LazyLock<SharedSql> = LazyLock::new(|| {
    SharedSql::new(&Dialect {
        now: "now()",
        started_at: "now() - $3 * interval '1 microsecond'",
        least: "least",
        time_as_text: |column| {
            format!(r#"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#)
        },
        time_from_text: "$1::timestamptz",
        outcome_is_listed: "outcome = ANY (ARRAY(SELECT json_array_elements_text($4::json)))",
        delete_some: |table| {
            format!(
                "DELETE FROM {table} WHERE ctid = ANY \
                 (ARRAY(SELECT ctid FROM {table} WHERE batch_key = $1 LIMIT $2))"
            )
        },
    })
});
