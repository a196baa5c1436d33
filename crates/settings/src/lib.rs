//! Typed values out of YAML, with every problem reported at once, each with its file and line.
//!
//! [`yaml::parse`] turns a text into a tree of [`Node`]s that know where they were written. Trees can be laid over each
//! other ([`Node::laid_over`]) without losing their positions. A [`Section`] reads one table of a tree: every key that is
//! read becomes a typed value or a [`Problem`], and every key that is left over is a problem too.
//!
//! Reading continues after a problem. A method that returns [`Reported`] has added its problem to the [`Problems`], so a
//! reader asks for all keys before it returns the first error, and one run shows everything that is wrong.
//!
//! ```
//! use std::time::Duration;
//!
//! use settings::{Problems, Section, yaml};
//!
//! struct Pool {
//!     workers: usize,
//!     timeout: Duration,
//! }
//!
//! let text = "pool:\n  workers: 500\n  timeot: 30s\n";
//! let mut problems = Problems::default();
//! let pool = yaml::parse("my.yaml", text, &mut problems).and_then(|root| {
//!     Section::read(root, &mut problems, |root| {
//!         root.table("pool", |pool| {
//!             let workers = pool.within("workers", 1..=100);
//!             let timeout = pool.value("timeout");
//!             Ok(Pool { workers: workers?, timeout: timeout? })
//!         })
//!     })
//! });
//! let found: Vec<_> = problems.conclude(pool).err().unwrap().iter().map(ToString::to_string).collect();
//! assert_eq!(
//!     found,
//!     [
//!         "my.yaml:1: pool.timeout: is missing",
//!         "my.yaml:2: pool.workers: 500 is not from 1 to 100",
//!         "my.yaml:3: pool.timeot: is unknown; did you mean timeout?",
//!     ]
//! );
//! ```
//!
//! Values are never shown in `Debug`, for they may be secrets; a message may quote the one value that it refuses, and the
//! parser of a secret does not.

#![warn(missing_docs)]

mod byte_size;
mod did_you_mean;
mod error;
mod http_url;
mod node;
mod problem;
mod section;
mod setting;
mod setting_field;
pub mod yaml;

pub use byte_size::ByteSize;
pub use did_you_mean::did_you_mean;
pub use error::SettingsError;
pub use http_url::HttpUrl;
pub use node::{Node, Nothing, Origin, Value};
pub use problem::{Problem, Problems, Reported};
pub use section::Section;
pub use setting::Setting;
pub use setting_field::{NodeKind, SettingField};
