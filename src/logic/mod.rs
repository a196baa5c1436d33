//! One file per call, and what the calls are made of: the ledger that holds every record's outcome, the
//! cut-offs of a batch, its lanes, feeders and writer, and the report.

pub mod batch_process;
pub mod cutoffs;
pub mod ledger;
pub mod report;

mod feeder;
mod intake;
mod running;
mod tallies;
mod timings;
mod verification;
mod writer;
