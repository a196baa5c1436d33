//! What SQLite's errors mean (<https://www.sqlite.org/rescode.html>).

use crate::model::StoreError;

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const TOO_BIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;

pub(super) fn fault(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            of_code(error.code().and_then(|code| code.parse().ok()).unwrap_or_default())
        }
        sqlx::Error::Encode(_) => StoreError::Data("a value that cannot be encoded".into()),
        sqlx::Error::Io(error) => StoreError::Unavailable(format!("file: {}", error.kind())),
        sqlx::Error::WorkerCrashed => StoreError::Unavailable("the connection's thread ended".into()),
        _ => StoreError::Unavailable("driver".into()),
    }
}

/// The code is an extended one; its low byte is the primary one.
fn of_code(code: i32) -> StoreError {
    let text = format!("SQLite result code {code}");
    match code & 0xff {
        CONSTRAINT | MISMATCH | TOO_BIG => StoreError::Data(text),
        BUSY | LOCKED => StoreError::Transient(text),
        _ => StoreError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_bad_data_from_a_busy_file_from_a_broken_one() {
        // Trigger, not null, datatype of a strict table.
        for code in [1811, 1299, 3091] {
            assert!(matches!(of_code(code), StoreError::Data(_)), "{code}");
        }
        // Busy, busy with a snapshot, locked.
        for code in [5, 517, 6] {
            assert!(matches!(of_code(code), StoreError::Transient(_)), "{code}");
        }
        // Interrupted, disk full, cannot open, and no code at all.
        for code in [9, 13, 14, 0] {
            assert!(matches!(of_code(code), StoreError::Unavailable(_)), "{code}");
        }
    }
}
