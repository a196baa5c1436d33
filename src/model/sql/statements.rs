//! The statements of a chunk's transaction, which each engine writes in its own way.

use async_trait::async_trait;

use super::{
    StoredVersion,
    engine::{Connection, Engine},
    table::{OutcomeRow, PatientKey, PatientWrite, RejectRow},
};

/// The statements of a chunk's transaction. None of them is one statement per row, and none is called without rows.
#[async_trait]
pub(crate) trait Statements: Engine {
    /// What is stored under the keys (sorted, distinct), each with the position of its key. Where other writers could
    /// change the rows, it locks them in the order of their keys. Encrypted identifiers are not read.
    async fn read_current(
        connection: &mut Connection<Self>,
        batch_id: &str,
        keys: &[PatientKey<'_>],
    ) -> sqlx::Result<Vec<(usize, StoredVersion<'static>)>>;

    /// Writes patients (sorted by key, distinct) that were not stored when the keys were read. If one is by now, that
    /// is a transient fault.
    async fn insert_patients(
        connection: &mut Connection<Self>,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<()>;

    /// Writes patients (sorted by key, distinct), except where what is stored by now wins. Returns how many were
    /// written.
    async fn upsert_patients(
        connection: &mut Connection<Self>,
        batch_id: &str,
        patients: &[PatientWrite<'_>],
    ) -> sqlx::Result<u64>;

    /// Clears the completion of a batch that runs again, and deletes the rejects of these records where
    /// [`Statements::upsert_outcomes`] will replace the earlier outcome.
    async fn mark_running_again(
        connection: &mut Connection<Self>,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()>;

    /// Writes outcomes (sorted by index) of records that have none, and the batch's row if it is missing. An outcome
    /// that exists nevertheless is a transient fault.
    async fn insert_outcomes(
        connection: &mut Connection<Self>,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()>;

    /// Writes outcomes (sorted by index, the order in which all writers lock them), and the batch's row if it is
    /// missing. A final outcome is kept, except that a final one replaces it if it has no digest: then it is unknown
    /// which record it was about.
    async fn upsert_outcomes(
        connection: &mut Connection<Self>,
        batch_id: &str,
        outcomes: &[OutcomeRow<'_>],
    ) -> sqlx::Result<()>;

    /// Writes rejects, over earlier ones of the same records. The batch has a row.
    async fn upsert_rejects(
        connection: &mut Connection<Self>,
        batch_id: &str,
        rejects: &[RejectRow<'_>],
    ) -> sqlx::Result<()>;

    /// Turns the outcomes of records that were stored before into SUPERSEDED.
    async fn mark_superseded(
        connection: &mut Connection<Self>,
        batch_id: &str,
        indexes: &[u32],
    ) -> sqlx::Result<()>;
}
