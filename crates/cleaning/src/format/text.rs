//! Text as people and systems write it, brought into one form: no invisible characters, one width, one
//! normal form, single inner spaces, none at the ends.

use std::{borrow::Cow, iter};

use unicode_normalization::UnicodeNormalization;

/// Names and addresses: width folding and NFC, which leave the characters of a name as they are.
pub fn clean_free_text(text: &str) -> Cow<'_, str> {
    clean(text, |visible| {
        let mut folded = String::with_capacity(visible.len());
        for character in visible.chars() {
            match character {
                '\u{FF00}'..='\u{FFEF}' => folded.extend(iter::once(character).nfkc()),
                _ => folded.push(character),
            }
        }
        folded.nfc().collect()
    })
}

/// Codes, numbers, dates and phones: NFKC, which also folds what only looks like a digit or a letter.
pub fn clean_token(text: &str) -> Cow<'_, str> {
    clean(text, |visible| visible.nfkc().collect())
}

/// What was done to a text, for the list of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edits {
    /// Characters were removed, or spaces brought in order.
    pub cleaned: bool,
    /// Characters were replaced by their canonical equals.
    pub folded: bool,
}

/// What [`clean_free_text`] or [`clean_token`] did to make `formatted` of `raw`. It costs nothing where they did nothing.
pub fn edits(raw: &str, formatted: &str) -> Edits {
    if raw == formatted {
        return Edits { cleaned: false, folded: false };
    }
    let visible: String = raw.chars().filter(|character| !is_invisible(*character)).collect();
    let tidy = with_single_spaces(&visible);
    Edits { cleaned: tidy != raw, folded: tidy != formatted }
}

/// Spaces come last: normalising can make new ones (U+00A0, U+3000), but never an invisible character.
fn clean(text: &str, normalise: impl Fn(String) -> String) -> Cow<'_, str> {
    let trimmed = text.trim_matches(' ');
    if is_clean_ascii(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    let visible: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let normal = if visible.is_ascii() { visible } else { normalise(visible) };
    Cow::Owned(with_single_spaces(&normal))
}

fn is_clean_ascii(text: &str) -> bool {
    let mut previous = 0;
    text.bytes().all(|byte| {
        let doubled = byte == b' ' && previous == b' ';
        previous = byte;
        matches!(byte, b' '..=b'~') && !doubled
    })
}

/// Characters that change what a text is and not what it looks like: control characters (a line break is a
/// space, not one of these), byte order marks, soft hyphens, zero-width characters and marks of direction.
fn is_invisible(character: char) -> bool {
    match character {
        '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => true,
        _ => character.is_control() && !character.is_whitespace(),
    }
}

fn with_single_spaces(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(clean_free_text("wallaby place"), Cow::Borrowed("wallaby place")));
        assert!(matches!(clean_token("  19560409 "), Cow::Borrowed("19560409")));
    }

    #[test]
    fn spaces_of_every_kind_are_trimmed_and_collapsed() {
        assert_eq!(clean_free_text("\u{3000}a \t\n b\u{A0}\u{3000}c\u{3000}"), "a b c");
    }

    #[test]
    fn invisible_characters_are_dropped() {
        assert_eq!(clean_free_text("\u{FEFF}a\u{200B}b\u{202E}c\u{7}d\u{AD}"), "abcd");
    }

    #[test]
    fn full_width_forms_are_folded() {
        assert_eq!(clean_free_text("ＡＢＣ１２３"), "ABC123");
        assert_eq!(clean_free_text("ｶﾞ"), "ガ");
        assert_eq!(clean_token("１９９０年"), "1990年");
    }

    #[test]
    fn prose_keeps_what_codes_fold() {
        assert_eq!(clean_free_text("①"), "①");
        assert_eq!(clean_token("①"), "1");
        assert_eq!(clean_free_text("e\u{301}"), "\u{E9}");
    }

    #[test]
    fn edits_tell_cleaning_from_folding() {
        let of = |raw: &str| {
            let Edits { cleaned, folded } = edits(raw, &clean_token(raw));
            (cleaned, folded)
        };
        assert_eq!(of("1990"), (false, false));
        assert_eq!(of(" 1990\u{200B}"), (true, false));
        assert_eq!(of("１９９０"), (false, true));
        assert_eq!(of("　１９９０"), (true, true));
    }

    /// Where normal forms, widths and spaces do the most to each other.
    const TRICKY: &str = "[ -~\u{A0}-\u{FF}\u{300}-\u{345}\u{1100}-\u{11FF}\u{2000}-\u{2070}\
                          \u{3000}-\u{30FF}\u{FE00}-\u{FFFD}]{0,24}";

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(text in TRICKY, any in any::<String>()) {
            for text in [text, any] {
                let once = clean_free_text(&text).into_owned();
                prop_assert!(clean_free_text(&once) == once);
                let once = clean_token(&text).into_owned();
                prop_assert!(clean_token(&once) == once);
            }
        }
    }
}
