//! What a pool is built from.

/// The size of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Workers, that is: the most jobs that run at a time. At least 1.
    pub workers: usize,
    /// Jobs that wait ready for a free worker; each lane holds as many more. At least 1.
    pub queue: usize,
}
