//! Runs what several threads share in thousands of orders: the ledger, the guard of a hospital and the gate.
//!
//! They are compiled here from their own files, word for word, but with other locks and atomics: shuttle runs the
//! threads of a check one at a time, may change over at each use of these, and chooses which thread goes on. A
//! wake-up that is missed shows as a deadlock. What is left out: reorderings that only weak memory makes, and what
//! happens within tokio's channels, which tokio checks by itself.

#![forbid(unsafe_code)]
#![allow(dead_code, unused_imports, reason = "the service uses what no check does")]

// What the files below call `std` is this crate: std with the `sync` and `thread` of shuttle.
extern crate self as std;
extern crate std as real;

pub use real::{
    array, borrow, cell, cmp, collections, env, fmt, hash, iter, mem, num, ops, panic, pin, process, result,
    time,
};
pub use shuttle::thread;

pub mod sync {
    //! `std::sync`, as far as it is needed; whatever is not here does not compile.
    pub use shuttle::sync::{Mutex, MutexGuard, atomic, mpsc};

    pub use crate::real::sync::{Arc, OnceLock, PoisonError, Weak};
}

mod explore;

#[path = "../../src/domain"]
mod domain {
    pub mod hint;
    pub mod issue;
    pub mod outcome;
    pub mod shape;

    pub mod issue_groups {
        //! Stands in for the groups of the report, which are added to under the ledger's lock and no more.
        use std::sync::Arc;

        use super::issue::Issue;

        #[derive(Default)]
        pub struct IssueGroups;

        pub struct IssueGroup;

        impl IssueGroups {
            pub fn add(&mut self, _hospital_code: &Arc<str>, _index: u32, _issue: &Issue) {}
        }
    }

    pub mod tally {
        //! Stands in for what cleaning changed, of which the ledger knows nothing.
        pub struct ChangeGroup;
    }
}

#[path = "../../src/logic"]
mod logic {
    mod totals;
    pub mod ledger;
    pub mod report;
    mod timings;

    pub mod record_ref {
        //! Stands in for who a record is: what the ledger looks at.
        use std::sync::Arc;

        #[derive(Default)]
        pub struct RecordRef {
            pub index: u32,
            pub id: Arc<str>,
            pub hospital_code: Arc<str>,
        }
    }

    #[path = "../../interleavings/src/ledger.rs"]
    pub mod checks;
}

#[path = "../../src/svc"]
mod svc {
    mod in_flight_budget;
    pub use in_flight_budget::BatchProgress;
}

#[path = "../../src/client"]
mod client {
    pub mod hospital_health;

    pub mod hospital_api {
        mod fault;
        pub use fault::FaultKind;
    }

    #[path = "../../interleavings/src/guard.rs"]
    pub mod checks;
}

#[path = "../../src/pool"]
mod pool {
    mod gate;

    #[path = "../../interleavings/src/gate.rs"]
    pub mod checks;
}

fn main() {
    let checks = [logic::checks::ALL, client::checks::ALL, worker_pool::checks::ALL];
    explore::run(&checks.concat());
}
