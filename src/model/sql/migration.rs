//! What a failed migration means.

use sqlx::migrate::MigrateError;

use super::engine::Engine;
use crate::model::StoreError;

pub(crate) fn fault<E: Engine>(error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => E::fault(error),
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StoreError::Configuration(format!(
                "the database has migration {version}, which this version of the service does not know"
            ))
        }
        MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => {
            StoreError::Configuration(format!(
                "migration {version} of the database is not the one that this version of the service has"
            ))
        }
        _ => StoreError::Unavailable("the migration failed".into()),
    }
}
