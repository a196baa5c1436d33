//! One slot of the ledger: the record in it, and how far that is.

use std::sync::Arc;

use cleaning::outcome::{Completion, Failure};

use super::{record_ref::RecordRef, settlement::Settlement};

/// One slot of the ledger.
#[derive(Default)]
pub(super) enum Slot {
    #[default]
    Free,
    Open {
        record: Arc<RecordRef>,
        stage: Stage,
        attempts: u32,
    },
    /// `is_released` once the result may be taken.
    Settled {
        record: Arc<RecordRef>,
        settlement: Settlement,
        is_released: bool,
    },
}

/// How far an open record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    /// A worker has begun it.
    Started,
    /// The store has it.
    Writing,
}

impl Slot {
    /// Moves an open record from one stage to the next; `false` if it is not in `from`, because the batch has closed.
    pub(super) fn advance(&mut self, from: Stage, to: Stage) -> bool {
        match self {
            Self::Open { stage, .. } if *stage == from => {
                *stage = to;
                true
            }
            _ => false,
        }
    }

    pub(super) fn count_attempt(&mut self) {
        if let Self::Open { attempts, .. } = self {
            *attempts += 1;
        }
    }

    /// Settles an open record; `false` if it is settled already.
    pub(super) fn settle(&mut self, settlement: Settlement) -> bool {
        let Self::Open { record, .. } = self else { return false };
        *self = Self::Settled { record: Arc::clone(record), settlement, is_released: false };
        true
    }

    /// How an open record ends when its batch closes, and the stage it was in.
    pub(super) fn left_over(&self, cause: Completion) -> Option<(Settlement, Stage)> {
        let Self::Open { stage, attempts, .. } = self else { return None };
        let settlement = match stage {
            Stage::Waiting => Settlement::not_attempted(),
            Stage::Started => Settlement::failed(failure_by(cause), &[], *attempts),
            Stage::Writing => Settlement::failed(Failure::StoreOutcomeUnknown, &[], *attempts),
        };
        Some((settlement, *stage))
    }

    /// Lets the result be taken; `true` the first time.
    pub(super) fn release(&mut self) -> bool {
        match self {
            Self::Settled { is_released, .. } => !std::mem::replace(is_released, true),
            _ => false,
        }
    }

    /// Takes the result of a settled record, which frees the slot.
    pub(super) fn take(&mut self) -> Option<(Arc<RecordRef>, Settlement)> {
        match std::mem::take(self) {
            Self::Settled { record, settlement, .. } => Some((record, settlement)),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// Why a started record failed when the batch ended. A batch that ends as complete has no started record left, so
/// finding one then is a bug.
fn failure_by(cause: Completion) -> Failure {
    match cause {
        Completion::Complete => Failure::Internal,
        Completion::Deadline => Failure::DeadlineExceeded,
        Completion::Cancelled => Failure::Cancelled,
        Completion::Drained => Failure::Drained,
        // Records that were started when the batch was stopped may end by themselves; the deadline cut off the rest.
        Completion::Aborted => Failure::DeadlineExceeded,
    }
}
