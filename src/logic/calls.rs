//! One file per call.

pub mod batch_process;
pub mod batch_stream;
pub mod get_batch;
pub mod list_results;
