//! Parties outside of the process: one trait each, and its HTTP implementation. The only place that sees
//! `reqwest`.

pub mod verification;
