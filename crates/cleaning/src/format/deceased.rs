//! Whether a patient died; when is a date as any other.

use crate::patient::Deceased;

const YES: [&str; 7] = ["1", "true", "t", "yes", "y", "是", "死亡"];
const NO: [&str; 7] = ["0", "false", "f", "no", "n", "否", "存活"];

/// Reads a yes or no; `None` is neither.
pub fn read_flag(code: &str) -> Option<Deceased> {
    let means = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(code));
    if means(&YES) {
        Some(Deceased::Yes)
    } else if means(&NO) {
        Some(Deceased::No)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_yes_and_no_are_read() {
        assert!(matches!(read_flag("TRUE"), Some(Deceased::Yes)));
        assert!(matches!(read_flag("否"), Some(Deceased::No)));
        for neither in ["", "maybe", "20200131"] {
            assert!(read_flag(neither).is_none(), "{neither}");
        }
    }
}
