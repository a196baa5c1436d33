//! `migrate`: brings the schema of the store up to date, without the service.

use super::{CommandError, print_line, serve::Arguments};
use crate::{config::Config, model, telemetry};

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    telemetry::start(&config.log);
    let store = model::open(&config.store)?;
    store.migrate().await?;
    store.close().await;
    print_line("the store's schema is up to date");
    Ok(())
}
