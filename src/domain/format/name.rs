//! Names of persons.

use super::text;
use crate::domain::patient::Name;

/// The canonical separator within names of ethnic minorities written in Han characters.
const SEPARATOR: char = '\u{B7}';

/// One part of a name, or a whole one: no space between Han characters, and one separator among the many
/// that look like it. Nothing is split that the source did not split.
pub fn part(raw: &str) -> String {
    let text = text::prose(raw);
    if text.is_ascii() {
        return text.into_owned();
    }
    let mut formatted = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = None;
    while let Some(character) = characters.next() {
        let between_han = before.is_some_and(is_han) && characters.peek().copied().is_some_and(is_han);
        match character {
            ' ' if between_han => continue,
            _ if between_han && is_separator(character) => formatted.push(SEPARATOR),
            _ => formatted.push(character),
        }
        before = Some(character);
    }
    formatted
}

/// A name out of its parts: the whole name if the source has it, else family and given in the order in
/// which the script writes them.
pub fn whole(text: Option<String>, family: Option<String>, given: Option<String>) -> Option<Name> {
    let text = text.or_else(|| match (&family, &given) {
        (Some(family), Some(given)) if family.chars().chain(given.chars()).all(is_han_or_separator) => {
            Some(format!("{family}{given}"))
        }
        (Some(family), Some(given)) => Some(format!("{given} {family}")),
        (family, given) => family.clone().or_else(|| given.clone()),
    })?;
    Some(Name { text, family, given, pinyin: None })
}

fn is_han_or_separator(character: char) -> bool {
    is_han(character) || character == SEPARATOR
}

fn is_separator(character: char) -> bool {
    matches!(character, '•' | '・' | '‧' | '.' | '\u{B7}')
}

/// CJK unified and compatibility ideographs with all extensions, the iteration mark and the zero.
fn is_han(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(family: &str, given: &str) -> Option<String> {
        let present = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        whole(None, present(family), present(given)).map(|name| name.text)
    }

    #[test]
    fn han_names_lose_spaces_and_get_one_separator() {
        assert_eq!(part("张　 三"), "张三");
        assert_eq!(part("阿卜杜拉•买买提"), "阿卜杜拉·买买提");
        assert_eq!(part("阿卜杜拉．买买提"), "阿卜杜拉·买买提");
    }

    #[test]
    fn latin_names_keep_spaces_and_dots() {
        assert_eq!(part("  José  A. da Silva "), "José A. da Silva");
    }

    #[test]
    fn parts_join_in_the_order_of_their_script() {
        assert_eq!(joined("张", "三").as_deref(), Some("张三"));
        assert_eq!(joined("green", "mitchell").as_deref(), Some("mitchell green"));
        assert_eq!(joined("green", "").as_deref(), Some("green"));
        assert_eq!(joined("", "isabelle").as_deref(), Some("isabelle"));
        assert_eq!(joined("", ""), None);
    }

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(name in "[a-zé 张三阿々·•・.．　]{0,16}", any in any::<String>()) {
            for name in [name, any] {
                let once = part(&name);
                prop_assert!(part(&once) == once);
            }
        }
    }
}
