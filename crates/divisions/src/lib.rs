//! Administrative divisions of China by GB/T 2260: what a code of six digits names, in any year since 1980, which
//! division the text of an address starts with, and whether a code and an address agree.
//!
//! Codes are renumbered and abolished all the time but stay on ids and in records, so a code of any year is a code.
//! The table is compiled in; its sources are described beside it, in `data/`.
//!
//! ```
//! let chaoyang = divisions::find("110105").expect("a code");
//! assert_eq!((chaoyang.name, chaoyang.is_current()), ("朝阳区", true));
//! // 崇文区 was abolished in 2010, and its code is still on ids.
//! assert!(divisions::is_known("110103") && !divisions::find("110103").expect("a code").is_current());
//! assert_eq!(divisions::agrees("110105", "北京市朝阳区建国路1号"), Some(true));
//! assert_eq!(divisions::agrees("330106", "北京市朝阳区建国路1号"), Some(false));
//! assert_eq!(divisions::agrees("110105", "建国路1号"), None);
//! ```

mod agreement;
mod code;
mod names;
mod reading;
mod table;

pub use self::{
    agreement::agrees,
    code::{Code, Level},
    reading::Reading,
};
pub use reading::{is_cut, whole_after_bare, without_separators};

/// One name of one code and the years in which the code had it. A code that was given again, or whose
/// division was renamed, has several.
#[derive(Debug, PartialEq, Eq)]
pub struct Division {
    /// The code.
    pub code: Code,
    /// The name in full, as `朝阳区`; of collective codes what they stand for, as `市辖区`.
    pub name: &'static str,
    /// The first year of which the sources know it. 1980 is the oldest that they know.
    pub first_year: u16,
    /// The last year, unless the name is in use.
    pub last_year: Option<u16>,
    aliases: &'static str,
}

impl Division {
    /// Whether the code has the name now, as far as the sources know.
    pub fn is_current(&self) -> bool {
        self.last_year.is_none()
    }

    /// Whether it only groups divisions, as `市辖区` does with the districts of a city. Such a name is not part of an
    /// address.
    fn is_collective(&self) -> bool {
        matches!(self.name, "市" | "市区" | "市辖区" | "县") || self.name.contains("直辖")
    }
}

/// Who issued a resident id, by its first digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRegion {
    /// A province of the mainland or Taiwan (71): the first six digits are a division.
    Province,
    /// The residence permits of people of Hong Kong (81), Macau (82) and Taiwan (83).
    ResidencePermit,
    /// The permanent resident card of foreigners (9); the digits that follow are no division.
    ForeignPermanentResident,
}

/// What the code of six digits names now or, if it is abolished, named last. Takes any text.
pub fn find(code: &str) -> Option<&'static Division> {
    all(code).first()
}

/// All names that the code of six digits has had, the newest first; empty if it never was one.
pub fn all(code: &str) -> &'static [Division] {
    Code::parse(code).map_or(&[], table::rows)
}

/// Whether a resident id may start with these six digits: a code of any year, or a number of a city's districts
/// that occurs on ids although no known revision has it, as 441901.
///
/// Until 1983 `20` stood for the districts of a city; from 1984 on `01` stood for them all, the inner ones
/// were numbered from `02` and the outer ones from `11`.
pub fn is_known(code: &str) -> bool {
    let Some(code) = Code::parse(code) else { return false };
    let of_a_city = || {
        matches!(code.within_prefecture(), 1 | 2 | 11 | 20)
            && table::rows(code.prefecture()).iter().any(|division| !division.is_collective())
    };
    !table::rows(code).is_empty() || code.level() == Level::County && of_a_city()
}

/// Whether the first two digits are those of a province by GB/T 2260: 11 to 65, 71, 81 and 82.
pub fn province_exists(code: &str) -> bool {
    Code::parse_province(code)
        .is_some_and(|province| !province.is_of_taiwan_permits() && !table::rows(province).is_empty())
}

/// Who issued a resident id that starts like this; none if no issuer uses these digits. Takes any text.
pub fn id_region(number: &str) -> Option<IdRegion> {
    match number.as_bytes() {
        [b'8', b'1'..=b'3', ..] => Some(IdRegion::ResidencePermit),
        [b'9', ..] => Some(IdRegion::ForeignPermanentResident),
        _ => province_exists(number).then_some(IdRegion::Province),
    }
}

/// Reads the table and its index by name, which the first look-up does otherwise: a few milliseconds.
pub fn warm_up() {
    table::warm_up();
    names::warm_up();
}

#[cfg(test)]
mod tests;
