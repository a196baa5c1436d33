//! The outcomes that messages of the service count.

use cleaning::outcome::{Outcome, OutcomeCounts};
use dataprocessing::server::pb::{self, StreamProgress, Summary};

pub(crate) fn of_summary(summary: &Summary) -> OutcomeCounts {
    OutcomeCounts::from_fn(|outcome| match outcome {
        Outcome::Stored => summary.stored,
        Outcome::Unchanged => summary.unchanged,
        Outcome::Stale => summary.stale,
        Outcome::Superseded => summary.superseded,
        Outcome::Valid => summary.valid,
        Outcome::Rejected => summary.rejected,
        Outcome::Failed => summary.failed,
        Outcome::NotAttempted => summary.not_attempted,
    })
}

pub(crate) fn of_progress(progress: &StreamProgress) -> OutcomeCounts {
    OutcomeCounts::from_fn(|outcome| {
        let name = format!("OUTCOME_{}", outcome.name().to_uppercase());
        let outcome = pb::Outcome::from_str_name(&name).unwrap_or_default();
        let counts = progress.outcomes.iter().filter(|count| count.outcome() == outcome);
        counts.map(|count| count.count).sum()
    })
}

pub(crate) fn sum(counts: impl IntoIterator<Item = OutcomeCounts>) -> OutcomeCounts {
    counts.into_iter().fold(OutcomeCounts::default(), |sum, counts| {
        OutcomeCounts::from_fn(|outcome| sum[outcome] + counts[outcome])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_summary_count_the_same_outcomes() {
        let outcomes = (1..=8).map(|outcome| pb::OutcomeCount { outcome, count: outcome as u32 }).collect();
        let counts = of_progress(&StreamProgress { outcomes, ..Default::default() });
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8].into());
        let summary = Summary { stored: 1, not_attempted: 8, ..Default::default() };
        assert_eq!(of_summary(&summary)[Outcome::NotAttempted], counts[Outcome::NotAttempted]);
    }
}
