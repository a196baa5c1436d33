//! `simulate`: a hospital to try the service out with.

use std::{net::SocketAddr, time::Duration};

use clap::Args;

use super::{CommandError, say};
use crate::{
    shutdown,
    sim::{self, Simulator},
};

/// How the simulated hospital behaves.
#[derive(Args)]
pub(super) struct Arguments {
    /// Address to listen on; shipped profiles call the default.
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// How long each answer takes.
    #[arg(long, default_value = "50ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    latency: Duration,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let shutdown = shutdown::on_signal()?;
    let Arguments { listen, latency } = arguments;
    let simulator = Simulator::start(sim::Config { listen, latency }).await?;
    let address = simulator.local_addr();
    say(format_args!("POST http://{address}/verify   GET http://{address}/stats"));
    shutdown.await;
    simulator.stop().await?;
    Ok(())
}
