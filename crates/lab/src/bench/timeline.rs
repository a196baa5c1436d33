//! How the records of a stream settled over time, and what memory the service used meanwhile.

use std::time::Duration;

use cleaning::outcome::{Outcome, OutcomeCounts};

/// Samples of a stream, in the order of time.
#[derive(Default)]
pub(super) struct StreamTimeline {
    settled: Vec<SettledSample>,
    pub memory: Vec<MemorySample>,
}

/// The outcomes of the records that had settled at one time.
struct SettledSample {
    at: Duration,
    counts: OutcomeCounts,
}

/// The memory of the service at one time.
#[derive(Clone, Copy)]
pub(super) struct MemorySample {
    /// Since the stream began.
    pub at: Duration,
    /// Records that had settled, as far as the caller knew.
    pub settled: usize,
    /// Resident bytes of the service.
    pub resident: u64,
}

impl StreamTimeline {
    /// Adds a sample; returns how many records have settled.
    pub(super) fn record(&mut self, at: Duration, counts: OutcomeCounts) -> usize {
        self.settled.push(SettledSample { at, counts });
        counts.total() as usize
    }

    /// Records per second while the first and while the last fifth of them settled.
    pub(super) fn rates(&self) -> (f64, f64) {
        let all = self.settled.last().map_or(0.0, SettledSample::total);
        let fifth = all / 5.0;
        let rate = |from: f64, to: f64| fifth / (self.time_of(to) - self.time_of(from));
        (rate(0.0, fifth), rate(all - fifth, all))
    }

    /// The memory when this many records had settled, and its maximum from then on.
    pub(super) fn memory_from(&self, settled: usize) -> (Option<u64>, Option<u64>) {
        let later =
            || self.memory.iter().filter(|sample| sample.settled >= settled).map(|sample| sample.resident);
        (later().next(), later().max())
    }

    /// The duration of the stream in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.settled.last().map_or(0.0, |sample| sample.at.as_secs_f64())
    }

    /// The number of samples of settled records.
    pub(super) fn samples(&self) -> usize {
        self.settled.len()
    }

    /// The time in seconds at which this many records had settled.
    fn time_of(&self, settled: f64) -> f64 {
        self.interpolate(SettledSample::total, |sample| sample.at.as_secs_f64(), settled)
    }

    /// The number of records that had settled with one of these outcomes at this time.
    pub(super) fn count_at(&self, seconds: f64, outcomes: &[Outcome]) -> f64 {
        let sum =
            |sample: &SettledSample| outcomes.iter().map(|outcome| f64::from(sample.counts[*outcome])).sum();
        self.interpolate(|sample| sample.at.as_secs_f64(), sum, seconds)
    }

    /// `y` where `x` is `wanted`, on straight lines between the samples, which start at zero.
    fn interpolate(
        &self,
        x: impl Fn(&SettledSample) -> f64,
        y: impl Fn(&SettledSample) -> f64,
        wanted: f64,
    ) -> f64 {
        let mut before = (0.0, 0.0);
        for sample in &self.settled {
            let here = (x(sample), y(sample));
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

impl SettledSample {
    fn total(&self) -> f64 {
        f64::from(self.counts.total())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 1,000 records a second for 8 seconds, then 500 a second; a tenth is rejected.
    pub(in crate::bench) fn timeline() -> StreamTimeline {
        let mut timeline = StreamTimeline::default();
        for second in 1..=12 {
            let all = if second <= 8 { second * 1_000 } else { 8_000 + (second - 8) * 500 };
            let at = Duration::from_secs(second.into());
            timeline.record(at, [all / 10 * 9, 0, 0, 0, 0, all / 10, 0, 0].into());
            let resident = u64::from(30 + second % 3) << 20;
            timeline.memory.push(MemorySample { at, settled: all as usize, resident });
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
