//! What the stages of one batch share while it runs.

mod cleaning_stats;
mod cutoffs;
mod reject_limit;
mod resend;
mod shared;
mod timings;
mod write_queue;

pub(super) use self::{
    cleaning_stats::CleaningStats,
    cutoffs::{Cutoffs, read_deadline},
    reject_limit::RejectWatcher,
    resend::{CheckedRecord, ResendState},
    shared::{BatchShared, CleanRecord},
    timings::Timings,
    write_queue::{QueuedRow, WriteHandle, WriteQueue, settled_row},
};
pub use self::{cutoffs::answer_reserve, resend::ResendError};
