//! `simulate`: a simulated hospital to try the service with.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, error::ErrorKind};
use dataprocessing::{
    cli::{CommandError, print_line},
    shutdown,
};
use hospital_sim::{FaultRate, FaultRates, Phases, RetryAfter, Simulator, SimulatorConfig};

const AFTER_HELP: &str = "\
The suffix of a patient id selects the response. Results: -mismatch, -notfound, -illegal; any other id is a match.
Faults: -busy, -refused, -status-NNN, -ratelimit, -ratelimitdate, -slow, -hang (or -stall), -dead, -garbage,
-wrongtype, -badjson, -huge, -drip, -cut, -reset. /verify responds in the format of the service, the other paths in
that of a vendor, to try the `verify.response` of a profile with.

Faults by rate are those faults without the dash, or a status from 400 to 599: --fault 503=5% --fault stall=0.5%
--fault /vendor/aliyun:429=20%. The seed, the patient id and the number of calls for that patient select the calls that
fail, so a run can be repeated.

Phases are healthy, dead (connections are reset), hang (no response), slow, busy (503) and ratelimited (429):
--phases \"healthy 10s, dead 20s, slow\". The last has no end, unless `repeat` follows it: --phases
\"healthy 1m, busy 5s, repeat\". `curl -X PUT -d dead http://ADDRESS/phase` replaces the phases at any time, and
`curl -X DELETE http://ADDRESS/stats` resets the counts. With https://, the address of the simulator fails the TLS
handshake.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The listen address; the shipped profiles call the default.
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The duration of a verification.
    #[arg(long, default_value = "50ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    latency: Duration,
    /// The duration of a slow verification [default: ten times the latency].
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    slow: Option<Duration>,
    /// The pause before each byte of a dripping response.
    #[arg(long, default_value = "200ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    drip: Duration,
    /// Let a share of the calls fail, on all paths or on one; may be given more than once.
    #[arg(long = "fault", value_delimiter = ',', value_name = "[PATH:]FAULT=SHARE%")]
    faults: Vec<FaultRate>,
    /// Selects the calls that fail; the same seed selects the same calls.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    seed: u64,
    /// Send this Retry-After with every 429 and 503, in seconds [default: 1s, with rate limits only].
    #[arg(long, value_parser = whole_seconds, value_name = "DURATION")]
    retry_after: Option<u32>,
    /// Send this Retry-After with every 429 and 503, as an HTTP date.
    #[arg(long, value_parser = whole_seconds, conflicts_with = "retry_after", value_name = "DURATION")]
    retry_after_date: Option<u32>,
    /// The phases of the hospital, one after the other.
    #[arg(long, default_value = "healthy", value_name = "PHASES")]
    phases: Phases,
    /// Remember patient ids, for the repeated calls in /stats; --fault turns it on, too.
    #[arg(long)]
    track_ids: bool,
}

fn whole_seconds(text: &str) -> Result<u32, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let seconds = u32::try_from(duration.as_secs()).ok().filter(|_| duration.subsec_nanos() == 0);
    seconds.ok_or_else(|| "Retry-After needs whole seconds".to_owned())
}

impl Arguments {
    fn config(self) -> SimulatorConfig {
        let faults = FaultRates::try_from(self.faults).unwrap_or_else(|error| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).exit()
        });
        let date = self.retry_after_date.map(RetryAfter::Date);
        SimulatorConfig {
            listen: self.listen,
            latency: self.latency,
            slow: self.slow,
            drip: self.drip,
            retry_after: self.retry_after.map(RetryAfter::Seconds).or(date),
            faults,
            seed: self.seed,
            phases: self.phases,
            track: self.track_ids,
        }
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let shutdown = shutdown::on_signal()?;
    let simulator = Simulator::start(arguments.config()).await?;
    let address = simulator.local_addr();
    for path in hospital_sim::verification_paths() {
        print_line(format_args!("POST http://{address}{path}"));
    }
    print_line(format_args!("PUT  http://{address}/phase"));
    print_line(format_args!("GET  http://{address}/stats"));
    shutdown.await;
    simulator.stop().await?;
    Ok(())
}
