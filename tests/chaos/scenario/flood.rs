//! Ten times as many records as the hospital bears, from callers with deadlines.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    batch::Batch,
    finding::Finding,
    plan::Plan,
    rig::{Answered, Caller, Engine, Rig, Setup, Site},
};

const RECORDS: usize = 250;

/// What the hospital below bears: 50 records every 50 ms.
const CAPACITY: usize = 1_000;

const DEADLINE: Duration = Duration::from_secs(2);

/// The most memory that the service may take, with the shipped limits.
const MOST_MIB: u64 = 512;

/// The most that an answer about its health may take.
const HEALTH: Duration = Duration::from_millis(100);

/// The part of the answers that may be late by the caller's clock: it shares the cores with all that it sends.
const MOST_LATE: f64 = 0.01;

/// More callers than this never wait at a time.
const MOST_CALLS: usize = 400;

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let north = Site { latency: Duration::from_millis(50), ..Site::sound("north") };
    let rig = Rig::start(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let lasts = plan.lasting(Duration::from_secs(6), Duration::from_secs(60));
    let peak = offer(&rig, "peak", 1, lasts).await;
    let flood = offer(&rig, "flood", 10, lasts).await;
    let ratio = flood.stored_per_second / peak.stored_per_second;
    assert!(ratio >= 0.9, "{:.0} of {:.0} records/s", flood.stored_per_second, peak.stored_per_second);
    assert!(flood.health <= HEALTH, "health was answered after {:?}", flood.health);
    assert!(flood.resident_mib <= MOST_MIB, "{} MiB", flood.resident_mib);
    let late = f64::from(flood.late) / f64::from(flood.calls);
    assert!(late <= MOST_LATE, "{} of {} answers came late", flood.late, flood.calls);
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!(
        "{:.0} records/s stored, {ratio:.2} of the peak; {} of {} calls refused; health within {} ms; {} MiB",
        flood.stored_per_second,
        flood.refused,
        flood.calls,
        flood.health.as_millis(),
        flood.resident_mib
    );
    let fault = "ten times the load that the hospital bears".to_owned();
    vec![Finding { fault, times: flood.calls, balance, recoveries: Vec::new(), measured }]
}

/// What came of an offered load.
#[derive(Default)]
struct Load {
    calls: u32,
    refused: u32,
    late: u32,
    stored: u32,
    stored_per_second: f64,
    health: Duration,
    resident_mib: u64,
}

/// Offers so many times the capacity for so long, whatever comes back.
async fn offer(rig: &Rig, name: &str, times: usize, lasts: Duration) -> Load {
    let (mut load, mut calls) = (Load::default(), JoinSet::new());
    let places = Arc::new(Semaphore::new(MOST_CALLS));
    let mut ticks = interval(Duration::from_secs(1) * RECORDS as u32 / (times * CAPACITY) as u32);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let started = Instant::now();
    while started.elapsed() < lasts {
        ticks.tick().await;
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let batch = Batch::new(&format!("{name}-{}", load.calls), &["north"], RECORDS);
            load.calls += 1;
            let caller = rig.caller();
            calls.spawn(async move { (call(&caller, &batch).await, drop(place)).0 });
        }
        load.health = load.health.max(rig.caller().health_latency().await);
        load.resident_mib = load.resident_mib.max(rig.resident_mib());
        while let Some(answer) = calls.try_join_next() {
            load.add(answer.expect("the caller does not panic"));
        }
    }
    while let Some(answer) = calls.join_next().await {
        load.add(answer.expect("the caller does not panic"));
    }
    load.stored_per_second = f64::from(load.stored) / started.elapsed().as_secs_f64();
    load
}

async fn call(caller: &Caller, batch: &Batch) -> Answered {
    caller.send_timed(batch, Some(DEADLINE)).await
}

impl Load {
    fn add(&mut self, (answer, took): Answered) {
        self.late += u32::from(took > DEADLINE);
        match answer {
            Ok(answer) => self.stored += answer.summary.map_or(0, |summary| summary.stored),
            Err(status) if !status.details().is_empty() => self.refused += 1,
            Err(_) => self.late += 1,
        }
    }
}
