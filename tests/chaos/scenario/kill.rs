//! The process is killed at any moment, started again, and sent the same batch.

use std::time::{Duration, Instant};

use crate::{
    batch::Batch,
    finding::Finding,
    plan::Plan,
    rig::{Engine, Rig, Setup},
};

const RECORDS: usize = 600;

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    vec![kill(&plan, Engine::Sqlite).await, kill(&plan, Engine::Postgres).await]
}

async fn kill(plan: &Plan, engine: Engine) -> Finding {
    let mut chance = plan.chance("kill");
    let mut rig = Rig::start(Setup::with(engine)).await;
    let undisturbed = how_long_a_batch_takes(&rig).await;
    let times = plan.times(10, 200);
    let mut recoveries = Vec::new();
    for time in 0..times {
        let batch = Batch::new(&format!("kill-{time}"), &rig.codes(), RECORDS);
        loop {
            let caller = rig.caller();
            let (sent, moment) = (batch.clone(), chance.between(Duration::ZERO, undisturbed));
            let call = tokio::spawn(async move { caller.send(&sent, None).await });
            // The moment is what the scenario is about: anything may be going on.
            tokio::time::sleep(moment).await;
            rig.kill();
            // It may have been answered just before.
            let _ = call.await.expect("the caller does not panic");
            let started = Instant::now();
            rig.boot().await;
            rig.ready().await;
            recoveries.push(started.elapsed());
            if !chance.once_in(3) {
                break;
            }
        }
        send_again(&rig, &batch).await;
    }
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!("killed within {} ms of a batch", undisturbed.as_millis());
    let fault = format!("kill -9 and the same batch again, {engine:?}");
    Finding { fault, times: recoveries.len() as u32, balance, recoveries, measured }
}

/// Sends the batch again and once more: what was stored before the crash is answered as that, and nobody asks
/// a hospital about it a second time.
async fn send_again(rig: &Rig, batch: &Batch) {
    let shelf = rig.database.shelf().await;
    let stored: Vec<_> = shelf.patients.iter().map(|(key, _)| key).filter(|key| batch.has(key)).collect();
    let calls: Vec<u32> = stored.iter().map(|key| rig.calls_of(key)).collect();
    rig.caller().complete(batch).await;
    assert!(stored.iter().map(|key| rig.calls_of(key)).eq(calls), "what is stored is not asked about again");

    let calls = rig.calls();
    let answer = rig.caller().send(batch, None).await;
    let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
    let stored = answer.summary.map(|summary| summary.stored as usize);
    assert_eq!((stored, rig.calls()), (Some(RECORDS), calls), "all of it stands in the books");
}

async fn how_long_a_batch_takes(rig: &Rig) -> Duration {
    let batch = Batch::new("undisturbed", &rig.codes(), RECORDS);
    let started = Instant::now();
    rig.caller().complete(&batch).await;
    started.elapsed()
}
