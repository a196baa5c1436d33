//! Callers leave in the middle, and the process is told to end under load.

use std::time::{Duration, Instant};

use dataprocessing::server::pb::Completion;
use hospital_sim::Phase;
use tonic::Code;

use crate::{
    batch::Batch,
    finding::{Finding, seconds},
    plan::Plan,
    rig::{Engine, Rig, Setup, Site},
    support::eventually,
};

/// How soon after a caller has left no hospital may be busy for them.
const SOON: Duration = Duration::from_millis(100);

/// What the settings below allow batches after SIGTERM.
const DRAIN: Duration = Duration::from_secs(2);
const SETTINGS: &str = "server: {drain: {limit: 2s}}";

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    vec![callers_leave(&plan).await, told_to_end(&plan).await]
}

async fn callers_leave(plan: &Plan) -> Finding {
    let rig = Rig::start(Setup::with(Engine::Sqlite)).await;
    let mut chance = plan.chance("leaving");
    let hospital = &rig.hospitals[0].simulator;
    let times = plan.times(10, 100);
    let mut worst = Duration::ZERO;
    for time in 0..times {
        let batch = Batch::new(&format!("left-{time}"), &rig.codes(), 600);
        let call = rig.launch(&batch, None, chance.from(1, 400)).await;
        hospital.set_phase(Phase::Hang);
        eventually("calls hang", async || hospital.stats().in_flight > 40).await;
        call.abort();
        let left = Instant::now();
        eventually("no call is in flight", async || hospital.stats().in_flight == 0).await;
        worst = worst.max(left.elapsed());
        hospital.set_phase(Phase::Healthy);
        rig.caller().complete(&batch).await;
    }
    assert!(worst <= SOON, "a call was in flight {worst:?} after its caller had left");
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!("no call in flight {} ms after", worst.as_millis());
    Finding { fault: "the caller leaves".to_owned(), times, balance, recoveries: Vec::new(), measured }
}

async fn told_to_end(plan: &Plan) -> Finding {
    let north = Site { latency: Duration::from_millis(20), ..Site::sound("north") };
    let setup = Setup { hospitals: vec![north], settings: SETTINGS, ..Setup::with(Engine::Sqlite) };
    let mut rig = Rig::start(setup).await;
    let mut chance = plan.chance("told to end");
    let times = plan.times(2, 20);
    let (mut recoveries, mut worst, mut drained) = (Vec::new(), Duration::ZERO, 0);
    for time in 0..times {
        let batch = |place| Batch::new(&format!("ending-{time}-{place}"), &["north"], 3_000);
        let batches: Vec<Batch> = (0..4).map(batch).collect();
        let mut calls = Vec::new();
        for batch in &batches {
            calls.push(rig.launch(batch, None, chance.from(1, 200)).await);
        }
        let asked = Instant::now();
        rig.signal("TERM");
        for call in calls {
            match call.await.expect("the caller does not panic").0 {
                Ok(answer) if answer.completion() == Completion::Drained => drained += 1,
                Ok(answer) => assert_eq!(answer.completion(), Completion::Complete),
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
        }
        rig.ended().await;
        worst = worst.max(asked.elapsed());
        let started = Instant::now();
        rig.boot().await;
        rig.ready().await;
        recoveries.push(started.elapsed());
        for batch in &batches {
            rig.caller().complete(batch).await;
        }
    }
    assert!(worst <= DRAIN + Duration::from_secs(1), "the process ended after {worst:?}");
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!("gone within {}, {drained} batches answered with what they had", seconds(worst));
    let fault = "SIGTERM under load, drain limit 2 s".to_owned();
    Finding { fault, times, balance, recoveries, measured }
}
