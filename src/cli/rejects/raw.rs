//! Raw records as text without loss: hospitals also send other character sets than UTF-8.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::spreadsheet::is_formula;

/// Marks base64 in a cell.
const MARK: &str = "base64:";

/// A raw record in a form that loses nothing.
pub(super) enum Raw<'a> {
    Text(&'a str),
    /// Bytes that are not UTF-8.
    Base64(String),
}

impl<'a> From<&'a [u8]> for Raw<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(|_| Self::Base64(BASE64_STANDARD.encode(bytes)), Self::Text)
    }
}

/// A raw record as one cell: as it is, or `base64:` and its bytes if it is not UTF-8, might be taken for a formula, or
/// starts with that mark itself.
pub(super) fn raw_cell(bytes: &[u8]) -> Cow<'_, str> {
    match Raw::from(bytes) {
        Raw::Text(text) if !is_formula(text) && !text.starts_with(MARK) => text.into(),
        Raw::Text(text) => format!("{MARK}{}", BASE64_STANDARD.encode(text)).into(),
        Raw::Base64(text) => format!("{MARK}{text}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_can_be_read_back_whatever_the_record_is() {
        assert_eq!(raw_cell(r#"{"xm":"张三"}"#.as_bytes()), r#"{"xm":"张三"}"#);
        // GB 18030.
        assert_eq!(raw_cell(b"\xD5\xC5\xC8\xFD"), "base64:1cXI/Q==");
        assert_eq!(raw_cell(b"=1+1"), "base64:PTErMQ==");
        assert_eq!(raw_cell(b"base64:?"), "base64:YmFzZTY0Oj8=");
        assert_eq!(raw_cell(b""), "");
    }
}
