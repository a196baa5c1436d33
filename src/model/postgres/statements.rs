//! The statements of a chunk's transaction: one text each, whatever the size of the chunk, so that the server has parsed
//! it before; and COPY for new rows.

use std::sync::LazyLock;

use async_trait::async_trait;
use cleaning::outcome::Outcome;
use sqlx::{PgConnection, postgres::PgBindIterExt};

use super::{Postgres, arrays, copy::Copy};
use crate::model::sql::{
    StoredVersion,
    statements::Statements,
    table::{
        OutcomeRow, Outcomes, PatientKey, PatientWrite, Patients, RejectRow, Rejects, STORED_VERSION,
        insert_into, on_conflict_replace, read_stored_version,
    },
};

/// Locked in the order of the keys, as all writers do. Here and below, a `LATERAL` subquery that locks is never merged
/// into its surroundings: each row of a chunk is one look-up by key, whatever the planner thinks of the sizes of the
/// tables at the time.
static READ_CURRENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT wanted.position - 1, {STORED_VERSION}
         FROM UNNEST($2::text[], $3::text[]) WITH ORDINALITY AS wanted (hospital_code, patient_id, position)
         CROSS JOIN LATERAL (
             SELECT * FROM patients
             WHERE hospital_code = wanted.hospital_code AND patient_id = wanted.patient_id
             FOR UPDATE
         ) AS current"
    )
});

static COPY_PATIENTS: LazyLock<Copy<Patients>> = LazyLock::new(Copy::new);

/// Rows are locked as they come, which is in the order of their keys: a function is scanned in the order of its arrays.
/// Sorting them here again would cost a third of the statement.
static UPSERT_PATIENTS: LazyLock<String> = LazyLock::new(|| {
    let (insert, replace) = (insert_into::<Patients>(), on_conflict_replace::<Patients>());
    format!("{insert} SELECT $1, patient.* FROM {} AS patient {replace}", arrays::unnest::<Patients>())
});

/// Only outcomes without a digest are replaced where there may be a reject.
const MARK_RUNNING_AGAIN: &str = "
WITH reopened AS (
    UPDATE batches SET completion = NULL WHERE caller = '' AND batch_id = $1 AND completion IS NOT NULL
)
DELETE FROM rejects WHERE ctid = ANY (ARRAY(
    SELECT earlier.ctid
    FROM batches
    CROSS JOIN UNNEST($2::bigint[]) AS again (record_index)
    CROSS JOIN LATERAL (
        SELECT rejects.ctid
        FROM rejects JOIN outcomes USING (batch_key, record_index)
        WHERE batch_key = batches.batch_key AND record_index = again.record_index AND digest IS NULL
        FOR UPDATE
    ) AS earlier
    WHERE batches.caller = '' AND batches.batch_id = $1
))";

/// The key of a batch, which is opened if it is not known. If another process is just opening it, this waits: updating
/// a row in place of inserting it is the way to learn its key.
const OPEN_BATCH: &str = "
WITH known AS (
    SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1
), opened AS (
    INSERT INTO batches (batch_id) SELECT $1 WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (caller, batch_id) DO UPDATE SET batch_id = excluded.batch_id
    RETURNING batch_key
), batch AS (
    SELECT batch_key FROM known UNION ALL SELECT batch_key FROM opened
)
";

static OPEN_BATCH_KEY: LazyLock<String> =
    LazyLock::new(|| format!("{OPEN_BATCH} SELECT batch_key FROM batch"));

static COPY_OUTCOMES: LazyLock<Copy<Outcomes>> = LazyLock::new(Copy::new);

/// Two tables in one round trip.
static UPSERT_OUTCOMES: LazyLock<String> = LazyLock::new(|| {
    let (insert, replace) = (insert_into::<Outcomes>(), on_conflict_replace::<Outcomes>());
    let rows = arrays::unnest::<Outcomes>();
    format!(
        "{OPEN_BATCH} {insert} SELECT batch.batch_key, outcome.* FROM batch CROSS JOIN {rows} AS outcome {replace}"
    )
});

static UPSERT_REJECTS: LazyLock<String> = LazyLock::new(|| {
    let (insert, replace) = (insert_into::<Rejects>(), on_conflict_replace::<Rejects>());
    let rows = arrays::unnest::<Rejects>();
    format!(
        "{insert} SELECT batches.batch_key, reject.* FROM batches CROSS JOIN {rows} AS reject \
         WHERE batches.caller = '' AND batches.batch_id = $1 {replace}"
    )
});

const SUPERSEDE: &str = "
UPDATE outcomes SET outcome = $2 WHERE ctid = ANY (ARRAY(
    SELECT loser.ctid
    FROM batches
    CROSS JOIN UNNEST($3::bigint[]) AS lost (record_index)
    CROSS JOIN LATERAL (
        SELECT ctid FROM outcomes
        WHERE batch_key = batches.batch_key AND record_index = lost.record_index
        FOR UPDATE
    ) AS loser
    WHERE batches.caller = '' AND batches.batch_id = $1
))";

#[async_trait]
impl Statements for Postgres {
    async fn read_current(
        connection: &mut PgConnection,
        batch_id: &str,
        keys: &[PatientKey<'_>],
    ) -> sqlx::Result<Vec<(usize, StoredVersion<'static>)>> {
        sqlx::query(READ_CURRENT.as_str())
            .bind(batch_id)
            .bind(keys.iter().map(|key| key.hospital_code).bind_iter())
            .bind(keys.iter().map(|key| key.patient_id).bind_iter())
            .try_map(|row| read_stored_version(&row))
            .fetch_all(connection)
            .await
    }

    async fn insert_patients(
        connection: &mut PgConnection,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<()> {
        COPY_PATIENTS.run(connection, batch_id.as_bytes(), patients).await
    }

    async fn upsert_patients(
        connection: &mut PgConnection,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<u64> {
        let upsert = arrays::bind::<Patients>(sqlx::query(UPSERT_PATIENTS.as_str()).bind(batch_id), patients);
        upsert.execute(connection).await.map(|done| done.rows_affected())
    }

    async fn mark_running_again(
        connection: &mut PgConnection,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()> {
        let indexes = indexes.iter().copied().map(i64::from).bind_iter();
        sqlx::query(MARK_RUNNING_AGAIN).bind(batch_id).bind(indexes).execute(connection).await.map(drop)
    }

    async fn insert_outcomes(
        connection: &mut PgConnection,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()> {
        let open = sqlx::query_scalar(OPEN_BATCH_KEY.as_str()).bind(batch_id);
        let batch_key: i64 = open.fetch_one(&mut *connection).await?;
        COPY_OUTCOMES.run(connection, &batch_key.to_be_bytes(), outcomes).await
    }

    async fn upsert_outcomes(
        connection: &mut PgConnection,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()> {
        let upsert = arrays::bind::<Outcomes>(sqlx::query(UPSERT_OUTCOMES.as_str()).bind(batch_id), outcomes);
        upsert.execute(connection).await.map(drop)
    }

    async fn upsert_rejects(
        connection: &mut PgConnection,
        batch_id: &str,
        rejects: &[RejectRow<'_>],
    ) -> sqlx::Result<()> {
        let upsert = arrays::bind::<Rejects>(sqlx::query(UPSERT_REJECTS.as_str()).bind(batch_id), rejects);
        upsert.execute(connection).await.map(drop)
    }

    async fn mark_superseded(
        connection: &mut PgConnection,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()> {
        let indexes = indexes.iter().copied().map(i64::from).bind_iter();
        let update = sqlx::query(SUPERSEDE).bind(batch_id).bind(Outcome::Superseded.name()).bind(indexes);
        update.execute(connection).await.map(drop)
    }
}
