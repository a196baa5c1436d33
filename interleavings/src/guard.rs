//! The guard of a hospital: calls that end at the same time, with its fast path that takes no lock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    guard::{Call, Guard, Guarding},
    verification::FaultKind,
};
use crate::explore::{Check, dice, pass};

pub const ALL: &[Check] = &[
    Check::random("guard: an outage opens the breaker", an_outage_opens_the_breaker),
    Check::random("guard: there is never more than one probe", there_is_never_more_than_one_probe),
    Check::random("guard: a lowered limit is heeded", a_lowered_limit_is_heeded),
    Check::random("guard: who has healed overlooks no new trouble", who_has_healed_overlooks_no_new_trouble),
    Check::random("guard: nothing stays open for ever", nothing_stays_open_for_ever),
    Check::random("guard: a named pause is kept", a_named_pause_is_kept),
];

const PAUSE: Duration = Duration::from_secs(5);

/// The longest pause that the party itself names.
const NAMED: Duration = Duration::from_secs(60);

const MAX_IN_FLIGHT: usize = 10;

/// A guard that has seen enough calls go well to let them pass without a look.
fn untroubled() -> Arc<Guard> {
    let guard = Guard::new("h1".into(), Guarding { in_flight: MAX_IN_FLIGHT, pause: PAUSE });
    while guard.call().expect("nothing has failed").succeeded().is_some() {}
    guard
}

/// A guard that stops calls since its last ten failed.
fn opened() -> Arc<Guard> {
    let guard = Guard::new("h1".into(), Guarding { in_flight: MAX_IN_FLIGHT, pause: PAUSE });
    while let Ok(call) = guard.call() {
        call.failed(FaultKind::Unreachable);
    }
    guard
}

fn fail(call: Call, fault: FaultKind) {
    if let Some(limit) = call.failed(fault) {
        assert!((2..=MAX_IN_FLIGHT).contains(&limit), "a limit of {limit}");
    }
}

/// Ends a call in any way.
fn end(call: Call) {
    match dice(4) {
        0 => fail(call, FaultKind::Timeout),
        1 => fail(call, FaultKind::Throttled),
        2 => _ = call.succeeded(),
        _ => drop(call),
    }
}

/// Threads that do the same, to their end.
fn at_once(threads: u32, guard: &Arc<Guard>, then: impl Fn(&Arc<Guard>, u32) + Send + Sync + 'static) {
    let then = Arc::new(then);
    let threads: Vec<_> = (0..threads)
        .map(|number| {
            let (guard, then) = (Arc::clone(guard), Arc::clone(&then));
            thread::spawn(move || then(&guard, number))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn an_outage_opens_the_breaker() {
    let guard = untroubled();
    at_once(3, &guard, |guard, _| {
        for _ in 0..7 {
            guard.call().into_iter().for_each(|call| fail(call, FaultKind::Unreachable));
        }
    });
    assert!(guard.call().is_err(), "twenty-one calls failed, or were not made any more");
    assert!(!*guard.works().borrow());
}

/// While it is open, and no probe ends well, whoever calls is the only one, whatever calls of before end as.
fn there_is_never_more_than_one_probe() {
    let guard = untroubled();
    let of_before: Vec<_> = (0..2).map(|_| guard.call().expect("it works")).collect();
    let before = thread::spawn({
        let guard = Arc::clone(&guard);
        move || {
            for call in of_before {
                if dice(2) == 0 {
                    call.succeeded();
                } else {
                    fail(call, FaultKind::Overloaded);
                    guard.stop_until(tokio::time::Instant::now() + PAUSE / 2);
                }
            }
        }
    });
    guard.stop_until(tokio::time::Instant::now() + PAUSE);
    let probes = AtomicU32::new(0);
    at_once(3, &guard, move |guard, _| {
        for _ in 0..3 {
            pass(PAUSE / 2);
            let Ok(call) = guard.call() else { continue };
            assert_eq!(probes.fetch_add(1, Ordering::SeqCst), 0, "a second probe");
            thread::yield_now();
            probes.fetch_sub(1, Ordering::SeqCst);
            if dice(2) == 0 { fail(call, FaultKind::Unreachable) } else { drop(call) }
        }
    });
    before.join().unwrap();
    assert!(!*guard.works().borrow());
}

/// The limit falls and hardly rises, while others go the fast way: in the end nobody takes that any more.
fn a_lowered_limit_is_heeded() {
    let guard = untroubled();
    at_once(4, &guard, |guard, number| {
        for _ in 0..2 {
            let call = guard.call().expect("too few calls fail for an outage");
            if number == 0 { fail(call, FaultKind::Throttled) } else { _ = call.succeeded() }
        }
    });
    let limit = guard.call().expect("throttling is no outage").succeeded();
    assert!(limit.is_some_and(|limit| (2..MAX_IN_FLIGHT).contains(&limit)), "a limit of {limit:?}");
}

/// As the last call goes well after which there is nothing to heed, the party asks for a pause.
fn who_has_healed_overlooks_no_new_trouble() {
    let new = || Guard::new("h1".into(), Guarding { in_flight: MAX_IN_FLIGHT, pause: PAUSE });
    let succeed = |guard: &Arc<Guard>| guard.call().expect("nothing has failed").succeeded();
    let (guard, mut heeded) = (new(), 0);
    while succeed(&guard).is_some() {
        heeded += 1;
    }
    let guard = new();
    (1..heeded).for_each(|_| _ = succeed(&guard));
    at_once(2, &guard, |guard, number| match number {
        0 => guard.stop_until(tokio::time::Instant::now() + NAMED),
        _ => guard.call().into_iter().for_each(|call| _ = call.succeeded()),
    });
    assert!(guard.call().is_err());
}

/// Whatever has happened: time alone brings the next call, and one that goes well brings all the others.
fn nothing_stays_open_for_ever() {
    let guard = if dice(2) == 0 { opened() } else { untroubled() };
    at_once(3, &guard, |guard, _| {
        for _ in 0..4 {
            guard.call().into_iter().for_each(end);
            match dice(4) {
                0 => pass(PAUSE),
                1 => guard.stop_until(tokio::time::Instant::now() + NAMED),
                _ => {}
            }
        }
    });
    pass(NAMED + PAUSE);
    guard.call().expect("its time has come").succeeded();
    assert!(*guard.works().borrow(), "whoever asks for its health is told that it works");
    let calls = [guard.call(), guard.call()];
    assert!(calls.iter().all(Result::is_ok), "it works for everybody");
}

/// What the party asks for is not cut short by a probe that was on its way, nor by a shorter wish.
fn a_named_pause_is_kept() {
    let guard = opened();
    pass(PAUSE);
    let until = tokio::time::Instant::now() + NAMED;
    at_once(3, &guard, move |guard, number| match number {
        0 => guard.call().into_iter().for_each(|probe| fail(probe, FaultKind::Unreachable)),
        1 => guard.stop_until(until),
        _ => guard.stop_until(until - PAUSE),
    });
    pass(NAMED - PAUSE);
    assert!(guard.call().is_err());
    pass(PAUSE);
    assert!(guard.call().is_ok());
}
