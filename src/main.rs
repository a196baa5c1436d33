//! Start-up: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    dataprocessing::cli::main()
}
