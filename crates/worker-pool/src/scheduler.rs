//! Batches and their lanes, with the jobs that wait to be dispatched. A plain data structure: it spawns nothing,
//! never waits, and is told the time.

mod delay_queue;
mod lane_queue;
#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    gate::{Gate, GatePermit},
    round_robin::{MemberKey, RoundRobin},
    slots::Slots,
};

pub(crate) use self::lane_queue::LaneQueue;

/// All queued jobs of a pool, and whose turn it is.
///
/// It is kept under one lock, so no user code runs in here: it returns jobs for the caller to drop, and slots for the
/// caller to close.
pub(crate) struct Scheduler<J> {
    batches: RoundRobin<RoundRobin<LaneQueue<J>>>,
    queued: usize,
    closed: bool,
}

/// Names a batch of the scheduler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolBatchKey(MemberKey);

/// Names a lane of the scheduler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneKey {
    batch: MemberKey,
    lane: MemberKey,
}

/// When a job has its turn within its lane.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// After those that came before.
    Fifo,
    /// Not before this moment, and then first.
    NotBefore(Instant),
}

/// What there is to dispatch.
pub(crate) enum Next<J> {
    /// This job, whose gate has been entered.
    Job(J, GatePermit),
    /// Nothing now: no job is queued, or the gates of those that are do not open.
    Nothing,
    /// Nothing now; at this moment a delayed job is due, or a gate opens by itself.
    NotBefore(Instant),
    /// Nothing ever again: the scheduler is closed and empty.
    Drained,
}

impl<J> Default for Scheduler<J> {
    fn default() -> Self {
        Self { batches: RoundRobin::default(), queued: 0, closed: false }
    }
}

impl<J> Scheduler<J> {
    pub(crate) fn add_batch(&mut self) -> PoolBatchKey {
        PoolBatchKey(self.batches.add(RoundRobin::default()))
    }

    /// Takes out a batch with its lanes and their jobs; nothing if it was taken out before.
    pub(crate) fn remove_batch(&mut self, batch: PoolBatchKey) -> Vec<LaneQueue<J>> {
        let lanes = self.batches.remove(batch.0).map(RoundRobin::into_members);
        let queues: Vec<_> = lanes.into_iter().flatten().collect();
        self.queued -= queues.iter().map(LaneQueue::len).sum::<usize>();
        queues
    }

    /// Adds a lane to a batch; `None` if the batch was taken out.
    pub(crate) fn add_lane(&mut self, batch: PoolBatchKey, gate: Arc<Gate>, slots: Slots) -> Option<LaneKey> {
        let lanes = self.batches.get_mut(batch.0)?;
        let lane = lanes.add(LaneQueue::new(gate, slots));
        Some(LaneKey { batch: batch.0, lane })
    }

    /// Declares that nothing more is submitted to a lane. It goes as soon as its jobs are dispatched.
    pub(crate) fn release_lane(&mut self, key: LaneKey) {
        let Some(lanes) = self.batches.get_mut(key.batch) else { return };
        let Some(queue) = lanes.get_mut(key.lane) else { return };
        queue.release();
        if queue.is_finished() {
            lanes.remove(key.lane);
        }
    }

    /// Queues a job; returns it if the scheduler is closed or the batch was taken out.
    pub(crate) fn push(&mut self, key: LaneKey, job: J, turn: Turn) -> Result<(), J> {
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
    pub(crate) fn next(&mut self, now: Instant) -> Next<J> {
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

    /// Refuses further jobs. Returns the slots of all lanes, for which submitters may be waiting.
    pub(crate) fn close(&mut self) -> Vec<Slots> {
        self.closed = true;
        self.batches.iter().flat_map(RoundRobin::iter).map(|queue| queue.slots.clone()).collect()
    }
}

/// One look at the lanes.
struct Look {
    now: Instant,
    /// The first moment at which a lane that was passed over may have something to give.
    again_at: Option<Instant>,
}

impl Look {
    fn again_at(&mut self, moment: Instant) {
        self.again_at = Some(self.again_at.map_or(moment, |earlier| earlier.min(moment)));
    }
}

fn next_of_batch<J>(lanes: &mut RoundRobin<LaneQueue<J>>, look: &mut Look) -> Option<(J, GatePermit)> {
    let next = lanes.next(|queue| queue.next(look))?;
    lanes.remove_served_if(LaneQueue::is_finished);
    Some(next)
}
