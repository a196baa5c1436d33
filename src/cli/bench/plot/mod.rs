//! How a stream went, over time, and a picture of it.

use std::time::Duration;

use crate::server::pb::{Outcome, StreamProgress, Summary};
use chart::{Chart, Series};

mod chart;
mod scale;

/// Into how many steps the picture divides time at most, to show a speed for each.
const STEPS: usize = 80;

/// Outcomes that a stream can end with, in the order in which they are stacked, and their colours.
const OUTCOMES: [(Outcome, &str, &str); 8] = [
    (Outcome::Stored, "stored", "#0072B2"),
    (Outcome::Unchanged, "unchanged", "#56B4E9"),
    (Outcome::Stale, "stale", "#999999"),
    (Outcome::Superseded, "superseded", "#CC79A7"),
    (Outcome::Valid, "valid", "#009E73"),
    (Outcome::Rejected, "rejected", "#E69F00"),
    (Outcome::Failed, "failed", "#D55E00"),
    (Outcome::NotAttempted, "not attempted", "#F0E442"),
];

/// How a stream went.
#[derive(Default)]
pub(super) struct Course {
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

impl Course {
    /// Notes progress; answers how many records have settled.
    pub fn note(&mut self, at: Duration, progress: &StreamProgress) -> usize {
        let count = |outcome: Outcome| {
            let counts = progress.outcomes.iter().filter(|count| count.outcome() == outcome);
            counts.map(|count| count.count).sum()
        };
        self.push(Settled { at, counts: OUTCOMES.map(|(outcome, ..)| count(outcome)) })
    }

    /// Notes the end of the stream.
    pub fn end(&mut self, at: Duration, summary: &Summary) {
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
        self.push(Settled { at, counts: OUTCOMES.map(|(outcome, ..)| count(outcome)) });
    }

    fn push(&mut self, settled: Settled) -> usize {
        let all = settled.all() as usize;
        self.settled.push(settled);
        all
    }

    /// Records in a second while the first and while the last fifth of them settled.
    pub fn rates(&self) -> (f64, f64) {
        let all = self.settled.last().map_or(0.0, Settled::all);
        let fifth = all / 5.0;
        let rate = |from: f64, to: f64| fifth / (self.reached(to) - self.reached(from));
        (rate(0.0, fifth), rate(all - fifth, all))
    }

    /// Memory when so many records had settled, and the most of it from then on.
    pub fn memory_from(&self, settled: usize) -> (Option<u64>, Option<u64>) {
        let later = || self.memory.iter().filter(|look| look.settled >= settled).map(|look| look.resident);
        (later().next(), later().max())
    }

    /// When so many records had settled, in seconds.
    fn reached(&self, wanted: f64) -> f64 {
        self.between(|point| point.all(), |point| point.at.as_secs_f64(), wanted)
    }

    /// How many records with one of these outcomes had settled after so many seconds.
    fn count_at(&self, seconds: f64, outcomes: std::ops::RangeInclusive<usize>) -> f64 {
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

    /// The picture: throughput, outcomes and memory over the same time.
    pub fn svg(&self) -> String {
        let end = self.settled.last().map_or(0.0, |point| point.at.as_secs_f64());
        let all = 0..=OUTCOMES.len() - 1;
        // No finer than what is known.
        let steps = self.settled.len().clamp(1, STEPS);
        let times: Vec<f64> = (0..=steps).map(|step| end * step as f64 / steps as f64).collect();
        let speeds = times.windows(2).map(|pair| {
            let settled = self.count_at(pair[1], all.clone()) - self.count_at(pair[0], all.clone());
            ((pair[0] + pair[1]) / 2.0, settled / (pair[1] - pair[0]))
        });
        let speed = Series::line("records settled per second", "#0072B2", speeds.collect());
        let memory = self
            .memory
            .iter()
            .map(|look| (look.at.as_secs_f64(), super::measurement::mebibytes(look.resident)));
        let memory = Series::line("resident memory of the service", "#009E73", memory.collect());
        chart::picture(
            "A stream of records through the service",
            end,
            &[
                Chart { title: "Throughput (records/s)", series: vec![speed] },
                Chart { title: "Outcomes (records)", series: self.stacked(&times) },
                Chart { title: "Memory (MiB)", series: vec![memory] },
            ],
        )
    }

    /// One area for each outcome that occurs, each on top of those before it.
    fn stacked(&self, times: &[f64]) -> Vec<Series> {
        let occurs = |index: &usize| self.settled.last().is_some_and(|point| point.counts[*index] > 0);
        let area = |index: usize| {
            let (_, name, colour) = OUTCOMES[index];
            let points = times.iter().map(|&time| (time, self.count_at(time, 0..=index))).collect();
            Series::area(name, colour, points)
        };
        // The highest first: each later one covers what is not its predecessor's own.
        (0..OUTCOMES.len()).rev().filter(occurs).map(area).collect()
    }
}

impl Settled {
    fn all(&self) -> f64 {
        self.counts.iter().map(|count| f64::from(*count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 records a second for 8 seconds, then 500 a second; a tenth is rejected.
    fn course() -> Course {
        let mut course = Course::default();
        for second in 1..=12 {
            let all = if second <= 8 { second * 1_000 } else { 8_000 + (second - 8) * 500 };
            let counts = [all / 10 * 9, 0, 0, 0, 0, all / 10, 0, 0];
            course.push(Settled { at: Duration::from_secs(second.into()), counts });
            let at = Duration::from_secs(second.into());
            course.memory.push(Memory {
                at,
                settled: all as usize,
                resident: u64::from(30 + second % 3) << 20,
            });
        }
        course
    }

    #[test]
    fn speed_is_that_of_the_first_and_of_the_last_fifth() {
        let (first, last) = course().rates();
        assert!((first - 1_000.0).abs() < 1.0 && (last - 500.0).abs() < 1.0, "{first} {last}");
    }

    #[test]
    fn memory_is_looked_at_from_a_number_of_records_on() {
        assert_eq!(course().memory_from(2_000), (Some(32 << 20), Some(32 << 20)));
        assert_eq!(course().memory_from(3_000).0, Some(30 << 20));
        assert_eq!(course().memory_from(1 << 30), (None, None));
    }

    #[test]
    fn the_picture_shows_what_occurs_and_nothing_else() {
        let svg = course().svg();
        for part in ["Throughput (records/s)", ">stored<", ">rejected<", "Memory (MiB)", "seconds"] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(!svg.contains(">stale<") && !svg.contains("NaN"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    }
}
