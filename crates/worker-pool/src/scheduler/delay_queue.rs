//! Jobs whose time has not come, the earliest first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

/// Jobs that wait for their moments; of those with the same moment, the one that came first goes first.
pub(super) struct DelayQueue<J> {
    jobs: BinaryHeap<Reverse<Delayed<J>>>,
    came: u64,
}

struct Delayed<J> {
    until: Instant,
    number: u64,
    job: J,
}

impl<J> Default for DelayQueue<J> {
    fn default() -> Self {
        DelayQueue { jobs: BinaryHeap::new(), came: 0 }
    }
}

impl<J> DelayQueue<J> {
    pub(super) fn push(&mut self, until: Instant, job: J) {
        self.jobs.push(Reverse(Delayed { until, number: self.came, job }));
        self.came += 1;
    }

    /// When the next one's time comes, or came.
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
