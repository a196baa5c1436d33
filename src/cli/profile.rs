//! `profile`: tools for data stewards who write the profile of a hospital.

use clap::{Args, Subcommand};

use super::CommandError;

mod test;
mod try_out;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the samples of profiles and print which of them fail.
    Test(test::Arguments),
    /// Show what a profile makes of real data. Sends and stores nothing, and prints no values.
    Try(try_out::Arguments),
}

pub(super) fn run(arguments: Arguments) -> Result<(), CommandError> {
    match arguments.command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Try(arguments) => try_out::run(&arguments),
    }
}
