//! Page tokens: where the next page begins, with a check that it belongs to the same list.

use sha2::{Digest, Sha256};

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageToken {
    /// The smallest index of the page.
    pub from: u32,
    list: ListCheck,
}

/// A checksum of a list: a batch and a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListCheck(u64);

/// A text that is no token of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidToken;

/// Digits of the index in a token.
const INDEX_DIGITS: usize = 8;

impl ListCheck {
    /// The list of a batch's results with one of these outcomes.
    pub(super) fn new(batch_id: &str, outcomes: impl IntoIterator<Item = u8>) -> Self {
        let mut hash = Sha256::new();
        hash.update((batch_id.len() as u64).to_le_bytes());
        hash.update(batch_id);
        hash.update(outcomes.into_iter().collect::<Vec<u8>>());
        let whole: [u8; 32] = hash.finalize().into();
        Self(u64::from_be_bytes(std::array::from_fn(|index| whole[index])))
    }
}

impl PageToken {
    pub(super) fn new(from: u32, list: ListCheck) -> Self {
        Self { from, list }
    }

    /// Reads the token of a list.
    pub(super) fn parse(text: &str, list: ListCheck) -> Result<Self, InvalidToken> {
        let (index, _) = text.split_at_checked(INDEX_DIGITS).ok_or(InvalidToken)?;
        let from = u32::from_str_radix(index, 16).map_err(|_| InvalidToken)?;
        let token = Self::new(from, list);
        if token.to_text().eq_ignore_ascii_case(text) { Ok(token) } else { Err(InvalidToken) }
    }

    pub(super) fn to_text(self) -> String {
        format!("{:0width$x}{:016x}", self.from, self.list.0, width = INDEX_DIGITS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_of_one_batch_and_one_filter() {
        let list = ListCheck::new("b", [1, 2]);
        let text = PageToken::new(7, list).to_text();
        assert_eq!(PageToken::parse(&text, list), Ok(PageToken::new(7, list)));
        for other in [ListCheck::new("c", [1, 2]), ListCheck::new("b", [1]), ListCheck::new("b", [])] {
            assert_eq!(PageToken::parse(&text, other), Err(InvalidToken));
        }
    }

    /// Callers may hold a token across an upgrade of the server.
    #[test]
    fn the_token_of_a_known_page_stays_the_same() {
        let token = PageToken::new(1_000, ListCheck::new("b", [1, 2]));
        assert_eq!(token.to_text(), "000003e8ad2432b91a443ba8");
    }

    proptest! {
        #[test]
        fn every_token_is_read_back(from: u32, batch_id: String, outcomes: [u8; 3]) {
            let list = ListCheck::new(&batch_id, outcomes);
            let token = PageToken::new(from, list);
            prop_assert_eq!(PageToken::parse(&token.to_text(), list), Ok(token));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC{0,30}") {
            prop_assert_eq!(PageToken::parse(&text, ListCheck::new("b", [])), Err(InvalidToken));
        }
    }
}
