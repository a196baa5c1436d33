//! Null tokens: texts by which a source says that it has nothing, as `-`, `无` or `NULL`.

use std::collections::HashSet;

use super::text;

/// The form in which a profile keeps a token: trimmed, width folded, lower case.
pub fn key(token: &str) -> String {
    text::clean_token(token).to_lowercase()
}

/// Whether a cleaned text means "nothing"; `tokens` are in the form of [`key`].
pub fn is_null(text: &str, tokens: &HashSet<String>) -> bool {
    if text.is_empty() || tokens.contains(text) {
        return true;
    }
    let has_upper_case = text.chars().any(char::is_uppercase);
    has_upper_case && tokens.contains(&text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_match_in_any_case_and_width() {
        let tokens: HashSet<String> = ["NULL", "－", "不详"].into_iter().map(key).collect();
        for text in ["", "null", "NULL", "Null", "-", "不详"] {
            assert!(is_null(text, &tokens), "{text}");
        }
        for text in ["nil", "--", "详"] {
            assert!(!is_null(text, &tokens), "{text}");
        }
    }
}
