//! The report of a demo: text for people, one JSON object for programs.

use std::{cmp::Reverse, collections::BTreeMap, fmt, time::Duration};

use cleaning::outcome::OutcomeCounts;
use dataprocessing::server::pb::{Completion, Severity, Summary};
use hospital_sim::Stats;
use serde_json::json;

use crate::traffic::{outcomes, unary::Uploaded};

/// The length of the longest bar, in characters.
const BAR_LENGTH: u32 = 30;
/// Groups of issues that are shown at most.
const MAX_ISSUE_GROUPS: usize = 12;

pub(super) struct DemoReport {
    received: u32,
    outcomes: OutcomeCounts,
    warnings: u32,
    completion: Completion,
    issue_groups: Vec<GroupLine>,
    calls: usize,
    wall: Duration,
    latency: Duration,
    ideal: Option<Duration>,
    stats: Stats,
}

impl DemoReport {
    /// Adds up the responses of all calls. In the ideal case, as many verifications as the hospital saw at once are in
    /// flight all the time.
    pub(super) fn new(uploaded: &Uploaded, stats: Stats, latency: Duration, workers: usize) -> Self {
        let summaries = || uploaded.responses.iter().filter_map(|response| response.summary.as_ref());
        let sum = |counter: fn(&Summary) -> u32| summaries().map(counter).sum();
        let in_flight = stats.max_in_flight.clamp(1, workers as u64);
        let ideal = latency.mul_f64(stats.calls as f64 / in_flight as f64);
        Self {
            received: sum(|summary| summary.received),
            outcomes: outcomes::sum(summaries().map(outcomes::of_summary)),
            warnings: sum(|summary| summary.warnings),
            completion: completion(uploaded),
            issue_groups: issue_groups(summaries()),
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
        for (outcome, count) in self.outcomes.iter() {
            object[outcome.name()] = count.into();
        }
        object
    }

    fn write_outcomes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Outcomes")?;
        for (outcome, count) in self.outcomes.iter().filter(|(_, count)| *count > 0) {
            // At least one mark for every outcome that occurs.
            let marks = (u64::from(count) * u64::from(BAR_LENGTH)).div_ceil(u64::from(self.received.max(1)));
            let name = outcome.name().replace('_', " ");
            writeln!(f, "  {name:<14}{count:>8}  {}", "■".repeat(marks as usize))?;
        }
        writeln!(f, "  {:<14}{:>8}", "sum", self.outcomes.total())
    }

    fn write_issues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.issue_groups.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nIssues")?;
        for GroupLine { severity, code, field, count } in self.issue_groups.iter().take(MAX_ISSUE_GROUPS) {
            let severity = if *severity == Severity::Error { "error" } else { "warning" };
            writeln!(f, "  {count:>8}  {severity:<8} {code:<32} {field}")?;
        }
        match self.issue_groups.len().saturating_sub(MAX_ISSUE_GROUPS) {
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
        write!(f, "  {:<28}{}", "max calls in flight", self.stats.max_in_flight)
    }
}

impl fmt::Display for DemoReport {
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

/// Issues of one kind about one field.
struct GroupLine {
    severity: Severity,
    code: String,
    field: String,
    count: u32,
}

/// The groups of all calls: errors first, the most frequent first.
fn issue_groups<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Vec<GroupLine> {
    let mut counts: BTreeMap<(Severity, &str, &str), u32> = BTreeMap::new();
    for group in summaries.flat_map(|summary| &summary.issue_groups) {
        *counts.entry((group.severity(), &group.code, &group.field)).or_default() += group.count;
    }
    let mut groups: Vec<_> = counts
        .into_iter()
        .map(|((severity, code, field), count)| GroupLine {
            severity,
            code: code.to_owned(),
            field: field.to_owned(),
            count,
        })
        .collect();
    groups.sort_by_key(|group| (group.severity, Reverse(group.count)));
    groups
}
