//! What PostgreSQL's errors mean (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::io;

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

use crate::model::{Outage, OutageKind, StoreError};

/// The keys of the tables that rows are inserted into as new.
const KEYS: [&str; 2] = ["patients_pkey", "outcomes_pkey"];

pub(super) fn fault(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => fault_of_state(&state(error.as_ref()), error.constraint()),
        sqlx::Error::Encode(_) => StoreError::Data("a value that cannot be encoded".into()),
        sqlx::Error::Io(error) => StoreError::Unavailable(outage_of_connection(error)),
        sqlx::Error::Tls(error) => outage(OutageKind::InsecureConnection, error.to_string()),
        sqlx::Error::Protocol(_) => outage(OutageKind::Unreachable, "it speaks another protocol".into()),
        sqlx::Error::Configuration(_) => StoreError::Configuration("the options of the connection".into()),
        _ => StoreError::Unavailable("an error of the driver".into()),
    }
}

/// A failed TLS handshake comes as an error of the connection; its text is about certificates only.
fn outage_of_connection(error: &io::Error) -> Outage {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(cause) => Outage::new(OutageKind::InsecureConnection, cause.to_string()),
        None => Outage::new(OutageKind::Unreachable, error.kind().to_string()),
    }
}

fn outage(kind: OutageKind, detail: String) -> StoreError {
    StoreError::Unavailable(Outage::new(kind, detail))
}

fn state(error: &dyn DatabaseError) -> String {
    error.try_downcast_ref::<PgDatabaseError>().map_or("unknown", PgDatabaseError::code).to_owned()
}

fn fault_of_state(state: &str, constraint: Option<&str>) -> StoreError {
    let text = match constraint {
        Some(constraint) => format!("SQLSTATE {state}, {constraint}"),
        None => format!("SQLSTATE {state}"),
    };
    // Another writer was quicker. The retry finds its row.
    if state == "23505" && constraint.is_some_and(|constraint| KEYS.contains(&constraint)) {
        return StoreError::Transient(text);
    }
    match (state.get(..2).unwrap_or_default(), state) {
        // Values out of range or malformed, constraints, and sizes such as that of an index entry.
        ("22" | "23" | "54", _) => StoreError::Data(text),
        (_, "40001" | "40P01" | "55P03") => StoreError::Transient(text),
        ("08", _) | (_, "57P01" | "57P02" | "57P03") => outage(OutageKind::Unreachable, text),
        (_, "53300") => outage(OutageKind::TooManyConnections, text),
        ("28", _) => outage(OutageKind::LoginRefused, text),
        (_, "3D000") => outage(OutageKind::DatabaseMissing, text),
        (_, "53100") => outage(OutageKind::DiskFull, text),
        (_, "58030") => outage(OutageKind::DiskError, text),
        (_, "25006") => outage(OutageKind::ReadOnly, text),
        (_, "42P01" | "42703" | "3F000") => outage(OutageKind::SchemaMissing, text),
        (_, "42501") => outage(OutageKind::PermissionDenied, text),
        (_, "XX001" | "XX002") => outage(OutageKind::Corrupted, text),
        _ => StoreError::Unavailable(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_accepted_is_no_broken_connection() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let error = sqlx::Error::Io(io::Error::new(io::ErrorKind::InvalidData, expired));
        let StoreError::Unavailable(outage) = fault(&error) else { panic!("another class") };
        assert_eq!(outage.kind(), OutageKind::InsecureConnection);
        assert!(outage.to_string().contains("xpired"), "{outage}");
    }

    #[test]
    fn states_tell_bad_data_from_passing_faults_from_a_server_that_does_not_serve() {
        for state in ["22021", "23514", "54000"] {
            assert!(matches!(fault_of_state(state, Some("a_check")), StoreError::Data(_)), "{state}");
        }
        for state in ["40001", "40P01", "55P03"] {
            assert!(matches!(fault_of_state(state, None), StoreError::Transient(_)), "{state}");
        }
        assert!(matches!(fault_of_state("23505", Some("patients_pkey")), StoreError::Transient(_)));
        assert!(matches!(fault_of_state("23505", Some("another_key")), StoreError::Data(_)));
        for (state, kind) in [
            ("57P01", OutageKind::Unreachable),
            ("08006", OutageKind::Unreachable),
            ("28P01", OutageKind::LoginRefused),
            ("42P01", OutageKind::SchemaMissing),
            ("53100", OutageKind::DiskFull),
            ("25006", OutageKind::ReadOnly),
            ("57014", OutageKind::Other),
            ("", OutageKind::Other),
        ] {
            let StoreError::Unavailable(outage) = fault_of_state(state, None) else { panic!("{state}") };
            assert_eq!(outage.kind(), kind, "{state}");
        }
    }
}
