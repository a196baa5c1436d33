//! The verdicts of a verification API.

/// What the hospital says about an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The hospital knows it, and it is right.
    Match,
    /// The hospital knows it, and it differs.
    Mismatch,
    /// The hospital has no record of it.
    NotFound,
    /// The number or the name is impossible.
    Illegal,
}
