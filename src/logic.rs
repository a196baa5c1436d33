//! What a batch goes through, in rooms that import one way:
//!
//! ```text
//! calls -> batch_run -> pipeline -> batch -> ledger
//! ```
//!
//! | room | holds |
//! | --- | --- |
//! | [`calls`] | one file per call |
//! | [`batch_run`] | one batch from its start to its report, and its previous run if it was sent before |
//! | `pipeline` | the four stages of a record: intake, clean, verify, write |
//! | [`batch`] | what the stages of one batch share: deadlines, limits, timings, the queue to the writer |
//! | [`ledger`] | exactly one outcome per record, and the handles that lead to it |
//! | [`retention`] | deletes batches that ended long ago |

pub mod batch;
pub mod batch_run;
pub mod calls;
pub mod ledger;
pub mod retention;

mod pipeline;
