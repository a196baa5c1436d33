//! What the stages of one batch share while it runs.

pub mod cutoffs;

pub(super) mod cleaning_stats;
pub(super) mod reject_limit;
pub(super) mod resend;
pub(super) mod shared;
pub(super) mod timings;
pub(super) mod write_queue;
