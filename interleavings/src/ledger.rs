//! The ledger: exactly one outcome per record, and no wake-up missed, while workers settle records and the batch
//! closes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use futures_util::FutureExt;
use shuttle::future::block_on;

use super::{
    record_ref::RecordRef,
    ledger::{Attempt, Ledger, ResultStream, Receipt, Settlement, Ticket},
    report::RecordResult,
};
use cleaning::outcome::{Completion, Outcome};
use crate::explore::{Check, dice};

pub const ALL: &[Check] = &[
    Check::random("ledger: one outcome whoever settles first", one_outcome_whoever_settles_first),
    Check::random("ledger: the last to settle wakes who waits", the_last_to_settle_wakes_who_waits),
    Check::random("ledger: nothing in flight means settled", nothing_in_flight_means_settled),
    Check::random("ledger: a place is free after its receipt", a_place_is_free_after_its_receipt),
    Check::random("ledger: one result though the stream is cut off", one_result_though_the_stream_is_cut_off),
];

/// By the index of the record: the outcomes of whoever was told that its settling counted.
type Told = HashMap<u32, Vec<Outcome>>;

fn admit(ledger: &Arc<Ledger>, place: u32, index: u32) -> Ticket {
    ledger.admit(place, Arc::new(RecordRef { index, ..RecordRef::default() }))
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

/// Lives a record in any way; its receipt if it was settled by this, and what was kept of it.
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
        6 if attempt.write() => return (None, None, Some(Kept::Begun { _attempt: attempt })),
        7 if !attempt.write() => attempt.leave(),
        _ => return (attempt.settle(ended(Outcome::Stored)), Some(Outcome::Stored), None),
    }
    (None, None, None)
}

fn tell(told: &Mutex<Told>, index: u32, outcome: Outcome) {
    told.lock().unwrap().entry(index).or_default().push(outcome);
}

/// Lives records; what is kept of them stays until the batch is closed.
fn live_all(tickets: impl IntoIterator<Item = Ticket>, told: &Mutex<Told>) -> Vec<Kept> {
    let live_one = |ticket: Ticket| {
        let index = ticket.head().index;
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
    for (head, settlement) in ledger.close(Completion::Cancelled) {
        tell(told, head.index, settlement.outcome);
    }
}

/// Every record has one result, which is what whoever settled it was told; the sums are those of the results.
fn check_books(ledger: &Ledger, results: &[RecordResult], received: u32, told: &Mutex<Told>) {
    let mut indexes: Vec<_> = results.iter().map(|result| result.index).collect();
    indexes.sort_unstable();
    assert!(indexes.into_iter().eq(0..received), "each record has one result");
    let told = told.lock().unwrap();
    for RecordResult { index, settlement, .. } in results {
        match told.get(index).map(Vec::as_slice) {
            Some(told) => assert_eq!(told, [settlement.outcome], "one was told, and rightly"),
            // Its worker panicked, or the store had it: nobody is told.
            None => assert_eq!(settlement.outcome, Outcome::Failed),
        }
    }
    let (counts, _) = ledger.account();
    let progress = ledger.progress();
    assert_eq!((counts.received, progress.received, progress.settled()), (received, received, received));
    assert_eq!(counts.by_outcome, progress.by_outcome);
    for outcome in Outcome::ALL {
        let ended = results.iter().filter(|result| result.settlement.outcome == outcome).count();
        assert_eq!(counts.of(outcome) as usize, ended);
    }
    assert_eq!((ledger.unsettled(), ledger.in_flight()), (0, 0));
}

/// Two workers live their records while the batch is closed, and another waits for its end.
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

/// Nobody closes: who waits is woken by the last record, or waits for ever.
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

/// Who waits for what is in flight is woken by the last, and finds the outcomes of all.
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

/// What was taken of a stream so far.
type Taken = Arc<Mutex<Vec<RecordResult>>>;

/// Takes results, a few at a time, until the batch is gone.
fn take_all(mut result_stream: ResultStream, taken: &Taken) {
    while let Some(progress) = result_stream.progress() {
        assert!(progress.settled() <= progress.received, "what is settled was received before");
        let results = if dice(3) == 0 { result_stream.now(1) } else { block_on(result_stream.next(2)) };
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

/// Records come and go through a window of two places; each place is had by one at a time, and that includes
/// whoever holds the receipt.
fn a_place_is_free_after_its_receipt() {
    const RECORDS: u32 = 5;
    let (ledger, mut places, result_stream) = Ledger::window(2);
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
                while let Ok((place, ticket)) = queue.recv() {
                    let index = ticket.head().index;
                    let receipt = ticket.begin().and_then(|attempt| attempt.settle(ended(Outcome::Stored)));
                    assert!(receipt.is_some(), "nobody else settles it");
                    tell(&told, index, Outcome::Stored);
                    held[place as usize].store(0, Ordering::SeqCst);
                    drop(receipt);
                }
            });
            (to_settle, worker)
        })
        .unzip();
    for index in 0..RECORDS {
        let place = block_on(places.take()).expect("results are taken");
        assert_eq!(held[place as usize].swap(1, Ordering::SeqCst), 0, "somebody else has the place");
        queues[index as usize % 2].send((place, admit(&ledger, place, index))).unwrap();
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
    let (ledger, mut places, result_stream) = Ledger::window(2);
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
        // Records that are kept keep their places, so there may be none.
        if let Some(place) = places.take().now_or_never().flatten() {
            to_live.send(admit(&ledger, place, received)).unwrap();
            received += 1;
        }
    }
    close(&ledger, &told);
    drop(to_live);
    drop(worker.join().unwrap());
    check_stream(ledger, &taken, received, &told);
    taker.join().unwrap();
}
