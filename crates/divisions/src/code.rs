//! Codes of GB/T 2260: two digits each for the province, the prefecture in it and the county in that.

use std::fmt;

/// A code of six digits, whether it ever was one of a division or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u32);

/// How deep a division lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Provinces, autonomous regions, municipalities: the last four digits are zeros.
    Province,
    /// Cities with districts, prefectures, leagues: the last two digits are zeros.
    Prefecture,
    /// Counties, districts, banners, cities of that rank.
    County,
}

impl Code {
    /// Taiwan by the standard.
    pub(super) const TAIWAN: Self = Self(71_00_00);

    /// Reads exactly six ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        <&[u8; 6]>::try_from(text.as_bytes()).ok().and_then(|digits| number(digits)).map(Self)
    }

    /// Reads the code of a province off the first two digits of a text.
    pub(super) fn parse_province(text: &str) -> Option<Self> {
        text.as_bytes()
            .first_chunk::<2>()
            .and_then(|digits| number(digits))
            .map(|digits| Self(digits * 1_0000))
    }

    /// How deep the division lies.
    pub fn level(self) -> Level {
        if self == self.province() {
            Level::Province
        } else if self == self.prefecture() {
            Level::Prefecture
        } else {
            Level::County
        }
    }

    /// The province that it lies in or is.
    pub fn province(self) -> Self {
        Self(self.0 / 1_0000 * 1_0000)
    }

    /// The prefecture that it lies in or is; of a province the province.
    pub fn prefecture(self) -> Self {
        Self(self.0 / 100 * 100)
    }

    /// The last two digits.
    pub(super) fn within_prefecture(self) -> u32 {
        self.0 % 100
    }

    /// Whether it lies in the other and is not the other itself.
    pub fn is_within(self, other: Self) -> bool {
        /// Ili, the one prefecture that has prefectures: Tacheng and Altay.
        const ILI: u32 = 65_40_00;
        const PREFECTURES_OF_ILI: [u32; 2] = [65_42_00, 65_43_00];
        match other.level() {
            Level::Province => self != other && self.province() == other,
            Level::Prefecture if self == other => false,
            Level::Prefecture => {
                let prefecture = self.prefecture();
                prefecture == other || other.0 == ILI && PREFECTURES_OF_ILI.contains(&prefecture.0)
            }
            Level::County => false,
        }
    }

    /// Whether both lie in one province or one's was a part of the other's: Chongqing of Sichuan, Hainan of
    /// Guangdong.
    pub(super) fn shares_province_with(self, other: Self) -> bool {
        const PARTED: [(u32, u32); 2] = [(50_00_00, 51_00_00), (44_00_00, 46_00_00)];
        let (one, two) = (self.province().0, other.province().0);
        one == two || PARTED.contains(&(one.min(two), one.max(two)))
    }

    /// 83 numbers the residence permits of people of Taiwan. The place itself is 71.
    pub(super) fn is_of_taiwan_permits(self) -> bool {
        self.0 == 83_00_00
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Code {
        Code::parse(text).expect("six digits")
    }

    #[test]
    fn a_code_is_six_digits() {
        assert_eq!(code("110105").to_string(), "110105");
        for text in ["", "11010", "1101055", "11010X", "１１０１０５", "北京", "-11010", "+11010"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
    }

    #[test]
    fn zeros_at_the_end_tell_the_level() {
        assert_eq!(code("330000").level(), Level::Province);
        assert_eq!(code("330100").level(), Level::Prefecture);
        assert_eq!(code("330106").level(), Level::County);
    }

    #[test]
    fn a_division_lies_in_those_above_it_only() {
        assert!(code("330106").is_within(code("330100")) && code("330106").is_within(code("330000")));
        assert!(code("330100").is_within(code("330000")));
        assert!(!code("330106").is_within(code("330200")) && !code("330106").is_within(code("320000")));
        for own in ["330000", "330100", "330106"] {
            assert!(!code(own).is_within(code(own)), "{own}");
        }
    }

    #[test]
    fn the_prefectures_of_ili_lie_in_it() {
        assert!(code("654202").is_within(code("654000")) && code("654300").is_within(code("654000")));
        assert!(!code("659001").is_within(code("654000")));
    }

    proptest! {
        #[test]
        fn a_code_prints_as_it_was_read(text in "[0-9]{6}") {
            prop_assert_eq!(code(&text).to_string(), text);
        }
    }
}
