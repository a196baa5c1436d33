//! The clock on the wall jumps by a day, ahead and back: nothing that waits may care.

use std::{env, fs::File, os::unix::fs::FileExt, path::Path, process::Command, time::Duration};

use hospital_sim::Phase;
use jiff::{Timestamp, ToSpan};

use crate::{
    batch::Batch,
    finding::{Finding, seconds},
    plan::Plan,
    rig::{Engine, Rig, Setup, Site},
    support::{eventually, process::binary},
};

/// Names the library that lies to the service about the time.
const LIBRARY: &str = "DATAPROCESSING_TEST_CLOCK";

/// Days from now.
const JUMPS: [i64; 4] = [1, 0, -1, 0];

const RECORDS: usize = 1_000;

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let verify = "max_in_flight: 50, outage_pause: 1s";
    let north = Site { verify, ..Site::sound("north") };
    let mut rig = Rig::build(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let clock = rig.directory().join("clock");
    set(&clock, 0);
    rig.boot_by(with_clock(&clock)).await;
    rig.ready().await;
    let times = plan.times(1, 10);
    for round in 0..times {
        for (place, jump) in JUMPS.into_iter().enumerate() {
            let id = format!("{round}-{place}");
            a_batch_is_complete(&rig, &clock, jump, &id).await;
            a_deadline_is_kept(&rig, &clock, jump, &id).await;
            a_breaker_closes(&rig, &clock, jump, &id).await;
        }
    }
    let balance = rig.balance().await;
    let log = rig.end().await;
    for day in [1.day(), -1.day()] {
        let day = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).checked_add(day).expect("a day");
        assert!(
            log.contains(&day.date().to_string()),
            "the service did not believe that it was {}",
            day.date()
        );
    }
    let fault = "the clock jumps by a day, ahead and back".to_owned();
    let measured = "deadlines and breaker as always".to_owned();
    let times = 3 * times * JUMPS.len() as u32;
    vec![Finding { fault, times, balance, recoveries: Vec::new(), measured }]
}

/// The service, which adds to the time what stands in a file.
fn with_clock(clock: &Path) -> Command {
    let library = env::var(LIBRARY).unwrap_or_else(|_| panic!("{LIBRARY} is not set: run tests/chaos/run"));
    let mut command = binary();
    command.env("LD_PRELOAD", library).env("CHAOS_CLOCK", clock);
    command
}

/// Lets the clock jump to so many days from now. The file is never shorter, for the service reads it as memory.
fn set(clock: &Path, days: i64) {
    let file = File::options().write(true).create(true).truncate(false).open(clock).expect("a clock");
    file.write_all_at(&(days * 24 * 60 * 60).to_ne_bytes(), 0).expect("room for eight bytes");
}

async fn a_batch_is_complete(rig: &Rig, clock: &Path, jump: i64, id: &str) {
    let batch = Batch::new(&format!("whole-{id}"), &rig.codes(), RECORDS);
    let call = rig.launch(&batch, Some(Duration::from_secs(10)), RECORDS as u64 / 3).await;
    set(clock, jump);
    let (answer, _) = call.await.expect("the caller does not panic");
    let answer = answer.unwrap_or_else(|status| panic!("no answer: {status}"));
    assert_eq!(answer.summary.map(|summary| summary.stored as usize), Some(RECORDS), "after {jump} days");
}

async fn a_deadline_is_kept(rig: &Rig, clock: &Path, jump: i64, id: &str) {
    let deadline = Duration::from_millis(1_500);
    rig.hospitals[0].simulator.set_phase(Phase::Hang);
    let batch = Batch::new(&format!("hanging-{id}"), &rig.codes(), 100);
    let call = rig.launch(&batch, Some(deadline), 10).await;
    set(clock, 0);
    set(clock, jump);
    let (answer, took) = call.await.expect("the caller does not panic");
    assert!(answer.is_ok(), "an answer in time after {jump} days");
    assert!(took < deadline && took > deadline / 2, "after {} and {jump} days", seconds(took));
    rig.hospitals[0].simulator.set_phase(Phase::Healthy);
    rig.caller().complete(&batch).await;
}

async fn a_breaker_closes(rig: &Rig, clock: &Path, jump: i64, id: &str) {
    rig.hospitals[0].simulator.set_phase(Phase::Dead);
    let batch = Batch::new(&format!("dead-{id}"), &rig.codes(), 100);
    let answer = rig.caller().send(&batch, None).await;
    assert!(answer.is_ok(), "an answer all the same");
    eventually("the breaker is open", async || rig.hospital_health("north").await == "NOT_SERVING").await;
    set(clock, 0);
    set(clock, jump);
    rig.hospitals[0].simulator.set_phase(Phase::Healthy);
    rig.caller().complete(&batch).await;
}
