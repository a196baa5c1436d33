//! What the demo shows at the end: for people as text, for programs as one JSON object.

use std::{collections::BTreeMap, fmt, time::Duration};

use dataprocessing::server::pb::{Completion, Severity, Summary};
use hospital_sim::Stats;
use serde_json::json;

use crate::traffic::unary::Uploaded;

/// Width of the bars, in characters.
const BAR: u32 = 30;
/// How many issue groups are shown.
const GROUPS: usize = 12;

/// The end of a demo.
pub(super) struct Report {
    received: u32,
    outcomes: [(&'static str, u32); 8],
    warnings: u32,
    completion: Completion,
    groups: Vec<(Severity, String, String, u32)>,
    calls: usize,
    wall: Duration,
    latency: Duration,
    ideal: Option<Duration>,
    stats: Stats,
}

impl Report {
    /// Adds up the responses of all calls. The ideal is that all calls that the hospital saw at once were
    /// in flight all the time.
    pub(super) fn new(uploaded: &Uploaded, stats: Stats, latency: Duration, workers: usize) -> Self {
        let sum = |counter: fn(&Summary) -> u32| -> u32 {
            uploaded.responses.iter().filter_map(|response| response.summary.as_ref()).map(counter).sum()
        };
        let in_flight = stats.max_in_flight.clamp(1, workers as u64);
        let ideal = latency.mul_f64(stats.calls as f64 / in_flight as f64);
        Self {
            received: sum(|summary| summary.received),
            outcomes: [
                ("stored", sum(|summary| summary.stored)),
                ("unchanged", sum(|summary| summary.unchanged)),
                ("stale", sum(|summary| summary.stale)),
                ("superseded", sum(|summary| summary.superseded)),
                ("valid", sum(|summary| summary.valid)),
                ("rejected", sum(|summary| summary.rejected)),
                ("failed", sum(|summary| summary.failed)),
                ("not_attempted", sum(|summary| summary.not_attempted)),
            ],
            warnings: sum(|summary| summary.warnings),
            completion: completion(uploaded),
            groups: groups(uploaded),
            calls: uploaded.responses.len(),
            wall: uploaded.wall,
            latency,
            ideal: (!latency.is_zero()).then_some(ideal),
            stats,
        }
    }

    /// The report as one JSON object on one line.
    pub(super) fn json(&self) -> serde_json::Value {
        let mut object = json!({
            "received": self.received,
            "warnings": self.warnings,
            "completion": completion_name(self.completion),
            "wall_seconds": self.wall.as_secs_f64(),
            "verified": self.stats.calls,
            "ideal_seconds": self.ideal.map(|ideal| ideal.as_secs_f64()),
            "max_in_flight": self.stats.max_in_flight,
        });
        for (name, count) in self.outcomes {
            object[name] = count.into();
        }
        object
    }

    fn write_outcomes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Outcomes")?;
        for (name, count) in self.outcomes.into_iter().filter(|(_, count)| *count > 0) {
            // At least one mark for what occurs at all.
            let marks = (u64::from(count) * u64::from(BAR)).div_ceil(u64::from(self.received.max(1)));
            writeln!(f, "  {:<14}{count:>8}  {}", name.replace('_', " "), "■".repeat(marks as usize))?;
        }
        writeln!(f, "  {:<14}{:>8}", "sum", self.outcomes.iter().map(|(_, count)| count).sum::<u32>())
    }

    fn write_issues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nIssues")?;
        for (severity, code, field, count) in self.groups.iter().take(GROUPS) {
            let severity = if *severity == Severity::Error { "error" } else { "warning" };
            writeln!(f, "  {count:>8}  {severity:<8} {code:<32} {field}")?;
        }
        match self.groups.len().saturating_sub(GROUPS) {
            0 => Ok(()),
            more => writeln!(f, "            and {more} more kinds"),
        }
    }

    fn write_speed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wall = self.wall.as_secs_f64();
        writeln!(f, "\nSpeed")?;
        writeln!(f, "  {:<28}{wall:.2} s ({:.0} records/s)", "wall time", f64::from(self.received) / wall)?;
        if let Some(ideal) = self.ideal.map(|ideal| ideal.as_secs_f64()).filter(|ideal| *ideal > 0.0) {
            let one_by_one = self.latency.as_secs_f64() * self.stats.calls as f64;
            writeln!(f, "  {:<28}{ideal:.2} s (the wall time is {:.3} of it)", "ideal", wall / ideal)?;
            writeln!(f, "  {:<28}{one_by_one:.0} s", "one record after another")?;
        }
        writeln!(f, "  {:<28}{}", "calls to the hospital", self.stats.calls)?;
        write!(f, "  {:<28}{}", "most in flight, as it saw", self.stats.max_in_flight)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "one call".to_owned() } else { format!("{} calls", self.calls) };
        let completion = completion_name(self.completion);
        writeln!(f, "\n{} records in {calls}, completion: {completion}\n", self.received)?;
        self.write_outcomes(f)?;
        self.write_issues(f)?;
        self.write_speed(f)
    }
}

/// The first completion that is not COMPLETE, else COMPLETE.
fn completion(uploaded: &Uploaded) -> Completion {
    let mut completions = uploaded.responses.iter().map(|response| response.completion());
    completions.find(|completion| *completion != Completion::Complete).unwrap_or(Completion::Complete)
}

fn completion_name(completion: Completion) -> String {
    completion.as_str_name().trim_start_matches("COMPLETION_").to_lowercase()
}

fn groups(uploaded: &Uploaded) -> Vec<(Severity, String, String, u32)> {
    let mut counts: BTreeMap<(String, String, i32), u32> = BTreeMap::new();
    let summaries = uploaded.responses.iter().filter_map(|response| response.summary.as_ref());
    for group in summaries.flat_map(|summary| &summary.issue_groups) {
        *counts.entry((group.code.clone(), group.field.clone(), group.severity)).or_default() += group.count;
    }
    let mut groups: Vec<_> = counts
        .into_iter()
        .map(|((code, field, severity), count)| {
            (Severity::try_from(severity).unwrap_or(Severity::Unspecified), code, field, count)
        })
        .collect();
    groups.sort_by_key(|(severity, _, _, count)| (*severity as i32, std::cmp::Reverse(*count)));
    groups
}
