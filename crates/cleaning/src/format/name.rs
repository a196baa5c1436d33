//! Names of persons.

use crate::{patient::Name, phi::Phi};

/// The canonical separator within names of ethnic minorities written in Han characters.
const SEPARATOR: char = '\u{B7}';

/// One part of a name, or a whole one.
pub struct NamePart {
    /// Its canonical form.
    pub text: String,
    /// Whether a separator was replaced by the canonical one.
    pub separator_unified: bool,
    /// Whether spaces between Han characters were removed.
    pub spaces_removed: bool,
}

/// Formats one part of a name, or a whole one: no space between Han characters, and one separator among the
/// many that look like it. Nothing is split that the source did not split.
pub fn part(text: &str) -> NamePart {
    let mut part =
        NamePart { text: String::with_capacity(text.len()), separator_unified: false, spaces_removed: false };
    if text.is_ascii() {
        part.text.push_str(text);
        return part;
    }
    let (mut rest, mut after_han) = (text, false);
    while let Some(character) = rest.chars().next() {
        let is_gap = |character: char| character == ' ' || is_separator(character);
        let (gap, after) = rest.split_at(rest.find(|other| !is_gap(other)).unwrap_or(rest.len()));
        if gap.is_empty() {
            part.text.push(character);
            rest = &rest[character.len_utf8()..];
        } else {
            part.push_gap(gap, after_han && after.starts_with(is_han));
            rest = after;
        }
        after_han = is_han(character);
    }
    part
}

impl NamePart {
    /// Between Han characters spaces mean nothing, and one separator means one whatever surrounds it.
    fn push_gap(&mut self, gap: &str, between_han: bool) {
        let mut separators = gap.chars().filter(|character| *character != ' ');
        match (separators.next(), separators.next()) {
            (None, _) if between_han => self.spaces_removed = true,
            (Some(separator), None) if between_han => {
                self.text.push(SEPARATOR);
                self.separator_unified |= separator != SEPARATOR;
                self.spaces_removed |= gap.len() > separator.len_utf8();
            }
            _ => self.text.push_str(gap),
        }
    }
}

/// A name out of its parts: the whole name if the source has it, else family and given in the order in
/// which the script writes them.
pub fn whole(
    text: Option<Phi<String>>,
    family: Option<Phi<String>>,
    given: Option<Phi<String>>,
) -> Option<Name> {
    let text = text.or_else(|| match (&family, &given) {
        (Some(family), Some(given)) if is_han_name(family) && is_han_name(given) => {
            Some([family.as_str(), given].concat().into())
        }
        // Formatted once more: Han characters may meet where the parts do.
        (Some(family), Some(given)) => Some(part(&[given.as_str(), family].join(" ")).text.into()),
        (family, given) => family.clone().or_else(|| given.clone()),
    })?;
    Some(Name { text, family, given, pinyin: None })
}

/// The pinyin of a name in Han characters, syllable by syllable and without tones. `None` for any other name.
/// Surnames with a reading of their own get the usual one: it helps to find a name, and never replaces it.
pub fn pinyin(name: &str) -> Option<String> {
    use pinyin::ToPinyin;
    let han = name.chars().filter(|character| *character != SEPARATOR);
    let syllables: Option<Vec<&str>> = han.map(|character| Some(character.to_pinyin()?.plain())).collect();
    syllables.filter(|syllables| !syllables.is_empty()).map(|syllables| syllables.join(" "))
}

/// Whether a name is written in Han characters alone, with or without separators.
pub fn is_han_name(name: &str) -> bool {
    name.chars().all(is_han_or_separator)
}

fn is_han_or_separator(character: char) -> bool {
    is_han(character) || character == SEPARATOR
}

fn is_separator(character: char) -> bool {
    matches!(character, '•' | '・' | '‧' | '.' | '．' | '\u{B7}')
}

/// Whether a character is one of the CJK unified and compatibility ideographs with all
/// extensions, the iteration mark or the zero.
pub fn is_han(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(family: &str, given: &str) -> Option<String> {
        let present = |part: &str| (!part.is_empty()).then(|| part.into());
        whole(None, present(family), present(given)).map(|name| name.text.into_inner())
    }

    #[test]
    fn han_names_lose_spaces_and_get_one_separator() {
        let spaced = part("张 三");
        assert!(spaced.text == "张三" && spaced.spaces_removed && !spaced.separator_unified);
        for written in ["阿卜杜拉•买买提", "阿卜杜拉．买买提", "阿卜杜拉・买买提", "阿卜杜拉·买买提"]
        {
            let name = part(written);
            assert_eq!(name.text, "阿卜杜拉·买买提");
            assert_eq!(name.separator_unified, written != name.text);
        }
    }

    #[test]
    fn a_separator_among_spaces_is_one() {
        for written in ["阿卜杜拉 · 买买提", "阿卜杜拉• 买买提", "阿卜杜拉 ．买买提"]
        {
            let name = part(written);
            assert!(name.text == "阿卜杜拉·买买提" && name.spaces_removed, "{written}");
        }
        assert_eq!(part("阿卜杜拉 ·· 买买提").text, "阿卜杜拉 ·· 买买提");
        assert_eq!(part("· 买买提 ·").text, "· 买买提 ·");
    }

    #[test]
    fn latin_names_keep_spaces_and_dots() {
        let name = part("José A. da Silva");
        assert!(name.text == "José A. da Silva" && !name.spaces_removed && !name.separator_unified);
    }

    #[test]
    fn only_han_names_have_a_pinyin() {
        assert_eq!(pinyin("张三").as_deref(), Some("zhang san"));
        assert_eq!(pinyin("阿卜杜拉·买买提").as_deref(), Some("a bo du la mai mai ti"));
        for name in ["", "José", "张San", "·"] {
            assert_eq!(pinyin(name), None, "{name}");
        }
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
                let once = part(&name).text;
                let again = part(&once);
                prop_assert!(again.text == once && !again.separator_unified && !again.spaces_removed);
            }
        }
    }
}
