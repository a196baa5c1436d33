//! What the ledger of a batch costs: `cargo bench --bench ledger`. Speeds are records per second.

use std::sync::Arc;

use cleaning::outcome::{Completion, Outcome};
use dataprocessing::logic::ledger::{Ledger, RecordRef, Settlement, Ticket};
use divan::counter::ItemsCount;

const RECORDS: u32 = 10_000;
/// Slots of a stream.
const WINDOW: u32 = 2_000;

/// A record of a whole batch from its ticket to its outcome, and its share of opening and closing the ledger.
#[divan::bench]
fn a_record_of_a_whole_batch(bencher: divan::Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
        let ledger = Ledger::whole(RECORDS);
        for index in 0..RECORDS {
            store(ledger.admit(index, Arc::default()));
        }
        ledger.close(Completion::Complete)
    });
}

/// A record of a stream from a free slot to its result, which frees the slot again.
#[divan::bench]
fn a_record_of_a_stream(bencher: divan::Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        runtime.block_on(async {
            let (ledger, mut free_slots, mut result_stream) = Ledger::window(WINDOW);
            for first in (0..RECORDS).step_by(WINDOW as usize) {
                for index in first..first + WINDOW {
                    let slot = free_slots.take().await.expect("every slot is free");
                    let record = RecordRef { index, ..RecordRef::default() };
                    store(ledger.admit(slot, Arc::new(record)));
                }
                assert_eq!(result_stream.take_ready(WINDOW as usize).len(), WINDOW as usize);
            }
            ledger.close(Completion::Complete)
        })
    });
}

/// Closing alone, when no record was ever started.
#[divan::bench]
fn closing_what_was_never_started(bencher: divan::Bencher<'_, '_>) {
    let waiting = || {
        let ledger = Ledger::whole(RECORDS);
        let tickets: Vec<_> = (0..RECORDS).map(|index| ledger.admit(index, Arc::default())).collect();
        (ledger, tickets)
    };
    bencher
        .counter(ItemsCount::new(RECORDS))
        .with_inputs(waiting)
        .bench_values(|(ledger, _tickets)| ledger.close(Completion::Deadline));
}

fn store(ticket: Ticket) {
    let attempt = ticket.begin().expect("the ledger is open");
    assert!(attempt.start_writing());
    attempt.settle(Settlement::ended(Outcome::Stored, Arc::default(), 1));
}

fn main() {
    divan::main();
}
