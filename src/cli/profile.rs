//! `profile`: what data stewards need when they write the profile of a hospital.

use clap::{Args, Subcommand};

use super::CommandError;

mod test;
mod try_out;

/// What to do with profiles.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the samples of profiles and say of each whether it holds.
    Test(test::Arguments),
    /// Show what a profile makes of real data: nothing is sent or stored, and no value is shown.
    Try(try_out::Arguments),
}

pub(super) fn run(arguments: Arguments) -> Result<(), CommandError> {
    match arguments.command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Try(arguments) => try_out::run(&arguments),
    }
}
