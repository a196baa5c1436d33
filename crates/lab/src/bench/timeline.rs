//! How a stream went, over time.

use std::{ops::RangeInclusive, time::Duration};

use dataprocessing::server::pb::{Outcome, StreamProgress, Summary};

/// Every outcome that a record can end with; counts stand in this order.
const OUTCOMES: [Outcome; 8] = [
    Outcome::Stored,
    Outcome::Unchanged,
    Outcome::Stale,
    Outcome::Superseded,
    Outcome::Valid,
    Outcome::Rejected,
    Outcome::Failed,
    Outcome::NotAttempted,
];

/// How a stream went.
#[derive(Default)]
pub(super) struct StreamTimeline {
    settled: Vec<Settled>,
    /// What the service's process had in memory.
    pub memory: Vec<Memory>,
}

/// How many records had ended in which way, in the order of [`OUTCOMES`].
struct Settled {
    at: Duration,
    counts: [u32; OUTCOMES.len()],
}

/// One look at memory.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    /// Since the stream began.
    pub at: Duration,
    /// How many records had settled, as far as the caller knew.
    pub settled: usize,
    /// Bytes of the service that were resident.
    pub resident: u64,
}

impl StreamTimeline {
    /// Notes progress; answers how many records have settled.
    pub(super) fn note(&mut self, at: Duration, progress: &StreamProgress) -> usize {
        let count = |outcome: Outcome| {
            let counts = progress.outcomes.iter().filter(|count| count.outcome() == outcome);
            counts.map(|count| count.count).sum()
        };
        self.push(Settled { at, counts: OUTCOMES.map(count) })
    }

    /// Notes the end of the stream.
    pub(super) fn end(&mut self, at: Duration, summary: &Summary) {
        let count = |outcome: Outcome| match outcome {
            Outcome::Unspecified => 0,
            Outcome::Stored => summary.stored,
            Outcome::Unchanged => summary.unchanged,
            Outcome::Stale => summary.stale,
            Outcome::Superseded => summary.superseded,
            Outcome::Valid => summary.valid,
            Outcome::Rejected => summary.rejected,
            Outcome::Failed => summary.failed,
            Outcome::NotAttempted => summary.not_attempted,
        };
        self.push(Settled { at, counts: OUTCOMES.map(count) });
    }

    fn push(&mut self, settled: Settled) -> usize {
        let all = settled.all() as usize;
        self.settled.push(settled);
        all
    }

    /// Records in a second while the first and while the last fifth of them settled.
    pub(super) fn rates(&self) -> (f64, f64) {
        let all = self.settled.last().map_or(0.0, Settled::all);
        let fifth = all / 5.0;
        let rate = |from: f64, to: f64| fifth / (self.reached(to) - self.reached(from));
        (rate(0.0, fifth), rate(all - fifth, all))
    }

    /// Memory when so many records had settled, and the most of it from then on.
    pub(super) fn memory_from(&self, settled: usize) -> (Option<u64>, Option<u64>) {
        let later = || self.memory.iter().filter(|look| look.settled >= settled).map(|look| look.resident);
        (later().next(), later().max())
    }

    /// How many seconds it took.
    pub(super) fn seconds(&self) -> f64 {
        self.settled.last().map_or(0.0, |point| point.at.as_secs_f64())
    }

    /// How often it was looked how many records had settled.
    pub(super) fn samples(&self) -> usize {
        self.settled.len()
    }

    /// When so many records had settled, in seconds.
    fn reached(&self, wanted: f64) -> f64 {
        self.between(|point| point.all(), |point| point.at.as_secs_f64(), wanted)
    }

    /// How many records with an outcome at one of these places had settled after so many seconds.
    pub(super) fn count_at(&self, seconds: f64, outcomes: RangeInclusive<usize>) -> f64 {
        let sum =
            |point: &Settled| point.counts[outcomes.clone()].iter().map(|count| f64::from(*count)).sum();
        self.between(|point| point.at.as_secs_f64(), sum, seconds)
    }

    /// `value` where `place` is `wanted`, on straight lines between what was noted, from zero on.
    fn between(&self, place: impl Fn(&Settled) -> f64, value: impl Fn(&Settled) -> f64, wanted: f64) -> f64 {
        let mut before = (0.0, 0.0);
        for point in &self.settled {
            let here = (place(point), value(point));
            if here.0 >= wanted {
                let width = here.0 - before.0;
                let part = if width > 0.0 { (wanted - before.0) / width } else { 1.0 };
                return before.1 + part * (here.1 - before.1);
            }
            before = here;
        }
        before.1
    }
}

impl Settled {
    fn all(&self) -> f64 {
        self.counts.iter().map(|count| f64::from(*count)).sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 1,000 records a second for 8 seconds, then 500 a second; a tenth is rejected.
    pub(crate) fn timeline() -> StreamTimeline {
        let mut timeline = StreamTimeline::default();
        for second in 1..=12 {
            let all = if second <= 8 { second * 1_000 } else { 8_000 + (second - 8) * 500 };
            let counts = [all / 10 * 9, 0, 0, 0, 0, all / 10, 0, 0];
            timeline.push(Settled { at: Duration::from_secs(second.into()), counts });
            let at = Duration::from_secs(second.into());
            timeline.memory.push(Memory {
                at,
                settled: all as usize,
                resident: u64::from(30 + second % 3) << 20,
            });
        }
        timeline
    }

    #[test]
    fn speed_is_that_of_the_first_and_of_the_last_fifth() {
        let (first, last) = timeline().rates();
        assert!((first - 1_000.0).abs() < 1.0 && (last - 500.0).abs() < 1.0, "{first} {last}");
    }

    #[test]
    fn memory_is_looked_at_from_a_number_of_records_on() {
        assert_eq!(timeline().memory_from(2_000), (Some(32 << 20), Some(32 << 20)));
        assert_eq!(timeline().memory_from(3_000).0, Some(30 << 20));
        assert_eq!(timeline().memory_from(1 << 30), (None, None));
    }
}
