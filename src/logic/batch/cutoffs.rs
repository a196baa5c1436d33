//! The moments at which a batch stops working and answers, both before the caller's deadline. Until when a record
//! may start, it decides itself, by the time that its hospital takes.

use std::time::Duration;

use tokio::time::Instant;

/// What one record adds to the time that closing the ledger and encoding the answer take.
const ANSWER_PER_RECORD: Duration = Duration::from_micros(2);

/// Shortest and longest time kept for sending the answer.
const RESERVE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Longest time for one read of what the store knows of a batch.
const MAX_READ_TIME: Duration = Duration::from_secs(1);

/// The cut-offs of one batch. `cut_at <= answer_at < deadline`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutoffs {
    /// No record starts any more, running verifications are cut, and verified records are flushed.
    pub cut_at: Instant,
    /// The answer leaves, however many records are settled.
    pub answer_at: Instant,
}

impl Cutoffs {
    /// The cut-offs of a batch that arrived at `arrived_at` and must be answered by `deadline`, with a
    /// store that takes `flush_time` for a chunk and an answer about `records` records.
    pub(crate) fn new(arrived_at: Instant, deadline: Instant, flush_time: Duration, records: u32) -> Self {
        let timeout = deadline.saturating_duration_since(arrived_at);
        let answering = (ANSWER_PER_RECORD * records).min(timeout / 4);
        let answer_at = before(deadline, answer_reserve(timeout) + answering, arrived_at);
        // One slow transaction must not take the time of every batch of the next minute.
        let flush_time = flush_time.min(timeout / 4);
        Self { cut_at: before(answer_at, flush_time, arrived_at), answer_at }
    }
}

/// The part of `timeout` that is kept for sending the answer: 2 %, at least 50 ms, at most 1 s.
pub fn answer_reserve(timeout: Duration) -> Duration {
    (timeout / 50).clamp(RESERVE.0, RESERVE.1)
}

/// Until when one read of what the store knows of a batch may take: long enough for a store that works, and well
/// before the deadline.
pub(crate) fn read_deadline(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + MAX_READ_TIME.min(deadline.saturating_duration_since(now) / 4)
}

fn before(moment: Instant, by: Duration, earliest: Instant) -> Instant {
    moment.checked_sub(by).map_or(earliest, |moment| moment.max(earliest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thirty_second_batch_keeps_600_ms_and_a_flush() {
        let start = Instant::now();
        let cutoffs = Cutoffs::new(start, start + Duration::from_secs(30), Duration::from_millis(20), 0);
        assert_eq!(cutoffs.answer_at - start, Duration::from_millis(29_400));
        assert_eq!(cutoffs.cut_at - start, Duration::from_millis(29_380));
    }

    proptest! {
        #[test]
        fn the_cut_offs_stand_in_order(timeout in 0u64..10_000_000, flush in 0u64..10_000_000, records: u32) {
            let start = Instant::now();
            let deadline = start + Duration::from_millis(timeout);
            let cutoffs = Cutoffs::new(start, deadline, Duration::from_millis(flush), records);
            prop_assert!(start <= cutoffs.cut_at);
            prop_assert!(cutoffs.cut_at <= cutoffs.answer_at);
            prop_assert!(cutoffs.answer_at <= deadline);
        }
    }
}
