//! One file per call, and what the calls are made of: the course that every batch takes, the ledger that holds
//! every record's outcome, the cut-offs, the lines and feeders, the writer, and the report.

pub mod batch_process;
pub mod batch_stream;
pub mod cutoffs;
pub mod get_batch;
pub mod ledger;
pub mod list_results;
pub mod record_ref;
pub mod report;
pub mod retention;

mod cleaning_stats;
mod feeder;
mod intake;
mod previous_run;
mod recent_ids;
mod reject_limit;
mod resend_guard;
mod run;
mod shared;
mod timings;
mod totals;
mod verification;
mod writer;
