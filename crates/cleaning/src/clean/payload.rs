//! The JSON of a payload, refused before it can cost much.

use serde_json::{Map, Value};

use super::MAX_DEPTH;
use crate::{
    json,
    rules::{self, Rule},
};

/// Parses an object; a byte order mark before it is no part of JSON, and no reason to refuse it.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, &'static Rule> {
    let text = text.trim_start_matches('\u{FEFF}');
    if depth(text) > MAX_DEPTH {
        return Err(&rules::PAYLOAD_TOO_DEEP);
    }
    json::parse_object(text).map_err(|fault| match fault {
        json::JsonError::NotAnObject => &rules::PAYLOAD_NOT_AN_OBJECT,
        json::JsonError::RepeatedKey => &rules::PAYLOAD_KEY_REPEATED,
    })
}

/// How deep brackets nest outside of strings. It runs before the parser, so that no payload can make the
/// parser or the value it builds recurse deeply; what is no JSON gets some number.
pub(super) fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Goes past the end of a string that has begun.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_allowed_to_64_levels() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(parse(&nested(64)).is_ok());
        assert_eq!(parse(&nested(65)).err().unwrap().kind.code, "PAYLOAD_TOO_DEEP");
        assert_eq!(parse(&"{\"a\":".repeat(20_000)).err().unwrap().kind.code, "PAYLOAD_TOO_DEEP");
    }

    #[test]
    fn siblings_are_no_deeper_than_one_of_them() {
        assert_eq!(depth(r#"{"a":[1],"b":[2],"c":{"d":3}}"#), 2);
    }

    #[test]
    fn brackets_within_strings_do_not_nest() {
        let text = format!(r#"{{"a\"{}":"\\"}}"#, "[".repeat(100));
        assert_eq!(depth(&text), 1);
        assert!(parse(&text).is_ok());
    }
}
