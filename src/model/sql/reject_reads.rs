//! Reads rejects.

use super::{
    driver::{
        Argument::{Flag, Number, Text},
        Driver, ReadRow,
    },
    engine::{Connection, Engine},
};
use crate::model::rejects::{Reject, RejectsPage, issues_from_column};

const COUNT: &str = "
SELECT (SELECT count(*) FROM rejects WHERE rejects.batch_key = batches.batch_key)
FROM batches WHERE caller = '' AND batch_id = $1";

const PAGE: &str = "
SELECT record_index, record_id, hospital_code, issues, CASE WHEN $4 THEN raw END
FROM rejects
WHERE batch_key = (SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1) AND record_index > $2
ORDER BY record_index
LIMIT $3";

pub(super) async fn count<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
) -> sqlx::Result<Option<u32>> {
    let count = E::Database::fetch(connection, COUNT, &[Text(batch_id)], |row| row.read::<i64>(0)).await?;
    Ok(count.first().map(|count| *count as u32))
}

pub(super) async fn read_page<E: Engine>(
    connection: &mut Connection<E>,
    page: &RejectsPage<'_>,
) -> sqlx::Result<Vec<Reject>> {
    let arguments =
        [Text(page.batch_id), Number(page.lower_bound()), Number(page.limit.into()), Flag(page.with_raw)];
    E::Database::fetch(connection, PAGE, &arguments, reject).await
}

fn reject(row: &impl ReadRow) -> sqlx::Result<Reject> {
    Ok(Reject {
        index: row.read::<i64>(0)? as u32,
        record_id: row.read(1)?,
        hospital_code: row.read(2)?,
        issues: issues_from_column(row.read(3)?)?,
        raw: row.read::<Option<Vec<u8>>>(4)?.map(Into::into),
    })
}
