//! Whether a key may be called now.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says whether the jobs of one key may start now: it lets in at most `limit` of them at a time.
///
/// One gate stands for one key in the whole process; the lanes of all batches share it. It belongs to one
/// pool: only the pool whose job has left the gate looks whether another may enter.
#[derive(Debug)]
pub struct Gate {
    limit: usize,
    in_flight: AtomicUsize,
}

/// The right to run one job behind a gate. It goes along with the job; dropping it leaves the gate.
#[derive(Debug)]
pub(super) struct Permit {
    gate: Arc<Gate>,
}

impl Gate {
    /// A gate for at most `limit` jobs at a time.
    ///
    /// # Panics
    ///
    /// If `limit` is 0: the jobs behind such a gate would never run, and the pool could never be closed.
    pub fn new(limit: usize) -> Arc<Gate> {
        assert!(limit > 0, "a gate with a limit of 0 never opens");
        Arc::new(Gate { limit, in_flight: AtomicUsize::new(0) })
    }

    /// The most jobs that run behind this gate at a time.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The jobs that have passed this gate and not ended: those that run and those that wait ready for a
    /// free worker.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Enters, if the key may be called now. This is the one place that decides it; it never waits.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Permit> {
        let one_more = |in_flight| (in_flight < self.limit).then_some(in_flight + 1);
        self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more).ok()?;
        Some(Permit { gate: Arc::clone(self) })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_lets_in_as_many_as_its_limit() {
        let gate = Gate::new(2);
        let first = gate.try_enter();
        let second = gate.try_enter();
        assert!(first.is_some() && second.is_some());
        assert!(gate.try_enter().is_none());
        assert_eq!(gate.in_flight(), 2);
    }

    #[test]
    fn whoever_leaves_makes_room_for_another() {
        let gate = Gate::new(1);
        drop(gate.try_enter());
        assert_eq!(gate.in_flight(), 0);
        assert!(gate.try_enter().is_some());
    }

    #[test]
    #[should_panic(expected = "never opens")]
    fn a_limit_of_0_is_refused() {
        Gate::new(0);
    }
}
