//! Two formats of one source may not read the same text in different ways, for then their order would decide what a
//! date means.

use super::{
    DateFormat, Shape,
    pattern::{PatternPart, Unit},
};

/// Why a format cannot follow an earlier one. The text is a message for people.
pub(super) fn conflict(earlier: &DateFormat, format: &DateFormat) -> Option<String> {
    match (&earlier.shape, &format.shape) {
        _ if earlier == format => Some(format!("{format} is listed twice")),
        (Shape::Epoch(_), Shape::Epoch(_)) => {
            Some("seconds and milliseconds cannot be told apart: name one of them".into())
        }
        (Shape::Epoch(_), Shape::Civil { parts, .. }) if all_digits(parts) => {
            Some(format!("{earlier} matches every number: write {format} before it"))
        }
        (Shape::Civil { parts: before, .. }, Shape::Civil { parts, .. }) => {
            let differ = spellings(before)
                .iter()
                .any(|one| spellings(parts).iter().any(|other| fit_and_differ(one, other)));
            differ.then(|| format!("{earlier} reads some of the same texts in another way: keep one of them"))
        }
        _ => None,
    }
}

fn all_digits(parts: &[PatternPart]) -> bool {
    parts.iter().all(|part| matches!(part, PatternPart::Number { .. }))
}

/// One character of a text: a digit that counts something, or the character itself.
#[derive(Clone, Copy, PartialEq)]
enum Character {
    Digit(Unit),
    Literal(char),
}

impl Character {
    fn takes_a_digit(self) -> bool {
        match self {
            Self::Digit(_) => true,
            Self::Literal(character) => character.is_ascii_digit(),
        }
    }
}

/// Every way in which texts of a pattern may be laid out: few, for only month, day and hour can be of one
/// digit or two.
fn spellings(parts: &[PatternPart]) -> Vec<Vec<Character>> {
    parts.iter().fold(vec![Vec::new()], |spellings, part| match *part {
        PatternPart::Literal(character) => longer(&spellings, &[Character::Literal(character)]),
        PatternPart::Number { unit, min, max } => (min..=max)
            .flat_map(|digits| longer(&spellings, &vec![Character::Digit(unit); digits.into()]))
            .collect(),
    })
}

fn longer(spellings: &[Vec<Character>], slots: &[Character]) -> Vec<Vec<Character>> {
    spellings.iter().map(|spelling| [spelling, slots].concat()).collect()
}

/// Whether a text can be of both layouts and mean different things.
fn fit_and_differ(one: &[Character], other: &[Character]) -> bool {
    let fit = |(one, other): (&Character, &Character)| {
        one == other || (one.takes_a_digit() && other.takes_a_digit())
    };
    one.len() == other.len() && one != other && one.iter().zip(other).all(fit)
}
