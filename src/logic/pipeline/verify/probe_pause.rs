//! The pause of all calls to a hospital while one call finds out whether it works again.

use tokio::time::Instant;
use worker_pool::Gate;

use crate::client::hospital_health::CallPermit;

/// Keeps the records of a hospital, of all batches, in their lanes until it is dropped.
pub(super) struct ProbePause<'g> {
    gate: &'g Gate,
    until: Instant,
}

impl<'g> ProbePause<'g> {
    /// The pause for a call that probes the hospital; none for any other call.
    pub(super) fn during(permit: &CallPermit, gate: &'g Gate) -> Option<Self> {
        let until = permit.probe_deadline()?;
        gate.pause(until);
        Some(Self { gate, until })
    }
}

impl Drop for ProbePause<'_> {
    fn drop(&mut self) {
        self.gate.end_pause(self.until);
    }
}
