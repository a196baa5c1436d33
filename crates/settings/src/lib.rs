//! Typed values out of positioned YAML, with every problem reported at once, each with file and line.
//!
//! [`yaml::parse`] turns a file into a tree of [`Node`]s that know where they were written. A [`Section`]
//! reads one table of the tree: every key that is asked for becomes a typed value or a [`Problem`], and
//! every key that nobody asked for is a problem too. Reading goes on after a problem: a method that
//! answers [`Reported`] has written it down, so that one run shows all there is to mend.
//!
//! A leaf of the tree: configuration sections and hospital profiles are read with it alike.

mod byte_size;
mod http_url;
mod node;
mod problem;
mod section;
mod setting;
mod setting_field;
pub mod yaml;

pub use byte_size::ByteSize;
pub use http_url::HttpUrl;
pub use node::{Node, Nothing, Origin, Value};
pub use problem::{Problem, Problems, Reported};
pub use section::{Section, did_you_mean};
pub use setting::Setting;
pub use setting_field::{NodeKind, SettingField};
