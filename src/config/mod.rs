//! The root configuration.
