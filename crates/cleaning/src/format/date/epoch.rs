//! Instants as computers count them, as `1714521600`.

use jiff::Timestamp;

use super::DateFault;

/// What is counted since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    Seconds,
    Milliseconds,
}

impl Epoch {
    /// Reads an integer, which may be negative. One that is beyond the years -9999 to 9999 is not in the
    /// calendar.
    pub(super) fn read(self, text: &str) -> Result<Timestamp, DateFault> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateFault::NoFormatMatches);
        }
        let count = text.parse().map_err(|_| DateFault::NotInCalendar)?;
        let instant = match self {
            Self::Seconds => Timestamp::from_second(count),
            Self::Milliseconds => Timestamp::from_millisecond(count),
        };
        instant.map_err(|_| DateFault::NotInCalendar)
    }
}
