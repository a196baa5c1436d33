//! Inserts of many rows in one `VALUES`. Their texts depend on the number of rows, so rows are written in groups of a
//! few fixed sizes: the text of each is made once, and the connection keeps it prepared.

use std::{
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type, error::BoxDynError,
    sqlite::SqliteArguments,
};

use crate::model::sql::table::{Table, Value, insert_into, on_conflict_replace};

/// The largest is a chunk of the usual size; with the columns of a patient it stays far below SQLite's 32,766
/// parameters.
const GROUP_SIZES: [usize; 6] = [500, 256, 64, 16, 4, 1];

/// An insert of any number of rows.
pub(super) struct Insert<T: Table> {
    on_conflict: String,
    /// The whole statement for each size of a group.
    texts: [OnceLock<Arc<str>>; GROUP_SIZES.len()],
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Insert<T> {
    /// Fails where a row exists.
    pub(super) fn new() -> Self {
        Self { on_conflict: String::new(), texts: Default::default(), table: PhantomData }
    }

    /// Replaces rows that exist.
    pub(super) fn or_replace() -> Self {
        Self { on_conflict: format!(" {}", on_conflict_replace::<T>()), ..Self::new() }
    }

    /// Inserts the rows of a batch. Returns how many were written. While one group is written, on the connection's own
    /// thread, the next one is made ready.
    pub(super) async fn run<'r, B>(
        &self,
        connection: &mut SqliteConnection,
        batch: B,
        rows: &'r [T::Row<'r>],
    ) -> sqlx::Result<u64>
    where
        B: Clone + Type<Sqlite> + for<'b> Encode<'b, Sqlite>,
    {
        let mut written = 0;
        let ready = |(size, group)| values::<T, B>(&batch, group).map(|values| (size, values));
        let mut groups = groups(rows).map(ready);
        let mut next = groups.next().transpose()?;
        while let Some((size, values)) = next {
            let insert = sqlx::query_with(AssertSqlSafe(self.text(size)), values).execute(&mut *connection);
            let (inserted, ready) = tokio::join!(insert, async { groups.next().transpose() });
            written += inserted?.rows_affected();
            next = ready?;
        }
        Ok(written)
    }

    fn text(&self, size: usize) -> Arc<str> {
        let text = self.texts[size].get_or_init(|| {
            let row = format!("({})", vec!["?"; 1 + T::COLUMNS.len()].join(","));
            let rows = vec![row; GROUP_SIZES[size]].join(",");
            [&insert_into::<T>(), " VALUES ", &rows, &self.on_conflict].concat().into()
        });
        Arc::clone(text)
    }
}

fn values<'r, T: Table, B>(batch: &B, rows: &'r [T::Row<'r>]) -> sqlx::Result<SqliteArguments>
where
    B: Clone + Type<Sqlite> + for<'b> Encode<'b, Sqlite>,
{
    let mut values = SqliteArguments::default();
    values.reserve(rows.len() * (1 + T::COLUMNS.len()), 0);
    for row in rows {
        values.add(batch.clone()).map_err(sqlx::Error::Encode)?;
        add_columns::<T>(&mut values, row).map_err(sqlx::Error::Encode)?;
    }
    Ok(values)
}

fn add_columns<'r, T: Table>(values: &mut SqliteArguments, row: &'r T::Row<'r>) -> Result<(), BoxDynError> {
    T::COLUMNS.iter().try_for_each(|column| match column.value {
        // As the driver keeps it, copied once.
        Value::Text(value) => values.add(value(row).map(|text| Arc::<str>::from(&*text))),
        Value::Bytes(value) => values.add(value(row)),
        Value::Smallint(value) => values.add(value(row)),
        Value::Bigint(value) => values.add(value(row)),
        Value::Boolean(value) => values.add(value(row)),
    })
}

/// The rows in groups, each with the index of its size in the list of sizes.
fn groups<T>(rows: &[T]) -> impl Iterator<Item = (usize, &[T])> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = GROUP_SIZES.iter().position(|size| *size <= rest.len())?;
        let (group, others) = rest.split_at(GROUP_SIZES[size]);
        rest = others;
        Some((size, group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sql::table::Rejects;

    #[test]
    fn groups_hold_every_row_once_and_come_in_few_sizes() {
        for count in [0, 1, 5, 499, 500, 1_000] {
            let rows: Vec<usize> = (0..count).collect();
            let split: Vec<_> = groups(&rows).collect();
            assert!(split.iter().all(|(size, group)| GROUP_SIZES[*size] == group.len()));
            assert!(split.len() <= count / 256 + 12);
            assert_eq!(split.into_iter().flat_map(|(_, group)| group).copied().collect::<Vec<_>>(), rows);
        }
    }

    #[test]
    fn a_text_has_a_parameter_for_each_value() {
        let insert = Insert::<Rejects>::new();
        assert!(insert.text(5).ends_with("issues) VALUES (?,?,?,?,?,?)"), "{}", insert.text(5));
        let insert = Insert::<Rejects>::or_replace();
        assert_eq!(insert.text(4).matches("(?,?,?,?,?,?)").count(), 4);
        assert!(insert.text(4).contains("),(") && insert.text(4).contains(") ON CONFLICT "));
    }
}
