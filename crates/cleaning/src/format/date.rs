//! Dates in the formats that a source uses. Strict: a text must match a format as a whole, and nothing is
//! guessed: neither the order of day and month, nor the century of a two-digit year, nor a missing day.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::patient::PartialDate;

mod conflict;
mod epoch;
mod instant;
mod pattern;

pub use pattern::PatternError;

use epoch::Epoch;
use pattern::{PatternPart, Unit};

/// One format of dates.
///
/// Written as a pattern of `yyyy`, `MM` or `M`, `dd` or `d`, `HH` or `H`, `mm`, `ss`, `S...` and literal
/// characters (letters in quotes: `yyyy-MM-dd'T'HH:mm`): a doubled letter wants all its digits, a single
/// one takes one or two. `yyyy-MM` and `yyyy` make dates of that precision.
///
/// `yy` is a two-digit year from 1930 to 2029, `yy[1925]` one from 1925 to 2024. The window does not move, so
/// that a record means the same next year; with one that ends in the past no birth falls into the future.
///
/// Three words denote instants, which become dates in the source's zone: `instant` for ISO 8601 with
/// its offset, `epoch-seconds` and `epoch-milliseconds` for integers counted from 1970-01-01T00:00:00Z. An
/// integer that fits a pattern and is no date, as 19791301, is never taken for such a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    pattern: Box<str>,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Instant,
    Epoch(Epoch),
    Civil { parts: Vec<PatternPart>, interprets: bool },
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// No format of the source fits the text.
    NoFormatMatches,
    /// A format fits, and there is no such day or time.
    NotInCalendar,
}

/// A date or an instant, and how it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRead<T> {
    /// What the text means.
    pub value: T,
    /// How that is known.
    pub reading: DateReading,
}

/// How a text came to its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateReading {
    /// It is canonical: an ISO 8601 date where a date is read, such an instant where an instant is read.
    AsWritten,
    /// It says the same in another form.
    Reformatted,
    /// By the zone of the source: an instant became a local date, or a local time an instant.
    Zoned,
    /// By the word of the format for what the text leaves open: the order of day and month, or the century.
    Interpreted,
}

/// What a text says, before a time zone makes a date or an instant of it.
#[derive(Clone, Copy)]
enum Told {
    Instant(Timestamp),
    Count(Timestamp),
    Civil { date: PartialDate, time: civil::Time, interpreted: bool },
}

impl DateFormat {
    /// Reads a pattern or a word.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        let shape = match pattern {
            "instant" => Shape::Instant,
            "epoch-seconds" => Shape::Epoch(Epoch::Seconds),
            "epoch-milliseconds" => Shape::Epoch(Epoch::Milliseconds),
            _ => {
                let parts = pattern::parse(pattern)?;
                Shape::Civil { interprets: pattern::interprets(&parts), parts }
            }
        };
        Ok(Self { pattern: pattern.into(), shape })
    }

    /// Why this format cannot follow an earlier one of the same source; none if it can. The text is a message for
    /// people.
    pub fn conflict_with(&self, earlier: &Self) -> Option<String> {
        conflict::conflict(earlier, self)
    }

    fn read(&self, text: &str) -> Result<Told, DateFault> {
        match &self.shape {
            Shape::Instant => instant::read(text).map(Told::Instant),
            Shape::Epoch(epoch) => epoch.read(text).map(Told::Count),
            Shape::Civil { parts, interprets } => {
                let numbers = pattern::read(parts, text).ok_or(DateFault::NoFormatMatches)?;
                let (date, time) = civil_time(parts, numbers).ok_or(DateFault::NotInCalendar)?;
                Ok(Told::Civil { date, time, interpreted: *interprets })
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
pub fn read_date(
    text: &str,
    formats: &[DateFormat],
    zone: &TimeZone,
) -> Result<DateRead<PartialDate>, DateFault> {
    Ok(match read_first(text, formats)? {
        Told::Instant(instant) | Told::Count(instant) => {
            let value = PartialDate::Day(zone.to_datetime(instant).date());
            DateRead { value, reading: DateReading::Zoned }
        }
        Told::Civil { date, interpreted, .. } => {
            let reading = if interpreted {
                DateReading::Interpreted
            } else if is_canonical(text, date) {
                DateReading::AsWritten
            } else {
                DateReading::Reformatted
            };
            DateRead { value: date, reading }
        }
    })
}

/// Reads a cleaned text as an instant: by the first format that fits, else as ISO 8601. A time without an
/// offset is one in `zone`, a day is its start; a month or a year is no instant.
pub fn read_instant(
    text: &str,
    formats: &[DateFormat],
    zone: &TimeZone,
) -> Result<DateRead<Timestamp>, DateFault> {
    let told = match read_first(text, formats) {
        Err(DateFault::NoFormatMatches) => instant::read(text).map(Told::Instant)?,
        told => told?,
    };
    match told {
        Told::Instant(value) => Ok(DateRead { value, reading: DateReading::AsWritten }),
        Told::Count(value) => Ok(DateRead { value, reading: DateReading::Reformatted }),
        Told::Civil { date: PartialDate::Day(day), time, interpreted } => {
            let value = zone.to_timestamp(day.to_datetime(time)).map_err(|_| DateFault::NotInCalendar)?;
            let reading = if interpreted { DateReading::Interpreted } else { DateReading::Zoned };
            Ok(DateRead { value, reading })
        }
        Told::Civil { date: PartialDate::Month(..) | PartialDate::Year(_), .. } => {
            Err(DateFault::NoFormatMatches)
        }
    }
}

/// The first format that yields a day decides. If none does, a format that fits in shape tells more than one that does
/// not.
fn read_first(text: &str, formats: &[DateFormat]) -> Result<Told, DateFault> {
    let mut fault = DateFault::NoFormatMatches;
    for format in formats {
        if fault == DateFault::NotInCalendar && matches!(format.shape, Shape::Epoch(_)) {
            // A date that does not exist would become one that does.
            continue;
        }
        match format.read(text) {
            Ok(told) => return Ok(told),
            Err(DateFault::NotInCalendar) => fault = DateFault::NotInCalendar,
            Err(DateFault::NoFormatMatches) => {}
        }
    }
    Err(fault)
}

/// Whether a text is what the date itself is written as.
fn is_canonical(text: &str, date: PartialDate) -> bool {
    let length = match date {
        PartialDate::Day(_) => 10,
        PartialDate::Month(..) => 7,
        PartialDate::Year(_) => 4,
    };
    text.len() == length && text == date.to_string()
}

fn civil_time(parts: &[PatternPart], numbers: pattern::Numbers) -> Option<(PartialDate, civil::Time)> {
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
    Some((date, time))
}

#[cfg(test)]
mod tests;
