//! `Retry-After` in its two forms (RFC 9110, 10.2.3): seconds, or the moment as an HTTP date.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::RETRY_AFTER};

/// Longest time that is accepted. More is a mistake of the other side, or means "not today".
const MAX_DELAY: Duration = Duration::from_secs(24 * 3600);

/// How long a hospital asks not to be called, counted from `now`. A moment in the past means no time at all.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(asked.min(MAX_DELAY))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str, now: SystemTime) -> Option<Duration> {
        let value = value.parse().ok()?;
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
    }

    #[test]
    fn both_forms_are_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let later = httpdate::fmt_http_date(now + Duration::from_secs(90));
        assert_eq!(read("7", now), Some(Duration::from_secs(7)));
        assert_eq!(read(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(read(&later, now), Some(Duration::from_secs(90)));
        assert_eq!(read(&later, now + Duration::from_secs(100)), Some(Duration::ZERO));
        assert_eq!(read("99999999999", now), Some(MAX_DELAY));
        for nothing in ["", "-1", "1.5", "soon", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            assert_eq!(read(nothing, now), None, "{nothing:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_passed_over(value in "[ -~]{0,40}") {
            let read = read(&value, SystemTime::now());
            prop_assert!(read.is_none_or(|asked| asked <= MAX_DELAY));
        }
    }
}
