//! `check-config`: reads everything that a start reads, without starting.

use super::{CommandError, print_line, serve::Arguments};
use crate::config::{self, Config};

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    let profiles = profiles::load_directory(&config.hospitals.dir)?;
    let mut codes: Vec<&str> = profiles.keys().map(|code| &**code).collect();
    codes.sort_unstable();
    print_line(format_args!("the configuration is valid; hospitals: {}", codes.join(", ")));
    if let Some(warning) = config::isolation_warning(&profiles, config.pool.workers) {
        print_line(format_args!("warning: {warning}"));
    }
    Ok(())
}
