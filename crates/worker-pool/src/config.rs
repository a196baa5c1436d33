//! How large a pool is.

use thiserror::Error;

/// The size of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Workers, that is: the most jobs that run at a time. At least 1.
    pub workers: usize,
    /// Jobs that wait ready for a free worker; each lane holds as many more. At least 1.
    ///
    /// Enough of them keep the workers fed between two turns of the dispatcher. More only make it less
    /// fair: a job that waits ready goes before whatever comes later.
    pub queue: usize,
}

/// Why a pool could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PoolError {
    /// There would be nobody to run a job.
    #[error("a pool needs at least 1 worker")]
    NoWorkers,
    /// There would be no way for a job to reach a worker.
    #[error("a pool needs a queue of at least 1 job")]
    NoQueue,
}

impl PoolConfig {
    /// Refuses a size with which no job would ever run.
    pub(super) fn check(&self) -> Result<(), PoolError> {
        match self {
            PoolConfig { workers: 0, .. } => Err(PoolError::NoWorkers),
            PoolConfig { queue: 0, .. } => Err(PoolError::NoQueue),
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
