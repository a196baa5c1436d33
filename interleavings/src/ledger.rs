//! The ledger: exactly one outcome per record, and no wake-up missed, while workers settle records and the batch
//! closes.

use std::{collections::HashMap, sync::Arc};

use cleaning::outcome::{Completion, Outcome};
use dataprocessing::logic::ledger::{
    Attempt, Ledger, Receipt, RecordRef, RecordResult, ResultStream, Settlement, Ticket,
};
use futures_util::FutureExt;
use shuttle::{
    future::block_on,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use crate::explore::{Check, dice};

pub const CHECKS: &[Check] = &[
    Check::random("ledger: one outcome, the one settled first", one_outcome_whoever_settles_first),
    Check::random("ledger: the last to settle wakes all that wait", the_last_to_settle_wakes_who_waits),
    Check::random("ledger: nothing in flight means settled", nothing_in_flight_means_settled),
    Check::random("ledger: a slot is free after its receipt", a_slot_is_free_after_its_receipt),
    Check::random(
        "ledger: one result although the stream is cut off",
        one_result_though_the_stream_is_cut_off,
    ),
];

/// By the index of the record: the outcomes of the settlements that were told to count.
type Told = HashMap<u32, Vec<Outcome>>;

fn admit(ledger: &Arc<Ledger>, slot: u32, index: u32) -> Ticket {
    ledger.admit(slot, Arc::new(RecordRef { index, ..RecordRef::default() }))
}

fn whole(records: u32) -> (Arc<Ledger>, Vec<Ticket>) {
    let ledger = Ledger::whole(records);
    let tickets = (0..records).map(|index| admit(&ledger, index, index)).collect();
    (ledger, tickets)
}

fn ended(outcome: Outcome) -> Settlement {
    Settlement::ended(outcome, Arc::default(), 1)
}

/// A record that is left where the closing finds it.
enum Kept {
    Waiting { _ticket: Ticket },
    Begun { _attempt: Attempt },
}

/// Ends a record in any way. Returns its receipt if this settled it, and what is kept of it.
fn live(ticket: Ticket) -> (Option<Receipt>, Option<Outcome>, Option<Kept>) {
    let fate = dice(9);
    if fate == 0 {
        return (ticket.settle(ended(Outcome::Rejected)), Some(Outcome::Rejected), None);
    } else if fate == 1 {
        return (None, None, Some(Kept::Waiting { _ticket: ticket }));
    }
    let Some(mut attempt) = ticket.begin() else { return (None, None, None) };
    if fate == 2 {
        attempt.again();
    }
    match fate {
        3 => attempt.leave(),
        // As when its worker panics.
        4 => drop(attempt),
        5 => return (None, None, Some(Kept::Begun { _attempt: attempt })),
        6 if attempt.start_writing() => return (None, None, Some(Kept::Begun { _attempt: attempt })),
        7 if !attempt.start_writing() => attempt.leave(),
        _ => return (attempt.settle(ended(Outcome::Stored)), Some(Outcome::Stored), None),
    }
    (None, None, None)
}

fn tell(told: &Mutex<Told>, index: u32, outcome: Outcome) {
    told.lock().unwrap().entry(index).or_default().push(outcome);
}

/// Ends records in any way. Returns what is kept of them until the batch is closed.
fn live_all(tickets: impl IntoIterator<Item = Ticket>, told: &Mutex<Told>) -> Vec<Kept> {
    let live_one = |ticket: Ticket| {
        let index = ticket.record().index;
        let (receipt, outcome, kept) = live(ticket);
        if let (Some(_), Some(outcome)) = (&receipt, outcome) {
            tell(told, index, outcome);
        }
        drop(receipt);
        kept
    };
    tickets.into_iter().filter_map(live_one).collect()
}

fn close(ledger: &Ledger, told: &Mutex<Told>) {
    for (record, settlement) in ledger.close(Completion::Cancelled) {
        tell(told, record.index, settlement.outcome);
    }
}

/// Every record has one result, the one whose settlement was told to count; the sums are those of the results.
fn check_books(ledger: &Ledger, results: &[RecordResult], received: u32, told: &Mutex<Told>) {
    let mut indexes: Vec<_> = results.iter().map(|result| result.index).collect();
    indexes.sort_unstable();
    assert!(indexes.into_iter().eq(0..received), "each record has one result");
    let told = told.lock().unwrap();
    for RecordResult { index, settlement, .. } in results {
        match told.get(index).map(Vec::as_slice) {
            Some(told) => {
                assert_eq!(told, [settlement.outcome], "one settlement was told to count, and it did")
            }
            // Its worker panicked, or the store had it: no settlement was told.
            None => assert_eq!(settlement.outcome, Outcome::Failed),
        }
    }
    let (counts, _) = ledger.take_totals();
    let progress = ledger.progress();
    assert_eq!((counts.received, progress.received, progress.settled()), (received, received, received));
    assert_eq!(counts.by_outcome, progress.by_outcome);
    for outcome in Outcome::ALL {
        let ended = results.iter().filter(|result| result.settlement.outcome == outcome).count();
        assert_eq!(counts.by_outcome[outcome] as usize, ended);
    }
    assert_eq!((ledger.unsettled(), ledger.in_flight()), (0, 0));
}

/// Two workers end their records while the batch is closed, and a third thread waits for its end.
fn one_outcome_whoever_settles_first() {
    const RECORDS: u32 = 6;
    let (ledger, mut tickets) = whole(RECORDS);
    let told = Arc::new(Mutex::new(Told::new()));
    let halves = [tickets.split_off(RECORDS as usize / 2), tickets];
    let workers = halves.map(|half| {
        let told = Arc::clone(&told);
        thread::spawn(move || live_all(half, &told))
    });
    let waiting = thread::spawn({
        let ledger = Arc::clone(&ledger);
        move || {
            block_on(ledger.all_settled());
            assert_eq!(ledger.progress().settled(), RECORDS);
        }
    });
    close(&ledger, &told);
    assert!(ledger.close(Completion::Cancelled).is_empty(), "all were settled by the first closing");
    drop(workers.map(|worker| worker.join().unwrap()));
    waiting.join().unwrap();
    check_books(&ledger, &ledger.results(), RECORDS, &told);
}

/// Nothing closes the batch: the last record wakes the waiting threads, or they wait for ever.
fn the_last_to_settle_wakes_who_waits() {
    const RECORDS: u32 = 3;
    let (ledger, tickets) = whole(RECORDS);
    let waiting = [(); 2].map(|()| {
        let ledger = Arc::clone(&ledger);
        thread::spawn(move || {
            block_on(ledger.all_settled());
            assert_eq!(ledger.progress().settled(), RECORDS);
        })
    });
    for ticket in tickets {
        thread::spawn(move || match dice(2) {
            0 => drop(ticket.settle(ended(Outcome::Rejected))),
            _ => drop(ticket.begin().and_then(|attempt| attempt.settle(ended(Outcome::Stored)))),
        });
    }
    waiting.into_iter().for_each(|waiting| waiting.join().unwrap());
}

/// A thread that waits for the records in flight is woken by the last one, and finds the outcomes of all.
fn nothing_in_flight_means_settled() {
    const RECORDS: u32 = 3;
    let (ledger, tickets) = whole(RECORDS);
    let attempts: Vec<_> = tickets.into_iter().filter_map(Ticket::begin).collect();
    for attempt in attempts {
        thread::spawn(move || match dice(2) {
            0 => drop(attempt),
            _ => drop(attempt.settle(ended(Outcome::Stored))),
        });
    }
    block_on(ledger.nothing_in_flight());
    assert_eq!(ledger.unsettled(), 0);
    assert!(ledger.close(Completion::Complete).is_empty(), "nothing is left to settle");
}

/// The results that were taken from a stream so far.
type Taken = Arc<Mutex<Vec<RecordResult>>>;

/// Takes results, a few at once, until the batch is gone.
fn take_all(mut result_stream: ResultStream, taken: &Taken) {
    while let Some(progress) = result_stream.progress() {
        assert!(progress.settled() <= progress.received, "what is settled was received before");
        let results =
            if dice(3) == 0 { result_stream.take_ready(1) } else { block_on(result_stream.next(2)) };
        taken.lock().unwrap().extend(results);
    }
}

/// Waits until all results of a closed stream are taken, and checks them.
fn check_stream(ledger: Arc<Ledger>, taken: &Taken, received: u32, told: &Mutex<Told>) {
    while taken.lock().unwrap().len() < received as usize {
        thread::yield_now();
    }
    check_books(&ledger, &taken.lock().unwrap(), received, told);
}

/// Records come and go through a window of two slots. A slot belongs to one record until its receipt is dropped.
fn a_slot_is_free_after_its_receipt() {
    const RECORDS: u32 = 5;
    let (ledger, mut free_slots, result_stream) = Ledger::window(2);
    let told = Arc::new(Mutex::new(Told::new()));
    let held = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let taken = Taken::default();
    let taker = thread::spawn({
        let taken = Arc::clone(&taken);
        move || take_all(result_stream, &taken)
    });
    let (queues, workers): (Vec<_>, Vec<_>) = (0..2)
        .map(|_| {
            let (to_settle, queue) = mpsc::channel::<(u32, Ticket)>();
            let (held, told) = (Arc::clone(&held), Arc::clone(&told));
            let worker = thread::spawn(move || {
                while let Ok((slot, ticket)) = queue.recv() {
                    let index = ticket.record().index;
                    let receipt = ticket.begin().and_then(|attempt| attempt.settle(ended(Outcome::Stored)));
                    assert!(receipt.is_some(), "nothing else settles it");
                    tell(&told, index, Outcome::Stored);
                    held[slot as usize].store(0, Ordering::SeqCst);
                    drop(receipt);
                }
            });
            (to_settle, worker)
        })
        .unzip();
    for index in 0..RECORDS {
        let slot = block_on(free_slots.take()).expect("results are taken");
        assert_eq!(held[slot as usize].swap(1, Ordering::SeqCst), 0, "another record has the slot");
        queues[index as usize % 2].send((slot, admit(&ledger, slot, index))).unwrap();
    }
    drop(queues);
    block_on(ledger.all_settled());
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert!(ledger.close(Completion::Complete).is_empty(), "nothing is left to settle");
    check_stream(ledger, &taken, RECORDS, &told);
    taker.join().unwrap();
}

/// The batch is closed while records are on their way and results are taken.
fn one_result_though_the_stream_is_cut_off() {
    let (ledger, mut free_slots, result_stream) = Ledger::window(2);
    let told = Arc::new(Mutex::new(Told::new()));
    let taken = Taken::default();
    let taker = thread::spawn({
        let taken = Arc::clone(&taken);
        move || take_all(result_stream, &taken)
    });
    let (to_live, tickets) = mpsc::channel::<Ticket>();
    let worker = thread::spawn({
        let told = Arc::clone(&told);
        move || live_all(tickets.iter(), &told)
    });
    let mut received = 0;
    for _ in 0..3 {
        // Records that are kept keep their free_slots, so there may be none.
        if let Some(slot) = free_slots.take().now_or_never().flatten() {
            to_live.send(admit(&ledger, slot, received)).unwrap();
            received += 1;
        }
    }
    close(&ledger, &told);
    drop(to_live);
    drop(worker.join().unwrap());
    check_stream(ledger, &taken, received, &told);
    taker.join().unwrap();
}
