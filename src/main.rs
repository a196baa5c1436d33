//! Start-up: everything else is in the library, but for the allocator, which only a process can choose.

use std::process::ExitCode;

/// Per record, the system's allocator takes a fifth more CPU time: the service frees in one thread what another
/// has allocated.
#[cfg(all(unix, target_pointer_width = "64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    dataprocessing::cli::main()
}
