//! Connections, and what is known of the database behind them.

pub(crate) mod backoff;
mod breaker;
pub(crate) mod flush_times;
pub(crate) mod health;
pub(crate) mod pool;
pub(crate) mod probe;
