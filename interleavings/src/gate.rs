//! The gate: never more permits than its limit, whoever changes it meanwhile.

use std::{sync::Arc, time::Duration};

use shuttle::thread;
use tokio::time::Instant;
use worker_pool::{
    Gate,
    interleavings::{Permit, try_enter},
};

use crate::explore::{Check, dice};

pub const CHECKS: &[Check] = &[
    Check::of_all_orders("gate: two never share one permit", || never_more_than(1, 2)),
    Check::random("gate: three never share two permits", || never_more_than(2, 3)),
    Check::random("gate: a limit that changes is never exceeded", a_limit_that_changes_is_never_exceeded),
    Check::of_all_orders("gate: of two pauses the longer one counts", of_two_pauses_the_longer_one_counts),
];

fn enter(gate: &Arc<Gate>) -> Option<Permit> {
    try_enter(gate, Instant::now()).ok()
}

/// Each thread tries once and stays: as many are inside as the limit says, no fewer.
fn never_more_than(limit: usize, threads: usize) {
    let gate = Gate::new(limit);
    let comers: Vec<_> = (0..threads)
        .map(|_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || enter(&gate))
        })
        .collect();
    let inside: Vec<_> = comers.into_iter().filter_map(|comer| comer.join().unwrap()).collect();
    assert_eq!((inside.len(), gate.in_flight()), (limit, limit));
    drop(inside);
    assert_eq!(gate.in_flight(), 0);
}

fn a_limit_that_changes_is_never_exceeded() {
    const MAX_LIMIT: usize = 3;
    let gate = Gate::new(MAX_LIMIT);
    let mut threads: Vec<_> = (0..4)
        .map(|_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                for _ in 0..3 {
                    let permit = enter(&gate);
                    assert!(gate.in_flight() <= MAX_LIMIT);
                    drop(permit);
                }
            })
        })
        .collect();
    let changed = Arc::clone(&gate);
    threads.push(thread::spawn(move || {
        for _ in 0..3 {
            changed.set_limit(dice(MAX_LIMIT as u32 + 1) as usize);
            assert!((1..=MAX_LIMIT).contains(&changed.limit()));
        }
        changed.set_limit(1);
    }));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(gate.in_flight(), 0);
    let inside = enter(&gate);
    assert!(inside.is_some() && enter(&gate).is_none(), "the last limit counts");
}

fn of_two_pauses_the_longer_one_counts() {
    let gate = Gate::new(1);
    let now = Instant::now();
    let (short, long) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
    let threads = [short, long].map(|until| {
        let gate = Arc::clone(&gate);
        thread::spawn(move || {
            gate.pause(until);
            assert!(matches!(try_enter(&gate, now), Err(Some(moment)) if moment >= until));
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(matches!(try_enter(&gate, now), Err(Some(moment)) if moment == long));
}
