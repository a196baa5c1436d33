//! The health of one hospital's API, learned from its last calls: how many concurrent calls it tolerates, how long a call
//! takes, whether it works at all, and how many failed calls may be retried.
//!
//! There is one for each hospital in the process; it is kept from batch to batch. Calls report how they ended; this module
//! makes none.

mod adaptive_limit;
mod hospital_breaker;
mod median;

use std::{
    sync::{Arc, PoisonError},
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
use crate::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

/// The time in which calls earn retries.
const RETRY_WINDOW: Duration = Duration::from_secs(10);

/// The share of calls that may be retried. It is small, because a hospital that fails may be overloaded.
const RETRY_SHARE: f32 = 0.1;

#[derive(Clone, Copy, Debug)]
pub struct HealthConfig {
    /// Most concurrent calls.
    pub max_in_flight: usize,
    /// How long calls are stopped in an outage before one may probe.
    pub outage_pause: Duration,
}

/// The health of one hospital's API.
pub struct HospitalHealth {
    name: Arc<str>,
    /// False while the hospital is healthy, so that calls skip the lock.
    degraded: AtomicBool,
    state: Mutex<HealthState>,
    latency: Median,
    retries: TpsBudget,
    available: watch::Sender<bool>,
}

struct HealthState {
    limit: AdaptiveLimit,
    breaker: HospitalBreaker,
}

/// Permission for one call. The caller records how the call ended; a dropped permit is an abandoned call.
pub struct CallPermit {
    health: Arc<HospitalHealth>,
    role: CallRole,
    began: Instant,
    ended: bool,
}

impl HospitalHealth {
    /// A hospital that is assumed to work.
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
            // No reserve: the share must hold in an outage too, from its first moment on.
            retries: TpsBudget::new(RETRY_WINDOW, 0, RETRY_SHARE),
            available: watch::Sender::new(true),
        })
    }

    /// Begins a call, unless the hospital is known to be unavailable.
    pub fn try_begin_call(self: &Arc<Self>) -> Result<CallPermit, CallRefused> {
        let began = Instant::now();
        let role =
            if self.is_degraded() { self.state().breaker.try_begin_call(began)? } else { CallRole::Regular };
        Ok(CallPermit { health: Arc::clone(self), role, began, ended: false })
    }

    /// Withdraws a retry from the budget, if there is one.
    pub fn try_take_retry(&self) -> bool {
        self.retries.withdraw()
    }

    /// Deposits the part of a retry that a first call earns.
    pub fn deposit_retry(&self) {
        self.retries.deposit();
    }

    /// The median time of a successful call; zero before the first one.
    pub fn median_latency(&self) -> Duration {
        self.latency.get()
    }

    /// The usual time until a new call is answered; zero while calls are stopped, for then none is made.
    pub fn expected_call_time(&self) -> Duration {
        if *self.available.borrow() { self.median_latency() } else { Duration::ZERO }
    }

    /// Whether the hospital is available, and every change of it.
    pub fn watch_availability(&self) -> watch::Receiver<bool> {
        self.available.subscribe()
    }

    /// Stops all calls until a moment that the hospital has named.
    pub fn stop_calls_until(&self, until: Instant) {
        self.update(|state| Some(state.breaker.open(until)));
    }

    fn is_degraded(&self) -> bool {
        self.degraded.load(Ordering::Acquire)
    }

    /// Updates the state; returns the limit that follows.
    fn update(&self, change: impl FnOnce(&mut HealthState) -> Option<BreakerChange>) -> usize {
        let mut state = self.state();
        let change = change(&mut state);
        let degraded = !(state.breaker.is_healthy() && state.limit.is_at_max());
        self.degraded.store(degraded, Ordering::Release);
        // Under the lock, so that the last published change is the valid one.
        change.into_iter().for_each(|change| self.publish(change));
        state.limit.get()
    }

    fn publish(&self, change: BreakerChange) {
        let available = change == BreakerChange::Closed;
        let before = self.available.send_replace(available);
        match (before, available) {
            (true, false) => {
                warn!(hospital = %self.name, "the hospital's API is unavailable, calls are stopped")
            }
            (false, true) => info!(hospital = %self.name, "the hospital's API is available again"),
            _ => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        // A panic leaves nothing half done: each change under this lock is complete by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallPermit {
    /// If this call is a probe, until when other calls should wait for its result.
    pub fn probe_deadline(&self) -> Option<Instant> {
        (self.role == CallRole::Probe).then(|| self.began + MAX_PROBE_WAIT)
    }

    /// Records that the hospital has answered; returns the limit of concurrent calls, if it may have changed.
    pub fn record_success(mut self) -> Option<usize> {
        self.ended = true;
        let (role, now) = (self.role, Instant::now());
        self.health.latency.add(now - self.began);
        self.health.is_degraded().then(|| {
            self.health.update(|state| {
                state.limit.record_success();
                state.breaker.record(role, false, now)
            })
        })
    }

    /// Records that the call failed; returns the limit of concurrent calls, if it may have changed.
    pub fn record_failure(mut self, fault: FaultKind) -> Option<usize> {
        if fault == FaultKind::BatchDeadline {
            // It says nothing about the hospital: dropping the permit abandons the call.
            return None;
        }
        self.ended = true;
        let (role, began, now) = (self.role, self.began, Instant::now());
        Some(self.health.update(|state| {
            if fault.is_overload() {
                state.limit.record_overload(began, now);
            }
            state.breaker.record(role, fault.is_outage(), now)
        }))
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        if !self.ended && self.role == CallRole::Probe {
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
