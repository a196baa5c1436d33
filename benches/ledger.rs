//! What the books of a batch cost: `cargo bench --bench ledger`. Speeds are records a second.

use std::sync::Arc;

use dataprocessing::{
    domain::outcome::{Completion, Outcome},
    logic::ledger::{Ledger, Settlement},
};
use divan::counter::ItemsCount;

const RECORDS: u32 = 10_000;

/// A record from its ticket to its outcome, and its share of opening and closing the books.
#[divan::bench]
fn a_record_from_ticket_to_report(bencher: divan::Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
        let ledger = Ledger::new(RECORDS);
        for index in 0..RECORDS {
            let attempt = ledger.ticket(index).begin().expect("the ledger is open");
            assert!(attempt.write());
            attempt.settle(Settlement::ended(Outcome::Stored, Arc::default(), 1));
        }
        ledger.close(Completion::Complete)
    });
}

/// Closing alone, when no record was ever started.
#[divan::bench]
fn closing_what_was_never_started(bencher: divan::Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(RECORDS))
        .with_inputs(|| Ledger::new(RECORDS))
        .bench_values(|ledger| ledger.close(Completion::Deadline));
}

fn main() {
    divan::main();
}
