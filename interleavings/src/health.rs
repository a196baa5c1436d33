//! The health of a hospital: calls that end at the same time, and its fast path, which takes no lock.

use std::{sync::Arc, time::Duration};

use dataprocessing::client::{
    hospital_api::FaultKind,
    hospital_health::{CallPermit, HealthConfig, HospitalHealth},
};
use shuttle::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};
use tokio::time::Instant;

use crate::explore::{Check, dice, pass};

pub const CHECKS: &[Check] = &[
    Check::random("health: an outage opens the breaker", an_outage_opens_the_breaker),
    Check::random("health: there is never more than one probe", there_is_never_more_than_one_probe),
    Check::random("health: a lowered limit is respected", a_lowered_limit_is_respected),
    Check::random("health: who has healed overlooks no new trouble", who_has_healed_overlooks_no_new_trouble),
    Check::random("health: nothing stays open for ever", nothing_stays_open_for_ever),
    Check::random("health: a named pause is kept", a_named_pause_is_kept),
];

const PAUSE: Duration = Duration::from_secs(5);

/// The longest pause that the hospital itself names.
const NAMED: Duration = Duration::from_secs(60);

const MAX_IN_FLIGHT: usize = 10;

/// A health that has seen enough successful calls to take the fast path.
fn untroubled() -> Arc<HospitalHealth> {
    let health =
        HospitalHealth::new("h1".into(), HealthConfig { max_in_flight: MAX_IN_FLIGHT, outage_pause: PAUSE });
    while health.try_begin_call().expect("nothing has failed").record_success().is_some() {}
    health
}

/// A health that refuses calls because its last ten failed.
fn opened() -> Arc<HospitalHealth> {
    let health =
        HospitalHealth::new("h1".into(), HealthConfig { max_in_flight: MAX_IN_FLIGHT, outage_pause: PAUSE });
    while let Ok(call) = health.try_begin_call() {
        call.record_failure(FaultKind::Unreachable);
    }
    health
}

fn fail(call: CallPermit, fault: FaultKind) {
    if let Some(limit) = call.record_failure(fault) {
        assert!((2..=MAX_IN_FLIGHT).contains(&limit), "a limit of {limit}");
    }
}

/// Ends a call in any way.
fn end(call: CallPermit) {
    match dice(4) {
        0 => fail(call, FaultKind::Timeout),
        1 => fail(call, FaultKind::Throttled),
        2 => _ = call.record_success(),
        _ => drop(call),
    }
}

/// Runs threads that do the same, and waits for them.
fn at_once(
    threads: u32,
    health: &Arc<HospitalHealth>,
    then: impl Fn(&Arc<HospitalHealth>, u32) + Send + Sync + 'static,
) {
    let then = Arc::new(then);
    let threads: Vec<_> = (0..threads)
        .map(|number| {
            let (health, then) = (Arc::clone(health), Arc::clone(&then));
            thread::spawn(move || then(&health, number))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn an_outage_opens_the_breaker() {
    let health = untroubled();
    at_once(3, &health, |health, _| {
        for _ in 0..7 {
            health.try_begin_call().into_iter().for_each(|call| fail(call, FaultKind::Unreachable));
        }
    });
    assert!(health.try_begin_call().is_err(), "twenty-one calls failed, or were not made any more");
    assert!(!*health.watch_availability().borrow());
}

/// While the breaker is open and no probe succeeds, only one call runs at once, however earlier calls end.
fn there_is_never_more_than_one_probe() {
    let health = untroubled();
    let of_before: Vec<_> = (0..2).map(|_| health.try_begin_call().expect("it works")).collect();
    let before = thread::spawn({
        let health = Arc::clone(&health);
        move || {
            for call in of_before {
                if dice(2) == 0 {
                    call.record_success();
                } else {
                    fail(call, FaultKind::Overloaded);
                    health.stop_calls_until(Instant::now() + PAUSE / 2);
                }
            }
        }
    });
    health.stop_calls_until(Instant::now() + PAUSE);
    let probes = AtomicU32::new(0);
    at_once(3, &health, move |health, _| {
        for _ in 0..3 {
            pass(PAUSE / 2);
            let Ok(call) = health.try_begin_call() else { continue };
            assert_eq!(probes.fetch_add(1, Ordering::SeqCst), 0, "a second probe");
            thread::yield_now();
            probes.fetch_sub(1, Ordering::SeqCst);
            if dice(2) == 0 { fail(call, FaultKind::Unreachable) } else { drop(call) }
        }
    });
    before.join().unwrap();
    assert!(!*health.watch_availability().borrow());
}

/// The limit falls and hardly rises while other calls take the fast path: in the end no call takes it any more.
fn a_lowered_limit_is_respected() {
    let health = untroubled();
    at_once(4, &health, |health, number| {
        for _ in 0..2 {
            let call = health.try_begin_call().expect("too few calls fail for an outage");
            if number == 0 { fail(call, FaultKind::Throttled) } else { _ = call.record_success() }
        }
    });
    let limit = health.try_begin_call().expect("throttling is no outage").record_success();
    assert!(limit.is_some_and(|limit| (2..MAX_IN_FLIGHT).contains(&limit)), "a limit of {limit:?}");
}

/// The hospital asks for a pause while the call succeeds after which the fast path would be open again.
fn who_has_healed_overlooks_no_new_trouble() {
    let new = || {
        HospitalHealth::new("h1".into(), HealthConfig { max_in_flight: MAX_IN_FLIGHT, outage_pause: PAUSE })
    };
    let succeed =
        |health: &Arc<HospitalHealth>| health.try_begin_call().expect("nothing has failed").record_success();
    let (health, mut degraded_calls) = (new(), 0);
    while succeed(&health).is_some() {
        degraded_calls += 1;
    }
    let health = new();
    (1..degraded_calls).for_each(|_| _ = succeed(&health));
    at_once(2, &health, |health, number| match number {
        0 => health.stop_calls_until(Instant::now() + NAMED),
        _ => health.try_begin_call().into_iter().for_each(|call| _ = call.record_success()),
    });
    assert!(health.try_begin_call().is_err());
}

/// Whatever has happened: time alone admits the next call, and its success admits all the others.
fn nothing_stays_open_for_ever() {
    let health = if dice(2) == 0 { opened() } else { untroubled() };
    at_once(3, &health, |health, _| {
        for _ in 0..4 {
            health.try_begin_call().into_iter().for_each(end);
            match dice(4) {
                0 => pass(PAUSE),
                1 => health.stop_calls_until(Instant::now() + NAMED),
                _ => {}
            }
        }
    });
    pass(NAMED + PAUSE);
    health.try_begin_call().expect("its time has come").record_success();
    assert!(*health.watch_availability().borrow(), "its health says that it works");
    let calls = [health.try_begin_call(), health.try_begin_call()];
    assert!(calls.iter().all(Result::is_ok), "it works for all calls");
}

/// A pause that the hospital asks for is not cut short by a probe that was under way, nor by a shorter pause.
fn a_named_pause_is_kept() {
    let health = opened();
    pass(PAUSE);
    let until = Instant::now() + NAMED;
    at_once(3, &health, move |health, number| match number {
        0 => health.try_begin_call().into_iter().for_each(|probe| fail(probe, FaultKind::Unreachable)),
        1 => health.stop_calls_until(until),
        _ => health.stop_calls_until(until - PAUSE),
    });
    pass(NAMED - PAUSE);
    assert!(health.try_begin_call().is_err());
    pass(PAUSE);
    assert!(health.try_begin_call().is_ok());
}
