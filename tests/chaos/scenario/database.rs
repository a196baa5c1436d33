//! The database is restarted in the middle of batches, politely and as by a crash.

use std::time::Instant;

use crate::{
    batch::Batch,
    finding::Finding,
    plan::Plan,
    rig::{Engine, Rig, Setup},
};

const RECORDS: usize = 1_000;

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let mut chance = plan.chance("database");
    let mut rig = Rig::start(Setup::with(Engine::Postgres)).await;
    let times = plan.times(4, 50);
    let (mut recoveries, mut seen) = (Vec::new(), 0);
    for time in 0..times {
        let batch = Batch::new(&format!("restart-{time}"), &rig.codes(), RECORDS);
        let call = rig.launch(&batch, None, chance.from(1, RECORDS as u64)).await;
        rig.database.halt(if time % 2 == 0 { "immediate" } else { "fast" });
        // Every other time it is away for long enough to be noticed.
        if time % 4 < 2 {
            rig.not_ready().await;
            seen += 1;
        }
        rig.database.resume();
        let back = Instant::now();
        let after = Batch::new(&format!("after-{time}"), &rig.codes(), 10);
        rig.caller().complete(&after).await;
        recoveries.push(back.elapsed());
        rig.ready().await;
        let (answer, _) = call.await.expect("the caller does not panic");
        assert!(answer.is_ok(), "the batch has an answer: {:?}", answer.err());
        rig.caller().complete(&batch).await;
    }
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!("NOT_SERVING and back {seen} times, the others were too short to be seen");
    vec![Finding { fault: "PostgreSQL restarts".to_owned(), times, balance, recoveries, measured }]
}
