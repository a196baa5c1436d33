//! What PostgreSQL's errors mean (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::model::StoreError;

pub(super) fn fault(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => of_state(&state(error.as_ref()), error.constraint()),
        sqlx::Error::Encode(_) => StoreError::Data("a value that cannot be encoded".into()),
        sqlx::Error::Io(error) => StoreError::Unavailable(format!("connection: {}", error.kind())),
        sqlx::Error::Tls(_) => StoreError::Unavailable("TLS".into()),
        sqlx::Error::Protocol(_) => StoreError::Unavailable("protocol".into()),
        sqlx::Error::Configuration(_) => StoreError::Configuration("the options of the connection".into()),
        _ => StoreError::Unavailable("driver".into()),
    }
}

fn state(error: &dyn DatabaseError) -> String {
    error.try_downcast_ref::<PgDatabaseError>().map_or("unknown", PgDatabaseError::code).to_owned()
}

fn of_state(state: &str, constraint: Option<&str>) -> StoreError {
    let text = match constraint {
        Some(constraint) => format!("SQLSTATE {state}, {constraint}"),
        None => format!("SQLSTATE {state}"),
    };
    match (state.get(..2).unwrap_or_default(), state) {
        // Values out of range or malformed, constraints, and sizes such as that of an index entry.
        ("22" | "23" | "54", _) => StoreError::Data(text),
        (_, "40001" | "40P01" | "55P03") => StoreError::Transient(text),
        _ => StoreError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_tell_bad_data_from_passing_faults_from_a_server_that_does_not_serve() {
        for state in ["22021", "23514", "54000"] {
            assert!(matches!(of_state(state, Some("a_check")), StoreError::Data(_)), "{state}");
        }
        for state in ["40001", "40P01", "55P03"] {
            assert!(matches!(of_state(state, None), StoreError::Transient(_)), "{state}");
        }
        for state in ["57014", "57P01", "08006", "42P01", "53100", ""] {
            assert!(matches!(of_state(state, None), StoreError::Unavailable(_)), "{state}");
        }
    }
}
