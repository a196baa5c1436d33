//! The ledger's promise: exactly one outcome per record, whatever happens to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cleaning::outcome::{Completion, Outcome};
use proptest::prelude::*;

use super::*;

mod window;

/// The ledger of a whole batch, and the tickets of its records.
fn whole<const N: usize>() -> (Arc<Ledger>, [Ticket; N]) {
    let ledger = Ledger::whole(N as u32);
    let tickets = std::array::from_fn(|slot| admit(&ledger, slot as u32, slot as u32));
    (ledger, tickets)
}

fn admit(ledger: &Arc<Ledger>, slot: u32, index: u32) -> Ticket {
    ledger.admit(slot, Arc::new(RecordRef { index, ..RecordRef::default() }))
}

/// Closes the ledger of a whole batch and returns its settlements.
fn close(ledger: &Ledger, cause: Completion) -> Vec<Settlement> {
    ledger.close(cause);
    ledger.results().into_iter().map(|result| result.settlement).collect()
}

fn stored() -> Settlement {
    Settlement::ended(Outcome::Stored, Arc::default(), 1)
}

fn outcomes(settlements: &[Settlement]) -> Vec<Outcome> {
    settlements.iter().map(|settlement| settlement.outcome).collect()
}

#[test]
fn closing_settles_what_is_left_by_its_stage() {
    let (ledger, [_waiting, started, writing, settled]) = whole();
    let _started = started.begin().unwrap();
    let writing = writing.begin().unwrap();
    assert!(writing.start_writing());
    assert!(settled.begin().unwrap().settle(stored()).is_some());

    let settlements = close(&ledger, Completion::Deadline);
    use Outcome::{Failed, NotAttempted, Stored};
    assert_eq!(outcomes(&settlements), [NotAttempted, Failed, Failed, Stored]);
    assert_eq!(settlements[1].issues[0].kind.code, "DEADLINE_EXCEEDED");
    assert_eq!(settlements[2].issues[0].kind.code, "STORE_OUTCOME_UNKNOWN");
    assert!(settlements[0].retryable && settlements[1].retryable && settlements[2].retryable);
}

#[test]
fn a_closed_ledger_takes_nothing_any_more() {
    let (ledger, [waiting, started]) = whole();
    let started = started.begin().unwrap();
    assert_eq!(ledger.close(Completion::Cancelled).len(), 2, "both are left to be written down");
    assert!(waiting.begin().is_none());
    assert!(!started.start_writing());
    assert!(started.settle(stored()).is_none());
    assert!(ledger.close(Completion::Cancelled).is_empty());
    assert_eq!(outcomes(&close(&ledger, Completion::Cancelled)), [Outcome::NotAttempted, Outcome::Failed]);
    assert_eq!(ledger.take_totals().0.received, 2, "nothing is counted twice");
}

#[test]
fn a_panic_costs_its_record_and_says_internal() {
    let (ledger, [ticket]) = whole();
    let attempt = ticket.begin().unwrap();
    let struck = catch_unwind(AssertUnwindSafe(move || {
        let _attempt = attempt;
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(struck.is_err());
    let settlements = close(&ledger, Completion::Complete);
    assert_eq!(settlements[0].issues[0].kind.code, "INTERNAL");
    assert_eq!(ledger.in_flight(), 0);
}

#[test]
fn only_a_stored_record_can_become_superseded() {
    let (ledger, [first, second]) = whole();
    first.begin().unwrap().settle(stored());
    second.begin().unwrap().settle(Settlement::ended(Outcome::Unchanged, Arc::default(), 1));
    ledger.mark_superseded(0);
    ledger.mark_superseded(1);
    assert_eq!(outcomes(&close(&ledger, Completion::Complete)), [Outcome::Superseded, Outcome::Unchanged]);
    assert_eq!(ledger.take_totals().0.by_outcome, [0, 1, 0, 1, 0, 0, 0, 0].into());
}

#[tokio::test]
async fn waiting_for_settlement_ends_with_the_last_one() {
    let (ledger, [first, second]) = whole();
    let first = first.begin().unwrap();
    let waiter = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move { ledger.all_settled().await }
    });
    first.settle(stored());
    ledger.nothing_in_flight().await;
    assert!(!waiter.is_finished());
    second.settle(stored());
    waiter.await.unwrap();
}

/// What may happen to one record.
#[derive(Clone, Debug)]
enum Fate {
    Reject,
    DropTicket,
    KeepWaiting,
    Settle(usize),
    Leave,
    Panic,
    WriteAndSettle(usize),
    WriteAndKeep,
    KeepStarted,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Reject),
        Just(Fate::DropTicket),
        Just(Fate::KeepWaiting),
        (0..8usize).prop_map(Fate::Settle),
        Just(Fate::Leave),
        Just(Fate::Panic),
        (0..8usize).prop_map(Fate::WriteAndSettle),
        Just(Fate::WriteAndKeep),
        Just(Fate::KeepStarted),
    ]
}

/// Lives one record to its end, or to where the batch may still find it.
fn live(ticket: Ticket, fate: Fate) -> Option<Box<dyn Send>> {
    let ended = |outcome: usize| Settlement::ended(Outcome::ALL[outcome], Arc::default(), 1);
    let begun = |ticket: Ticket, then: fn(Attempt, usize) -> Option<Box<dyn Send>>, outcome| {
        ticket.begin().and_then(|attempt| then(attempt, outcome))
    };
    match fate {
        Fate::Reject => {
            ticket.settle(ended(5));
            None
        }
        Fate::DropTicket => None,
        Fate::KeepWaiting => Some(Box::new(ticket)),
        Fate::Settle(outcome) => ticket.begin().and_then(|attempt| {
            attempt.settle(ended(outcome));
            None
        }),
        Fate::Leave => begun(
            ticket,
            |attempt, _| {
                attempt.leave();
                None
            },
            0,
        ),
        Fate::Panic => begun(
            ticket,
            |attempt, _| {
                let struck = catch_unwind(AssertUnwindSafe(move || {
                    let _attempt = attempt;
                    std::panic::resume_unwind(Box::new(()));
                }));
                assert!(struck.is_err());
                None
            },
            0,
        ),
        Fate::WriteAndSettle(outcome) => ticket.begin().and_then(|attempt| {
            if attempt.start_writing() {
                attempt.settle(ended(outcome));
            } else {
                attempt.leave();
            }
            None
        }),
        Fate::WriteAndKeep => begun(
            ticket,
            |attempt, _| {
                attempt.start_writing();
                Some(Box::new(attempt))
            },
            0,
        ),
        Fate::KeepStarted => begun(ticket, |attempt, _| Some(Box::new(attempt)), 0),
    }
}

fn completion() -> impl Strategy<Value = Completion> {
    prop_oneof![
        Just(Completion::Deadline),
        Just(Completion::Cancelled),
        Just(Completion::Drained),
        Just(Completion::Aborted)
    ]
}

proptest! {
    /// Threads live the records' fates while another closes the ledger at some point among them: every
    /// record has one outcome, and looking again gives the same one.
    #[test]
    fn every_record_has_exactly_one_outcome(
        fates in prop::collection::vec(fate(), 0..200),
        cause in completion(),
        close_after in 0usize..200,
    ) {
        let ledger = Ledger::whole(fates.len() as u32);
        let tickets: Vec<_> = (0..fates.len() as u32).map(|slot| admit(&ledger, slot, slot)).collect();
        let mut tickets = tickets.into_iter().zip(&fates).enumerate().partition::<Vec<_>, _>(|(index, _)| index % 2 == 0);
        let close_after = close_after.min(fates.len());
        let lived: Vec<_> = std::thread::scope(|scope| {
            let halves = [std::mem::take(&mut tickets.0), std::mem::take(&mut tickets.1)].map(|half| {
                scope.spawn(move || {
                    half.into_iter()
                        .take(close_after)
                        .map(|(_, (ticket, fate))| live(ticket, fate.clone()))
                        .collect::<Vec<_>>()
                })
            });
            let closer = scope.spawn(|| ledger.close(cause));
            let kept: Vec<_> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
            closer.join().unwrap();
            assert!(ledger.close(cause).is_empty(), "all were settled by the first closing");
            kept
        });
        drop(lived);
        let (counts, _) = ledger.take_totals();
        prop_assert_eq!(counts.received as usize, fates.len());
        let results = ledger.results();
        let indexes: Vec<_> = results.iter().map(|result| result.index).collect();
        prop_assert_eq!(indexes, (0..fates.len() as u32).collect::<Vec<_>>());
        for outcome in Outcome::ALL {
            let ended = results.iter().filter(|result| result.settlement.outcome == outcome).count();
            prop_assert_eq!(ended as u32, counts.by_outcome[outcome]);
        }
        prop_assert_eq!(ledger.unsettled(), 0);
        prop_assert_eq!(ledger.in_flight(), 0);
    }
}
