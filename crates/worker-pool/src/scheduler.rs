//! Batches and their lanes, with the jobs that wait to be dispatched. A plain data structure: it knows no tasks,
//! and of the time only what it is told.

mod delay_queue;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use self::delay_queue::DelayQueue;
use super::gate::{Gate, GatePermit, TryEnter};
use super::round_robin::{MemberKey, RoundRobin};
use super::slots::Slots;

/// All queued jobs of a pool, and whose turn it is.
///
/// It is kept under one lock, so nothing in here runs foreign code: jobs are handed out to be dropped
/// elsewhere, and rooms to be closed elsewhere.
pub(super) struct Scheduler<J> {
    batches: RoundRobin<RoundRobin<LaneQueue<J>>>,
    queued: usize,
    closed: bool,
}

/// The queue of one lane.
pub(super) struct LaneQueue<J> {
    gate: Arc<Gate>,
    slots: Slots,
    jobs: VecDeque<J>,
    /// Jobs that go first once their time has come.
    delayed: DelayQueue<J>,
    /// Whether a [`Lane`](super::Lane) still submits to it. Without one, it leaves when it is empty.
    fed: bool,
}

/// Names a batch of the scheduler.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchKey(MemberKey);

/// Names a lane of the scheduler.
#[derive(Debug, Clone, Copy)]
pub(super) struct LaneKey {
    batch: MemberKey,
    lane: MemberKey,
}

/// When a job has its turn within its lane.
#[derive(Debug, Clone, Copy)]
pub(super) enum Turn {
    /// After those that came before.
    Fifo,
    /// Not before this moment, and then first.
    NotBefore(Instant),
}

/// What there is to dispatch.
pub(super) enum Next<J> {
    /// This job, whose gate has been entered.
    Job(J, GatePermit),
    /// Nothing now: no job is queued, or the gates of those that are do not open.
    Nothing,
    /// Nothing now; at this moment a job's time comes, or a gate opens by itself.
    NotBefore(Instant),
    /// Nothing ever again: the scheduler is closed and empty.
    Drained,
}

impl<J> Scheduler<J> {
    pub(super) fn new() -> Self {
        Scheduler { batches: RoundRobin::new(), queued: 0, closed: false }
    }

    pub(super) fn join_batch(&mut self) -> BatchKey {
        BatchKey(self.batches.join(RoundRobin::new()))
    }

    /// Takes a batch out of the scheduler, with its lanes and their jobs. Nothing if it had left before.
    pub(super) fn leave_batch(&mut self, batch: BatchKey) -> Vec<LaneQueue<J>> {
        let lanes = self.batches.leave(batch.0).map(RoundRobin::into_parties);
        let queues: Vec<_> = lanes.into_iter().flatten().collect();
        self.queued -= queues.iter().map(LaneQueue::len).sum::<usize>();
        queues
    }

    /// Adds a lane to a batch; `None` if the batch has left.
    pub(super) fn join_lane(&mut self, batch: BatchKey, gate: Arc<Gate>, slots: Slots) -> Option<LaneKey> {
        let lanes = self.batches.get_mut(batch.0)?;
        let lane = lanes.join(LaneQueue::new(gate, slots));
        Some(LaneKey { batch: batch.0, lane })
    }

    /// Notes that nothing more is submitted to a lane. It leaves as soon as its jobs are dispatched.
    pub(super) fn leave_lane(&mut self, key: LaneKey) {
        let Some(lanes) = self.batches.get_mut(key.batch) else { return };
        let Some(queue) = lanes.get_mut(key.lane) else { return };
        queue.fed = false;
        if queue.is_finished() {
            lanes.leave(key.lane);
        }
    }

    /// Queues a job; gives it back if the scheduler is closed or the batch has left.
    pub(super) fn push(&mut self, key: LaneKey, job: J, turn: Turn) -> Result<(), J> {
        if self.closed {
            return Err(job);
        }
        match self.batches.get_mut(key.batch).and_then(|lanes| lanes.get_mut(key.lane)) {
            Some(queue) => queue.push(job, turn),
            None => return Err(job),
        }
        self.queued += 1;
        Ok(())
    }

    /// Takes the next job: the batches in turn, then the lanes of the batch in turn.
    pub(super) fn next(&mut self, now: Instant) -> Next<J> {
        if self.queued == 0 {
            return if self.closed { Next::Drained } else { Next::Nothing };
        }
        let mut look = Look { now, again_at: None };
        match (self.batches.next(|lanes| next_of_batch(lanes, &mut look)), look.again_at) {
            (Some((job, permit)), _) => {
                self.queued -= 1;
                Next::Job(job, permit)
            }
            (None, Some(moment)) => Next::NotBefore(moment),
            (None, None) => Next::Nothing,
        }
    }

    /// Refuses further jobs. Gives the rooms of all lanes, where submitters may be waiting.
    pub(super) fn close(&mut self) -> Vec<Slots> {
        self.closed = true;
        self.batches.iter().flat_map(RoundRobin::iter).map(|queue| queue.slots.clone()).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// One look at the lanes.
struct Look {
    now: Instant,
    /// The first moment at which one that had to be passed over may have something to give.
    again_at: Option<Instant>,
}

impl Look {
    fn again_at(&mut self, moment: Instant) {
        self.again_at = Some(self.again_at.map_or(moment, |earlier| earlier.min(moment)));
    }
}

fn next_of_batch<J>(lanes: &mut RoundRobin<LaneQueue<J>>, look: &mut Look) -> Option<(J, GatePermit)> {
    let next = lanes.next(|queue| queue.next(look))?;
    lanes.retire_last(LaneQueue::is_finished);
    Some(next)
}

impl<J> LaneQueue<J> {
    fn new(gate: Arc<Gate>, slots: Slots) -> Self {
        LaneQueue { gate, slots, jobs: VecDeque::new(), delayed: DelayQueue::default(), fed: true }
    }

    fn push(&mut self, job: J, turn: Turn) {
        match turn {
            Turn::Fifo => self.jobs.push_back(job),
            Turn::NotBefore(moment) => self.delayed.push(moment, job),
        }
    }

    /// Takes the first job if there is one and its gate is open now.
    fn next(&mut self, look: &mut Look) -> Option<(J, GatePermit)> {
        let due = self.delayed.next_at().is_some_and(|moment| moment <= look.now);
        if !due && self.jobs.is_empty() {
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
        let job = if due { self.delayed.pop() } else { self.jobs.pop_front() };
        job.map(|job| (job, permit))
    }

    fn len(&self) -> usize {
        self.jobs.len() + self.delayed.len()
    }

    fn is_finished(&self) -> bool {
        !self.fed && self.len() == 0
    }

    /// Turns submitters away and gives up the queued jobs.
    pub(super) fn close(self) -> impl Iterator<Item = J> {
        self.slots.close();
        self.jobs.into_iter().chain(self.delayed.into_jobs())
    }
}
