//! Formatting: raw texts into canonical values.

pub mod date;
