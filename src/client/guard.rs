//! What is known of an outside party from its last calls, and what follows for the next ones: how many it bears at
//! a time, how long a call takes, whether it works at all, and how often a failed call may be made again.
//!
//! One guard stands for one party in the whole process, and keeps what it has learnt from batch to batch. The calls
//! tell it how they ended; it never makes one.

mod adaptive_limit;
mod breaker;
mod median;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tower::retry::budget::{Budget as _, TpsBudget};
use tracing::{info, warn};

pub use self::breaker::Stopped;
use self::{
    adaptive_limit::AdaptiveLimit,
    breaker::{Breaker, Change, PATIENCE, Way},
    median::Median,
};
use super::verification::FaultKind;

/// The time over which calls earn retries.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// The part of the calls that may be made again: nobody can see from here whether a party that fails is one call
/// short of falling over.
const BUDGET: f32 = 0.1;

/// How a party is guarded.
#[derive(Clone, Copy, Debug)]
pub struct Guarding {
    /// Most calls at a time.
    pub in_flight: usize,
    /// How long calls are stopped once the party does not work, before one may try.
    pub pause: Duration,
}

/// Guards one party; see the module.
pub struct Guard {
    name: Arc<str>,
    /// Whether there is anything to heed. As long as there is not, calls need no lock.
    troubled: AtomicBool,
    learnt: Mutex<Learnt>,
    took: Median,
    retries: TpsBudget,
    works: watch::Sender<bool>,
}

struct Learnt {
    limit: AdaptiveLimit,
    breaker: Breaker,
}

/// A call that may be made. Whoever makes it says how it ended; dropping it says that it was given up.
pub struct Call {
    guard: Arc<Guard>,
    way: Way,
    began: Instant,
    ended: bool,
}

impl Guard {
    /// A guard of a party that is thought to work.
    pub fn new(name: Arc<str>, guarding: Guarding) -> Arc<Self> {
        let learnt =
            Learnt { limit: AdaptiveLimit::new(guarding.in_flight), breaker: Breaker::new(guarding.pause) };
        Arc::new(Self {
            name,
            troubled: AtomicBool::new(true),
            learnt: Mutex::new(learnt),
            took: Median::default(),
            // No retries without calls: the share is to hold in an outage, too, from its first moment on.
            retries: TpsBudget::new(BUDGET_WINDOW, 0, BUDGET),
            works: watch::Sender::new(true),
        })
    }

    /// Begins a call, unless the party is known not to work.
    pub fn call(self: &Arc<Self>) -> Result<Call, Stopped> {
        let began = Instant::now();
        let way = if self.is_troubled() { self.learnt().breaker.ask(began)? } else { Way::Free };
        Ok(Call { guard: Arc::clone(self), way, began, ended: false })
    }

    /// Takes a retry out of the budget, if there is one. Whoever asks makes it.
    pub fn may_retry(&self) -> bool {
        self.retries.withdraw()
    }

    /// Counts a first call, which earns a part of a retry.
    pub fn earn_retry(&self) {
        self.retries.deposit();
    }

    /// How long a call that goes well takes; zero as long as nobody knows.
    pub fn typical(&self) -> Duration {
        self.took.get()
    }

    /// How long whoever wants to call has to wait for an answer, usually: no time at all if no call is made.
    pub fn time_of_a_call(&self) -> Duration {
        if *self.works.borrow() { self.typical() } else { Duration::ZERO }
    }

    /// Whether the party works, as far as is known, and whenever that changes.
    pub fn works(&self) -> watch::Receiver<bool> {
        self.works.subscribe()
    }

    /// Stops all calls until a moment that the party has named itself.
    pub fn stop_until(&self, until: Instant) {
        self.learn(|learnt| Some(learnt.breaker.open(until)));
    }

    fn is_troubled(&self) -> bool {
        self.troubled.load(Ordering::Acquire)
    }

    /// Takes in something that is not as usual. Answers the limit that follows.
    fn learn(&self, lesson: impl FnOnce(&mut Learnt) -> Option<Change>) -> usize {
        let mut learnt = self.learnt();
        let change = lesson(&mut learnt);
        let troubled = !(learnt.breaker.is_untroubled() && learnt.limit.is_at_most());
        self.troubled.store(troubled, Ordering::Release);
        let limit = learnt.limit.get();
        drop(learnt);
        change.into_iter().for_each(|change| self.tell(change));
        limit
    }

    fn tell(&self, change: Change) {
        let works = change == Change::Closed;
        let before = self.works.send_replace(works);
        match (before, works) {
            (true, false) => {
                warn!(hospital = %self.name, "the hospital's API does not work: calls are stopped")
            }
            (false, true) => info!(hospital = %self.name, "the hospital's API works again"),
            _ => {}
        }
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // Each change under this lock is whole by itself.
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// Until when the calls of others should wait for the end of this one, if it finds out whether the party works.
    pub fn worth_waiting_for(&self) -> Option<Instant> {
        (self.way == Way::Probe).then(|| self.began + PATIENCE)
    }

    /// The party has answered. Answers how many calls it bears at a time, if that may have changed.
    pub fn succeeded(mut self) -> Option<usize> {
        self.ended = true;
        let (way, now) = (self.way, Instant::now());
        self.guard.took.add(now - self.began);
        self.guard.is_troubled().then(|| {
            self.guard.learn(|learnt| {
                learnt.limit.succeeded();
                learnt.breaker.note(way, false, now)
            })
        })
    }

    /// The call came to nothing. Answers how many calls the party bears at a time, if that may have changed.
    pub fn failed(mut self, fault: FaultKind) -> Option<usize> {
        if fault == FaultKind::CutShort {
            // Says nothing about the party: dropping the call gives it up.
            return None;
        }
        self.ended = true;
        let (way, began, now) = (self.way, self.began, Instant::now());
        Some(self.guard.learn(|learnt| {
            if fault.is_overload() {
                learnt.limit.overloaded(began, now);
            }
            learnt.breaker.note(way, fault.is_outage(), now)
        }))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended && self.way == Way::Probe {
            self.guard.learnt().breaker.gave_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn guard() -> Arc<Guard> {
        Guard::new("h1".into(), Guarding { in_flight: 10, pause: PAUSE })
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_stops_the_calls_and_a_probe_brings_them_back() {
        let guard = guard();
        let works = guard.works();
        let mut limit = None;
        while let Ok(call) = guard.call() {
            limit = call.failed(FaultKind::Unreachable);
        }
        assert!(!*works.borrow());
        assert_eq!(limit, Some(2));
        tokio::time::advance(PAUSE).await;
        drop(guard.call().expect("a probe"));
        guard.call().expect("the next one may try").succeeded();
        assert!(*works.borrow());
        let limits = || std::iter::repeat_with(|| guard.call().expect("it works").succeeded());
        assert_eq!(limits().take(1_000).find(Option::is_none), Some(None), "nothing is left to heed");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_record_explains_or_the_deadline_cuts_off_is_no_outage() {
        let guard = guard();
        for fault in [FaultKind::Refused, FaultKind::CutShort, FaultKind::Throttled, FaultKind::Bug] {
            for _ in 0..100 {
                guard.call().expect("the hospital works").failed(fault);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ten_first_calls_earn_one_retry() {
        let guard = guard();
        for _ in 0..3 {
            assert!(!guard.may_retry());
            (0..9).for_each(|_| guard.earn_retry());
            assert!(!guard.may_retry());
            guard.earn_retry();
            assert!(guard.may_retry());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_typical_time_is_that_of_calls_that_went_well() {
        let guard = guard();
        let (good, bad) = (guard.call().unwrap(), guard.call().unwrap());
        tokio::time::advance(Duration::from_millis(50)).await;
        good.succeeded();
        tokio::time::advance(Duration::from_secs(5)).await;
        bad.failed(FaultKind::Timeout);
        assert_eq!(guard.typical(), Duration::from_millis(50));
    }
}
