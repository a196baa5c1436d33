//! How many records ended as each outcome.

use std::ops::{Index, IndexMut};

use super::Outcome;

/// How many records ended as each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts([u32; Outcome::COUNT]);

impl OutcomeCounts {
    /// The counts that `count` gives.
    pub fn from_fn(mut count: impl FnMut(Outcome) -> u32) -> Self {
        Self(Outcome::ALL.map(&mut count))
    }

    /// Every outcome with its count, in the order of the contract.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u32)> {
        Outcome::ALL.into_iter().zip(self.0)
    }

    /// The sum of all counts.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }
}

impl Index<Outcome> for OutcomeCounts {
    type Output = u32;

    fn index(&self, outcome: Outcome) -> &u32 {
        &self.0[outcome as usize]
    }
}

impl IndexMut<Outcome> for OutcomeCounts {
    fn index_mut(&mut self, outcome: Outcome) -> &mut u32 {
        &mut self.0[outcome as usize]
    }
}

impl From<[u32; Outcome::COUNT]> for OutcomeCounts {
    /// From counts in the order of the contract.
    fn from(counts: [u32; Outcome::COUNT]) -> Self {
        Self(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_count_of_its_own() {
        let mut counts = OutcomeCounts::default();
        for (outcome, count) in Outcome::ALL.into_iter().zip(1..) {
            counts[outcome] += count;
        }
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8].into());
        assert_eq!(counts.total(), 36);
        assert_eq!(counts.iter().map(|(outcome, _)| outcome).collect::<Vec<_>>(), Outcome::ALL);
        assert!(counts.iter().all(|(outcome, count)| counts[outcome] == count));
        assert_eq!(OutcomeCounts::from_fn(|outcome| counts[outcome]), counts);
    }
}
