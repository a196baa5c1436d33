//! The commands of `lab`, run as the real binary.

use std::process::Command;

mod bench;
mod demo;
mod documents;

/// The binary under test.
fn lab() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    command.env_remove("RUST_LOG");
    command
}
