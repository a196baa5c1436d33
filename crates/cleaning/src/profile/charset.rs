//! Character sets that sources write in.

use std::borrow::Cow;

use encoding_rs::GB18030;

/// A character set that sources write in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// GB 18030, which holds GBK and GB 2312.
    Gb18030,
}

impl Charset {
    /// Decodes strictly: none if the bytes are invalid in the character set.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }

    /// Encodes a text; both character sets hold all of Unicode.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Gb18030 => GB18030.encode(text).0.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_mean_nothing_are_no_text() {
        assert!(Charset::Utf8.decode(&[0xd5, 0xc5]).is_none());
        assert_eq!(Charset::Gb18030.decode(&[0xd5, 0xc5]).unwrap(), "张");
        assert!(Charset::Gb18030.decode(&[0xd5]).is_none());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_to_the_same_text(text in "[a-z张王李㐀𠀀\u{e000}]{0,20}") {
            for charset in [Charset::Utf8, Charset::Gb18030] {
                let bytes = charset.encode(&text);
                prop_assert_eq!(charset.decode(&bytes).unwrap(), text.as_str());
            }
        }
    }
}
