//! The ledger of a stream: slots are used again, never more of them than there are, and every record has one result,
//! whether it is taken or not.

#![expect(clippy::disallowed_methods, reason = "these threads belong to no runtime")]

use std::{collections::HashMap, thread};

use futures_util::FutureExt;

use super::*;

#[tokio::test]
async fn a_slot_is_free_again_when_its_result_is_taken() {
    let (ledger, mut free_slots, mut result_stream) = Ledger::window(1);
    for index in 0..5 {
        let slot = free_slots.take().await.unwrap();
        let receipt = admit(&ledger, slot, index).begin().unwrap().settle(stored());
        assert!(result_stream.take_ready(1).is_empty(), "held back by its receipt");
        assert!(free_slots.take().now_or_never().is_none(), "settled, but not taken");
        drop(receipt);
        assert!(free_slots.take().now_or_never().is_none(), "there to be taken, but not taken");
        assert_eq!(result_stream.next(10).await[0].index, index);
    }
    assert_eq!(ledger.progress(), Progress { received: 5, by_outcome: [5, 0, 0, 0, 0, 0, 0, 0].into() });
    ledger.close(Completion::Complete);
    assert_eq!(ledger.take_totals().0.by_outcome[Outcome::Stored], 5);
}

#[tokio::test]
async fn closing_lets_every_result_go_out_even_those_that_were_held_back() {
    let (ledger, mut free_slots, mut result_stream) = Ledger::window(3);
    let tickets = [
        free_slots.take().await.unwrap(),
        free_slots.take().await.unwrap(),
        free_slots.take().await.unwrap(),
    ]
    .map(|slot| admit(&ledger, slot, slot));
    let [waiting, started, settled] = tickets;
    let _started = started.begin().unwrap();
    let receipt = settled.settle(stored());
    assert_eq!(ledger.close(Completion::Drained).len(), 2);
    let results = result_stream.take_ready(10);
    let outcomes: Vec<_> = results.iter().map(|result| result.settlement.outcome).collect();
    assert_eq!(outcomes, [Outcome::NotAttempted, Outcome::Failed, Outcome::Stored]);
    drop((waiting, receipt));
    assert!(result_stream.take_ready(10).is_empty(), "nothing goes out twice");
    assert_eq!(ledger.take_totals().0.received, 3);
}

#[tokio::test]
async fn without_a_taker_there_are_no_more_slots_than_the_window() {
    let (ledger, mut free_slots, result_stream) = Ledger::window(2);
    free_slots.take().await.unwrap();
    drop(result_stream);
    ledger.consumer_gone().await;
    assert!(free_slots.take().await.is_some());
    assert!(free_slots.take().await.is_none());
}

#[tokio::test]
async fn a_result_of_a_stream_is_never_changed_afterwards() {
    let (ledger, mut free_slots, mut result_stream) = Ledger::window(1);
    let slot = free_slots.take().await.unwrap();
    admit(&ledger, slot, 7).begin().unwrap().settle(stored());
    ledger.mark_superseded(7);
    ledger.close(Completion::Complete);
    assert_eq!(result_stream.take_ready(1)[0].settlement.outcome, Outcome::Stored);
}

#[test]
fn a_result_stream_does_not_keep_what_the_batch_has_let_go() {
    let (ledger, _free_slots, mut result_stream) = Ledger::window(1);
    admit(&ledger, 0, 0).settle(stored());
    drop(ledger);
    assert!(result_stream.take_ready(1).is_empty());
    assert_eq!(result_stream.progress(), None);
}

proptest! {
    /// One thread admits records and another lives them, while a third takes results; at some point the batch
    /// is closed. Fates that never end keep their slot, so the window may fill up before that.
    #[test]
    fn every_record_of_a_stream_has_exactly_one_result(
        fates in prop::collection::vec(fate(), 0..300),
        window in 1u32..20,
        cause in completion(),
        taken_at_once in 1usize..10,
    ) {
        let (ledger, mut free_slots, mut result_stream) = Ledger::window(window);
        let (to_live, tickets) = std::sync::mpsc::sync_channel(300);
        let mut results = Vec::new();
        let mut admitted = 0u32;
        let mut idle = 0;
        let kept = thread::scope(|scope| {
            let living = scope.spawn(move || {
                tickets.into_iter().map(|(ticket, fate)| live(ticket, fate)).collect::<Vec<_>>()
            });
            let mut fates = fates.iter();
            // After a millisecond without a free slot, all are with records that keep theirs.
            while idle < 50 {
                let taken = result_stream.take_ready(taken_at_once);
                results.extend(taken);
                match free_slots.take().now_or_never().flatten() {
                    Some(slot) => {
                        let Some(fate) = fates.next() else { break };
                        to_live.send((admit(&ledger, slot, admitted), fate.clone())).unwrap();
                        admitted += 1;
                        idle = 0;
                        assert!(admitted - results.len() as u32 <= window, "within the window");
                    }
                    None => {
                        idle += 1;
                        thread::sleep(std::time::Duration::from_micros(20));
                    }
                }
            }
            ledger.close(cause);
            drop(to_live);
            living.join().unwrap()
        });
        drop(kept);
        results.extend(result_stream.take_ready(usize::MAX));
        let (counts, _) = ledger.take_totals();
        prop_assert_eq!(counts.received, admitted);
        prop_assert_eq!(counts.by_outcome.total(), admitted);
        prop_assert_eq!(ledger.progress(), Progress { received: admitted, by_outcome: counts.by_outcome });
        let mut by_index = HashMap::new();
        for result in results {
            prop_assert!(by_index.insert(result.index, result.settlement.outcome).is_none(), "once");
        }
        prop_assert_eq!(by_index.len() as u32, admitted);
        for outcome in Outcome::ALL {
            let ended = by_index.values().filter(|other| **other == outcome).count();
            prop_assert_eq!(ended as u32, counts.by_outcome[outcome]);
        }
        prop_assert_eq!((ledger.unsettled(), ledger.in_flight()), (0, 0));
    }
}
