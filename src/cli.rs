//! The subcommands. `serve` is the default; its options work without its name.

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

mod check_config;
pub mod csv_rows;
mod migrate;
mod profile;
mod rejects;
mod rules;
pub mod serve;
pub mod table;

/// Cleans, checks and stores batches of patient records over gRPC, with exactly one outcome per record.
#[derive(Parser)]
#[command(name = "dataprocessing", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service (the default).
    Serve(serve::Arguments),
    /// Read the configuration and the hospital profiles, and list every problem.
    CheckConfig(serve::Arguments),
    /// Bring the schema of the store up to date.
    Migrate(serve::Arguments),
    /// List the rejected records of a batch with their issues.
    Rejects(rejects::Arguments),
    /// Test hospital profiles with their samples, or try one on real data.
    Profile(profile::Arguments),
    /// List every rule that can reject a record or warn about it.
    Rules(rules::Arguments),
}

/// Why a command failed, as one text for its user.
pub type CommandError = Box<dyn Error + Send + Sync>;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    exit_code_of(run(cli.command.unwrap_or(Command::Serve(cli.serve))))
}

/// Runs a command on a runtime of its own. Exit code 1 means that it failed, 2 that the configuration
/// is wrong. clap exits with 2 if the arguments are wrong.
pub fn exit_code_of(command: impl Future<Output = Result<(), CommandError>>) -> ExitCode {
    let ended = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::from)
        .and_then(|runtime| {
            let ended = runtime.block_on(command);
            // Tasks that are left have outlived their command; the process does not wait for them.
            runtime.shutdown_background();
            ended
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&*error);
            if error.is::<settings::SettingsError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Migrate(arguments) => migrate::run(arguments).await,
        Command::Rejects(arguments) => rejects::run(arguments).await,
        Command::Profile(arguments) => profile::run(arguments),
        Command::Rules(arguments) => rules::run(&arguments),
    }
}

#[expect(clippy::print_stderr, reason = "a person reads this")]
fn print_error(error: &dyn Error) {
    eprintln!("error: {error}");
}

/// Writes a line to standard output.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub fn print_line(line: impl std::fmt::Display) {
    println!("{line}");
}
