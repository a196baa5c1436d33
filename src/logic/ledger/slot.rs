//! One place of the ledger: the record that has it, and how far it is.

use std::sync::Arc;

use super::{super::record_ref::RecordRef, Settlement};
use cleaning::outcome::{Completion, Failure};

/// One place of the ledger.
#[derive(Default)]
pub(super) enum Slot {
    /// Nobody has it.
    #[default]
    Free,
    /// A record that is not settled.
    Open { head: Arc<RecordRef>, stage: Stage, attempts: u32 },
    /// A record that is settled; `is_out` once its result may be taken.
    Settled { head: Arc<RecordRef>, settlement: Settlement, is_out: bool },
}

/// How far a record is that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody works on it.
    Waiting,
    /// A worker has taken it up.
    Started,
    /// It was handed to the store.
    Writing,
}

impl Slot {
    /// Moves an open record on; `false` if it is not where it should be, for the batch has closed.
    pub(super) fn advance(&mut self, from: Stage, to: Stage) -> bool {
        match self {
            Self::Open { stage, .. } if *stage == from => {
                *stage = to;
                true
            }
            _ => false,
        }
    }

    /// Counts that a worker takes an open record up.
    pub(super) fn attempt(&mut self) {
        if let Self::Open { attempts, .. } = self {
            *attempts += 1;
        }
    }

    /// Settles an open record; `false` if somebody was faster.
    pub(super) fn settle(&mut self, settlement: Settlement) -> bool {
        let Self::Open { head, .. } = self else { return false };
        *self = Self::Settled { head: Arc::clone(head), settlement, is_out: false };
        true
    }

    /// What an open record ends as when its batch closes, and whether the store has it.
    pub(super) fn left_over(&self, cause: Completion) -> Option<(Settlement, Stage)> {
        let Self::Open { stage, attempts, .. } = self else { return None };
        let settlement = match stage {
            Stage::Waiting => Settlement::not_attempted(),
            Stage::Started => Settlement::failed(cause_of_failure(cause), &[], *attempts),
            Stage::Writing => Settlement::failed(Failure::StoreOutcomeUnknown, &[], *attempts),
        };
        Some((settlement, *stage))
    }

    /// Lets the result be taken. `true` the first time.
    pub(super) fn release(&mut self) -> bool {
        match self {
            Self::Settled { is_out, .. } => !std::mem::replace(is_out, true),
            _ => false,
        }
    }

    /// Takes out the result of a settled record; the place is free then.
    pub(super) fn take(&mut self) -> Option<(Arc<RecordRef>, Settlement)> {
        match std::mem::take(self) {
            Self::Settled { head, settlement, .. } => Some((head, settlement)),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// What a started record failed of when the batch ended. A batch that ends as complete has no started
/// record left, so one that is found then is a bug.
fn cause_of_failure(cause: Completion) -> Failure {
    match cause {
        Completion::Complete => Failure::Internal,
        Completion::Deadline => Failure::DeadlineExceeded,
        Completion::Cancelled => Failure::Cancelled,
        Completion::Drained => Failure::Drained,
        // What was started when the batch was stopped may end by itself; what is left is what the deadline cut off.
        Completion::Aborted => Failure::DeadlineExceeded,
    }
}
