//! Page tokens: where the next page begins, and a check that it is asked of the same list.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageToken {
    /// The least index of the page.
    pub from: u32,
    list: ListCheck,
}

/// Stands for a list: a batch and a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListCheck([u8; 8]);

/// A text that is no token of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidToken;

/// Bytes of a token.
const LENGTH: usize = 12;

impl ListCheck {
    /// The list of a batch's results that have one of these outcomes.
    pub(super) fn new(batch_id: &str, outcomes: impl IntoIterator<Item = u8>) -> Self {
        let mut hash = Sha256::new();
        hash.update((batch_id.len() as u64).to_le_bytes());
        hash.update(batch_id);
        hash.update(outcomes.into_iter().collect::<Vec<u8>>());
        let whole: [u8; 32] = hash.finalize().into();
        Self(std::array::from_fn(|index| whole[index]))
    }
}

impl PageToken {
    pub(super) fn new(from: u32, list: ListCheck) -> Self {
        Self { from, list }
    }

    /// Reads the token of a list.
    pub(super) fn parse(text: &str, list: ListCheck) -> Result<Self, InvalidToken> {
        let bytes: [u8; LENGTH] = from_hex(text).ok_or(InvalidToken)?;
        let (from, check) = bytes.split_first_chunk().ok_or(InvalidToken)?;
        let token = Self {
            from: u32::from_be_bytes(*from),
            list: ListCheck(check.try_into().map_err(|_| InvalidToken)?),
        };
        if token.list == list { Ok(token) } else { Err(InvalidToken) }
    }

    /// The token as it goes out.
    pub(super) fn to_text(self) -> String {
        let bytes = self.from.to_be_bytes().into_iter().chain(self.list.0);
        bytes.fold(String::with_capacity(2 * LENGTH), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
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
