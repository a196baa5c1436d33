//! Builders that start the same parts as production with one knob turned.

pub mod database;
