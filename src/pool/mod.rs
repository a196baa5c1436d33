//! The worker pool and its dispatcher.
