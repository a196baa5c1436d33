//! Keyed hashes of values, under a key that no other batch has: no value can be read from one, and a sender cannot
//! make up values that share one.

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

    /// The hash of a value.
    pub(super) fn hash(&self, value: impl Hash) -> KeyedHash {
        KeyedHash::new(self.first.hash_one(value))
    }

    /// Two hashes under different keys, where one is not enough: 128 bits are never equal by accident.
    pub(super) fn hash_twice(&self, value: impl Hash) -> [KeyedHash; 2] {
        [self.hash(&value), KeyedHash::new(self.second.hash_one(&value))]
    }

    /// The hash of a name: of its letters only, in any case, so that two spellings of one name are no
    /// two persons.
    pub(super) fn hash_name(&self, name: &str) -> KeyedHash {
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

/// How maps find hashes, which are hashes already.
pub(super) type IdentityBuildHasher = BuildHasherDefault<IdentityHasher>;

/// The hash of a keyed hash: itself.
#[derive(Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a keyed hash is hashed as one number");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
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
        assert!(keys.hash("a") == keys.hash("a".to_owned()) && keys.hash("a") != keys.hash("b"));
        let [first, second] = keys.hash_twice("a");
        assert!(first == keys.hash("a") && first != second);
    }

    #[test]
    fn no_two_batches_have_the_same_fingerprints() {
        assert!(HashKeys::random().hash("a") != HashKeys::random().hash("a"));
    }

    #[test]
    fn the_spelling_of_a_name_does_not_count() {
        let keys = HashKeys::random();
        assert!(keys.hash_name("LI, Na") == keys.hash_name("Li Na"));
        assert!(keys.hash_name("Li Na") != keys.hash_name("Li Ma"));
    }
}
