//! Resident ids of China (GB 11643): 18 characters, the last of them a check character, or the 15 digits
//! of the ids from before 1999.

use std::borrow::Cow;

use jiff::civil::Date;

use super::document::Document;
use crate::patient::Gender;
use divisions::{self, IdRegion};

/// A number in the shape of a resident id. Whether its date exists and its check character is right are
/// questions of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ResidentId {
    /// 17 digits and a check character: a digit or `X`.
    Eighteen([u8; 18]),
    /// 15 digits, with a year of two digits and without a check character.
    Fifteen([u8; 15]),
}

/// Why a text has not the shape of a resident id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeFault {
    /// Stars replace digits.
    Masked,
    /// It is the number of another document.
    OtherDocument,
    /// A spreadsheet wrote it in scientific notation, and its digits are lost.
    Rounded,
    /// The length or a character is wrong.
    Wrong,
}

/// The canonical form of a cleaned text: no spaces and dashes, upper case. A text with anything but ASCII
/// between them is no number, and stays: without its spaces, its characters might compose to others.
pub fn compact(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|character| !matches!(character, ' ' | '-' | '\u{2010}'..='\u{2015}'));
    let compact: String = kept.map(|character| character.to_ascii_uppercase()).collect();
    if compact.is_ascii() { Cow::Owned(compact) } else { Cow::Borrowed(text) }
}

impl ResidentId {
    /// Takes a text in canonical form apart.
    pub fn parse(text: &str) -> Result<Self, ShapeFault> {
        let characters = text.as_bytes();
        if let Ok(id) = <[u8; 18]>::try_from(characters)
            && id[..17].iter().all(u8::is_ascii_digit)
            && matches!(id[17], b'0'..=b'9' | b'X')
        {
            return Ok(Self::Eighteen(id));
        }
        if let Ok(id) = <[u8; 15]>::try_from(characters)
            && id.iter().all(u8::is_ascii_digit)
        {
            return Ok(Self::Fifteen(id));
        }
        Err(if characters.contains(&b'*') {
            ShapeFault::Masked
        } else if is_scientific(text) {
            ShapeFault::Rounded
        } else if Document::recognise(text).is_some() {
            ShapeFault::OtherDocument
        } else {
            ShapeFault::Wrong
        })
    }

    /// The date of birth within the id, if it is in the calendar. The two-digit year of an old id is one
    /// of the 20th century: people born before 1900 are no longer alive.
    pub fn birth_date(&self) -> Option<Date> {
        let number =
            |digits: &[u8]| digits.iter().fold(0i16, |value, digit| value * 10 + i16::from(digit - b'0'));
        let (year, month_and_day) = match self {
            Self::Eighteen(id) => (number(&id[6..10]), &id[10..14]),
            Self::Fifteen(id) => (1900 + number(&id[6..8]), &id[8..12]),
        };
        let (month, day) = month_and_day.split_at(2);
        Date::new(year, number(month) as i8, number(day) as i8).ok()
    }

    /// The gender within the id: its sequence number is odd for men and even for women.
    pub fn gender(&self) -> Gender {
        let sequence = match self {
            Self::Eighteen(id) => id[16],
            Self::Fifteen(id) => id[14],
        };
        if (sequence - b'0').is_multiple_of(2) { Gender::Female } else { Gender::Male }
    }

    /// Whether the check character is right; an id of 15 digits has none that could be wrong.
    pub fn check_character_is_right(&self) -> bool {
        match self {
            Self::Eighteen(id) => {
                let mut digits = [0; 17];
                digits.copy_from_slice(&id[..17]);
                check_character(digits.map(|digit| digit - b'0')) == id[17]
            }
            Self::Fifteen(_) => true,
        }
    }

    /// The 18 characters of an id of 15 digits: the century that it left out, and the check character.
    /// `None` for one that has them.
    pub fn upgraded(&self) -> Option<String> {
        let Self::Fifteen(old) = self else { return None };
        let mut digits = [0; 17];
        digits[..6].copy_from_slice(&old[..6]);
        digits[6..8].copy_from_slice(b"19");
        digits[8..].copy_from_slice(&old[6..]);
        let check = check_character(digits.map(|digit| digit - b'0'));
        Some(digits.iter().chain([&check]).map(|byte| char::from(*byte)).collect())
    }

    /// The six digits of the division in which the id was first given.
    pub fn division(&self) -> &str {
        let digits = match self {
            Self::Eighteen(id) => &id[..6],
            Self::Fifteen(id) => &id[..6],
        };
        std::str::from_utf8(digits).expect("digits are ASCII")
    }

    /// Who issued it; none if no issuer uses its first digits.
    pub fn region(&self) -> Option<IdRegion> {
        divisions::id_region(self.division())
    }

    /// Whether it is the number of a card for people who are no residents of the mainland: these are made as
    /// resident ids are.
    pub fn is_of_a_permit(&self) -> bool {
        matches!(self.region(), Some(IdRegion::ResidencePermit | IdRegion::ForeignPermanentResident))
    }

    /// Whether it was made up to fill the field: one digit over and over, or digits in a row.
    pub fn is_placeholder(&self) -> bool {
        let digits = match self {
            Self::Eighteen(id) => &id[..17],
            Self::Fifteen(id) => &id[..],
        };
        let steps_by =
            |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
        steps_by(0) || steps_by(1) || steps_by(9)
    }

    /// Whether the id can be one: its date exists, its check character is right, and it was not made up.
    pub fn is_valid(&self) -> bool {
        self.birth_date().is_some() && self.check_character_is_right() && !self.is_placeholder()
    }
}

/// Whether a text is a number in scientific notation, as `4.41E+17`: what a spreadsheet makes of long numbers.
pub fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_number =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    is_number(mantissa) && mantissa.contains('.') && is_number(exponent)
}

/// The check character of 17 digits (values 0 to 9) by ISO 7064 MOD 11-2: `0` to `9`, or `X` for ten.
pub fn check_character(digits: [u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: &[u8; 11] = b"10X98765432";
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    CHARACTERS[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> ResidentId {
        ResidentId::parse(text).unwrap_or_else(|fault| panic!("{fault:?}"))
    }

    #[test]
    fn the_examples_of_the_standard_are_valid() {
        let woman = id("11010519491231002X");
        assert!(woman.is_valid());
        assert_eq!(woman.birth_date().unwrap().to_string(), "1949-12-31");
        assert_eq!(woman.gender(), Gender::Female);
        let man = id("440524188001010014");
        assert!(man.is_valid());
        assert_eq!(man.gender(), Gender::Male);
    }

    #[test]
    fn old_ids_have_a_date_and_a_gender() {
        let old = id("110105491231002");
        assert!(old.is_valid());
        assert_eq!(old.birth_date().unwrap().to_string(), "1949-12-31");
        assert_eq!(old.gender(), Gender::Female);
    }

    #[test]
    fn an_old_id_is_upgraded_to_the_new_form() {
        assert_eq!(id("110105491231002").upgraded().as_deref(), Some("11010519491231002X"));
        assert_eq!(id("11010519491231002X").upgraded(), None);
    }

    #[test]
    fn made_up_numbers_are_told_from_given_ones() {
        for text in ["111111111111111", "123456789012345", "12345678901234567X", "000000000000000000"] {
            assert!(id(text).is_placeholder() && !id(text).is_valid(), "{text}");
        }
        assert!(!id("11010519491231002X").is_placeholder());
    }

    #[test]
    fn permits_are_told_from_divisions() {
        for text in ["810000199408230021", "830000199408230021", "911156199001010014"] {
            assert!(id(text).is_of_a_permit(), "{text}");
        }
        assert!(!id("11010519491231002X").is_of_a_permit());
        assert_eq!(id("11010519491231002X").division(), "110105");
    }

    #[test]
    fn a_wrong_date_and_a_wrong_check_character_are_seen() {
        assert!(id("110105194913310021").birth_date().is_none());
        assert!(!id("110105194912310021").check_character_is_right());
    }

    #[test]
    fn masked_and_misshapen_numbers_are_told_apart() {
        assert_eq!(ResidentId::parse("110105********002X").err(), Some(ShapeFault::Masked));
        assert_eq!(ResidentId::parse("4.41E+17").err(), Some(ShapeFault::Rounded));
        assert_eq!(ResidentId::parse("E12345678").err(), Some(ShapeFault::OtherDocument));
        for text in ["", "1", "X1010519491231002X", "11010519491231002Y", "身份证"] {
            assert_eq!(ResidentId::parse(text).err(), Some(ShapeFault::Wrong), "{text}");
        }
    }

    #[test]
    fn spaces_dashes_and_case_do_not_matter() {
        assert_eq!(compact("110105 1949-1231 002x"), "11010519491231002X");
    }

    /// ISO 7064 by its definition: the sum of a_i x 2^(i-1) over all characters, from the right, is 1
    /// modulo 11.
    fn holds_by_definition(digits: [u8; 17], check: u8) -> bool {
        let value = if check == b'X' { 10 } else { u32::from(check - b'0') };
        let weighted = |sum: u32, digit: &u8| (sum + u32::from(*digit)) * 2 % 11;
        (digits.iter().fold(0, weighted) + value) % 11 == 1
    }

    proptest! {
        #[test]
        fn the_check_character_is_that_of_iso_7064(digits in proptest::array::uniform17(0u8..10)) {
            prop_assert!(holds_by_definition(digits, check_character(digits)));
        }

        #[test]
        fn one_wrong_digit_is_always_found(
            digits in proptest::array::uniform17(0u8..10),
            at in 0usize..17,
            step in 1u8..10,
        ) {
            let mut wrong = digits;
            wrong[at] = (wrong[at] + step) % 10;
            prop_assert_ne!(check_character(wrong), check_character(digits));
        }

        #[test]
        fn swapped_neighbours_are_always_found(
            mut digits in proptest::array::uniform17(0u8..10),
            at in 0usize..16,
            step in 1u8..10,
        ) {
            digits[at + 1] = (digits[at] + step) % 10;
            let mut wrong = digits;
            wrong.swap(at, at + 1);
            prop_assert_ne!(check_character(wrong), check_character(digits));
        }

        #[test]
        fn any_text_is_taken(text in any::<String>(), near in "[0-9Xx* -]{14,20}") {
            for text in [text, near] {
                let once = compact(&text).into_owned();
                prop_assert!(compact(&once) == once);
                if let Ok(id) = ResidentId::parse(&once) {
                    let _ = (id.is_valid(), id.gender());
                }
            }
        }
    }
}
