//! `dataprocessing` cleans, checks and stores batches of raw patient records, with exactly one outcome per
//! record, before the caller's deadline.
//!
//! The tree is the architecture, and imports run one way:
//!
//! ```text
//! main -> cli -> app -> server -> logic -> svc -> { model, client }
//! ```
//!
//! | module | holds |
//! | --- | --- |
//! | [`cli`] | the subcommands |
//! | [`app`] | the composition root: configuration in, running service out |
//! | [`config`] | the root configuration: layers, strict, all errors at once |
//! | [`server`] | gRPC: calls, layers, health, reflection |
//! | [`logic`] | one file per call, the record pipeline, the ledger |
//! | [`svc`] | what the logic works with: store, clients, pool, limits |
//! | [`model`] | the store and its two engines |
//! | [`client`] | the hospitals' APIs |
//! | [`context`], [`shutdown`], [`telemetry`] | one call's deadline and cancellation; signals; logging |
//! | `sync` | locks and atomics: std's, or shuttle's where `interleavings/` runs them in many orders |

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod client;
pub mod config;
pub mod context;
pub mod logic;
pub mod model;
pub mod server;
pub mod shutdown;
pub mod svc;
pub mod telemetry;

mod sync;
