//! The load client that `demo` and `bench` share: records to send, and ways to send them.

pub(super) mod connect;
pub(super) mod outcomes;
mod patient_data;
pub(super) mod records;
pub(super) mod stream;
pub(super) mod unary;

/// Parses a number of which there must be one.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("is not a number".to_owned()),
    }
}
