//! Delayed jobs, the earliest first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use tokio::time::Instant;

/// Jobs that wait for their moments; of those with the same moment, the one that was pushed first goes first.
pub(super) struct DelayQueue<J> {
    jobs: BinaryHeap<Reverse<Delayed<J>>>,
    pushed: u64,
}

struct Delayed<J> {
    until: Instant,
    number: u64,
    job: J,
}

impl<J> Default for DelayQueue<J> {
    fn default() -> Self {
        Self { jobs: BinaryHeap::new(), pushed: 0 }
    }
}

impl<J> DelayQueue<J> {
    pub(super) fn push(&mut self, until: Instant, job: J) {
        self.jobs.push(Reverse(Delayed { until, number: self.pushed, job }));
        self.pushed += 1;
    }

    /// When the first job is or was due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.jobs.peek().map(|Reverse(delayed)| delayed.until)
    }

    pub(super) fn pop(&mut self) -> Option<J> {
        self.jobs.pop().map(|Reverse(delayed)| delayed.job)
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn into_jobs(self) -> impl Iterator<Item = J> {
        self.jobs.into_iter().map(|Reverse(delayed)| delayed.job)
    }
}

impl<J> Delayed<J> {
    fn key(&self) -> (Instant, u64) {
        (self.until, self.number)
    }
}

impl<J> Ord for Delayed<J> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<J> PartialOrd for Delayed<J> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Delayed<J> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<J> Eq for Delayed<J> {}
