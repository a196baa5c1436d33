//! The sums over the records of a batch, added up one by one: a million records take no more memory than one.

use super::{ledger::Settlement, record_ref::RecordRef, report::BatchCounts};
use cleaning::{issue::Severity, issue_groups::IssueGroups};

/// The sums over some records.
#[derive(Default)]
pub(super) struct Totals {
    counts: BatchCounts,
    issues: IssueGroups,
}

impl Totals {
    /// Adds one settled record.
    pub(super) fn add(&mut self, head: &RecordRef, settlement: &Settlement) {
        self.counts.received += 1;
        self.counts.by_outcome[settlement.outcome] += 1;
        for issue in settlement.issues.iter() {
            self.counts.warnings += u32::from(issue.severity == Severity::Warning);
            self.issues.add(&head.hospital_code, head.index, issue);
        }
    }

    pub(super) fn into_parts(self) -> (BatchCounts, IssueGroups) {
        (self.counts, self.issues)
    }
}
