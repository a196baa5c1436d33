//! Inserts of many rows in one `VALUES`. Their texts depend on the number of rows, so rows are written in
//! groups of a few fixed sizes: the text of each is made once, and the connection keeps it prepared.

use std::sync::{Arc, OnceLock};

use sqlx::{Arguments as _, AssertSqlSafe, SqliteConnection, error::BoxDynError, sqlite::SqliteArguments};

/// The largest is a chunk of the usual size; with the 25 columns of a patient it stays far below SQLite's 32,766
/// parameters.
const GROUP_SIZES: [usize; 6] = [500, 256, 64, 16, 4, 1];

/// An insert of any number of rows.
pub(super) struct Insert {
    /// Up to the rows.
    into: &'static str,
    /// How many values a row has.
    columns: usize,
    /// What follows the rows.
    on_conflict: &'static str,
    /// The whole statement for each size of a group.
    texts: [OnceLock<Arc<str>>; GROUP_SIZES.len()],
}

impl Insert {
    pub(super) const fn new(into: &'static str, columns: usize, on_conflict: &'static str) -> Self {
        Self { into, columns, on_conflict, texts: [const { OnceLock::new() }; GROUP_SIZES.len()] }
    }

    /// Inserts the rows, whose values `bind` adds in the order of the columns. Answers how many were written. While one
    /// group is written, on the connection's own thread, the next one is made ready.
    pub(super) async fn run<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&mut SqliteArguments, &T) -> Result<(), BoxDynError>,
    ) -> sqlx::Result<u64> {
        let mut written = 0;
        let ready = |(size, group)| self.values(group, &bind).map(|values| (size, values));
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

    fn values<T>(
        &self,
        group: &[T],
        bind: impl Fn(&mut SqliteArguments, &T) -> Result<(), BoxDynError>,
    ) -> sqlx::Result<SqliteArguments> {
        let mut values = SqliteArguments::default();
        values.reserve(group.len() * self.columns, 0);
        group.iter().try_for_each(|row| bind(&mut values, row)).map_err(sqlx::Error::Encode)?;
        Ok(values)
    }

    fn text(&self, size: usize) -> Arc<str> {
        let text = self.texts[size].get_or_init(|| {
            let row = format!("({})", vec!["?"; self.columns].join(","));
            let rows = vec![row; GROUP_SIZES[size]].join(",");
            [self.into, "VALUES ", &rows, self.on_conflict].concat().into()
        });
        Arc::clone(text)
    }
}

/// A text as the driver keeps it, copied once.
pub(super) fn text(text: &str) -> Arc<str> {
    text.into()
}

/// The rows in groups, each with the place of its size in the list of sizes.
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
        let insert = Insert::new("INSERT INTO t (a, b) ", 2, " ON CONFLICT DO NOTHING");
        assert_eq!(&*insert.text(5), "INSERT INTO t (a, b) VALUES (?,?) ON CONFLICT DO NOTHING");
        assert_eq!(
            &*insert.text(4),
            "INSERT INTO t (a, b) VALUES (?,?),(?,?),(?,?),(?,?) ON CONFLICT DO NOTHING"
        );
    }
}
