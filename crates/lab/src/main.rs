//! `lab`: tools around the service that are not deployed with it: a demo, a simulated hospital and a benchmark.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dataprocessing::cli::{self, CommandError, serve};

mod bench;
mod demo;
mod simulate;
mod traffic;

/// The allocator of the service, which `bench` measures as a child process of this binary.
#[cfg(all(unix, target_pointer_width = "64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Tools around dataprocessing: a demo, a simulated hospital and a benchmark.
#[derive(Parser)]
#[command(name = "lab", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send synthetic records through the real service and a simulated hospital, and show the outcomes.
    Demo(demo::Arguments),
    /// Run a simulated hospital to try the service with.
    Simulate(simulate::Arguments),
    /// Measure the speed of the service on this machine.
    Bench(bench::Arguments),
    /// Run the service; `bench` starts it with this command as a child process.
    #[command(hide = true)]
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    cli::exit_code_of(run(command))
}

async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Simulate(arguments) => simulate::run(arguments).await,
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
    }
}
