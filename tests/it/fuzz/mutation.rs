//! Payloads that nearly are what a hospital sends.

use proptest::{
    prelude::*,
    sample::{Index, select},
};

/// What happens to a seed, at a place that is known once there is one.
#[derive(Clone, Debug)]
pub(super) enum Mutation {
    /// A byte takes the place of another.
    Set(Index, u8),
    /// One bit of a byte is turned over.
    Flip(Index, u8),
    /// Bytes that mean something to JSON, or to a rule, are put in.
    Insert(Index, &'static [u8]),
    /// The rest is lost.
    Cut(Index),
    /// Bytes are sent twice.
    Repeat(Index, Index),
    /// It goes on as another seed does.
    Splice(Index, Vec<u8>, Index),
}

/// What parsers and formatters look for.
const TOKENS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b":",
    b",",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"4.41E+17",
    b"\\u0000",
    b"\\ud800",
    b"\xEF\xBB\xBF",
    b"\xE2\x80\xAE",
    b"\xCC\x81",
    b"\xEF\xBF\xBD",
    b"\xFF",
    b"\x81\x30",
    b"99991231",
    b"00000000",
    b"//;;",
];

impl Mutation {
    /// Does it to a payload.
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        // One more than there are bytes: the end is a place, too.
        let places = bytes.len() + 1;
        match self {
            Self::Set(at, byte) => bytes.iter_mut().skip(at.index(places)).take(1).for_each(|it| *it = *byte),
            Self::Flip(at, bit) => {
                bytes.iter_mut().skip(at.index(places)).take(1).for_each(|it| *it ^= 1 << bit)
            }
            Self::Insert(at, token) => {
                let at = at.index(places);
                bytes.splice(at..at, token.iter().copied());
            }
            Self::Cut(at) => bytes.truncate(at.index(places)),
            Self::Repeat(one, other) => {
                let (one, other) = (one.index(places), other.index(places));
                bytes.extend_from_within(one.min(other)..one.max(other));
            }
            Self::Splice(at, seed, from) => {
                bytes.truncate(at.index(places));
                bytes.extend_from_slice(&seed[from.index(seed.len() + 1)..]);
            }
        }
    }
}

/// Any of them, more often those that may leave a payload JSON; `seeds` are what it may go on as.
pub(super) fn any_of(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        4 => (at(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        4 => (at(), select(&TOKENS[..])).prop_map(|(at, token)| Mutation::Insert(at, token)),
        1 => at().prop_map(Mutation::Cut),
        2 => (at(), at()).prop_map(|(one, other)| Mutation::Repeat(one, other)),
        1 => (at(), select(seeds), at()).prop_map(|(at, seed, from)| Mutation::Splice(at, seed, from)),
    ]
}
