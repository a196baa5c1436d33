//! The sums over the records of a batch, added up one by one: a million records take no more memory than one.

use cleaning::{issue::Severity, issue_groups::IssueGroups, outcome::OutcomeCounts};

use super::{record_ref::RecordRef, settlement::Settlement};

/// How many records ended how. `received` is the sum over `by_outcome`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchCounts {
    pub received: u32,
    pub by_outcome: OutcomeCounts,
    /// Warnings over all records.
    pub warnings: u32,
}

/// The counts and the issues of some records.
#[derive(Default)]
pub(super) struct Totals {
    counts: BatchCounts,
    issues: IssueGroups,
}

impl Totals {
    pub(super) fn add(&mut self, record: &RecordRef, settlement: &Settlement) {
        self.counts.received += 1;
        self.counts.by_outcome[settlement.outcome] += 1;
        for issue in settlement.issues.iter() {
            self.counts.warnings += u32::from(issue.severity == Severity::Warning);
            self.issues.add(&record.hospital_code, record.index, issue);
        }
    }

    pub(super) fn into_parts(self) -> (BatchCounts, IssueGroups) {
        (self.counts, self.issues)
    }
}
