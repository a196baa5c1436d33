//! Fingerprints of values: keyed hashes, under a key that no other batch has. Nothing can be read from them,
//! and nobody can make up values that share one.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState},
    num::NonZeroU64,
};

/// What is left of a value: equal for equal values.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyedHash(NonZeroU64);

/// The keys of one batch.
pub(super) struct HashKeys {
    first: RandomState,
    second: RandomState,
}

impl HashKeys {
    pub(super) fn random() -> Self {
        Self { first: RandomState::new(), second: RandomState::new() }
    }

    /// The fingerprint of a value.
    pub(super) fn of(&self, value: impl Hash) -> KeyedHash {
        KeyedHash::new(self.first.hash_one(value))
    }

    /// Two fingerprints under different keys, where one is not enough: 128 bits are never equal by accident.
    pub(super) fn wide(&self, value: impl Hash) -> [KeyedHash; 2] {
        [self.of(&value), KeyedHash::new(self.second.hash_one(&value))]
    }

    /// The fingerprint of a name: of its letters only, in any case, so that two spellings of one name are no
    /// two persons.
    pub(super) fn of_name(&self, name: &str) -> KeyedHash {
        let mut hasher = self.first.build_hasher();
        let letters = name.chars().filter(|character| character.is_alphanumeric());
        letters.flat_map(char::to_lowercase).for_each(|letter| hasher.write_u32(letter.into()));
        KeyedHash::new(hasher.finish())
    }
}

impl KeyedHash {
    fn new(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MAX))
    }
}

/// How maps find fingerprints, which are hashes already.
pub(super) type IdentityBuildHasher = BuildHasherDefault<IdentityHasher>;

/// The hash of a fingerprint: itself.
#[derive(Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a fingerprint is hashed as one number");
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_one_fingerprint_and_others_another() {
        let keys = HashKeys::random();
        assert!(keys.of("a") == keys.of("a".to_owned()) && keys.of("a") != keys.of("b"));
        let [first, second] = keys.wide("a");
        assert!(first == keys.of("a") && first != second);
    }

    #[test]
    fn no_two_batches_have_the_same_fingerprints() {
        assert!(HashKeys::random().of("a") != HashKeys::random().of("a"));
    }

    #[test]
    fn the_spelling_of_a_name_does_not_count() {
        let keys = HashKeys::random();
        assert!(keys.of_name("LI, Na") == keys.of_name("Li Na"));
        assert!(keys.of_name("Li Na") != keys.of_name("Li Ma"));
    }
}
