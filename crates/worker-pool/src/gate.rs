//! Whether the jobs of one key may start now.

use std::{num::NonZeroU32, sync::Arc};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use tokio::time::{Duration, Instant};

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The share of a second's rate that may start at once is one of this many: the dispatcher cannot pace jobs more
/// finely than the timer, and most limited parties reject a whole second's worth at once.
const BURSTS_PER_SECOND: u32 = 50;

/// Decides whether the jobs of one key may start now: at most `limit` of them run at once, none starts while the
/// gate is paused, and no more start per second than its rate.
///
/// A gate belongs to one key, which the jobs call upon, and is shared by the lanes of all batches. It belongs to one
/// pool: only the pool whose job has left the gate looks whether another may enter. A change to a gate therefore counts
/// from the pool's next look; if one of its jobs makes the change, that is when the job ends.
#[derive(Debug)]
pub struct Gate {
    limit: AtomicUsize,
    in_flight: AtomicUsize,
    /// Nanoseconds after `created_at` at which a pause ends; 0 without a pause.
    paused_until: AtomicU64,
    created_at: Instant,
    rate: Option<DefaultDirectRateLimiter>,
}

/// The right to run one job behind a gate. It travels with the job; dropping it leaves the gate.
#[derive(Debug)]
pub(crate) struct GatePermit {
    gate: Arc<Gate>,
}

/// The result of trying to enter a gate.
#[derive(Debug)]
pub(crate) enum TryEnter {
    Entered(GatePermit),
    /// Another job has to leave first.
    Full,
    /// It opens by itself at this moment.
    NotBefore(Instant),
}

impl Gate {
    /// A gate for at most `limit` jobs at once.
    ///
    /// # Panics
    ///
    /// If `limit` is 0: the jobs behind such a gate would never run, and the pool could never be closed.
    pub fn new(limit: usize) -> Arc<Self> {
        Self::with_rate(limit, None)
    }

    /// A gate for at most `limit` jobs at once and, if a rate is given, that many starts per second.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    pub fn with_rate(limit: usize, per_second: Option<NonZeroU32>) -> Arc<Self> {
        assert!(limit > 0, "a gate with a limit of 0 never opens");
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            in_flight: AtomicUsize::new(0),
            paused_until: AtomicU64::new(0),
            created_at: Instant::now(),
            rate: per_second.map(|rate| RateLimiter::direct(quota(rate))),
        })
    }

    /// How many jobs may run behind this gate at once, as of now.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Sets the limit (minimum 1). Running jobs are not interrupted.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit.max(1), Ordering::Relaxed);
    }

    /// The jobs that have passed this gate and not ended: those that run, and those in the channel to the workers.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Lets no job start before `until`. Of two pauses the longer one counts.
    pub fn pause(&self, until: Instant) {
        self.paused_until.fetch_max(self.nanos_until(until), Ordering::Relaxed);
    }

    /// Ends the pause that lasts until this moment. One that was made longer meanwhile stays.
    pub fn end_pause(&self, until: Instant) {
        let until = self.nanos_until(until);
        // An error means that there is another pause, or none.
        let _ = self.paused_until.compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn nanos_until(&self, moment: Instant) -> u64 {
        let nanos = moment.saturating_duration_since(self.created_at).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// Enters the gate if it is open at `now`; never waits. This is the only place that decides it.
    pub(crate) fn try_enter(self: &Arc<Self>, now: Instant) -> TryEnter {
        if let Some(until) = self.pause_after(now) {
            return TryEnter::NotBefore(until);
        }
        let limit = self.limit();
        let one_more = |in_flight| (in_flight < limit).then_some(in_flight + 1);
        if self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more).is_err() {
            return TryEnter::Full;
        }
        let permit = GatePermit { gate: Arc::clone(self) };
        // Asked last, because asking takes from the rate.
        match self.rate.as_ref().map(RateLimiter::check) {
            Some(Err(not_until)) => {
                TryEnter::NotBefore(now + not_until.wait_time_from(DefaultClock::default().now()))
            }
            Some(Ok(())) | None => TryEnter::Entered(permit),
        }
    }

    /// The end of the pause, if that is after `now`.
    fn pause_after(&self, now: Instant) -> Option<Instant> {
        let until = match self.paused_until.load(Ordering::Relaxed) {
            0 => return None,
            nanos => self.created_at + Duration::from_nanos(nanos),
        };
        (until > now).then_some(until)
    }
}

fn quota(per_second: NonZeroU32) -> Quota {
    let burst = NonZeroU32::new(per_second.get() / BURSTS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(per_second).allow_burst(burst)
}

impl Drop for GatePermit {
    fn drop(&mut self) {
        self.gate.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use super::*;

    fn enter(gate: &Arc<Gate>) -> Option<GatePermit> {
        match gate.try_enter(Instant::now()) {
            TryEnter::Entered(permit) => Some(permit),
            TryEnter::Full | TryEnter::NotBefore(_) => None,
        }
    }

    #[test]
    fn a_gate_lets_in_as_many_as_its_limit() {
        let gate = Gate::new(2);
        let first = enter(&gate);
        let second = enter(&gate);
        assert!(first.is_some() && second.is_some());
        assert!(enter(&gate).is_none());
        assert_eq!(gate.in_flight(), 2);
    }

    #[test]
    fn whoever_leaves_makes_room_for_another() {
        let gate = Gate::new(1);
        drop(enter(&gate));
        assert_eq!(gate.in_flight(), 0);
        assert!(enter(&gate).is_some());
    }

    #[test]
    fn a_lower_limit_counts_for_who_comes_next() {
        let gate = Gate::new(3);
        let mut inside: Vec<_> = (0..3).map_while(|_| enter(&gate)).collect();
        gate.set_limit(0);
        assert_eq!((gate.limit(), gate.in_flight()), (1, 3));
        inside.pop();
        assert!(enter(&gate).is_none());
        inside.clear();
        assert!(enter(&gate).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_gate_says_when_it_opens() {
        let gate = Gate::new(1);
        let (soon, later) = (Duration::from_millis(10), Duration::from_millis(300));
        let now = Instant::now();
        gate.pause(now + later);
        gate.pause(now + soon);
        assert!(matches!(gate.try_enter(now), TryEnter::NotBefore(until) if until == now + later));
        tokio::time::advance(later).await;
        assert!(enter(&gate).is_some());
        let until = Instant::now() + later;
        gate.pause(until);
        gate.end_pause(until);
        assert!(enter(&gate).is_some());
        gate.pause(until);
        gate.pause(until + soon);
        gate.end_pause(until);
        assert!(enter(&gate).is_none(), "it was made longer");
    }

    #[test]
    fn a_rate_lets_in_its_burst_and_then_says_when() {
        let gate = Gate::with_rate(1_000, NonZeroU32::new(100));
        let now = Instant::now();
        let burst: Vec<_> = (0..2).map(|_| gate.try_enter(now)).collect();
        assert!(burst.iter().all(|entry| matches!(entry, TryEnter::Entered(_))));
        let TryEnter::NotBefore(until) = gate.try_enter(now) else { panic!("the burst is over") };
        assert!(until > now && until <= now + Duration::from_millis(10));
        assert_eq!(gate.in_flight(), 2);
    }

    #[test]
    #[should_panic(expected = "never opens")]
    fn a_limit_of_0_is_refused() {
        Gate::new(0);
    }
}
