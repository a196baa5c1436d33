//! The integration tests: one binary, real engines, the real service.

mod bad_input;
mod batch;
mod command_line;
mod crash;
mod deadline;
mod deploy;
mod drain;
mod envelope;
mod generated;
mod health;
mod layers;
mod pipeline;
mod readme;
mod store;
mod support;
