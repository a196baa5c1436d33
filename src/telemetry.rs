//! Logging, and a panic hook that prints the location only.
