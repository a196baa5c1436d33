//! The connections between the service and its database die, most of them silently.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{
    batch::Batch,
    books::codes,
    chance::Chance,
    finding::{Finding, seconds},
    plan::Plan,
    proxy::Mode,
    rig::{Engine, Rig, Setup},
    support::eventually,
};

/// With 1,000 a debug build on busy cores has answered after its deadline, of which 50 ms are kept for the answer;
/// see docs/chaos.md.
const RECORDS: usize = 300;

/// What the service may have open: `store.max_connections`.
const CONNECTIONS: usize = 4;

/// A little of what PostgreSQL is away at the other end of the country.
const DELAY: Duration = Duration::from_millis(20);

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let hole = plan.lasting(Duration::from_secs(3), Duration::from_secs(10));
    let moment = Duration::from_secs(1);
    let few = plan.times(1, 5);
    let faults = [
        ("black hole", Mode::BlackHole, hole, plan.times(2, 50)),
        ("half open", Mode::HalfOpen, hole, plan.times(1, 10)),
        ("resets", Mode::Reset, moment, few),
        ("closed connections", Mode::Drop, moment, few),
        ("refused connections", Mode::Refuse, moment, few),
        ("20 ms of delay", Mode::Delay(DELAY), moment, few),
    ];
    let mut findings = Vec::new();
    for (name, mode, lasts, times) in faults {
        let link = Link { rig: Rig::start(Setup::with(Engine::Postgres)).await, mode, lasts };
        findings.push(link.suffer(name, times, plan.chance(name)).await);
    }
    findings
}

/// A fault of the link to the database.
struct Link {
    rig: Rig,
    mode: Mode,
    lasts: Duration,
}

impl Link {
    async fn suffer(self, name: &str, times: u32, mut chance: Chance) -> Finding {
        let (mut recoveries, mut kinds, mut late) = (Vec::new(), HashSet::new(), Duration::ZERO);
        for time in 0..times {
            let batch = Batch::new(&format!("batch-{time}"), &self.rig.codes(), RECORDS);
            // Its caller does not wait for the end of the fault.
            let deadline = self.lasts.mul_f64(0.8);
            let call = self.rig.launch(&batch, Some(deadline), chance.from(1, RECORDS as u64)).await;
            self.rig.database.proxy().set(self.mode);
            sleep(self.lasts).await;
            self.rig.database.proxy().set(Mode::Pass);
            let back = Instant::now();
            let after = Batch::new(&format!("after-{time}"), &self.rig.codes(), 10);
            self.rig.caller().complete(&after).await;
            recoveries.push(back.elapsed());
            let (answer, took) = call.await.expect("the caller does not panic");
            let answer = answer.expect("an answer before the deadline");
            assert!(took < deadline, "answered after {took:?} of {deadline:?}");
            late = late.max(took);
            kinds.extend(codes(&answer).map(str::to_owned));
            self.rig.ready().await;
            self.rig.caller().complete(&batch).await;
            let bounded = async || self.connections().await <= CONNECTIONS;
            eventually("the service has no more connections than it may", bounded).await;
        }
        let balance = self.rig.balance().await;
        self.rig.end().await;
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort();
        let expected = ["STORE_FAILED", "STORE_OUTCOME_UNKNOWN", "DEADLINE_EXCEEDED"];
        assert!(kinds.iter().all(|kind| expected.contains(&kind.as_str())), "{kinds:?}");
        let said = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
        let measured =
            format!("answered within {}, at most {CONNECTIONS} connections after it{said}", seconds(late));
        let fault = format!("{name} between service and PostgreSQL, {}", seconds(self.lasts));
        Finding { fault, times, balance, recoveries, measured }
    }

    /// Connections of the service, as the server counts them and as the proxy does, whichever is more.
    async fn connections(&self) -> usize {
        let database = &self.rig.database;
        database.connections().await.max(database.proxy().open())
    }
}
