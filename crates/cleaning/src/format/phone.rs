//! Phone numbers into E.164.

use phonenumber::{Mode, country};

use crate::phi::Phi;

/// A formatted phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// E.164 if the number is valid, with its extension as RFC 3966 writes it (`+861062345678;ext=8001`); else
    /// the cleaned text.
    pub text: Phi<String>,
    /// Whether it is a number of its region.
    pub valid: bool,
}

/// Prefixes of carriers that people in China wrote before a number to call it at a lower price.
const CARRIER_PREFIXES: [&str; 4] = ["17951", "17911", "17909", "12593"];

/// The longest thing that is still tried: a country code and a number have 15 digits, a prefix may precede.
const MAX_DIGITS: usize = 20;

/// Formats a cleaned text; `region` is that of numbers without a country code.
pub fn format(text: &str, region: Option<country::Id>) -> Phone {
    let (number, extension) = split_extension(text);
    let formatted = match (e164(number, region), extension) {
        (Some(number), Some(extension)) => Some(with_extension(&number, extension)),
        (Some(number), None) => Some(number),
        (None, Some(_)) => None,
        (None, None) => behind_a_dash(text, region),
    };
    match formatted {
        Some(text) => Phone { text: text.into(), valid: true },
        None => Phone { text: text.into(), valid: false },
    }
}

fn with_extension(number: &str, extension: &str) -> String {
    format!("{number};ext={extension}")
}

/// `010-62345678-8001`: an extension without a mark, where the rest is a number by itself.
fn behind_a_dash(text: &str, region: Option<country::Id>) -> Option<String> {
    let (number, extension) = text.rsplit_once('-')?;
    let is_extension =
        (1..=6).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_extension.then(|| e164(number, region)).flatten()?;
    Some(with_extension(&number, extension))
}

/// Whether a formatted number was made up to fill the field: one digit over and over or digits in a row after
/// the country code, or a mobile number that ends in eight zeros.
pub fn is_placeholder(text: &str) -> bool {
    let digits = text.strip_prefix("+86").unwrap_or(text).as_bytes();
    let runs = |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    digits.len() >= 7
        && digits.iter().all(u8::is_ascii_digit)
        && (runs(0) || runs(1) || digits.ends_with(b"00000000") || digits == b"13800138000")
}

/// The extension that a number ends with, as `转8001`, `ext. 8001` or `;ext=8001`.
fn split_extension(text: &str) -> (&str, Option<&str>) {
    if text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b' ')) {
        return (text, None);
    }
    for mark in EXTENSION_MARKS {
        let Some(at) = find_ignoring_case(text, mark) else { continue };
        let extension = text[at + mark.len()..].trim_start_matches(['.', ':', '=', ' ']);
        if (1..=6).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text[..at].trim_end_matches([' ', ',', ';', '-', '(', '转']);
            return (number, Some(extension));
        }
    }
    (text, None)
}

/// Where an extension begins. Longer marks go first, so that none is taken for the end of a number.
const EXTENSION_MARKS: [&str; 6] = [";ext", "分机", "转", "ext", "x", "#"];

fn find_ignoring_case(text: &str, mark: &str) -> Option<usize> {
    let starts = |at: &usize| {
        text.as_bytes()[*at..]
            .get(..mark.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(mark.as_bytes()))
    };
    (0..text.len()).find(starts)
}

fn e164(text: &str, region: Option<country::Id>) -> Option<String> {
    let dialled = dialled(text)?;
    let dialled = without_carrier_prefix(&dialled, region);
    mobile_of_china(dialled, region).or_else(|| international(dialled, region))
}

/// Loads the tables of numbering plans, which otherwise the first phone of the process waits for.
pub fn warm_up() {
    international("+8613912345678", None);
}

/// Several numbers that a source wrote into one field. An extension in RFC 3966's writing begins with the
/// same semicolon, and stays with its number.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let numbers = std::iter::from_fn(move || {
        let text = rest?;
        let separates = |(at, mark): &(usize, &str)| *mark != ";" || !text[*at..].starts_with(";ext=");
        let separator = text.match_indices(['/', ',', ';', '、', '，', '；', '或']).find(separates);
        let (number, after) = match separator {
            Some((at, mark)) => (&text[..at], Some(&text[at + mark.len()..])),
            None => (text, None),
        };
        rest = after;
        Some(number)
    });
    numbers.map(str::trim).filter(|number| !number.is_empty())
}

/// The digits to dial, with the plus before them; `None` if there is anything else but punctuation.
fn dialled(text: &str) -> Option<String> {
    let mut dialled = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' => dialled.push(character),
            '+' if dialled.is_empty() => dialled.push(character),
            ' ' | '-' | '(' | ')' | '.' | '\u{2010}'..='\u{2015}' => {}
            _ => return None,
        }
    }
    (3..=MAX_DIGITS).contains(&dialled.len()).then_some(dialled)
}

fn without_carrier_prefix(dialled: &str, region: Option<country::Id>) -> &str {
    if region != Some(country::CN) {
        return dialled;
    }
    CARRIER_PREFIXES.iter().find_map(|prefix| dialled.strip_prefix(prefix)).unwrap_or(dialled)
}

/// Mobile numbers of China without the general parser, which costs many times as much: most phones of a
/// Chinese source are such. `1`, a digit from 3, nine more digits.
fn mobile_of_china(dialled: &str, region: Option<country::Id>) -> Option<String> {
    let national = match dialled.strip_prefix("+86") {
        Some(national) => national,
        None if region == Some(country::CN) => dialled.strip_prefix("0086").unwrap_or(dialled),
        None => return None,
    };
    match national.as_bytes() {
        [b'1', b'3'..=b'9', rest @ ..] if rest.len() == 9 => Some(format!("+86{national}")),
        _ => None,
    }
}

fn international(dialled: &str, region: Option<country::Id>) -> Option<String> {
    let number = phonenumber::parse(region, dialled).ok()?;
    if !phonenumber::is_valid(&number) {
        return None;
    }
    Some(number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn valid(text: &str, region: country::Id) -> Option<String> {
        let phone = format(text, Some(region));
        phone.valid.then(|| phone.text.into_inner())
    }

    #[test]
    fn mobile_numbers_of_china_are_read_in_every_dress() {
        for text in
            ["13912345678", "+86 139-1234-5678", "0086 13912345678", "1795113912345678", "139 1234 5678"]
        {
            assert_eq!(valid(text, country::CN).as_deref(), Some("+8613912345678"), "{text}");
        }
    }

    #[test]
    fn other_numbers_go_through_the_general_parser() {
        assert_eq!(valid("010-62345678", country::CN).as_deref(), Some("+861062345678"));
        assert_eq!(valid("(02) 9374 4000", country::AU).as_deref(), Some("+61293744000"));
        assert_eq!(valid("+1 650 253 0000", country::CN).as_deref(), Some("+16502530000"));
    }

    #[test]
    fn what_is_no_number_keeps_its_text() {
        for text in ["", "12", "12345678901234567890123", "none", "139*****678", "1391234567"] {
            let phone = format(text, Some(country::CN));
            assert!(!phone.valid && phone.text == text, "{text}");
        }
        assert!(!format("62345678", None).valid, "no region, no country code");
    }

    #[test]
    fn an_extension_stands_apart() {
        for text in [
            "010-62345678转8001",
            "010-62345678转分机8001",
            "010-62345678 ext. 8001",
            "010-62345678x8001",
            "010-62345678-8001",
        ] {
            assert_eq!(valid(text, country::CN).as_deref(), Some("+861062345678;ext=8001"), "{text}");
        }
        assert_eq!(valid("13912345678转", country::CN), None);
    }

    #[test]
    fn made_up_numbers_are_told_from_real_ones() {
        for text in
            ["+8611111111111", "11111111111", "+8613800000000", "12345678", "12345678901", "+8613800138000"]
        {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["+8613912345678", "+861062345678", "123", ""] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn several_numbers_in_one_field_are_split() {
        let numbers: Vec<&str> = split("13912345678/010-62345678、 13812345678;").collect();
        assert_eq!(numbers, ["13912345678", "010-62345678", "13812345678"]);
        assert_eq!(
            split("+861062345678;ext=8001;110").collect::<Vec<_>>(),
            ["+861062345678;ext=8001", "110"]
        );
    }

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(
            text in "[+]?(86|0086|1|61|44|39|54|52|55)?[0-9 ()-]{0,14}(转|ext|x|;ext=)?[0-9]{0,7}",
            any in any::<String>(),
        ) {
            for text in [text, any] {
                for region in [Some(country::CN), Some(country::AU), None] {
                    let once = format(&text, region);
                    prop_assert!(format(&once.text, region) == once);
                }
            }
        }
    }
}
