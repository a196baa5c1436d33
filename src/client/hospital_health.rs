//! What is known of an outside party from its last calls, and what follows for the next ones: how many it bears at
//! a time, how long a call takes, whether it works at all, and how often a failed call may be made again.
//!
//! One health stands for one party in the whole process, and keeps what it has learnt from batch to batch. The calls
//! tell it how they ended; it never makes one.

mod adaptive_limit;
mod hospital_breaker;
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

pub use self::hospital_breaker::CallRefused;
use self::{
    adaptive_limit::AdaptiveLimit,
    hospital_breaker::{BreakerChange, CallRole, HospitalBreaker, MAX_PROBE_WAIT},
    median::Median,
};
use super::hospital_api::FaultKind;

/// The time over which calls earn retries.
const RETRY_WINDOW: Duration = Duration::from_secs(10);

/// The part of the calls that may be made again: nobody can see from here whether a party that fails is one call
/// short of falling over.
const RETRY_SHARE: f32 = 0.1;

/// How a party is guarded.
#[derive(Clone, Copy, Debug)]
pub struct HealthConfig {
    /// Most calls at a time.
    pub max_in_flight: usize,
    /// How long calls are stopped once the party does not work, before one may try.
    pub outage_pause: Duration,
}

/// Guards one party; see the module.
pub struct HospitalHealth {
    name: Arc<str>,
    /// Whether there is anything to heed. As long as there is not, calls need no lock.
    degraded: AtomicBool,
    state: Mutex<HealthState>,
    latency: Median,
    retries: TpsBudget,
    works: watch::Sender<bool>,
}

struct HealthState {
    limit: AdaptiveLimit,
    breaker: HospitalBreaker,
}

/// A call that may be made. Whoever makes it says how it ended; dropping it says that it was given up.
pub struct CallPermit {
    health: Arc<HospitalHealth>,
    way: CallRole,
    began: Instant,
    ended: bool,
}

impl HospitalHealth {
    /// A health of a party that is thought to work.
    pub fn new(name: Arc<str>, config: HealthConfig) -> Arc<Self> {
        let state = HealthState {
            limit: AdaptiveLimit::new(config.max_in_flight),
            breaker: HospitalBreaker::new(config.outage_pause),
        };
        Arc::new(Self {
            name,
            degraded: AtomicBool::new(true),
            state: Mutex::new(state),
            latency: Median::default(),
            // No retries without calls: the share is to hold in an outage, too, from its first moment on.
            retries: TpsBudget::new(RETRY_WINDOW, 0, RETRY_SHARE),
            works: watch::Sender::new(true),
        })
    }

    /// Begins a call, unless the party is known not to work.
    pub fn try_begin_call(self: &Arc<Self>) -> Result<CallPermit, CallRefused> {
        let began = Instant::now();
        let way =
            if self.is_degraded() { self.state().breaker.try_begin_call(began)? } else { CallRole::Regular };
        Ok(CallPermit { health: Arc::clone(self), way, began, ended: false })
    }

    /// Takes a retry out of the budget, if there is one. Whoever asks makes it.
    pub fn try_take_retry(&self) -> bool {
        self.retries.withdraw()
    }

    /// Counts a first call, which earns a part of a retry.
    pub fn deposit_retry(&self) {
        self.retries.deposit();
    }

    /// How long a call that goes well takes; zero as long as nobody knows.
    pub fn median_latency(&self) -> Duration {
        self.latency.get()
    }

    /// How long whoever wants to call has to wait for an answer, usually: no time at all if no call is made.
    pub fn expected_call_time(&self) -> Duration {
        if *self.works.borrow() { self.median_latency() } else { Duration::ZERO }
    }

    /// Whether the party works, as far as is known, and whenever that changes.
    pub fn watch_availability(&self) -> watch::Receiver<bool> {
        self.works.subscribe()
    }

    /// Stops all calls until a moment that the party has named itself.
    pub fn stop_calls_until(&self, until: Instant) {
        self.update(|state| Some(state.breaker.open(until)));
    }

    fn is_degraded(&self) -> bool {
        self.degraded.load(Ordering::Acquire)
    }

    /// Takes in something that is not as usual. Answers the limit that follows.
    fn update(&self, lesson: impl FnOnce(&mut HealthState) -> Option<BreakerChange>) -> usize {
        let mut state = self.state();
        let change = lesson(&mut state);
        let degraded = !(state.breaker.is_healthy() && state.limit.is_at_max());
        self.degraded.store(degraded, Ordering::Release);
        // Told under the lock: of two changes, the one that is told last is the one that holds.
        change.into_iter().for_each(|change| self.publish(change));
        state.limit.get()
    }

    fn publish(&self, change: BreakerChange) {
        let works = change == BreakerChange::Closed;
        let before = self.works.send_replace(works);
        match (before, works) {
            (true, false) => {
                warn!(hospital = %self.name, "the hospital's API does not work: calls are stopped")
            }
            (false, true) => info!(hospital = %self.name, "the hospital's API works again"),
            _ => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        // Each change under this lock is whole by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallPermit {
    /// Until when the calls of others should wait for the end of this one, if it finds out whether the party works.
    pub fn probe_deadline(&self) -> Option<Instant> {
        (self.way == CallRole::Probe).then(|| self.began + MAX_PROBE_WAIT)
    }

    /// The party has answered. Answers how many calls it bears at a time, if that may have changed.
    pub fn record_success(mut self) -> Option<usize> {
        self.ended = true;
        let (way, now) = (self.way, Instant::now());
        self.health.latency.add(now - self.began);
        self.health.is_degraded().then(|| {
            self.health.update(|state| {
                state.limit.record_success();
                state.breaker.record(way, false, now)
            })
        })
    }

    /// The call came to nothing. Answers how many calls the party bears at a time, if that may have changed.
    pub fn record_failure(mut self, fault: FaultKind) -> Option<usize> {
        if fault == FaultKind::BatchDeadline {
            // Says nothing about the party: dropping the call gives it up.
            return None;
        }
        self.ended = true;
        let (way, began, now) = (self.way, self.began, Instant::now());
        Some(self.health.update(|state| {
            if fault.is_overload() {
                state.limit.record_overload(began, now);
            }
            state.breaker.record(way, fault.is_outage(), now)
        }))
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        if !self.ended && self.way == CallRole::Probe {
            self.health.state().breaker.abandon_probe();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn health() -> Arc<HospitalHealth> {
        HospitalHealth::new("h1".into(), HealthConfig { max_in_flight: 10, outage_pause: PAUSE })
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_stops_the_calls_and_a_probe_brings_them_back() {
        let health = health();
        let works = health.watch_availability();
        let mut limit = None;
        while let Ok(call) = health.try_begin_call() {
            limit = call.record_failure(FaultKind::Unreachable);
        }
        assert!(!*works.borrow());
        assert_eq!(limit, Some(2));
        tokio::time::advance(PAUSE).await;
        drop(health.try_begin_call().expect("a probe"));
        health.try_begin_call().expect("the next one may try").record_success();
        assert!(*works.borrow());
        let limits =
            || std::iter::repeat_with(|| health.try_begin_call().expect("it works").record_success());
        assert_eq!(limits().take(1_000).find(Option::is_none), Some(None), "nothing is left to heed");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_record_explains_or_the_deadline_cuts_off_is_no_outage() {
        let health = health();
        for fault in
            [FaultKind::ClientError, FaultKind::BatchDeadline, FaultKind::Throttled, FaultKind::Panicked]
        {
            for _ in 0..100 {
                health.try_begin_call().expect("the hospital works").record_failure(fault);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ten_first_calls_earn_one_retry() {
        let health = health();
        for _ in 0..3 {
            assert!(!health.try_take_retry());
            (0..9).for_each(|_| health.deposit_retry());
            assert!(!health.try_take_retry());
            health.deposit_retry();
            assert!(health.try_take_retry());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_typical_time_is_that_of_calls_that_went_well() {
        let health = health();
        let (good, bad) = (health.try_begin_call().unwrap(), health.try_begin_call().unwrap());
        tokio::time::advance(Duration::from_millis(50)).await;
        good.record_success();
        tokio::time::advance(Duration::from_secs(5)).await;
        bad.record_failure(FaultKind::Timeout);
        assert_eq!(health.median_latency(), Duration::from_millis(50));
    }
}
