//! Suggestions for misspelt names.

/// `; did you mean NAME?` for the end of a message; empty if no known name is near the written one.
pub fn did_you_mean(written: &str, known: &[&str]) -> String {
    nearest(written, known).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The known name that a misspelt one most likely means.
pub(super) fn nearest<'n>(written: &str, known: &[&'n str]) -> Option<&'n str> {
    let tolerated = 1 + written.chars().count() / 4;
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_near() {
        assert_eq!(nearest("lisen", &["listen", "timeout"]), Some("listen"));
        assert_eq!(nearest("TIMEOUT", &["listen", "timeout"]), Some("timeout"));
        assert_eq!(nearest("colour", &["listen", "timeout"]), None);
    }
}
