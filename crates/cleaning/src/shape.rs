//! The shape of a text: enough to find out what is wrong with it, too little to know what it says.

use std::fmt;

/// The classes of a text's characters, in their order: `d` a digit, `a` a lower and `A` an upper case
/// letter, `汉` a Han character, `~` anything else that is no ASCII punctuation. Punctuation and spaces are kept,
/// because formats differ in them. `1990/5/2` has the shape `dddd/d/d`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    classes: Box<str>,
    /// Characters of the text.
    length: usize,
}

/// How many characters a shape shows. What is longer is no code, number or date.
const MAX_SHOWN: usize = 32;

impl Shape {
    /// The shape of a text.
    pub fn from_text(text: &str) -> Self {
        let length = text.chars().count();
        Self { classes: text.chars().take(MAX_SHOWN).map(class).collect(), length }
    }

    /// From how it is shown. No shape that is shown whole ends like one that is not: its letters are `a`.
    pub fn from_shown(shown: &str) -> Self {
        let cut = shown.strip_suffix(" characters)").and_then(|shown| shown.rsplit_once("... ("));
        match cut.and_then(|(classes, length)| Some((classes, length.parse().ok()?))) {
            Some((classes, length)) => Self { classes: classes.into(), length },
            None => Self { classes: shown.into(), length: shown.chars().count() },
        }
    }
}

impl fmt::Display for Shape {
    /// The classes; of a text that is longer than what is shown, also its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.classes)?;
        if self.length > MAX_SHOWN { write!(f, "... ({} characters)", self.length) } else { Ok(()) }
    }
}

fn class(character: char) -> char {
    match character {
        _ if character.is_numeric() => 'd',
        ' ' => ' ',
        _ if character.is_ascii_punctuation() => character,
        '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => '汉',
        _ if character.is_lowercase() => 'a',
        _ if character.is_uppercase() => 'A',
        _ => '~',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> String {
        Shape::from_text(text).to_string()
    }

    #[test]
    fn a_shape_shows_classes_and_punctuation() {
        assert_eq!(shape("1990/5/2"), "dddd/d/d");
        assert_eq!(shape("4.41E+17"), "d.ddA+dd");
        assert_eq!(shape("张三 Li"), "汉汉 Aa");
        assert_eq!(shape("１９９０\u{FFFD}"), "dddd~");
        assert_eq!(shape(""), "");
    }

    #[test]
    fn a_long_text_shows_its_length() {
        assert_eq!(shape(&"1".repeat(40)), format!("{}... (40 characters)", "d".repeat(32)));
    }

    proptest! {
        #[test]
        fn a_shape_is_read_back_from_how_it_is_shown(text in any::<String>()) {
            let shape = Shape::from_text(&text);
            prop_assert_eq!(Shape::from_shown(&shape.to_string()), shape);
        }

        #[test]
        fn no_letter_or_digit_of_a_text_is_shown(text in any::<String>()) {
            let shown = Shape::from_text(&text);
            let harmless = |c: char| matches!(c, 'd' | 'a' | 'A' | '汉' | '~' | ' ') || c.is_ascii_punctuation();
            prop_assert!(shown.classes.chars().all(harmless));
        }
    }
}
