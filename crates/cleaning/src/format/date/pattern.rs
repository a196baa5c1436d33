//! Patterns of dates: what they are made of, and how a text is read by one.

use std::{iter::Peekable, str::Chars};

/// One part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternPart {
    /// A number of `min` to `max` digits.
    Number { unit: Unit, min: u8, max: u8 },
    /// The character itself.
    Literal(char),
}

impl PatternPart {
    /// Whether it is a number of this unit; a year is one, however it is written.
    pub(super) fn is(&self, wanted: Unit) -> bool {
        match self {
            Self::Number { unit: Unit::ShortYear { .. }, .. } => wanted == Unit::Year,
            Self::Number { unit, .. } => *unit == wanted,
            Self::Literal(_) => false,
        }
    }

    fn is_short_year(&self) -> bool {
        matches!(self, Self::Number { unit: Unit::ShortYear { .. }, .. })
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    /// The last two digits of one of the hundred years that begin with `first`.
    ShortYear {
        first: i16,
    },
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
}

/// The numbers of a text, not yet checked against the calendar; what the pattern leaves out is the first.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) day: i8,
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    pub(super) nanosecond: i32,
}

/// The first of the hundred years that two digits mean where the pattern does not say it: spreadsheets
/// read them so, and two-digit years mostly come out of spreadsheets.
const FIRST_SHORT_YEAR: i16 = 1930;

/// Why a pattern cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No year in it.
    #[error("a date format needs a year: yyyy")]
    NoYear,
    /// A year of one digit or three.
    #[error("a year has four digits, yyyy, or two, yy")]
    YearDigits,
    /// The hundred years of `yy` begin nowhere.
    #[error("yy[1925] names the first of a hundred years, from 1800 to 2000")]
    Window,
    /// Letters without a meaning.
    #[error("'{0}' is not one of yyyy, yy, MM, M, dd, d, HH, H, mm, ss, S; put literal letters in quotes")]
    UnknownLetters(char),
    /// A unit twice.
    #[error("a part of the date occurs twice")]
    Repeated,
    /// A day without a month, or a time without a day.
    #[error("a day needs a month, an hour a day, a minute an hour, a second a minute")]
    Gap,
    /// Where does the first of two numbers end?
    #[error("a number of one or two digits must not be followed by another number at once")]
    RunTogether,
    /// A quote that nothing closes.
    #[error("a quote is not closed")]
    OpenQuote,
}

/// Reads a pattern into its parts.
pub(super) fn parse(pattern: &str) -> Result<Vec<PatternPart>, PatternError> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => quoted(&mut characters, &mut parts)?,
            letter if letter.is_ascii_alphabetic() => {
                let mut count = 1u8;
                while characters.next_if_eq(&letter).is_some() {
                    count = count.saturating_add(1);
                }
                parts.push(match (letter, count) {
                    ('y', 2) => short_year(&mut characters)?,
                    _ => number(letter, count)?,
                });
            }
            literal => parts.push(PatternPart::Literal(literal)),
        }
    }
    check(&parts)?;
    Ok(parts)
}

fn quoted(characters: &mut Peekable<Chars<'_>>, parts: &mut Vec<PatternPart>) -> Result<(), PatternError> {
    loop {
        match characters.next() {
            None => return Err(PatternError::OpenQuote),
            Some('\'') => return Ok(()),
            Some(literal) => parts.push(PatternPart::Literal(literal)),
        }
    }
}

/// Reads what may follow `yy`: the first year of its window, in brackets.
fn short_year(characters: &mut Peekable<Chars<'_>>) -> Result<PatternPart, PatternError> {
    let mut first = FIRST_SHORT_YEAR;
    if characters.next_if_eq(&'[').is_some() {
        let mut digits = String::new();
        loop {
            match characters.next().ok_or(PatternError::Window)? {
                ']' => break,
                character => digits.push(character),
            }
        }
        first = digits.parse().map_err(|_| PatternError::Window)?;
    }
    if !(1800..=2000).contains(&first) {
        return Err(PatternError::Window);
    }
    Ok(PatternPart::Number { unit: Unit::ShortYear { first }, min: 2, max: 2 })
}

fn number(letter: char, count: u8) -> Result<PatternPart, PatternError> {
    let unit = match (letter, count) {
        ('y', 4) => Unit::Year,
        ('y', 1..=3) => return Err(PatternError::YearDigits),
        ('M', 1 | 2) => Unit::Month,
        ('d', 1 | 2) => Unit::Day,
        ('H', 1 | 2) => Unit::Hour,
        ('m', 2) => Unit::Minute,
        ('s', 2) => Unit::Second,
        ('S', 1..=9) => Unit::Fraction,
        _ => return Err(PatternError::UnknownLetters(letter)),
    };
    let max = if count == 1 && unit != Unit::Fraction { 2 } else { count };
    Ok(PatternPart::Number { unit, min: count, max })
}

fn check(parts: &[PatternPart]) -> Result<(), PatternError> {
    const FROM_COARSE_TO_FINE: [Unit; 7] =
        [Unit::Year, Unit::Month, Unit::Day, Unit::Hour, Unit::Minute, Unit::Second, Unit::Fraction];
    let counts = FROM_COARSE_TO_FINE.map(|unit| parts.iter().filter(|part| part.is(unit)).count());
    if counts[0] == 0 {
        return Err(PatternError::NoYear);
    }
    if counts.iter().any(|count| *count > 1) {
        return Err(PatternError::Repeated);
    }
    if counts.windows(2).any(|pair| pair == [0, 1]) {
        return Err(PatternError::Gap);
    }
    let runs_together = |pair: &[PatternPart]| match pair {
        [PatternPart::Number { min, max, .. }, PatternPart::Number { .. }] => min != max,
        _ => false,
    };
    if parts.windows(2).any(runs_together) {
        return Err(PatternError::RunTogether);
    }
    Ok(())
}

/// Whether a pattern settles what its texts leave open: the century, or which of two numbers is the day.
pub(super) fn interprets(parts: &[PatternPart]) -> bool {
    let place = |unit| parts.iter().position(|part| part.is(unit));
    let day_is_last = match (place(Unit::Year), place(Unit::Month), place(Unit::Day)) {
        (Some(year), Some(month), Some(day)) => year < month && month < day,
        _ => true,
    };
    !day_is_last || parts.iter().any(PatternPart::is_short_year)
}

/// Reads a whole text by a pattern; `None` where it does not fit.
pub(super) fn read(parts: &[PatternPart], text: &str) -> Option<Numbers> {
    let mut numbers = Numbers { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0 };
    let mut rest = text;
    for part in parts {
        rest = match *part {
            PatternPart::Literal(literal) => rest.strip_prefix(literal)?,
            PatternPart::Number { unit, min, max } => {
                let digits = rest.bytes().take(max.into()).take_while(u8::is_ascii_digit).count();
                if digits < min.into() {
                    return None;
                }
                let (number, after) = rest.split_at(digits);
                numbers.set(unit, number);
                after
            }
        };
    }
    rest.is_empty().then_some(numbers)
}

impl Numbers {
    /// `digits` are ASCII digits, at most as many as the unit takes: four for a year, nine for a fraction,
    /// else two.
    fn set(&mut self, unit: Unit, digits: &str) {
        let value = digits.bytes().fold(0i32, |value, digit| value * 10 + i32::from(digit - b'0'));
        match unit {
            Unit::Year => self.year = value as i16,
            Unit::ShortYear { first } => self.year = first + (value as i16 - first).rem_euclid(100),
            Unit::Month => self.month = value as i8,
            Unit::Day => self.day = value as i8,
            Unit::Hour => self.hour = value as i8,
            Unit::Minute => self.minute = value as i8,
            Unit::Second => self.second = value as i8,
            Unit::Fraction => self.nanosecond = value * 10i32.pow(9 - digits.len() as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::date::DateFormat;

    #[test]
    fn a_pattern_is_displayed_as_it_was_written() {
        for pattern in
            ["yyyyMMdd", "yyyy年M月d日", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy", "yy[1925]MMdd", "instant"]
        {
            assert_eq!(DateFormat::parse(pattern).unwrap().to_string(), pattern);
        }
    }

    #[test]
    fn a_pattern_interprets_if_it_says_what_the_text_does_not() {
        for (pattern, expected) in [
            ("yyyyMMdd", false),
            ("yyyy年M月d日", false),
            ("MM/yyyy", false),
            ("yyyy", false),
            ("dd/MM/yyyy", true),
            ("M/d/yyyy", true),
            ("yyyy-dd-MM", true),
            ("yyMMdd", true),
            ("yy", true),
        ] {
            assert_eq!(interprets(&parse(pattern).unwrap()), expected, "{pattern}");
        }
    }

    #[test]
    fn patterns_that_would_guess_are_refused() {
        for (pattern, error) in [
            ("", PatternError::NoYear),
            ("MM-dd", PatternError::NoYear),
            ("yMMdd", PatternError::YearDigits),
            ("yyyMMdd", PatternError::YearDigits),
            ("yy[]MMdd", PatternError::Window),
            ("yy[25]MMdd", PatternError::Window),
            ("yy[2001]MMdd", PatternError::Window),
            ("yy[1925", PatternError::Window),
            ("yyyyMMdd yy", PatternError::Repeated),
            ("yyyy-dd", PatternError::Gap),
            ("yyyy-MM HH", PatternError::Gap),
            ("yyyy-MM-MM", PatternError::Repeated),
            ("yyyyMd", PatternError::RunTogether),
            ("yyyy-MMM-dd", PatternError::UnknownLetters('M')),
            ("YYYY-MM-DD", PatternError::UnknownLetters('Y')),
            ("yyyy-MM-ddTHH", PatternError::UnknownLetters('T')),
            ("yyyy'T", PatternError::OpenQuote),
        ] {
            assert_eq!(parse(pattern), Err(error), "{pattern}");
        }
    }
}
