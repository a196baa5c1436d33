//! The caller's `grpc-timeout`, parsed strictly: tonic ignores a malformed one, so a caller that asked for two seconds
//! would have no deadline.

use std::time::Duration;

use http::HeaderMap;

const GRPC_TIMEOUT: &str = "grpc-timeout";
/// Digits of the value, by the gRPC specification.
const MAX_DIGITS: usize = 8;

/// A `grpc-timeout` that is not one to eight digits and a unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The timeout that the caller requests, if any.
pub(super) fn requested_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let Some(value) = headers.get(GRPC_TIMEOUT) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Malformed)?;
    // The header is ASCII here, so the last byte is the last character.
    let (digits, unit) = text.split_at(text.len().saturating_sub(1));
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    let count: u64 = digits.parse().map_err(|_| Malformed)?;
    let timeout = match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return Err(Malformed),
    };
    Ok(Some(timeout))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(value: &str) -> Result<Option<Duration>, Malformed> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, value.parse().unwrap());
        requested_timeout(&headers)
    }

    #[test]
    fn every_unit_is_read() {
        assert_eq!(requested_timeout(&HeaderMap::new()), Ok(None));
        for (value, milliseconds) in [("2S", 2_000), ("1M", 60_000), ("1H", 3_600_000), ("250m", 250)] {
            assert_eq!(parse(value), Ok(Some(Duration::from_millis(milliseconds))));
        }
        assert_eq!(parse("7000u"), Ok(Some(Duration::from_millis(7))));
        assert_eq!(parse("99999999n"), Ok(Some(Duration::from_nanos(99_999_999))));
    }

    #[test]
    fn anything_else_is_malformed() {
        for value in ["", "S", "2", "2s", "+2S", "-2S", "2.5S", " 2S", "200000000n", "2SS"] {
            assert_eq!(parse(value), Err(Malformed), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(value in "[ -~]{0,12}") {
            let _ = parse(&value);
        }
    }
}
