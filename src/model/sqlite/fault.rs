//! What SQLite's errors mean (<https://www.sqlite.org/rescode.html>).

use crate::model::{Outage, OutageKind, StoreError};

const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const IO_ERROR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const TOO_BIG: i32 = 18;
const CONSTRAINT: i32 = 19;
/// Another writer was quicker. The retry finds its row.
const PRIMARY_KEY: i32 = 1555;
const MISMATCH: i32 = 20;
const NOT_A_DATABASE: i32 = 26;

pub(super) fn fault(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
            fault_of_code(code, error.message())
        }
        sqlx::Error::Encode(_) => StoreError::Data("a value that cannot be encoded".into()),
        sqlx::Error::Io(error) => outage(OutageKind::CannotOpen, error.kind().to_string()),
        sqlx::Error::WorkerCrashed => StoreError::Unavailable("the connection's thread ended".into()),
        _ => StoreError::Unavailable("an error of the driver".into()),
    }
}

fn outage(kind: OutageKind, detail: String) -> StoreError {
    StoreError::Unavailable(Outage::new(kind, detail))
}

/// The code is an extended one; its low byte is the primary code. Missing tables and columns have no code of their own.
fn fault_of_code(code: i32, message: &str) -> StoreError {
    let names_what_is_missing = || message.starts_with("no such ") || message.contains(" has no column ");
    let text = format!("SQLite result code {code}");
    match code & 0xff {
        _ if code == PRIMARY_KEY => StoreError::Transient(text),
        CONSTRAINT | MISMATCH | TOO_BIG => StoreError::Data(text),
        BUSY | LOCKED => StoreError::Transient(text),
        READ_ONLY => outage(OutageKind::ReadOnly, text),
        IO_ERROR => outage(OutageKind::DiskError, text),
        CORRUPT | NOT_A_DATABASE => outage(OutageKind::Corrupted, text),
        FULL => outage(OutageKind::DiskFull, text),
        CANNOT_OPEN => outage(OutageKind::CannotOpen, text),
        ERROR if names_what_is_missing() => outage(OutageKind::SchemaMissing, text),
        _ => StoreError::Unavailable(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_bad_data_from_a_busy_file_from_a_broken_one() {
        // Trigger, not null, datatype of a strict table.
        for code in [1811, 1299, 3091] {
            assert!(matches!(fault_of_code(code, ""), StoreError::Data(_)), "{code}");
        }
        // Busy, busy with a snapshot, locked, key there by now.
        for code in [5, 517, 6, 1555] {
            assert!(matches!(fault_of_code(code, ""), StoreError::Transient(_)), "{code}");
        }
        // Interrupted, disk full, read-only because the directory is, cannot open, missing, and no code at all.
        for (code, message, kind) in [
            (9, "", OutageKind::Other),
            (13, "", OutageKind::DiskFull),
            (1544, "", OutageKind::ReadOnly),
            (14, "", OutageKind::CannotOpen),
            (1, "no such table: patients", OutageKind::SchemaMissing),
            (1, "near \"x\": syntax error", OutageKind::Other),
            (0, "", OutageKind::Other),
        ] {
            let StoreError::Unavailable(outage) = fault_of_code(code, message) else { panic!("{code}") };
            assert_eq!(outage.kind(), kind, "{code}");
        }
    }
}
