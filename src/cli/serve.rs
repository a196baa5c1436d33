//! `serve`: the service itself.

use std::path::PathBuf;

use clap::Args;

use super::CommandError;
use crate::{
    app::App,
    config::{self, Config},
    shutdown, telemetry,
};

/// Where the configuration is.
#[derive(Args)]
pub struct Arguments {
    /// A configuration file; it overrides the defaults, and DATAPROCESSING__SECTION__KEY overrides it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    let profiles = config::load_hospitals(&config.hospitals.dir)?;
    telemetry::start(&config.log);
    // Before anything is built: a signal during the start must not be lost.
    let shutdown = shutdown::on_signal()?;
    App::build(&config, profiles).await?.run(shutdown).await?;
    Ok(())
}
