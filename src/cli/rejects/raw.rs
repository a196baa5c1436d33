//! Raw records as text, without a byte lost: hospitals send other character sets than UTF-8.

use std::borrow::Cow;

use super::table::is_formula;

/// What stands before bytes in base64 where nothing else can say so.
const MARK: &str = "base64:";

/// A raw record, in the form in which nothing of it is lost.
pub(super) enum Raw<'a> {
    /// It is UTF-8.
    Text(&'a str),
    /// It is not.
    Base64(String),
}

impl<'a> Raw<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Base64(base64(bytes)),
        }
    }
}

/// A raw record as one cell: as it is, or `base64:` and its bytes where it is not UTF-8, would be taken for
/// a formula, or begins with that very mark.
pub(super) fn cell(bytes: &[u8]) -> Cow<'_, str> {
    match Raw::of(bytes) {
        Raw::Text(text) if !is_formula(text) && !text.starts_with(MARK) => text.into(),
        Raw::Text(text) => format!("{MARK}{}", base64(text.as_bytes())).into(),
        Raw::Base64(text) => format!("{MARK}{text}").into(),
    }
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().zip([16, 8, 0]).fold(0, |bits, (byte, shift)| bits | u32::from(*byte) << shift);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = char::from(ALPHABET[(bits >> shift) as usize & 63]);
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, expected) in vectors.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), expected);
        }
        assert_eq!(base64(&[0xFB, 0xFF, 0xBF]), "+/+/");
    }

    #[test]
    fn a_cell_can_be_read_back_whatever_the_record_is() {
        assert_eq!(cell(r#"{"xm":"张三"}"#.as_bytes()), r#"{"xm":"张三"}"#);
        // GB 18030.
        assert_eq!(cell(b"\xD5\xC5\xC8\xFD"), "base64:1cXI/Q==");
        assert_eq!(cell(b"=1+1"), "base64:PTErMQ==");
        assert_eq!(cell(b"base64:?"), "base64:YmFzZTY0Oj8=");
        assert_eq!(cell(b""), "");
    }
}
