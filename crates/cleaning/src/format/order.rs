//! Which of two records of a patient is newer.

use super::draft::{NotAnInteger, Parsed};
use crate::patient::RecordOrder;

/// Reads the source's version of a record.
pub fn read_version(text: &str) -> Parsed<i64, NotAnInteger> {
    text.parse().map_or(Parsed::Faulty(NotAnInteger), Parsed::Value)
}

/// The order of a record: its time of change in microseconds, else its version, else its arrival.
pub fn of(updated_at: Option<i64>, version: Option<i64>) -> RecordOrder {
    match (updated_at, version) {
        (Some(micros), _) => RecordOrder::UpdatedAt(micros),
        (None, Some(version)) => RecordOrder::Version(version),
        (None, None) => RecordOrder::Arrival,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_change_goes_before_the_version() {
        assert_eq!(of(Some(5), Some(7)), RecordOrder::UpdatedAt(5));
        assert_eq!(of(None, Some(7)), RecordOrder::Version(7));
        assert_eq!(of(None, None), RecordOrder::Arrival);
    }

    #[test]
    fn a_version_is_an_integer() {
        assert!(matches!(read_version("007"), Parsed::Value(7)));
        for text in ["1.5", "v2", "99999999999999999999"] {
            assert!(matches!(read_version(text), Parsed::Faulty(NotAnInteger)), "{text}");
        }
    }
}
