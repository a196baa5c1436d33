//! The record ids that a batch has seen recently.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use cleaning::two_generations::TwoGenerations;

/// How many records back a duplicate id is found in a batch of any size.
pub(crate) const WINDOW: usize = 50_000;

/// The last ids of a batch: at least as many as the window, at most twice that.
///
/// An id is kept as a hash of 64 bits under a key of the batch. Among 100,000 ids, a new one is taken for one of the
/// others once in 10^14 times.
pub(super) struct RecentIds {
    key: RandomState,
    generations: TwoGenerations<HashSet<u64>>,
}

impl RecentIds {
    pub(super) fn new(window: usize) -> Self {
        Self { key: RandomState::new(), generations: TwoGenerations::new(window) }
    }

    /// Inserts an id; `false` if it was seen recently.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        let hash = self.key.hash_one(id);
        let [is_young, is_old] = self.generations.both().map(|ids| ids.contains(&hash));
        if !is_young {
            self.generations.make_room().insert(hash);
        }
        !is_young && !is_old
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_known_for_a_window_and_forgotten_after_two() {
        let mut recent = RecentIds::new(3);
        let seen: Vec<_> = ["a", "b", "c", "a", "d", "a", "e", "f", "g", "h", "i", "j", "b"]
            .map(|id| recent.insert(id))
            .into();
        assert_eq!(seen, [true, true, true, false, true, false, true, true, true, true, true, true, true]);
    }

    proptest! {
        #[test]
        fn what_was_seen_within_the_window_is_known(
            ids in prop::collection::vec(0u8..12, 0..100),
            window in 1usize..20,
        ) {
            let mut recent = RecentIds::new(window);
            for (place, id) in ids.iter().enumerate() {
                let is_new = recent.insert(&id.to_string());
                let lately = &ids[place.saturating_sub(window)..place];
                prop_assert!(!(is_new && lately.contains(id)), "{id} at {place}");
                prop_assert!(is_new || ids[..place].contains(id));
                prop_assert!(recent.generations.both().iter().all(|ids| ids.len() <= window));
            }
        }
    }
}
