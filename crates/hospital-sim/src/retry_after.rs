//! The `Retry-After` header.

use http::HeaderValue;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

/// A `Retry-After` header, in either of its two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u32),
    /// An HTTP date this many seconds after the response, rounded up to a whole second.
    Date(u32),
}

impl RetryAfter {
    /// Converts it to the form of a date.
    pub(crate) fn as_date(self) -> Self {
        let (Self::Seconds(seconds) | Self::Date(seconds)) = self;
        Self::Date(seconds)
    }

    /// The header of a response that is sent now.
    pub(crate) fn header(self) -> HeaderValue {
        match self {
            Self::Seconds(seconds) => HeaderValue::from(seconds),
            Self::Date(seconds) => {
                let date = http_date(Timestamp::now().as_second() + 1 + i64::from(seconds));
                HeaderValue::from_str(&date).expect("a date is visible ASCII")
            }
        }
    }
}

fn http_date(second: i64) -> String {
    let timestamp = Timestamp::from_second(second).expect("the last date is 7000 years away");
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp)
        .expect("years from 1970 on are representable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(1_782_864_000), "Wed, 01 Jul 2026 00:00:00 GMT");
    }

    #[test]
    fn both_forms_are_headers() {
        assert_eq!(RetryAfter::Seconds(2).header(), "2");
        let date = RetryAfter::Seconds(2).as_date().header();
        assert!(date.to_str().unwrap().ends_with(" GMT"));
    }
}
