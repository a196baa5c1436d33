//! The integration tests: one binary, real engines, the real service.

mod store;
mod support;
