//! The size of a pool.

use thiserror::Error;

/// The size of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Workers: how many jobs run at once. At least 1.
    pub workers: usize,
    /// Slots of the channel to the workers, and of each lane. At least 1.
    ///
    /// It should keep the workers busy between two turns of the dispatcher. More makes the pool less fair: a job in
    /// the channel runs before any job that is submitted later.
    pub queue: usize,
}

/// Why a pool could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PoolError {
    /// [`PoolConfig::workers`] is 0.
    #[error("a pool needs at least 1 worker")]
    NoWorkers,
    /// [`PoolConfig::queue`] is 0.
    #[error("a pool needs a queue of at least 1 job")]
    NoQueue,
}

impl PoolConfig {
    /// Refuses a size with which no job would ever run.
    pub(crate) fn check(&self) -> Result<(), PoolError> {
        match self {
            Self { workers: 0, .. } => Err(PoolError::NoWorkers),
            Self { queue: 0, .. } => Err(PoolError::NoQueue),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_needs_a_worker_and_a_queue() {
        assert_eq!(PoolConfig { workers: 0, queue: 16 }.check(), Err(PoolError::NoWorkers));
        assert_eq!(PoolConfig { workers: 50, queue: 0 }.check(), Err(PoolError::NoQueue));
        assert_eq!(PoolConfig { workers: 1, queue: 1 }.check(), Ok(()));
    }
}
