//! Jobs whose time has not come, the earliest first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

/// Jobs that wait for their moments; of those with the same moment, the one that came first goes first.
pub(super) struct PutOff<J> {
    jobs: BinaryHeap<Reverse<Waiting<J>>>,
    came: u64,
}

struct Waiting<J> {
    until: Instant,
    number: u64,
    job: J,
}

impl<J> Default for PutOff<J> {
    fn default() -> Self {
        PutOff { jobs: BinaryHeap::new(), came: 0 }
    }
}

impl<J> PutOff<J> {
    pub(super) fn push(&mut self, until: Instant, job: J) {
        self.jobs.push(Reverse(Waiting { until, number: self.came, job }));
        self.came += 1;
    }

    /// When the next one's time comes, or came.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.jobs.peek().map(|Reverse(waiting)| waiting.until)
    }

    pub(super) fn pop(&mut self) -> Option<J> {
        self.jobs.pop().map(|Reverse(waiting)| waiting.job)
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn into_jobs(self) -> impl Iterator<Item = J> {
        self.jobs.into_iter().map(|Reverse(waiting)| waiting.job)
    }
}

impl<J> Waiting<J> {
    fn key(&self) -> (Instant, u64) {
        (self.until, self.number)
    }
}

impl<J> Ord for Waiting<J> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<J> PartialOrd for Waiting<J> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Waiting<J> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<J> Eq for Waiting<J> {}
