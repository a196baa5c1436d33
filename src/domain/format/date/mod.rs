//! Dates in the formats that a source uses. Strict: a text must match a format as a whole, and nothing is
//! guessed: no order of day and month, no two-digit year, no missing day.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::domain::patient::PartialDate;

mod instant;
mod pattern;

pub use pattern::PatternError;
use pattern::{Part, Unit};

/// One format of dates.
///
/// Written as a pattern of `yyyy`, `MM` or `M`, `dd` or `d`, `HH` or `H`, `mm`, `ss`, `S...` and literal
/// characters (letters in quotes: `yyyy-MM-dd'T'HH:mm`): a doubled letter wants all its digits, a single
/// one takes one or two. `yyyy-MM` and `yyyy` make dates of that precision. The word `instant` stands for
/// an ISO 8601 instant with its offset, which becomes a date in the source's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    pattern: Box<str>,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Instant,
    Civil(Vec<Part>),
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// No format of the source fits the text.
    NoFormatMatches,
    /// A format fits, and there is no such day or time.
    NotInCalendar,
}

/// What a text says, before a time zone makes a date or an instant of it.
#[derive(Clone, Copy)]
enum Reading {
    Instant(Timestamp),
    Civil(PartialDate, civil::Time),
}

impl DateFormat {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        let shape = match pattern {
            "instant" => Shape::Instant,
            _ => Shape::Civil(pattern::parse(pattern)?),
        };
        Ok(Self { pattern: pattern.into(), shape })
    }

    fn read(&self, text: &str) -> Result<Reading, DateFault> {
        match &self.shape {
            Shape::Instant => instant::read(text).map(Reading::Instant),
            Shape::Civil(parts) => {
                let numbers = pattern::read(parts, text).ok_or(DateFault::NoFormatMatches)?;
                civil_reading(parts, numbers).ok_or(DateFault::NotInCalendar)
            }
        }
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Reads a cleaned text as a date by the first format that fits; an instant becomes a date in `zone`.
pub fn read_date(text: &str, formats: &[DateFormat], zone: &TimeZone) -> Result<PartialDate, DateFault> {
    Ok(match read_first(text, formats)? {
        Reading::Civil(date, _) => date,
        Reading::Instant(instant) => PartialDate::Day(zone.to_datetime(instant).date()),
    })
}

/// Reads a cleaned text as an instant: by the first format that fits, else as ISO 8601. A time without an
/// offset is one in `zone`, a day is its start; a month or a year is no instant.
pub fn read_instant(text: &str, formats: &[DateFormat], zone: &TimeZone) -> Result<Timestamp, DateFault> {
    let reading = match read_first(text, formats) {
        Err(DateFault::NoFormatMatches) => instant::read(text).map(Reading::Instant)?,
        reading => reading?,
    };
    match reading {
        Reading::Instant(instant) => Ok(instant),
        Reading::Civil(PartialDate::Day(day), time) => {
            zone.to_timestamp(day.to_datetime(time)).map_err(|_| DateFault::NotInCalendar)
        }
        Reading::Civil(PartialDate::Month(..) | PartialDate::Year(_), _) => Err(DateFault::NoFormatMatches),
    }
}

/// The first format that yields a day decides; that one fitted in shape only is the better complaint.
fn read_first(text: &str, formats: &[DateFormat]) -> Result<Reading, DateFault> {
    let mut fault = DateFault::NoFormatMatches;
    for format in formats {
        match format.read(text) {
            Ok(reading) => return Ok(reading),
            Err(DateFault::NotInCalendar) => fault = DateFault::NotInCalendar,
            Err(DateFault::NoFormatMatches) => {}
        }
    }
    Err(fault)
}

fn civil_reading(parts: &[Part], numbers: pattern::Numbers) -> Option<Reading> {
    let has = |unit| parts.iter().any(|part| part.is(unit));
    let time = civil::Time::new(numbers.hour, numbers.minute, numbers.second, numbers.nanosecond).ok()?;
    let day = civil::Date::new(numbers.year, numbers.month, numbers.day).ok()?;
    let date = if has(Unit::Day) {
        PartialDate::Day(day)
    } else if has(Unit::Month) {
        PartialDate::Month(day.year(), day.month())
    } else {
        PartialDate::Year(day.year())
    };
    Some(Reading::Civil(date, time))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn formats(patterns: &[&str]) -> Vec<DateFormat> {
        patterns.iter().map(|pattern| DateFormat::parse(pattern).unwrap()).collect()
    }

    fn read(text: &str, patterns: &[&str]) -> Result<String, DateFault> {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        read_date(text, &formats(patterns), &zone).map(|date| date.to_string())
    }

    #[test]
    fn every_format_of_the_trade_is_read() {
        for (pattern, text) in [
            ("yyyyMMdd", "19900502"),
            ("yyyy-MM-dd", "1990-05-02"),
            ("yyyy/M/d", "1990/5/2"),
            ("yyyy.M.d", "1990.05.2"),
            ("dd/MM/yyyy", "02/05/1990"),
            ("M/d/yyyy", "5/2/1990"),
            ("yyyy年M月d日", "1990年5月2日"),
            ("yyyy-MM-dd HH:mm:ss", "1990-05-02 23:59:59"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSS", "1990-05-02T23:59:59.123"),
            ("instant", "1990-05-02T10:00:00Z"),
        ] {
            assert_eq!(read(text, &[pattern]).as_deref(), Ok("1990-05-02"), "{pattern}");
        }
    }

    #[test]
    fn a_missing_day_is_not_invented() {
        assert_eq!(read("1990-05", &["yyyy-MM"]).as_deref(), Ok("1990-05"));
        assert_eq!(read("1990", &["yyyy"]).as_deref(), Ok("1990"));
    }

    #[test]
    fn a_text_must_match_as_a_whole_with_all_its_digits() {
        for (pattern, text) in [
            ("yyyy-MM-dd", "1990-5-2"),
            ("yyyy-MM-dd", "1990-05-02 "),
            ("yyyy-MM-dd", "1990-05-02T00:00:00"),
            ("yyyy/M/d", "1990/005/2"),
            ("yyyyMMdd", "900502"),
            ("yyyyMMdd", "1990050"),
            ("yyyyMMdd", "+9900502"),
            ("instant", "1990-05-02"),
            ("instant", "1990-05-02T10:00:00"),
            ("yyyyMMdd", ""),
        ] {
            assert_eq!(read(text, &[pattern]), Err(DateFault::NoFormatMatches), "{pattern} {text}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_told_from_an_unknown_format() {
        for (pattern, text) in [
            ("yyyyMMdd", "19901301"),
            ("yyyyMMdd", "19900230"),
            ("yyyyMMdd", "19900100"),
            ("yyyy-MM", "1990-13"),
            ("yyyy-MM-dd HH:mm:ss", "1990-05-02 25:00:00"),
            ("instant", "1990-02-30T10:00:00Z"),
        ] {
            assert_eq!(read(text, &[pattern, "yyyy"]), Err(DateFault::NotInCalendar), "{pattern} {text}");
        }
    }

    #[test]
    fn formats_are_tried_in_order() {
        assert_eq!(read("03/04/1990", &["dd/MM/yyyy", "M/d/yyyy"]).as_deref(), Ok("1990-04-03"));
        assert_eq!(read("03/04/1990", &["M/d/yyyy", "dd/MM/yyyy"]).as_deref(), Ok("1990-03-04"));
    }

    #[test]
    fn an_instant_becomes_the_day_that_the_source_saw() {
        assert_eq!(read("1976-11-13T16:00:00.000Z", &["instant"]).as_deref(), Ok("1976-11-14"));
        assert_eq!(read("1990-05-21T15:00:00Z", &["instant"]).as_deref(), Ok("1990-05-22"), "summer time");
        assert_eq!(read("1990-05-21T15:00Z", &["instant"]).as_deref(), Ok("1990-05-22"), "summer time");
        assert_eq!(read("1990-05-22T00:00:00+08:00", &["instant"]).as_deref(), Ok("1990-05-22"));
    }

    #[test]
    fn a_time_of_change_is_an_instant_in_the_zone_of_the_source() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let read = |text: &str| {
            read_instant(text, &formats(&["yyyy-MM-dd HH:mm:ss", "yyyyMMdd", "yyyy-MM"]), &zone)
                .map(Timestamp::as_microsecond)
        };
        assert_eq!(read("1970-01-01 08:00:01"), Ok(1_000_000));
        assert_eq!(read("19700101"), Ok(-8 * 3_600 * 1_000_000));
        assert_eq!(read("1970-01-01T00:00:00.000001Z"), Ok(1));
        assert_eq!(read("1970-01"), Err(DateFault::NoFormatMatches));
        assert_eq!(read("yesterday"), Err(DateFault::NoFormatMatches));
    }

    proptest! {
        #[test]
        fn canonical_dates_mean_themselves(year in 1i16..=9999, month in 1i8..=12, day in 1i8..=31) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            match read(&text, &["yyyy-MM-dd"]) {
                Ok(again) => prop_assert_eq!(again, text),
                Err(fault) => prop_assert!(fault == DateFault::NotInCalendar && day > 28),
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9TZ:.+年月日/ -]{0,30}") {
            let patterns = ["yyyy年M月d日", "yyyyMMdd", "M/d/yyyy", "yyyy-MM-dd HH:mm:ss", "yyyy", "instant"];
            for text in [text, near] {
                let _ = read(&text, &patterns);
                let _ = read_instant(&text, &formats(&patterns), &TimeZone::UTC);
            }
        }
    }
}
