//! A simulated hospital: an HTTP API that verifies patient identities, with faults on demand. For demos, tests and
//! staging.
//!
//! ```
//! use hospital_sim::{Phase, Simulator, SimulatorConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let simulator = Simulator::start(SimulatorConfig::default()).await?;
//! println!("POST http://{}/verify", simulator.local_addr());
//! simulator.set_phase(Phase::Busy);
//! assert_eq!(simulator.stats().calls, 0);
//! simulator.stop().await
//! # }
//! ```
//!
//! | request | response |
//! | --- | --- |
//! | `POST /verify` | after the latency, `{"result": "match"}` or what the patient id asks for |
//! | `POST /vendor/tencent`, `/vendor/aliyun`, `/vendor/checkup` | the same results and failures in the codes of that vendor |
//! | `GET /stats` | [`Stats`] over all of these paths, as JSON |
//! | `DELETE /stats` | 204; resets all counts but that of the calls in flight |
//! | `GET /phase` | the name of the current phase |
//! | `PUT /phase` | starts the phases in the body; 400 if there are none |
//!
//! `patientId` is the only field of a posted identity that matters. Its suffix, in upper or lower case, selects the
//! response:
//!
//! | suffix | response |
//! | --- | --- |
//! | `-mismatch`, `-notfound`, `-illegal` | `{"result": ..}` with `mismatch`, `not_found` or `illegal` |
//! | `-busy`, `-refused` | 503 or 404; a vendor path responds 200 with its own code for "unavailable" or "not permitted" |
//! | `-status-NNN` (200 to 599) | that status, with a body that holds no result |
//! | `-ratelimit` | 429 with `Retry-After: 1`, or what [`SimulatorConfig::retry_after`] says |
//! | `-ratelimitdate` | 429 with a `Retry-After` that is an HTTP date |
//! | `-slow` | a match after [`SimulatorConfig::slow`] |
//! | `-hang`, `-stall` | none, until the client closes the connection |
//! | `-dead` | none: the connection is reset at once |
//! | `-garbage` | 200 with a page of HTML |
//! | `-wrongtype` | 200 with a match as `text/plain` |
//! | `-badjson` | 200 with a complete body that holds half a match |
//! | `-huge` | 200 with a match and spaces up to one mebibyte |
//! | `-drip` | 200 with a match, [`SimulatorConfig::drip`] before each byte |
//! | `-cut` | 200 with a body that ends too early |
//! | `-reset` | 200, and the connection is reset in the middle of the body |
//! | anything else | `{"result": "match"}` |
//!
//! A body without a `patientId` gets 400. A call is in flight from the arrival of its body until just before its
//! response is sent, or until its client disconnects: a client that has its response never sees its own call in flight.
//!
//! # Faults by rate
//!
//! [`FaultRates`] let a share of the calls fail, on all paths or on one, among those whose patient id asks for no fault.
//! Every suffix above but the results can be a fault by rate, and so can every status from 400 to 599. A hash of the
//! seed, the patient id and the number of calls for that patient selects the fault. The selection depends neither on
//! the order of calls nor on their path: the same records meet the same faults in every run, and a retry has a chance
//! of its own.
//!
//! # Phases
//!
//! A phase takes precedence over suffixes and rates: `healthy` (only those apply), `dead` (each verification has its
//! connection reset; the other paths respond), `hang` (no response), `slow` (a latency of [`SimulatorConfig::slow`]),
//! `busy` (503 for all) and `ratelimited` (429 with a `Retry-After` for all). [`Phases`] follow each other by the
//! clock, from the start of the simulator or from the request that put them. The phase in which a call arrives applies
//! to it; only `dead` also applies to the calls that are in their latency.
//!
//! TLS faults need no phase: the simulator speaks plain HTTP, so a client that is given its address with `https://`
//! has a handshake that fails.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

mod call_log;
mod connection;
mod fault;
mod fault_rates;
mod phase;
mod response;
mod retry_after;
mod routes;
mod stats;
mod vendor;
mod verify_request;

pub use call_log::{RepeatStats, Spacing};
pub use fault_rates::{FaultRate, FaultRateError, FaultRates};
pub use phase::{Phase, PhaseError, Phases};
pub use retry_after::RetryAfter;
pub use stats::Stats;

use call_log::CalledPatientKey;
use connection::{ConnectionHandle, ResettableListener};
use phase::PhaseClock;
use routes::ApiState;
use stats::CallCounters;
use vendor::VENDORS;

/// How a simulator behaves. The default listens on a free port of the loopback interface, responds at once, and only
/// patient ids select faults.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// The listen address; port 0 takes a free port.
    pub listen: SocketAddr,
    /// The duration of a verification. Zero responds at once.
    pub latency: Duration,
    /// The duration of a slow verification; `None` is ten times the latency.
    pub slow: Option<Duration>,
    /// The pause before each byte of a dripping body.
    pub drip: Duration,
    /// The `Retry-After` of all responses with status 429 or 503. `None` sets one only on rate limits, of one second.
    pub retry_after: Option<RetryAfter>,
    /// Faults that strike a share of the calls.
    pub faults: FaultRates,
    /// Selects the calls that [`faults`](Self::faults) strike.
    pub seed: u64,
    /// The phases of the hospital, from the start on.
    pub phases: Phases,
    /// Whether to remember the patients of calls, for [`Stats::repeats`] and [`Simulator::calls_of`]. Faults by rate
    /// turn it on.
    pub track: bool,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            latency: Duration::ZERO,
            slow: None,
            drip: Duration::from_millis(200),
            retry_after: None,
            faults: FaultRates::default(),
            seed: 0,
            phases: Phases::default(),
            track: false,
        }
    }
}

impl SimulatorConfig {
    fn api_state(&self, closing: CancellationToken) -> ApiState {
        ApiState {
            latency: self.latency,
            slow: self.slow.unwrap_or(self.latency.saturating_mul(10)),
            drip: self.drip,
            retry_after: self.retry_after,
            seed: self.seed,
            odds: VENDORS.each_ref().map(|vendor| self.faults.odds(vendor.path)),
            phases: Arc::new(PhaseClock::new(self.phases.clone())),
            counters: Arc::new(CallCounters::new(self.track || !self.faults.is_empty())),
            closing,
        }
    }
}

/// The paths of the verification APIs that a simulator serves, `/verify` first.
pub fn verification_paths() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|vendor| vendor.path)
}

/// A running simulator. Dropping it stops it without waiting.
pub struct Simulator {
    local_addr: SocketAddr,
    counters: Arc<CallCounters>,
    phases: Arc<PhaseClock>,
    closing: DropGuard,
    serving: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Starts a simulator that accepts connections from now on.
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let local_addr = listener.local_addr()?;
        let closing = CancellationToken::new();
        let state = config.api_state(closing.clone());
        let (counters, phases) = (Arc::clone(&state.counters), Arc::clone(&state.phases));
        let router = routes::router(state).into_make_service_with_connect_info::<ConnectionHandle>();
        let serve = axum::serve(ResettableListener::new(listener, closing.clone()), router)
            .with_graceful_shutdown(closing.clone().cancelled_owned());
        let serving = tokio::spawn(serve.into_future());
        Ok(Self { local_addr, counters, phases, closing: closing.drop_guard(), serving })
    }

    /// The address that it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        self.counters.stats()
    }

    /// Resets all counts but that of the calls in flight. Faults by rate strike as from the start.
    pub fn reset_stats(&self) {
        self.counters.reset();
    }

    /// The number of calls for a patient since the start or the last reset, in all phases. Zero unless
    /// [`SimulatorConfig::track`] is on.
    pub fn calls_of(&self, patient_id: &str) -> u32 {
        self.counters.calls_of(CalledPatientKey::of(patient_id))
    }

    /// The current phase.
    pub fn phase(&self) -> Phase {
        self.phases.current()
    }

    /// Replaces the phases; a single [`Phase`] lasts until the next change. Calls in flight end as they would have,
    /// unless the hospital is now dead.
    pub fn set_phase(&self, phases: impl Into<Phases>) {
        self.phases.restart_with(phases.into());
    }

    /// Stops listening, closes every connection whatever its peer does, and waits until all tasks have ended.
    ///
    /// # Errors
    ///
    /// The server had failed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.closing);
        self.serving.await?
    }
}

#[cfg(test)]
mod tests;
