//! What the integration tests have, too: the real binary, PostgreSQL servers, and conditions to wait for.

#[path = "../it/support/postgres.rs"]
pub mod postgres;
#[path = "../it/support/process.rs"]
pub mod process;
#[path = "../it/support/waiting.rs"]
pub mod waiting;

pub use waiting::{eventually, within};
