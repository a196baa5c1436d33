//! Mapping of field names.

/// From field names to canonical ones.
#[derive(Debug)]
pub struct Mapping;
