//! What became of a batch, for the caller: counters that add up, issues grouped, one result per record.

use std::{sync::Arc, time::Duration};

use cleaning::{cleaning_tally::ChangeGroup, issue_groups::IssueGroup, outcome::Completion};
use tokio::time::Instant;

use crate::logic::{
    batch::Timings,
    ledger::{BatchCounts, RecordResult},
};

/// What became of a batch.
pub struct BatchReport {
    pub batch_id: Arc<str>,
    /// Why it ended.
    pub completion: Completion,
    pub counts: BatchCounts,
    pub times: StageTimes,
    /// Issues of all records, the most frequent first.
    pub issue_groups: Vec<IssueGroup>,
    /// Changes of formatting over all records, the most frequent first.
    pub change_groups: Vec<ChangeGroup>,
    /// One result per record, in index order. Empty for a stream, whose results go out through its result stream.
    pub results: Vec<RecordResult>,
    /// The hospitals that the records came from, with the version of the profile that was used.
    pub profile_versions: Vec<(Arc<str>, String)>,
}

/// Time spent by a batch; the stages overlap.
#[derive(Clone, Copy, Debug)]
pub struct StageTimes {
    /// From the headers to the answer.
    pub total: Duration,
    /// From the headers to the decoded message, of a stream to the last message.
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
