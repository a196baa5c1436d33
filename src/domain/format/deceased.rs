//! Whether or when a patient died.

use jiff::tz::TimeZone;

use super::date::{DateFault, DateFormat, read_date};
use crate::domain::patient::Deceased;

const YES: [&str; 7] = ["1", "true", "t", "yes", "y", "是", "死亡"];
const NO: [&str; 7] = ["0", "false", "f", "no", "n", "否", "存活"];

/// Reads a yes or no; `None` is neither.
pub fn read_flag(code: &str) -> Option<Deceased> {
    let means = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(code));
    if means(&YES) {
        Some(Deceased::Yes)
    } else if means(&NO) {
        Some(Deceased::No)
    } else {
        None
    }
}

/// Reads a cleaned text: a yes or no, or the date of death.
pub fn read(text: &str, formats: &[DateFormat], zone: &TimeZone) -> Result<Deceased, DateFault> {
    match read_flag(text) {
        Some(flag) => Ok(flag),
        None => read_date(text, formats, zone).map(|read| Deceased::On(read.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_dates_are_told_apart() {
        let formats = [DateFormat::parse("yyyyMMdd").unwrap()];
        let read = |text| read(text, &formats, &TimeZone::UTC);
        assert!(matches!(read("TRUE"), Ok(Deceased::Yes)));
        assert!(matches!(read("否"), Ok(Deceased::No)));
        assert!(matches!(read("20200131"), Ok(Deceased::On(date)) if date.to_string() == "2020-01-31"));
        assert!(matches!(read("20200132"), Err(DateFault::NotInCalendar)));
        assert!(matches!(read("maybe"), Err(DateFault::NoFormatMatches)));
    }
}
