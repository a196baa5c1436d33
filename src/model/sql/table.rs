//! The tables that chunks write. Each names its columns once, with the value of a row in each: both engines make their
//! SQL and their bindings from these lists, in the order of the lists.

use std::borrow::Cow;

mod outcomes;
mod patients;
mod rejects;

pub(crate) use outcomes::{OutcomeRow, Outcomes};
pub(crate) use patients::{
    PatientKey, PatientRow, PatientWrite, Patients, STORED_VERSION, read_stored_version,
};
pub(crate) use rejects::{RejectRow, Rejects};

/// A table that is written many rows at once, all of them of one batch.
pub(crate) trait Table: Sized + 'static {
    /// A row to be written.
    type Row<'a>: Sync;

    const NAME: &'static str;

    /// The column that identifies the batch. Its value comes before those of [`Table::COLUMNS`].
    const BATCH: &'static str;

    /// The columns of the primary key.
    const KEY: &'static [&'static str];

    const COLUMNS: &'static [Column<Self>];

    /// Columns that take their defaults, also when a row is written over.
    const DEFAULTED: &'static [&'static str];

    /// Which rows an upsert may write over: a condition on `stored` and `excluded`.
    const MAY_REPLACE: Option<&'static str>;

    /// About how many bytes a row takes.
    fn size(row: &Self::Row<'_>) -> usize;
}

/// A column, with the value that a row has in it.
pub(crate) struct Column<T: Table> {
    pub(crate) name: &'static str,
    pub(crate) value: Value<T>,
}

/// How the value of a column is taken from a row, by its type.
pub(crate) enum Value<T: Table> {
    Text(for<'a> fn(&'a T::Row<'a>) -> Option<Cow<'a, str>>),
    Bytes(for<'a> fn(&'a T::Row<'a>) -> Option<&'a [u8]>),
    Smallint(for<'a> fn(&'a T::Row<'a>) -> i16),
    Bigint(for<'a> fn(&'a T::Row<'a>) -> i64),
    Boolean(for<'a> fn(&'a T::Row<'a>) -> bool),
}

/// The list of all columns that are written, in the order of their values.
pub(crate) fn column_list<T: Table>() -> String {
    let names = T::COLUMNS.iter().map(|column| column.name);
    std::iter::once(T::BATCH).chain(names).collect::<Vec<_>>().join(", ")
}

pub(crate) fn insert_into<T: Table>() -> String {
    format!("INSERT INTO {} AS stored ({})", T::NAME, column_list::<T>())
}

/// Replaces every column that is not part of the key.
pub(crate) fn on_conflict_replace<T: Table>() -> String {
    let names = T::COLUMNS.iter().map(|column| column.name);
    let replaced = std::iter::once(T::BATCH).chain(names).filter(|name| !T::KEY.contains(name));
    let replaced = replaced.chain(T::DEFAULTED.iter().copied());
    let replaced: Vec<_> = replaced.map(|name| format!("{name} = excluded.{name}")).collect();
    let (key, replaced) = (T::KEY.join(", "), replaced.join(", "));
    let condition = T::MAY_REPLACE.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
    format!("ON CONFLICT ({key}) DO UPDATE SET {replaced}{condition}")
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upsert_replaces_all_that_is_not_the_key() {
        assert_eq!(
            insert_into::<Rejects>(),
            "INSERT INTO rejects AS stored (batch_key, record_index, record_id, hospital_code, raw, issues)"
        );
        assert_eq!(
            on_conflict_replace::<Rejects>(),
            "ON CONFLICT (batch_key, record_index) DO UPDATE SET record_id = excluded.record_id, \
             hospital_code = excluded.hospital_code, raw = excluded.raw, issues = excluded.issues, \
             key_id = excluded.key_id, rejected_at = excluded.rejected_at"
        );
    }
}
