//! The hospital's own number of the patient, by what the profile knows of such numbers.

use std::borrow::Cow;

/// What the numbers of a hospital's patients look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientIdFormat {
    /// How many digits a number has that is nothing but digits; a shorter one lost its leading zeros.
    pub width: Option<usize>,
    /// Which characters may occur.
    pub characters: Characters,
    /// The maximum number of characters.
    pub max_characters: usize,
}

impl PatientIdFormat {
    /// The maximum that a profile can allow.
    pub const MAX_CHARACTERS: usize = 128;

    /// The number with the leading zeros that it lost. Nothing is ever trimmed: a longer number stays.
    pub fn pad<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.width {
            Some(width) if text.len() < width && !text.is_empty() && is_digits(text) => {
                Cow::Owned(format!("{text:0>width$}"))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether the text is longer than this hospital's numbers can be.
    pub fn is_too_long(&self, text: &str) -> bool {
        text.len() > self.max_characters && text.chars().count() > self.max_characters
    }

    /// Whether the text has only characters that numbers of this hospital have.
    pub fn has_characters_of(&self, text: &str) -> bool {
        match self.characters {
            Characters::Any => true,
            Characters::Digits => is_digits(text),
            Characters::Alphanumeric => text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        }
    }
}

impl Default for PatientIdFormat {
    fn default() -> Self {
        Self { width: None, characters: Characters::Any, max_characters: Self::MAX_CHARACTERS }
    }
}

/// Which characters a patient's number may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Characters {
    /// 0 to 9.
    Digits,
    /// 0 to 9, A to Z, a to z.
    Alphanumeric,
    /// Any.
    Any,
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(width: usize) -> PatientIdFormat {
        PatientIdFormat { width: Some(width), ..PatientIdFormat::default() }
    }

    #[test]
    fn lost_zeros_come_back_and_nothing_is_trimmed() {
        for (text, padded) in [
            ("12345", "00012345"),
            ("00012345", "00012345"),
            ("123456789", "123456789"),
            ("M0099", "M0099"),
            ("", ""),
        ] {
            assert_eq!(ids(8).pad(text), padded);
        }
        assert_eq!(PatientIdFormat::default().pad("12345"), "12345");
    }

    #[test]
    fn a_number_fits_by_its_characters_and_its_length() {
        let with =
            |characters| PatientIdFormat { characters, max_characters: 4, ..PatientIdFormat::default() };
        let (digits, alphanumeric) = (with(Characters::Digits), with(Characters::Alphanumeric));
        assert!(digits.has_characters_of("0123") && !digits.has_characters_of("012a"));
        assert!(alphanumeric.has_characters_of("M012") && !alphanumeric.has_characters_of("M-12"));
        assert!(with(Characters::Any).has_characters_of("病案-01"));
        assert!(digits.is_too_long("病案012") && !digits.is_too_long("病案01"));
    }

    proptest! {
        #[test]
        fn a_padded_number_is_not_padded_again(text in "[0-9A-Z]{0,12}", width in 1usize..20) {
            let once = ids(width).pad(&text).into_owned();
            prop_assert_eq!(ids(width).pad(&once), once.as_str());
            prop_assert!(once.ends_with(&text));
        }
    }
}
