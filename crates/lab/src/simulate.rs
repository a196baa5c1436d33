//! `simulate`: a hospital to try the service out with.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, error::ErrorKind};
use dataprocessing::{
    cli::{CommandError, print_line},
    shutdown,
};
use hospital_sim::{FaultRate, FaultRates, Phases, RetryAfter, Simulator, SimulatorConfig};

const BEHAVIOUR: &str = "\
How a patient's number ends decides the answer. Verdicts: -mismatch, -notfound, -illegal; any other number is a
match. Faults: -busy, -refused, -status-NNN, -ratelimit, -ratelimitdate, -slow, -hang (or -stall), -dead, -garbage,
-wrongtype, -badjson, -huge, -drip, -cut, -reset. /verify answers in the service's own form, the other addresses in
that of a vendor, to try the `verify.response` of a profile with.

Faults by rate are those faults without the dash, or a status from 400 to 599: --fault 503=5% --fault stall=0.5%
--fault /vendor/aliyun:429=20%. Which calls they strike is drawn from the seed, the patient's number and how often
that patient has been asked about, so a run repeats.

Phases are healthy, dead (connections are reset), hang (no answers), slow, busy (503) and ratelimited (429):
--phases \"healthy 10s, dead 20s, slow\". The last lasts for ever, unless `repeat` follows it: --phases
\"healthy 1m, busy 5s, repeat\". `curl -X PUT -d dead http://ADDRESS/phase` begins with others at any time, and
`curl -X DELETE http://ADDRESS/stats` counts from zero. An https:// address of the simulator is one with broken TLS.";

/// How the simulated hospital behaves.
#[derive(Args)]
#[command(after_help = BEHAVIOUR)]
pub(super) struct Arguments {
    /// Address to listen on; shipped profiles call the default.
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// How long each answer takes.
    #[arg(long, default_value = "50ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    latency: Duration,
    /// How long a slow answer takes [default: ten times the latency].
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    slow: Option<Duration>,
    /// How long each byte of a dripping answer takes.
    #[arg(long, default_value = "200ms", value_parser = humantime::parse_duration, value_name = "DURATION")]
    drip: Duration,
    /// Let a share of the calls fail, of all paths or of one; can be given again.
    #[arg(long = "fault", value_delimiter = ',', value_name = "[PATH:]FAULT=SHARE%")]
    faults: Vec<FaultRate>,
    /// Decides which calls fail: the same seed, the same calls.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    seed: u64,
    /// Say with every 429 and 503 in how many seconds to come again [default: only rate limits do, 1s].
    #[arg(long, value_parser = whole_seconds, value_name = "DURATION")]
    retry_after: Option<u32>,
    /// The same, as an HTTP date.
    #[arg(long, value_parser = whole_seconds, conflicts_with = "retry_after", value_name = "DURATION")]
    retry_after_date: Option<u32>,
    /// How the hospital fares, one phase after the other.
    #[arg(long, default_value = "healthy", value_name = "PHASES")]
    phases: Phases,
    /// Remember who is asked about, for the repeated calls in /stats; --fault does so too.
    #[arg(long)]
    track_ids: bool,
}

/// What `Retry-After` can say in seconds.
fn whole_seconds(text: &str) -> Result<u32, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let seconds = u32::try_from(duration.as_secs()).ok().filter(|_| duration.subsec_nanos() == 0);
    seconds.ok_or_else(|| "Retry-After is in whole seconds".to_owned())
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
