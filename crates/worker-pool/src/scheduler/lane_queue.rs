//! The queue of one lane.

use std::{collections::VecDeque, sync::Arc};

use super::{Look, Turn, delay_queue::DelayQueue};
use crate::{
    gate::{Gate, GatePermit, TryEnter},
    slots::Slots,
};

/// The jobs of one lane, behind its gate.
pub(crate) struct LaneQueue<J> {
    gate: Arc<Gate>,
    pub(super) slots: Slots,
    jobs: VecDeque<J>,
    /// Jobs that go first once they are due.
    delayed: DelayQueue<J>,
    /// Whether nothing more is submitted to it. It then goes when it is empty.
    released: bool,
}

impl<J> LaneQueue<J> {
    pub(super) fn new(gate: Arc<Gate>, slots: Slots) -> Self {
        Self { gate, slots, jobs: VecDeque::new(), delayed: DelayQueue::default(), released: false }
    }

    pub(super) fn push(&mut self, job: J, turn: Turn) {
        match turn {
            Turn::Fifo => self.jobs.push_back(job),
            Turn::NotBefore(moment) => self.delayed.push(moment, job),
        }
    }

    /// Takes the first job if there is one and its gate is open now.
    pub(super) fn next(&mut self, look: &mut Look) -> Option<(J, GatePermit)> {
        let is_due = self.delayed.next_at().is_some_and(|moment| moment <= look.now);
        if !is_due && self.jobs.is_empty() {
            self.delayed.next_at().into_iter().for_each(|moment| look.again_at(moment));
            return None;
        }
        let permit = match self.gate.try_enter(look.now) {
            TryEnter::Entered(permit) => permit,
            TryEnter::Full => return None,
            TryEnter::NotBefore(moment) => {
                look.again_at(moment);
                return None;
            }
        };
        let job = if is_due { self.delayed.pop() } else { self.jobs.pop_front() };
        job.map(|job| (job, permit))
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len() + self.delayed.len()
    }

    pub(super) fn release(&mut self) {
        self.released = true;
    }

    pub(super) fn is_finished(&self) -> bool {
        self.released && self.len() == 0
    }

    /// Refuses waiting submitters and returns the queued jobs.
    pub(crate) fn close(self) -> impl Iterator<Item = J> {
        self.slots.close();
        self.jobs.into_iter().chain(self.delayed.into_jobs())
    }
}
