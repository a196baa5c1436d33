//! One file per call, and what the calls are made of: the course that every batch takes, the ledger that holds
//! every record's outcome, the cut-offs, the lines and feeders, the writer, and the report.

pub mod batch_process;
pub mod batch_stream;
pub mod cutoffs;
pub mod get_batch;
pub mod head;
pub mod ledger;
pub mod list_results;
pub mod report;
pub mod retention;

mod account;
mod claim;
mod course;
mod earlier;
mod feeder;
mod intake;
mod recent_ids;
mod reject_watch;
mod running;
mod tallies;
mod timings;
mod verification;
mod writer;
