//! Runs checks, each in many orders, and says how to repeat one that fails.

use std::{
    env, process,
    time::{Duration, SystemTime},
};

use futures_util::FutureExt;
use shuttle::{
    Config, Runner,
    rand::{Rng, thread_rng},
    scheduler::{DfsScheduler, PctScheduler, RandomScheduler},
};

/// Orders of each kind that a check is run in.
const ORDERS: usize = 3_000;

/// How many times the priorities of the threads change in one order.
const CHANGES: usize = 3;

/// One check: it panics, or hangs, in an order in which something is wrong.
#[derive(Clone, Copy)]
pub struct Check {
    pub name: &'static str,
    pub run: fn(),
    pub orders: Orders,
}

/// Which orders a check is run in.
#[derive(Clone, Copy)]
pub enum Orders {
    /// All that there are, so these must be few. Such a check does not choose at random.
    All,
    /// Half of them with a switch to any thread at any point, half with threads of random priorities that change a
    /// few times, which finds bugs that need one thread to pause for long.
    Random,
}

impl Check {
    pub const fn random(name: &'static str, run: fn()) -> Self {
        Self { name, run, orders: Orders::Random }
    }

    pub const fn of_all_orders(name: &'static str, run: fn()) -> Self {
        Self { name, run, orders: Orders::All }
    }

    /// Runs the check; returns in how many orders it held.
    fn explore(&self, seed: u64) -> usize {
        let run = self.run;
        let mut config = Config::new();
        // Shuttle treats weak orderings as strong ones; main.rs says so.
        config.silence_warnings = true;
        match self.orders {
            Orders::All => Runner::new(DfsScheduler::new(None, false), config).run(run),
            Orders::Random => {
                let any = RandomScheduler::new_from_seed(seed, ORDERS);
                let by_priority = PctScheduler::new_from_seed(seed, CHANGES, ORDERS);
                Runner::new(any, config.clone()).run(run) + Runner::new(by_priority, config).run(run)
            }
        }
    }
}

/// Runs the checks that the arguments ask for: `[--seed NUMBER] [PART OF A NAME]`.
pub fn run(checks: &[Check]) {
    let (seed, part) = arguments().unwrap_or_else(|| {
        eprintln!("usage: interleavings/run [--seed NUMBER] [PART OF A NAME]");
        process::exit(2)
    });
    println!("the orders of seed {seed}, which interleavings/run --seed {seed} runs again");
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let clock = clock.expect("a runtime without IO needs nothing");
    // Time stands still unless a check moves it.
    let _standing_still = clock.enter();
    for check in checks.iter().filter(|check| check.name.contains(&part)) {
        println!("{}", check.name);
        println!("    held in {} orders", check.explore(seed));
    }
}

fn arguments() -> Option<(u64, String)> {
    let mut arguments = env::args().skip(1).peekable();
    let seed = match arguments.next_if(|argument| argument == "--seed") {
        Some(_) => arguments.next()?.parse().ok()?,
        None => SystemTime::UNIX_EPOCH.elapsed().ok()?.as_secs(),
    };
    let part = arguments.next().unwrap_or_default();
    arguments.next().is_none().then_some((seed, part))
}

/// One of the numbers below `end`, chosen along with the order.
pub fn dice(end: u32) -> u32 {
    thread_rng().gen_range(0..end)
}

/// Lets time pass for all threads.
pub fn pass(time: Duration) {
    // What it waits for beyond that are the timers of a runtime, and there are none.
    let _ = tokio::time::advance(time).now_or_never();
}
