//! A hospital dies with 10,000 records on their way to it, stays dead, and recovers.

use std::time::{Duration, Instant};

use hospital_sim::Phase;

use crate::{
    batch::Batch,
    books::is_stored,
    finding::{Finding, seconds},
    plan::Plan,
    rig::{Engine, Rig, Setup, Site},
    support::eventually,
};

/// How long calls stop before one may try: part of the profile below.
const PAUSE: Duration = Duration::from_secs(2);
const VERIFY: &str = "max_in_flight: 50, outage_pause: 2s";

/// Within this, records settle once it is known that their hospital is dead, and success follows a probe.
const SOON: Duration = Duration::from_secs(2);

const RECORDS: usize = 10_000;

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let north = Site { verify: VERIFY, ..Site::sound("north") };
    let rig = Rig::start(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let times = plan.times(2, 10);
    let (mut recoveries, mut settled, mut batches) = (Vec::new(), Duration::ZERO, Vec::new());
    let mut repeated = 0.0;
    for time in 0..times {
        // Nobody is asked about twice by a batch that is sent again, so that every repeated call is a retry.
        let before = retries(&rig);
        rig.hospitals[0].simulator.set_phase(if time % 2 == 0 { Phase::Dead } else { Phase::Busy });
        let batch = Batch::new(&format!("dead-{time}"), &rig.codes(), RECORDS);
        settled = settled.max(settle(&rig, &batch).await);
        repeated = f64::max(repeated, share(before, retries(&rig)));
        recoveries.push(recover(&rig, time).await);
        batches.push(batch);
    }
    assert!(settled <= SOON, "the records of a dead hospital settled after {settled:?}");
    assert!(repeated <= 0.1, "{:.1} % of the first calls were made again", repeated * 100.0);
    let late = recoveries.iter().find(|recovery| **recovery > PAUSE + SOON);
    assert_eq!(late, None, "success follows a probe");
    for batch in &batches {
        rig.caller().complete(batch).await;
    }
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!(
        "10,000 records FAILED {} after the breaker opened; retries {:.1} % of first calls; recovery holds the 2 s \
         until a probe",
        seconds(settled),
        repeated * 100.0
    );
    let fault = "hospital dead (resets, 503), then back".to_owned();
    vec![Finding { fault, times, balance, recoveries, measured }]
}

/// Sends a batch to the dead hospital. Answers how long its records took from when that was known.
async fn settle(rig: &Rig, batch: &Batch) -> Duration {
    let call = rig.launch(batch, None, 1).await;
    let opened = async || rig.hospital_health("north").await == "NOT_SERVING";
    eventually("the breaker opens", opened).await;
    let opened = Instant::now();
    let (answer, _) = call.await.expect("the caller does not panic");
    let settled = opened.elapsed();
    let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
    let failed = answer.summary.map(|summary| summary.failed as usize);
    assert_eq!(failed, Some(batch.len()), "nothing can be known of the patients of a dead hospital");
    assert!(answer.results.iter().all(|result| result.retryable), "and all may be sent again");
    settled
}

/// Heals the hospital. Answers how long it takes until the first record is stored.
async fn recover(rig: &Rig, time: u32) -> Duration {
    let healed = Instant::now();
    rig.hospitals[0].simulator.set_phase(Phase::Healthy);
    let mut sent = 0;
    eventually("a record is stored again", async || {
        sent += 1;
        let batch = Batch::new(&format!("healed-{time}-{sent}"), &rig.codes(), 10);
        let answer = rig.caller().send(&batch, None).await;
        answer.is_ok_and(|answer| answer.results.iter().any(|result| is_stored(result.outcome())))
    })
    .await;
    healed.elapsed()
}

/// First calls for a patient, and calls made again.
fn retries(rig: &Rig) -> (u64, u64) {
    let stats = rig.hospitals[0].simulator.stats();
    let repeated = stats.repeats.map_or(0, |repeats| repeats.repeated_calls);
    (stats.calls - repeated, repeated)
}

fn share(before: (u64, u64), after: (u64, u64)) -> f64 {
    (after.1 - before.1) as f64 / (after.0 - before.0).max(1) as f64
}
