//! `serve`: runs the service.

use std::path::PathBuf;

use clap::Args;

use super::CommandError;
use crate::{app::App, config::Config, shutdown, telemetry};

#[derive(Args)]
pub struct Arguments {
    /// The configuration file. It overrides the defaults; DATAPROCESSING__SECTION__KEY variables override the file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

pub async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    let profiles = profiles::load_directory(&config.hospitals.dir)?;
    telemetry::start(&config.log);
    // Before anything is built: a signal during the start must not be lost.
    let shutdown = shutdown::on_signal()?;
    App::build(&config, profiles).await?.run(shutdown).await?;
    Ok(())
}
