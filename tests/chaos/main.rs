//! The chaos suite: the real binary, its database and its hospitals, and everything that can go wrong between
//! them. After each scenario the answers are held against the database and the hospitals' logs of calls.
//!
//! The scenarios run one after the other, for they measure times and use all cores. `tests/chaos/run` finds what
//! they need; `docs/chaos.md` says what they do.

#![allow(clippy::disallowed_types, reason = "the clock of another process is never paused")]

mod batch;
mod books;
mod chance;
mod finding;
mod plan;
mod proxy;
mod rig;
mod scenario;
mod support;

use std::{
    io::{self, Write},
    panic::AssertUnwindSafe,
    process::ExitCode,
    time::{Duration, Instant},
};

use finding::{Balance, Finding, seconds};
use futures_util::FutureExt;
use plan::Plan;
use scenario::{SCENARIOS, Scenario};
use tokio::signal::unix::{SignalKind, signal};

/// A scenario that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(5 * 60);
const LONGEST_IN_LONG_FORM: Duration = Duration::from_secs(60 * 60);

#[tokio::main]
async fn main() -> ExitCode {
    let plan = match Plan::from_arguments() {
        Ok(plan) => plan,
        Err(wrong) => {
            say(&wrong);
            return ExitCode::FAILURE;
        }
    };
    say(&format!("CHAOS_SEED={}{}", plan.seed, if plan.long { " --long" } else { "" }));
    let mut findings = Vec::new();
    let mut failed = Vec::new();
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| plan.has(name)) {
        let started = Instant::now();
        match run(*scenario, &plan).await {
            Ok(found) => {
                say(&format!("ok      {name}, {}", seconds(started.elapsed())));
                findings.extend(found);
            }
            Err(Ended::Failed(why)) => {
                say(&format!("FAILED  {name}, {}: {why}", seconds(started.elapsed())));
                failed.push(*name);
            }
            Err(Ended::Interrupted) => return ExitCode::from(130),
        }
    }
    say(&format!("\n{}", Finding::table(&findings)));
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    say(&format!("failed: {}; again with CHAOS_SEED={}", failed.join(", "), plan.seed));
    ExitCode::FAILURE
}

/// Why a scenario has found nothing.
enum Ended {
    Failed(String),
    Interrupted,
}

/// Runs a scenario. One that panics, hangs or is interrupted is dropped, and with it what it started.
async fn run(scenario: Scenario, plan: &Plan) -> Result<Vec<Finding>, Ended> {
    let longest = plan.lasting(LONGEST, LONGEST_IN_LONG_FORM);
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be received");
    tokio::select! {
        found = AssertUnwindSafe(scenario(plan.clone())).catch_unwind() => match found {
            Ok(found) => balanced(found),
            // The panic hook has said more.
            Err(_) => Err(Ended::Failed("see above".to_owned())),
        },
        () = tokio::time::sleep(longest) => Err(Ended::Failed(format!("hangs for {}", seconds(longest)))),
        _ = tokio::signal::ctrl_c() => Err(Ended::Interrupted),
        _ = terminate.recv() => Err(Ended::Interrupted),
    }
}

/// Whatever else was found: nothing may be lost or doubled.
fn balanced(found: Vec<Finding>) -> Result<Vec<Finding>, Ended> {
    let wrong = |finding: &&Finding| {
        let Balance { lost, doubled, .. } = finding.balance;
        (lost, doubled) != (0, 0)
    };
    match found.iter().find(wrong) {
        Some(Finding { fault, balance, .. }) => Err(Ended::Failed(format!("{fault}: {balance:?}"))),
        None => Ok(found),
    }
}

fn say(text: &str) {
    // Nobody is left to tell when the output is closed.
    let _ = writeln!(io::stdout(), "{text}");
}
