//! Of two hospitals that share the workers one hangs: the other's records must not wait for it.

use std::time::Duration;

use hospital_sim::Phase;

use crate::{
    batch::Batch,
    finding::{Finding, seconds},
    plan::Plan,
    rig::{Engine, Rig, Setup, Site},
    support::eventually,
};

const RECORDS: usize = 2_000;
const VERIFY: &str = "max_in_flight: 25, timeout: 25s";

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let site = |code| Site { latency: Duration::from_millis(50), verify: VERIFY, ..Site::sound(code) };
    let hospitals = vec![site("east"), site("west")];
    let rig = Rig::start(Setup { hospitals, ..Setup::with(Engine::Sqlite) }).await;
    let times = plan.times(1, 5);
    let mut worst: (f64, Duration, Duration) = (0.0, Duration::ZERO, Duration::ZERO);
    for time in 0..times {
        let alone = time_of(&rig, &format!("alone-{time}")).await;
        rig.hospitals[1].simulator.set_phase(Phase::Hang);
        let hanging = Batch::new(&format!("hanging-{time}"), &["west"], RECORDS);
        let call = rig.launch(&hanging, Some(Duration::from_secs(20)), 25).await;
        let beside = time_of(&rig, &format!("beside-{time}")).await;
        rig.hospitals[1].simulator.set_phase(Phase::Healthy);
        call.abort();
        let hospital = &rig.hospitals[1].simulator;
        eventually("the calls that hang are given up", async || hospital.stats().in_flight == 0).await;
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        if ratio > worst.0 {
            worst = (ratio, alone, beside);
        }
    }
    let (ratio, alone, beside) = worst;
    assert!(ratio <= 1.1, "{alone:?} alone, {beside:?} beside a hospital that hangs");
    let balance = rig.balance().await;
    rig.end().await;
    let measured =
        format!("2,000 records in {}, alone in {}: {ratio:.3} times", seconds(beside), seconds(alone));
    let fault = "one of two hospitals hangs, 25 in flight each, 50 workers".to_owned();
    vec![Finding { fault, times, balance, recoveries: Vec::new(), measured }]
}

/// How long the sound hospital's records take.
async fn time_of(rig: &Rig, id: &str) -> Duration {
    let call = rig.launch(&Batch::new(id, &["east"], RECORDS), None, 0).await;
    let (answer, took) = call.await.expect("the caller does not panic");
    let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
    let stored = answer.summary.map(|summary| summary.stored as usize);
    assert_eq!(stored, Some(RECORDS), "a hospital that hangs costs the other's records nothing");
    took
}
