//! What the logic works with.
