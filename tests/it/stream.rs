//! Streamed batches: the same outcomes as whole ones, a bounded window whatever the other side does, and an
//! exact account of uploads that break off.

pub(crate) mod caller;
mod endings;
mod outcomes;
mod peers;
mod protocol;
mod window;
