//! What a check with shuttle needs of a gate: entering it without a pool.

use std::sync::Arc;

use tokio::time::Instant;

use crate::gate::{Gate, GatePermit, TryEnter};

/// A job's permit, which leaves the gate when it is dropped.
pub struct Permit {
    _permit: GatePermit,
}

/// Enters the gate if it is open at `now`.
///
/// # Errors
///
/// If it is not: the moment at which it opens by itself, if it does.
pub fn try_enter(gate: &Arc<Gate>, now: Instant) -> Result<Permit, Option<Instant>> {
    match gate.try_enter(now) {
        TryEnter::Entered(_permit) => Ok(Permit { _permit }),
        TryEnter::Full => Err(None),
        TryEnter::NotBefore(moment) => Err(Some(moment)),
    }
}
