//! What became of a batch, for the caller: counters that add up, issues grouped, one result per record.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{ledger::Settlement, record_ref::RecordRef, timings::Timings};
use cleaning::{
    cleaning_tally::ChangeGroup,
    issue_groups::IssueGroup,
    outcome::{Completion, Outcome, OutcomeCounts},
};

/// What became of a batch.
pub struct BatchReport {
    /// The batch's id.
    pub batch_id: Arc<str>,
    /// Why it ended.
    pub completion: Completion,
    /// How many records ended how.
    pub counts: BatchCounts,
    /// Where the time went.
    pub times: StageTimes,
    /// Issues of all records, the most frequent first.
    pub issue_groups: Vec<IssueGroup>,
    /// Changes of formatting over all records, the most frequent first.
    pub change_groups: Vec<ChangeGroup>,
    /// One result per record, in index order. Those of a streamed batch have gone out by themselves.
    pub results: Vec<RecordResult>,
    /// The hospitals that the records came from, with the version of the profile that was used.
    pub profile_versions: Vec<(Arc<str>, String)>,
}

/// How many records ended how. `received` is the sum over `by_outcome`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// Records in the batch.
    pub received: u32,
    /// Records by outcome.
    pub by_outcome: OutcomeCounts,
    /// Warnings over all records.
    pub warnings: u32,
}

impl BatchCounts {
    /// How many records ended as `outcome`.
    pub fn of(&self, outcome: Outcome) -> u32 {
        self.by_outcome[outcome]
    }
}

/// Time spent by a batch; the stages overlap.
#[derive(Clone, Copy, Debug)]
pub struct StageTimes {
    /// From the headers to the answer.
    pub total: Duration,
    /// From the headers to the decoded message, of a stream to the last one.
    pub receive: Duration,
    /// Formatting and local rules, summed over records.
    pub clean: Duration,
    /// Waiting for a worker, summed over records.
    pub queue: Duration,
    /// Calls to hospitals, summed over records.
    pub verify: Duration,
    /// Transactions, summed over chunks.
    pub write: Duration,
}

impl StageTimes {
    pub(super) fn new(arrived_at: Instant, received_at: Instant, timings: &Timings) -> Self {
        Self {
            total: arrived_at.elapsed(),
            receive: received_at - arrived_at,
            clean: timings.clean.total(),
            queue: timings.queue.total(),
            verify: timings.verify.total(),
            write: timings.write.total(),
        }
    }
}

/// What became of one record.
pub struct RecordResult {
    /// Place in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub id: Arc<str>,
    /// How it ended.
    pub settlement: Settlement,
}

impl RecordResult {
    pub(super) fn new((head, settlement): (Arc<RecordRef>, Settlement)) -> Self {
        Self { index: head.index, id: Arc::clone(&head.id), settlement }
    }
}
