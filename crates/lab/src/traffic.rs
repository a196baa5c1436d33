//! The client of `demo` and `bench`: records, and calls that send them.

pub(super) mod connect;
pub(super) mod outcomes;
mod patient_data;
pub(super) mod records;
pub(super) mod stream;
pub(super) mod unary;

/// Parses a number that must not be zero.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("is not a number".to_owned()),
    }
}
