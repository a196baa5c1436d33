//! The integration tests: one binary, real engines, the real service.

mod across;
mod bad_input;
mod batch;
mod bench;
mod canary;
mod catalogue;
mod command_line;
mod crash;
mod deadline;
mod deploy;
mod drain;
mod envelope;
mod fhir;
mod fuzz;
mod generated;
mod health;
mod hints;
mod hospital;
mod layers;
mod pipeline;
mod profile;
mod readme;
mod rejects;
mod store;
mod stream;
mod support;
