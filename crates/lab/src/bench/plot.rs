//! A picture of a stream: throughput, outcomes and memory over the same time.

use cleaning::outcome::Outcome;
use dataprocessing::cli::CommandError;

use super::{measurement::mebibytes, timeline::StreamTimeline};
use chart::{Chart, Colour, Series};

mod chart;

/// Steps of time at most, with a speed for each.
const MAX_STEPS: usize = 80;

/// The colour of an outcome, from a palette that people with any colour vision can tell apart (Okabe and Ito).
fn colour(outcome: Outcome) -> Colour {
    match outcome {
        Outcome::Stored => Colour(0x00, 0x72, 0xB2),
        Outcome::Unchanged => Colour(0x56, 0xB4, 0xE9),
        Outcome::Stale => Colour(0x99, 0x99, 0x99),
        Outcome::Superseded => Colour(0xCC, 0x79, 0xA7),
        Outcome::Valid => Colour(0x00, 0x9E, 0x73),
        Outcome::Rejected => Colour(0xE6, 0x9F, 0x00),
        Outcome::Failed => Colour(0xD5, 0x5E, 0x00),
        Outcome::NotAttempted => Colour(0xF0, 0xE4, 0x42),
    }
}

/// The picture as SVG.
pub(super) fn svg(timeline: &StreamTimeline) -> Result<String, CommandError> {
    let end = timeline.seconds();
    // Not more steps than there are samples.
    let steps = timeline.samples().clamp(1, MAX_STEPS);
    let times: Vec<f64> = (0..=steps).map(|step| end * step as f64 / steps as f64).collect();
    let memory = timeline.memory.iter().map(|sample| (sample.at.as_secs_f64(), mebibytes(sample.resident)));
    let memory = Series::Line(colour(Outcome::Valid), memory.collect());
    let charts = [
        Chart { title: "Throughput (records settled per second)", series: vec![speed(timeline, &times)] },
        Chart { title: "Outcomes (records)", series: stacked(timeline, &times) },
        Chart { title: "Resident memory of the service (MiB)", series: vec![memory] },
    ];
    chart::picture("A stream of records through the service", end, charts)
}

/// The speed between any two times, at their mean.
fn speed(timeline: &StreamTimeline, times: &[f64]) -> Series {
    let all = |time| timeline.count_at(time, &Outcome::ALL);
    let speed = |from: f64, to: f64| ((from + to) / 2.0, (all(to) - all(from)) / (to - from));
    let points = times.windows(2).map(|pair| speed(pair[0], pair[1])).collect();
    Series::Line(colour(Outcome::Stored), points)
}

/// An area for each outcome that occurs, each on top of those before it.
fn stacked(timeline: &StreamTimeline, times: &[f64]) -> Vec<Series> {
    let occurs = |index: &usize| timeline.count_at(timeline.seconds(), &[Outcome::ALL[*index]]) > 0.0;
    let area = |index: usize| {
        let outcome = Outcome::ALL[index];
        let points =
            times.iter().map(|&time| (time, timeline.count_at(time, &Outcome::ALL[..=index]))).collect();
        Series::Area(outcome.name().replace('_', " "), colour(outcome), points)
    };
    // The highest first: each later one covers all of it but its own share.
    (0..Outcome::COUNT).rev().filter(occurs).map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timeline::tests::timeline;

    #[test]
    fn the_picture_shows_what_occurs_and_nothing_else() {
        let svg = svg(&timeline()).unwrap();
        for part in [
            "Throughput (records settled per second)",
            "stored",
            "rejected",
            "Resident memory of the service (MiB)",
            "seconds",
        ] {
            assert!(svg.contains(&format!("\n{part}\n</text>")), "{part}");
        }
        assert!(!svg.contains("stale") && !svg.contains("NaN"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    }
}
