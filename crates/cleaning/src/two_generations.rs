//! A bounded memory of what came last. Entries live in two generations: the young one takes every new entry; when it
//! is full it becomes the old one, and the old one is emptied to be the next young one. So at least the last
//! `capacity` entries are known, at most twice as many are kept, and no entry has to be searched for to be dropped.

use std::collections::{HashMap, HashSet};

/// The entries of one generation.
pub trait Generation: Default {
    /// How many entries it has.
    fn count(&self) -> usize;

    /// Drops all entries and keeps the memory for as many again.
    fn clear(&mut self);
}

/// A young and an old generation.
#[derive(Debug)]
pub struct TwoGenerations<G> {
    capacity: usize,
    young: G,
    old: G,
}

impl<G: Generation> TwoGenerations<G> {
    /// Two empty generations of at most `capacity` entries each, and at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), young: G::default(), old: G::default() }
    }

    /// The young generation, to add one entry: a full one is first made the old one.
    pub fn make_room(&mut self) -> &mut G {
        if self.young.count() >= self.capacity {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        &mut self.young
    }

    /// Both, the young one first.
    pub fn both(&self) -> [&G; 2] {
        [&self.young, &self.old]
    }

    /// Both to be changed, the young one first.
    pub fn both_mut(&mut self) -> [&mut G; 2] {
        [&mut self.young, &mut self.old]
    }
}

impl<T, S: Default> Generation for HashSet<T, S> {
    fn count(&self) -> usize {
        self.len()
    }

    fn clear(&mut self) {
        self.clear();
    }
}

impl<K, V, S: Default> Generation for HashMap<K, V, S> {
    fn count(&self) -> usize {
        self.len()
    }

    fn clear(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_entries_are_known_and_no_more_than_twice_as_many(
            entries in 0u32..100,
            capacity in 1usize..20,
        ) {
            let mut generations = TwoGenerations::<HashSet<u32>>::new(capacity);
            for entry in 0..entries {
                generations.make_room().insert(entry);
                let known = |entry: &u32| generations.both().iter().any(|generation| generation.contains(entry));
                let last = entry.saturating_sub(capacity as u32 - 1)..=entry;
                prop_assert!(last.clone().all(|entry| known(&entry)), "{last:?}");
                prop_assert!(generations.both().iter().all(|generation| generation.len() <= capacity));
            }
        }
    }
}
