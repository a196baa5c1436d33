//! The stages of a record, in their order:
//!
//! ```text
//! intake --Ticket--> clean --Ticket--> verify --Attempt--> write --> the store
//!   |    queue per     |     lane per   |  ^    queue per    ^
//!   |    hospital      |     hospital   |  |    batch        |
//!   |                  |                +--+ retry later     |
//!   |                  |                |                    |
//!   +------------------+----------------+------Receipt-------+
//!            settled at once: rejected or failed
//! ```
//!
//! 1. [`intake`] gives a record its slot in the ledger, and rejects it or puts it in the queue of its hospital.
//! 2. [`clean`] is one task per hospital and batch; it formats and judges the records in index order.
//! 3. [`verify`] asks the hospital about a record, in a worker of the pool. Back-pressure is the lane to it, which
//!    holds few records. Records of a hospital without an API skip this stage.
//! 4. [`write`](mod@write) is one task per batch; it gathers chunks for the store and settles what the store answers.
//!
//! Each arrow names the handle that holds the record. Whatever happens on the way, the handle settles the record or
//! leaves it to the closing of its batch.

pub(super) mod intake;
pub(super) mod write;

mod clean;
mod verify;
