//! Reading rejects.

use sqlx::{PgConnection, Row, postgres::PgRow};

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

pub(super) async fn count(connection: &mut PgConnection, batch_id: &str) -> sqlx::Result<Option<u32>> {
    let count: Option<i64> = sqlx::query_scalar(COUNT).bind(batch_id).fetch_optional(connection).await?;
    Ok(count.map(|count| count as u32))
}

pub(super) async fn page(connection: &mut PgConnection, page: &RejectsPage<'_>) -> sqlx::Result<Vec<Reject>> {
    sqlx::query(PAGE)
        .bind(page.batch_id)
        .bind(page.lower_bound())
        .bind(i64::from(page.limit))
        .bind(page.with_raw)
        .try_map(reject)
        .fetch_all(connection)
        .await
}

fn reject(row: PgRow) -> sqlx::Result<Reject> {
    let index: i64 = row.try_get(0)?;
    Ok(Reject {
        index: index as u32,
        record_id: row.try_get(1)?,
        hospital_code: row.try_get(2)?,
        issues: issues_from_column(row.try_get(3)?)?,
        raw: row.try_get::<Option<Vec<u8>>, _>(4)?.map(Into::into),
    })
}
