//! `simulate`: a hospital to try the service out with.

use std::{net::SocketAddr, time::Duration};

use clap::Args;

use super::{CommandError, say};
use crate::{
    shutdown,
    sim::{self, Simulator},
};

const ENDINGS: &str = "\
How a patient's number ends decides the answer: -mismatch, -notfound, -illegal, -busy, -refused, -status-NNN,
-hang, -garbage, -huge or -cut; any other number is a match. /verify answers in the service's own form, the other
addresses in that of a vendor, to try the `verify.response` of a profile with.";

/// How the simulated hospital behaves.
#[derive(Args)]
#[command(after_help = ENDINGS)]
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
    for path in sim::verification_paths() {
        say(format_args!("POST http://{address}{path}"));
    }
    say(format_args!("GET  http://{address}/stats"));
    shutdown.await;
    simulator.stop().await?;
    Ok(())
}
