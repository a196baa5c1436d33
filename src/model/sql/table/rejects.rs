//! The table `rejects`. Its rows hold patient data and have no `Debug`.

use super::{
    Column, Table,
    Value::{Bigint, Bytes, Text},
    text,
};
use crate::model::{
    Written,
    sql::{json_list::issues_json, prepared_row::PreparedRow},
};

/// A row of `rejects`: a record that was rejected.
pub(crate) type RejectRow<'a> = &'a PreparedRow<'a>;

pub(crate) struct Rejects;

impl Table for Rejects {
    type Row<'a> = RejectRow<'a>;

    const NAME: &'static str = "rejects";
    const BATCH: &'static str = "batch_key";
    const KEY: &'static [&'static str] = &["batch_key", "record_index"];

    const COLUMNS: &'static [Column<Self>] = &[
        Column { name: "record_index", value: Bigint(|record| record.row.index.into()) },
        Column { name: "record_id", value: Text(|record| text(&record.record_id)) },
        Column { name: "hospital_code", value: Text(|record| text(&record.hospital_code)) },
        Column { name: "raw", value: Bytes(|record| Some(&record.row.raw)) },
        Column {
            name: "issues",
            value: Text(|record| Some(issues_json(&record.row.issues, Written::Recorded))),
        },
    ];

    const DEFAULTED: &'static [&'static str] = &["key_id", "rejected_at"];

    const MAY_REPLACE: Option<&'static str> = None;

    fn size(record: &RejectRow<'_>) -> usize {
        record.row.raw.len()
    }
}
