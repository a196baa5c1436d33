//! The source's version of a record.

use super::parsed::{NotAnInteger, Parsed};

/// Reads a version, which must be an integer to tell older from newer.
pub fn read(text: &str) -> Parsed<i64, NotAnInteger> {
    text.parse().map_or(Parsed::Faulty(NotAnInteger), Parsed::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_an_integer() {
        assert!(matches!(read("007"), Parsed::Value(7)));
        for text in ["1.5", "v2", "99999999999999999999"] {
            assert!(matches!(read(text), Parsed::Faulty(NotAnInteger)), "{text}");
        }
    }
}
