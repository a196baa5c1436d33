//! The integration tests: one binary, real engines, the real service.

mod deploy;
mod layers;
mod support;
