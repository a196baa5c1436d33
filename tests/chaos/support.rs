//! What the integration tests have, too: the real binary, PostgreSQL servers, and conditions to wait for.

#[path = "../it/support/postgres.rs"]
pub(crate) mod postgres;
#[path = "../it/support/process.rs"]
pub(crate) mod process;
#[path = "../it/support/waiting.rs"]
pub(crate) mod waiting;

pub(crate) use waiting::{eventually, within};
