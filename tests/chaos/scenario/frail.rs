//! Hospitals that work, and not well: faults for a share of the calls, a rate limit, and a bad link.

use std::time::{Duration, Instant};

use hospital_sim::Phase;
use tokio::time::sleep;

use crate::{
    batch::Batch,
    books::codes,
    finding::{Balance, Finding, seconds},
    plan::Plan,
    proxy::Mode,
    rig::{Engine, Rig, Setup, Site},
};

const RECORDS: usize = 1_000;

/// What the simulator asks for with every 429.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a record of an ill hospital may fail of.
const FAILURES: [&str; 3] = ["HOSPITAL_TIMEOUT", "HOSPITAL_UNAVAILABLE", "HOSPITAL_PROTOCOL_ERROR"];

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    vec![faults_by_chance(&plan).await, rate_limit(&plan).await, bad_link(&plan).await]
}

async fn faults_by_chance(plan: &Plan) -> Finding {
    let north = Site {
        faults: "reset=3%, dead=2%, garbage=2%, badjson=2%, huge=1%, drip=2%, cut=2%, hang=1%, 503=3%",
        verify: "max_in_flight: 50, timeout: 500ms, outage_pause: 200ms",
        ..Site::sound("north")
    };
    let rig = Rig::start(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let times = plan.times(2, 20);
    let mut failed = 0;
    for time in 0..times {
        let batch = Batch::new(&format!("ill-{time}"), &rig.codes(), RECORDS);
        let answer = rig.caller().send(&batch, None).await;
        let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
        assert!(codes(&answer).all(|code| FAILURES.contains(&code)));
        failed += codes(&answer).count();
        rig.caller().complete(&batch).await;
    }
    let balance = rig.balance().await;
    rig.end().await;
    let measured = format!("{failed} of {} failed at first", times as usize * RECORDS);
    let fault = "18 % of the hospital's answers go wrong".to_owned();
    Finding { fault, times, balance, recoveries: Vec::new(), measured }
}

/// Two batches at once: what one is told holds for the other, too.
async fn rate_limit(plan: &Plan) -> Finding {
    let rig = Rig::start(Setup::with(Engine::Sqlite)).await;
    let simulator = &rig.hospitals[0].simulator;
    let lasts = plan.lasting(Duration::from_secs(3), Duration::from_secs(10));
    simulator.set_phase(Phase::RateLimited);
    let (one, other) = (Batch::new("one", &rig.codes(), RECORDS), Batch::new("other", &rig.codes(), RECORDS));
    let calls = [rig.launch(&one, None, 1).await, rig.launch(&other, None, 0).await];
    sleep(lasts).await;
    simulator.set_phase(Phase::Healthy);
    let healed = Instant::now();
    let stats = simulator.stats();
    for call in calls {
        let (answer, _) = call.await.expect("the caller does not panic");
        assert!(answer.is_ok(), "an answer all the same");
    }
    let recoveries = vec![healed.elapsed()];
    // One round of calls that were on their way already, then only as many as the learnt limit, each second.
    let most = 50 * (lasts.as_secs() + 1);
    assert!(stats.calls <= most, "{} calls in {lasts:?} of a rate limit", stats.calls);
    let spacing =
        stats.repeats.and_then(|repeats| repeats.spacing_ms).map_or(f64::MAX, |spacing| spacing.min);
    assert!(spacing >= RETRY_AFTER.as_secs_f64() * 1000.0, "a record came back after {spacing} ms");
    rig.caller().complete(&one).await;
    rig.caller().complete(&other).await;
    let balance = rig.balance().await;
    rig.end().await;
    let measured =
        format!("{} calls in {}, a record comes back after {spacing:.0} ms", stats.calls, seconds(lasts));
    let fault = "429 with Retry-After: 1 for two batches at once".to_owned();
    Finding { fault, times: 1, balance, recoveries, measured }
}

/// The network between the service and the hospital.
async fn bad_link(plan: &Plan) -> Finding {
    let verify = "max_in_flight: 50, timeout: 500ms, outage_pause: 200ms";
    let north = Site { verify, ..Site::sound("north") };
    let rig = Rig::start(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let modes = [
        Mode::BlackHole,
        Mode::HalfOpen,
        Mode::Reset,
        Mode::Drop,
        Mode::Refuse,
        Mode::Delay(Duration::from_millis(50)),
    ];
    let times = plan.times(1, 10);
    let mut chance = plan.chance("bad link");
    let mut recoveries = Vec::new();
    for (place, mode) in modes.iter().cycle().take(modes.len() * times as usize).enumerate() {
        let batch = Batch::new(&format!("link-{place}"), &rig.codes(), RECORDS);
        let call = rig.launch(&batch, None, chance.from(1, RECORDS as u64 / 2)).await;
        rig.hospitals[0].proxy.set(*mode);
        sleep(Duration::from_secs(1)).await;
        rig.hospitals[0].proxy.set(Mode::Pass);
        let back = Instant::now();
        let after = Batch::new(&format!("after-{place}"), &rig.codes(), 10);
        rig.caller().complete(&after).await;
        recoveries.push(back.elapsed());
        let (answer, _) = call.await.expect("the caller does not panic");
        let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
        assert!(codes(&answer).all(|code| FAILURES.contains(&code)));
        rig.caller().complete(&batch).await;
    }
    let balance: Balance = rig.balance().await;
    rig.end().await;
    let fault = "black hole, half open, resets, closed, refused, slow between service and hospital, 1 s each";
    let times = recoveries.len() as u32;
    Finding { fault: fault.to_owned(), times, balance, recoveries, measured: String::new() }
}
