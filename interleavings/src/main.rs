//! Runs what several threads share in thousands of orders: the ledger, the health of a hospital and the gate.
//!
//! With the feature `shuttle` their locks and atomics are shuttle's, which runs the threads of a check one at a time,
//! may switch at each use of these, and chooses which thread goes on. A missed wake-up shows as a deadlock. Left out
//! are reorderings that only weak memory makes, and what happens within tokio's channels, which tokio checks itself.

#![forbid(unsafe_code)]

mod explore;
mod gate;
mod health;
mod ledger;

fn main() {
    explore::run(&[ledger::CHECKS, health::CHECKS, gate::CHECKS].concat());
}
