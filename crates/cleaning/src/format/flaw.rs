//! What can be wrong with the characters of a text, whatever its field.

use encoding_rs::{GBK, WINDOWS_1252};

use crate::field_names::FieldName;

/// A text that holds characters which no text should.
#[derive(Clone, Copy)]
pub struct Flaw {
    pub kind: FlawKind,
    pub field: FieldName,
    /// The position in the list, if it is one.
    pub position: Option<u32>,
}

/// What is wrong with the characters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// U+0000.
    Nul,
    /// U+FFFD, which a decoder left where bytes meant nothing.
    Undecodable,
    /// The text was decoded with the wrong character set.
    Mojibake,
    /// Question marks in a row, which an encoder left where it had no character.
    QuestionMarks,
    /// More characters than any such field has.
    TooLong,
}

/// The flaws of a raw text.
pub fn find(text: &str) -> impl Iterator<Item = FlawKind> {
    let bytes = text.as_bytes();
    let ascii = text.is_ascii();
    let undecodable = !ascii && text.contains(char::REPLACEMENT_CHARACTER);
    [
        (bytes.contains(&0), FlawKind::Nul),
        (undecodable, FlawKind::Undecodable),
        (!ascii && !undecodable && is_mojibake(text), FlawKind::Mojibake),
        (bytes.windows(2).any(|pair| pair == b"??"), FlawKind::QuestionMarks),
    ]
    .into_iter()
    .filter_map(|(is, kind)| is.then_some(kind))
}

fn is_mojibake(text: &str) -> bool {
    text.contains("锟斤拷")
        || is_utf8_read_as_latin(text)
        || is_utf8_read_as_windows(text)
        || is_utf8_read_as_gbk(text)
}

/// `JosÃ©`: the first byte of a sequence in UTF-8 became a letter, the next one a sign that never follows it.
fn is_utf8_read_as_latin(text: &str) -> bool {
    let mut previous = '\0';
    text.chars().any(|character| {
        let pair = matches!(previous, '\u{C2}'..='\u{F4}') && matches!(character, '\u{80}'..='\u{BF}');
        previous = character;
        pair
    })
}

/// `çŽ‹èŠ³` for `王芳`: Windows has letters for bytes that have none in Latin-1. Names like Tomáš have such a
/// pair, too, but no whole sequence of three bytes and nothing else.
fn is_utf8_read_as_windows(text: &str) -> bool {
    let may_begin = |character: char| matches!(character, '\u{E0}'..='\u{F4}');
    text.contains(may_begin) && {
        let (bytes, _, has_others) = WINDOWS_1252.encode(text);
        !has_others && std::str::from_utf8(&bytes).is_ok()
    }
}

/// `寮犱笁` for `张三`: three characters of GBK, two bytes each, are two Han characters of UTF-8. A real name
/// whose bytes happen to be that is hardly to be found.
fn is_utf8_read_as_gbk(text: &str) -> bool {
    /// Enough to tell, and whole in both: 16 sequences of three bytes, 24 of two.
    const MAX_BYTES: usize = 48;
    // If the number of bytes is odd, the last one became a question mark.
    let text = text.strip_suffix('?').unwrap_or(text);
    let mut bytes = [0; MAX_BYTES];
    let (_, read, written) = GBK.new_encoder().encode_from_utf8_without_replacement(text, &mut bytes, true);
    let whole = read == text.len() || written + 1 >= MAX_BYTES;
    let written = &bytes[..written / 3 * 3];
    whole
        && written.len() >= 6
        && written.chunks_exact(3).all(|sequence| matches!(sequence, [0xE4..=0xE9, 0x80..=0xBF, 0x80..=0xBF]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flaws(text: &str) -> Vec<FlawKind> {
        find(text).collect()
    }

    #[test]
    fn sound_texts_have_no_flaw() {
        for text in [
            "",
            "张三",
            "联通",
            "阿卜杜拉·买买提",
            "José Muñoz",
            "Ångström",
            "Tomáš",
            "欧阳修",
            "a?b",
            "北京市朝阳区建国路1号",
        ] {
            assert_eq!(flaws(text), [], "{text}");
        }
    }

    #[test]
    fn each_flaw_is_seen() {
        assert_eq!(flaws("a\0b"), [FlawKind::Nul]);
        assert_eq!(flaws("张\u{FFFD}"), [FlawKind::Undecodable]);
        assert_eq!(flaws("??"), [FlawKind::QuestionMarks]);
        for text in ["JosÃ©", "çŽ‹èŠ³", "寮犱笁", "鐜嬪皬鏄?", "锟斤拷锟斤拷"] {
            assert_eq!(flaws(text), [FlawKind::Mojibake], "{text}");
        }
    }

    proptest! {
        #[test]
        fn han_names_read_as_gbk_or_latin_are_seen(name in "[\u{4E00}-\u{9FA5}]{2,8}") {
            let latin: String = name.bytes().map(char::from).collect();
            prop_assert!(flaws(&latin).contains(&FlawKind::Mojibake));
            let (gbk, _, broken) = GBK.decode(name.as_bytes());
            prop_assert!(broken || flaws(&gbk).contains(&FlawKind::Mojibake) || gbk.chars().count() < 3);
        }

        #[test]
        fn any_text_is_looked_at(text in any::<String>()) {
            find(&text).count();
        }
    }
}
