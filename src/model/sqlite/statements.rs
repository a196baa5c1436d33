//! The statements of a chunk's transaction.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use cleaning::outcome::Outcome;
use sqlx::SqliteConnection;

use super::{Sqlite, inserts::Insert};
use crate::model::sql::{
    StoredVersion,
    statements::Statements,
    table::{
        OutcomeRow, Outcomes, PatientKey, PatientWrite, Patients, RejectRow, Rejects, STORED_VERSION,
        read_stored_version,
    },
};

/// The patients of one hospital. `CROSS JOIN` keeps the order of the loops: each wanted key is looked up, the table is
/// never scanned.
static READ_CURRENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT wanted.key, {STORED_VERSION} FROM json_each($3) AS wanted \
         CROSS JOIN patients AS current ON current.hospital_code = $2 AND current.patient_id = wanted.value"
    )
});

static INSERT_PATIENTS: LazyLock<Insert<Patients>> = LazyLock::new(Insert::new);
/// The write lock is held since before the stored rows were read, so the condition of this upsert refuses nothing. It
/// is kept in case that changes.
static UPSERT_PATIENTS: LazyLock<Insert<Patients>> = LazyLock::new(Insert::or_replace);
static INSERT_OUTCOMES: LazyLock<Insert<Outcomes>> = LazyLock::new(Insert::new);
static UPSERT_OUTCOMES: LazyLock<Insert<Outcomes>> = LazyLock::new(Insert::or_replace);
static UPSERT_REJECTS: LazyLock<Insert<Rejects>> = LazyLock::new(Insert::or_replace);

const BATCH_KEY: &str = "SELECT batch_key FROM batches WHERE caller = '' AND batch_id = $1";

const OPEN_BATCH: &str = "INSERT INTO batches (batch_id) VALUES ($1) RETURNING batch_key";

const CLEAR_COMPLETION: &str = "
UPDATE batches SET completion = NULL WHERE caller = '' AND batch_id = $1 AND completion IS NOT NULL";

/// Only outcomes without a digest are replaced where there may be a reject.
const DELETE_REJECTS: &str = "
DELETE FROM rejects
WHERE batch_key = $1
  AND record_index IN (
      SELECT record_index FROM json_each($2) AS again
      CROSS JOIN outcomes ON batch_key = $1 AND record_index = again.value
      WHERE digest IS NULL
  )";

const SUPERSEDE: &str = "
UPDATE outcomes SET outcome = $2
WHERE batch_key = $1 AND record_index IN (SELECT value FROM json_each($3))";

#[async_trait]
impl Statements for Sqlite {
    async fn read_current(
        connection: &mut SqliteConnection,
        batch_id: &str,
        keys: &[PatientKey<'_>],
    ) -> sqlx::Result<Vec<(usize, StoredVersion<'static>)>> {
        let mut current = Vec::new();
        let mut first = 0;
        for keys in keys.chunk_by(|one, other| one.hospital_code == other.hospital_code) {
            let patient_ids: Vec<&str> = keys.iter().map(|key| key.patient_id).collect();
            let stored = sqlx::query(READ_CURRENT.as_str())
                .bind(batch_id)
                .bind(keys[0].hospital_code)
                .bind(json(&patient_ids))
                .try_map(|row| read_stored_version(&row))
                .fetch_all(&mut *connection)
                .await?;
            current.extend(stored.into_iter().map(|(position, version)| (first + position, version)));
            first += keys.len();
        }
        Ok(current)
    }

    async fn insert_patients(
        connection: &mut SqliteConnection,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<()> {
        INSERT_PATIENTS.run(connection, Arc::<str>::from(batch_id), patients).await.map(drop)
    }

    async fn upsert_patients(
        connection: &mut SqliteConnection,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<u64> {
        UPSERT_PATIENTS.run(connection, Arc::<str>::from(batch_id), patients).await
    }

    async fn mark_running_again(
        connection: &mut SqliteConnection,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()> {
        sqlx::query(CLEAR_COMPLETION).bind(batch_id).execute(&mut *connection).await?;
        let batch_key = find_key(connection, batch_id).await?;
        sqlx::query(DELETE_REJECTS).bind(batch_key).bind(json(indexes)).execute(connection).await.map(drop)
    }

    async fn insert_outcomes(
        connection: &mut SqliteConnection,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()> {
        let batch_key = find_or_open(connection, batch_id).await?;
        INSERT_OUTCOMES.run(connection, batch_key, outcomes).await.map(drop)
    }

    async fn upsert_outcomes(
        connection: &mut SqliteConnection,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()> {
        let batch_key = find_or_open(connection, batch_id).await?;
        UPSERT_OUTCOMES.run(connection, batch_key, outcomes).await.map(drop)
    }

    async fn upsert_rejects(
        connection: &mut SqliteConnection,
        batch_id: &str,
        rejects: &[RejectRow<'_>],
    ) -> sqlx::Result<()> {
        let batch_key = find_key(connection, batch_id).await?;
        UPSERT_REJECTS.run(connection, batch_key, rejects).await.map(drop)
    }

    async fn mark_superseded(
        connection: &mut SqliteConnection,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()> {
        let batch_key = find_key(connection, batch_id).await?;
        let superseded = Outcome::Superseded.name();
        let update = sqlx::query(SUPERSEDE).bind(batch_key).bind(superseded).bind(json(indexes));
        update.execute(connection).await.map(drop)
    }
}

async fn find_key(connection: &mut SqliteConnection, batch_id: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(BATCH_KEY).bind(batch_id).fetch_optional(connection).await
}

async fn find_or_open(connection: &mut SqliteConnection, batch_id: &str) -> sqlx::Result<i64> {
    match find_key(connection, batch_id).await? {
        Some(batch_key) => Ok(batch_key),
        None => sqlx::query_scalar(OPEN_BATCH).bind(batch_id).fetch_one(connection).await,
    }
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("keys and numbers serialise")
}
