//! Deletes batches that ended long ago, step by step.

use jiff::Timestamp;

use super::{
    driver::{
        Argument::{Number, Text},
        Driver, ReadRow,
    },
    engine::{Connection, Engine},
};

const DELETE_BATCH: &str = "DELETE FROM batches WHERE batch_key = $1";

/// Deletes at most `max_rows` outcomes and rejects of the batch whose last use is longest ago, if that was before a
/// time, and the batch's row when it has none left. Returns how many rows were deleted.
pub(super) async fn delete_some<E: Engine>(
    connection: &mut Connection<E>,
    before: Timestamp,
    max_rows: u32,
) -> sqlx::Result<u64> {
    let sql = E::sql();
    // The form in which SQLite stores times; texts of one form are ordered as their times are.
    let before = format!("{before:.3}");
    let arguments = [Text(&before)];
    let oldest = E::Database::fetch(connection, &sql.find_oldest_batch, &arguments, |row| row.read(0));
    let Some(batch) = oldest.await?.pop() else { return Ok(0) };
    let mut deleted = 0;
    for delete in &sql.delete_some {
        let left = i64::from(max_rows) - deleted as i64;
        deleted += E::Database::execute(connection, delete, &[Number(batch), Number(left)]).await?;
        if deleted >= u64::from(max_rows) {
            return Ok(deleted);
        }
    }
    E::Database::execute(connection, DELETE_BATCH, &[Number(batch)]).await?;
    Ok(deleted + 1)
}
