//! Profiles out of files.
