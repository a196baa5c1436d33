//! A picture of how a stream went: throughput, outcomes and memory over the same time.

use super::{measurement::mebibytes, timeline::StreamTimeline};
use chart::{Chart, Series};

mod chart;
mod scale;

/// Into how many steps time is divided at most, to show a speed for each.
const STEPS: usize = 80;

/// What outcomes are called and their colours, in the order of the counts and of the stack.
const OUTCOMES: [(&str, &str); 8] = [
    ("stored", "#0072B2"),
    ("unchanged", "#56B4E9"),
    ("stale", "#999999"),
    ("superseded", "#CC79A7"),
    ("valid", "#009E73"),
    ("rejected", "#E69F00"),
    ("failed", "#D55E00"),
    ("not attempted", "#F0E442"),
];

/// The picture as SVG.
pub(super) fn svg(timeline: &StreamTimeline) -> String {
    let end = timeline.seconds();
    // No finer than what is known.
    let steps = timeline.samples().clamp(1, STEPS);
    let times: Vec<f64> = (0..=steps).map(|step| end * step as f64 / steps as f64).collect();
    let memory = timeline.memory.iter().map(|look| (look.at.as_secs_f64(), mebibytes(look.resident)));
    let memory = Series::line("resident memory of the service", "#009E73", memory.collect());
    chart::picture(
        "A stream of records through the service",
        end,
        &[
            Chart { title: "Throughput (records/s)", series: vec![speed(timeline, &times)] },
            Chart { title: "Outcomes (records)", series: stacked(timeline, &times) },
            Chart { title: "Memory (MiB)", series: vec![memory] },
        ],
    )
}

/// The speed between any two times, in their middle.
fn speed(timeline: &StreamTimeline, times: &[f64]) -> Series {
    let all = |time| timeline.count_at(time, 0..=OUTCOMES.len() - 1);
    let speed = |from: f64, to: f64| ((from + to) / 2.0, (all(to) - all(from)) / (to - from));
    let points = times.windows(2).map(|pair| speed(pair[0], pair[1])).collect();
    Series::line("records settled per second", "#0072B2", points)
}

/// One area for each outcome that occurs, each on top of those before it.
fn stacked(timeline: &StreamTimeline, times: &[f64]) -> Vec<Series> {
    let occurs = |index: &usize| timeline.count_at(timeline.seconds(), *index..=*index) > 0.0;
    let area = |index: usize| {
        let (name, colour) = OUTCOMES[index];
        let points = times.iter().map(|&time| (time, timeline.count_at(time, 0..=index))).collect();
        Series::area(name, colour, points)
    };
    // The highest first: each later one covers what is not its predecessor's own.
    (0..OUTCOMES.len()).rev().filter(occurs).map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timeline::tests::timeline;

    #[test]
    fn the_picture_shows_what_occurs_and_nothing_else() {
        let svg = svg(&timeline());
        for part in ["Throughput (records/s)", ">stored<", ">rejected<", "Memory (MiB)", "seconds"] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(!svg.contains(">stale<") && !svg.contains("NaN"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    }
}
