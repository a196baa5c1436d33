//! The formats of one source: no two of them may read the same text in different ways, for then the order
//! in which they stand would decide what a date means.

use super::{
    DateFormat, Shape,
    pattern::{Part, Unit},
};
use settings::{Reported, SettingField};

/// Reads the formats of a source; they are tried in their order.
///
/// # Errors
///
/// What cannot be read, and a format that contradicts one before it, are written down with their lines.
pub fn read(setting: SettingField<'_>) -> Result<Vec<DateFormat>, Reported> {
    let mut formats: Vec<DateFormat> = Vec::new();
    setting.list(|format| {
        let format = format.parsed(|text| {
            let format = DateFormat::parse(text).map_err(|error| error.to_string())?;
            match formats.iter().find_map(|earlier| clash(earlier, &format)) {
                Some(clash) => Err(clash),
                None => Ok(format),
            }
        })?;
        formats.push(format);
        Ok(())
    })?;
    Ok(formats)
}

/// Why a format cannot stand behind another.
fn clash(earlier: &DateFormat, format: &DateFormat) -> Option<String> {
    match (&earlier.shape, &format.shape) {
        _ if earlier == format => Some(format!("{format} is there already")),
        (Shape::Epoch(_), Shape::Epoch(_)) => {
            Some("seconds and milliseconds cannot be told apart: name one of them".into())
        }
        (Shape::Epoch(_), Shape::Civil { parts, .. }) if all_digits(parts) => {
            Some(format!("{earlier} takes every number: write {format} before it"))
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

fn all_digits(parts: &[Part]) -> bool {
    parts.iter().all(|part| matches!(part, Part::Number { .. }))
}

/// One character of a text: a digit that counts something, or the character itself.
#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Digit(Unit),
    Literal(char),
}

impl Slot {
    fn takes_a_digit(self) -> bool {
        match self {
            Self::Digit(_) => true,
            Self::Literal(character) => character.is_ascii_digit(),
        }
    }
}

/// Every way in which texts of a pattern may be laid out: few, for only month, day and hour can be of one
/// digit or two.
fn spellings(parts: &[Part]) -> Vec<Vec<Slot>> {
    parts.iter().fold(vec![Vec::new()], |spellings, part| match *part {
        Part::Literal(character) => longer(&spellings, &[Slot::Literal(character)]),
        Part::Number { unit, least, most } => (least..=most)
            .flat_map(|digits| longer(&spellings, &vec![Slot::Digit(unit); digits.into()]))
            .collect(),
    })
}

fn longer(spellings: &[Vec<Slot>], slots: &[Slot]) -> Vec<Vec<Slot>> {
    spellings.iter().map(|spelling| [spelling, slots].concat()).collect()
}

/// Whether a text can be of both layouts and mean different things.
fn fit_and_differ(one: &[Slot], other: &[Slot]) -> bool {
    let fit = |(one, other): (&Slot, &Slot)| one == other || (one.takes_a_digit() && other.takes_a_digit());
    one.len() == other.len() && one != other && one.iter().zip(other).all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Problems, Section, yaml};

    fn formats(list: &str) -> Result<usize, Vec<String>> {
        let mut problems = Problems::default();
        let text = format!("formats: {list}\n");
        let formats = yaml::parse("x.yaml", &text, &mut problems).and_then(|root| {
            Section::read(root, &mut problems, |root| root.required("formats").and_then(read))
        });
        let formats = problems.conclude(formats);
        formats.map(|formats| formats.len()).map_err(|found| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn formats_that_read_no_text_in_two_ways_stand_together() {
        for list in [
            "[yyyy-MM-dd, yyyy-M-d, yyyy/M/d, yyyyMMdd, yyyyMM, yyyy, instant, epoch-milliseconds]",
            "[dd/MM/yyyy, d/M/yyyy, yyyy/MM/dd, d/M/yy]",
            "[yyMMdd, yyyyMMdd, epoch-seconds]",
        ] {
            assert!(formats(list).is_ok(), "{list}: {:?}", formats(list));
        }
    }

    #[test]
    fn formats_that_contradict_each_other_are_refused() {
        for (list, expected) in [
            ("[dd/MM/yyyy, M/d/yyyy]", "dd/MM/yyyy reads some of the same texts in another way"),
            ("[yyyyMMdd, ddMMyyyy]", "yyyyMMdd reads some of the same texts in another way"),
            ("[yyMMdd, 'yy[1900]MMdd']", "yyMMdd reads some of the same texts in another way"),
            ("[yyyyMM, \"yyMM'01'\"]", "yyyyMM reads some of the same texts in another way"),
            ("[epoch-seconds, epoch-milliseconds]", "cannot be told apart"),
            ("[epoch-seconds, yyyyMMdd]", "epoch-seconds takes every number: write yyyyMMdd before it"),
            ("[instant, instant]", "instant is there already"),
        ] {
            let found = formats(list).expect_err("refused");
            assert!(found.len() == 1 && found[0].starts_with("x.yaml:1: formats[1]: "), "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }
}
