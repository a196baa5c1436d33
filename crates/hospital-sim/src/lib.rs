//! The hospital simulator: a verification API for demos, tests and staging, with faults on demand.
//!
//! | call | answer |
//! | --- | --- |
//! | `POST /verify` | waits the latency, then answers `{"result": "match"}`, or as the patient's number asks |
//! | `POST /vendor/tencent`, `/vendor/aliyun`, `/vendor/checkup` | the same in that vendor's codes, failures included |
//! | `GET /stats` | what has been counted of all of these, see below |
//! | `DELETE /stats` | 204; forgets everything but the calls in flight |
//! | `GET /phase` | the name of the phase |
//! | `PUT /phase` | begins with the phases in the body, 400 if there are none |
//!
//! The only field of a posted identity that matters is `patientId`. How it ends, in any case of letters,
//! decides the answer:
//!
//! | ends in | answer |
//! | --- | --- |
//! | `-mismatch`, `-notfound`, `-illegal` | `{"result": ..}` with `mismatch`, `not_found` or `illegal` |
//! | `-busy`, `-refused` | 503 or 404; a vendor says in the body that it cannot or will not serve |
//! | `-status-NNN` (200 to 599) | that status, with a body that holds no result |
//! | `-ratelimit` | 429 with a `Retry-After` of one second, or as [`SimulatorConfig::retry_after`] says |
//! | `-ratelimitdate` | the same as an HTTP date |
//! | `-slow` | a match after [`SimulatorConfig::slow`] |
//! | `-hang`, `-stall` | none, until the caller hangs up |
//! | `-dead` | none: the connection is reset at once |
//! | `-garbage` | 200 with a page of HTML |
//! | `-wrongtype` | 200 with a match as `text/plain` |
//! | `-badjson` | 200 with a whole body of half a match |
//! | `-huge` | 200 with a match and a mebibyte of blanks |
//! | `-drip` | 200 with a match, [`SimulatorConfig::drip`] before each byte |
//! | `-cut` | 200 whose body breaks off |
//! | `-reset` | 200 in whose body the connection is reset |
//! | anything else | `{"result": "match"}` |
//!
//! A body without a `patientId` is answered with 400. A call counts from when its body has arrived until
//! just before its answer is sent, or until its caller hangs up: who has an answer can never see their own
//! call in flight.
//!
//! # Faults by rate
//!
//! [`FaultRates`] strike a share of the calls, of all paths or of one, that their patient's number lets succeed. All
//! endings but the verdicts can be had so, and every status from 400 to 599. Whether a fault strikes is decided
//! by a hash of the seed, the patient's number and how often that patient has been asked about: it depends
//! neither on the order in which calls arrive nor on their path, so the same records meet the same faults in
//! every run, and a retry has a chance of its own.
//!
//! # Phases
//!
//! A phase comes before all endings and rates: `healthy` (only those), `dead` (every connection is reset when it
//! asks for a verification; the other paths answer), `hang` (no answers), `slow` (a latency of
//! [`SimulatorConfig::slow`]), `busy` (503 for all) and `ratelimited` (429 with a `Retry-After` for all). [`Phases`]
//! follow each other by the clock, from the start of the simulator or from when they were put. Each call fares
//! as the phase says in which it arrived; only death also takes the calls that are in their latency.
//!
//! A fault of TLS needs no help: the simulator speaks plain HTTP, so a client that is given its address with
//! `https://` meets a failing handshake.
//!
//! # Counts
//!
//! `GET /stats` answers with `calls`, `in_flight`, `max_in_flight` and the `answers` by status; a call that is
//! in neither was given none. With [`SimulatorConfig::track`] or faults by rate, patients are remembered by a hash of
//! their number, at most 200,000 of them, and [`RepeatStats`] joins in: calls for a patient who had been asked about
//! before, which are the retries if every patient is sent once, how far apart they are, and the calls of each
//! of the last 600 seconds.
//!
//! The simulator uses nothing of the service, and is light enough to share a machine with it in a load test.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

mod answer;
mod call_log;
mod connection;
mod fault;
mod fault_rates;
mod phase;
mod retry_after;
mod routes;
mod scenario;
mod stats;
mod vendor;

pub use call_log::{RepeatStats, Spacing};
pub use fault::Fault;
pub use fault_rates::{FaultRate, FaultRateError, FaultRates};
pub use phase::{Phase, PhaseError, Phases};
pub use retry_after::RetryAfter;
pub use stats::{Stats, Traffic};

use call_log::PatientKey;
use connection::{Connections, Link};
use phase::Script;
use routes::Hospital;
use stats::Counters;
use vendor::VENDORS;

/// How a simulator is set up. By default it takes a free port of the loopback interface, answers at once, and
/// all that goes wrong is what patients' numbers ask for.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long a verification takes. Zero answers at once.
    pub latency: Duration,
    /// How long a slow verification takes; ten times the latency if nothing is said.
    pub slow: Option<Duration>,
    /// How long each byte takes of a body that drips.
    pub drip: Duration,
    /// What all answers with status 429 or 503 have as their `Retry-After`. Without it only rate limits have
    /// one, of one second.
    pub retry_after: Option<RetryAfter>,
    /// What goes wrong by chance.
    pub faults: FaultRates,
    /// What chance is drawn from.
    pub seed: u64,
    /// How the hospital fares, from the start on.
    pub phases: Phases,
    /// Whether to remember who is asked about. Faults by rate need it and turn it on.
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
    fn hospital(&self, closing: CancellationToken) -> Hospital {
        Hospital {
            latency: self.latency,
            slow: self.slow.unwrap_or(self.latency.saturating_mul(10)),
            drip: self.drip,
            retry_after: self.retry_after,
            seed: self.seed,
            odds: VENDORS.each_ref().map(|vendor| self.faults.odds(vendor.path)),
            script: Arc::new(Script::new(self.phases.clone())),
            counters: Arc::new(Counters::new(self.track || !self.faults.is_empty())),
            closing,
        }
    }
}

/// The paths of the verification APIs that a simulator plays, its own form first.
pub fn verification_paths() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|vendor| vendor.path)
}

/// A running simulator. Dropping it stops it without waiting.
pub struct Simulator {
    local_addr: SocketAddr,
    counters: Arc<Counters>,
    script: Arc<Script>,
    closing: DropGuard,
    serving: JoinHandle<io::Result<()>>,
}

/// Sees what a simulator counts.
#[derive(Clone)]
pub struct Watch(Arc<Counters>);

impl Watch {
    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        self.0.read()
    }
}

impl Simulator {
    /// Starts a simulator, which answers from now on.
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let local_addr = listener.local_addr()?;
        let closing = CancellationToken::new();
        let hospital = config.hospital(closing.clone());
        let (counters, script) = (Arc::clone(&hospital.counters), Arc::clone(&hospital.script));
        let router = routes::router(hospital).into_make_service_with_connect_info::<Link>();
        let serve = axum::serve(Connections::new(listener, closing.clone()), router)
            .with_graceful_shutdown(closing.clone().cancelled_owned());
        let serving = tokio::spawn(serve.into_future());
        Ok(Self { local_addr, counters, script, closing: closing.drop_guard(), serving })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// All that is known of the calls so far.
    pub fn traffic(&self) -> Traffic {
        self.counters.read_all()
    }

    /// Forgets all that is known of the calls so far, but for those in flight. Faults by rate strike as from
    /// the start.
    pub fn reset_stats(&self) {
        self.counters.reset();
    }

    /// How often it was asked about a patient since the start or the last reset, in whatever phase. Zero
    /// unless [`SimulatorConfig::track`] is on.
    pub fn calls_of(&self, patient_id: &str) -> u32 {
        self.counters.calls_of(PatientKey::of(patient_id))
    }

    /// How the hospital fares now.
    pub fn phase(&self) -> Phase {
        self.script.phase()
    }

    /// Begins with other phases now, of which one lasts for ever. Calls already in flight fare as they would
    /// have, unless the hospital dies.
    pub fn set_phase(&self, phases: impl Into<Phases>) {
        self.script.begin(phases.into());
    }

    /// A look at the counts for somebody else.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.counters))
    }

    /// Stops listening, cuts every connection, whatever its peer does, and waits until all is gone.
    ///
    /// # Errors
    ///
    /// The simulator had failed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.closing);
        self.serving.await?
    }
}

#[cfg(test)]
mod tests;
