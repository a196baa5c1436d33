//! The ledger's promise: exactly one outcome per record, whatever happens to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::*;

fn stored() -> Settlement {
    Settlement::ended(Outcome::Stored, Arc::default(), 1)
}

fn outcomes(settlements: &[Settlement]) -> Vec<Outcome> {
    settlements.iter().map(|settlement| settlement.outcome).collect()
}

#[test]
fn closing_settles_what_is_left_by_its_stage() {
    let ledger = Ledger::new(4);
    let _waiting = ledger.ticket(0);
    let _started = ledger.ticket(1).begin().unwrap();
    let writing = ledger.ticket(2).begin().unwrap();
    assert!(writing.write());
    assert!(ledger.ticket(3).begin().unwrap().settle(stored()));

    let settlements = ledger.close(Completion::Deadline);
    use Outcome::{Failed, NotAttempted, Stored};
    assert_eq!(outcomes(&settlements), [NotAttempted, Failed, Failed, Stored]);
    assert_eq!(settlements[1].issues[0].kind.code, "DEADLINE_EXCEEDED");
    assert_eq!(settlements[2].issues[0].kind.code, "STORE_OUTCOME_UNKNOWN");
    assert!(settlements[0].retryable && settlements[1].retryable && settlements[2].retryable);
}

#[test]
fn a_closed_ledger_takes_nothing_any_more() {
    let ledger = Ledger::new(2);
    let waiting = ledger.ticket(0);
    let started = ledger.ticket(1).begin().unwrap();
    ledger.close(Completion::Cancelled);
    assert!(waiting.begin().is_none());
    assert!(!started.write());
    assert!(!started.settle(stored()));
    assert_eq!(outcomes(&ledger.close(Completion::Cancelled)), [Outcome::NotAttempted, Outcome::Failed]);
}

#[test]
fn a_panic_costs_its_record_and_says_internal() {
    let ledger = Ledger::new(1);
    let attempt = ledger.ticket(0).begin().unwrap();
    let struck = catch_unwind(AssertUnwindSafe(move || {
        let _attempt = attempt;
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(struck.is_err());
    let settlements = ledger.close(Completion::Complete);
    assert_eq!(settlements[0].issues[0].kind.code, "INTERNAL");
    assert_eq!(ledger.in_flight(), 0);
}

#[test]
fn only_a_stored_record_can_become_superseded() {
    let ledger = Ledger::new(2);
    ledger.ticket(0).begin().unwrap().settle(stored());
    ledger.ticket(1).begin().unwrap().settle(Settlement::ended(Outcome::Unchanged, Arc::default(), 1));
    ledger.supersede(0);
    ledger.supersede(1);
    assert_eq!(outcomes(&ledger.close(Completion::Complete)), [Outcome::Superseded, Outcome::Unchanged]);
}

#[tokio::test]
async fn waiting_for_settlement_ends_with_the_last_one() {
    let ledger = Ledger::new(2);
    let first = ledger.ticket(0).begin().unwrap();
    let second = ledger.ticket(1);
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
fn live(ledger: &Arc<Ledger>, index: u32, fate: Fate) -> Option<Box<dyn Send>> {
    let ended = |place: usize| Settlement::ended(Outcome::ALL[place], Arc::default(), 1);
    let ticket = ledger.ticket(index);
    let begun = |ticket: Ticket, then: fn(Attempt, usize) -> Option<Box<dyn Send>>, place| {
        ticket.begin().and_then(|attempt| then(attempt, place))
    };
    match fate {
        Fate::Reject => {
            ticket.settle(ended(5));
            None
        }
        Fate::DropTicket => None,
        Fate::KeepWaiting => Some(Box::new(ticket)),
        Fate::Settle(place) => ticket.begin().and_then(|attempt| {
            attempt.settle(ended(place));
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
        Fate::WriteAndSettle(place) => ticket.begin().and_then(|attempt| {
            if attempt.write() {
                attempt.settle(ended(place));
            } else {
                attempt.leave();
            }
            None
        }),
        Fate::WriteAndKeep => begun(
            ticket,
            |attempt, _| {
                attempt.write();
                Some(Box::new(attempt))
            },
            0,
        ),
        Fate::KeepStarted => begun(ticket, |attempt, _| Some(Box::new(attempt)), 0),
    }
}

fn completion() -> impl Strategy<Value = Completion> {
    prop_oneof![Just(Completion::Deadline), Just(Completion::Cancelled), Just(Completion::Drained)]
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
        let ledger = Ledger::new(fates.len() as u32);
        let close_after = close_after.min(fates.len());
        let lived: Vec<_> = std::thread::scope(|scope| {
            let halves = [0, 1].map(|half| {
                let (ledger, fates) = (&ledger, &fates);
                scope.spawn(move || {
                    (half..fates.len()).step_by(2)
                        .take(close_after)
                        .map(|place| live(ledger, place as u32, fates[place].clone()))
                        .collect::<Vec<_>>()
                })
            });
            let closer = scope.spawn(|| ledger.close(cause));
            let kept: Vec<_> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
            let first = closer.join().unwrap();
            assert_eq!(first.len(), fates.len());
            let again = ledger.close(cause);
            assert_eq!(outcomes(&first), outcomes(&again));
            kept
        });
        drop(lived);
        let settlements = ledger.close(cause);
        let sum: usize = Outcome::ALL
            .iter()
            .map(|outcome| settlements.iter().filter(|s| s.outcome == *outcome).count())
            .sum();
        prop_assert_eq!(sum, fates.len());
        prop_assert_eq!(ledger.unsettled(), 0);
        prop_assert_eq!(ledger.in_flight(), 0);
    }
}
