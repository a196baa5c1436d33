//! The simulator's routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    response::Response,
    routing::{get, post},
};
use http::StatusCode;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    answer,
    connection::Link,
    fault::Fault,
    fault_rates::Odds,
    phase::{Phase, PhaseError, Phases, Script},
    retry_after::RetryAfter,
    scenario::{Scenario, Verdict},
    stats::{Counters, Traffic},
    vendor::{VENDORS, Vendor},
};

/// When a caller who asks too often is to come again, if nobody said otherwise.
const RETRY_AFTER: RetryAfter = RetryAfter::Seconds(1);

/// What the routes share.
pub(super) struct Hospital {
    /// How long a verification takes.
    pub latency: Duration,
    /// How long a slow one takes.
    pub slow: Duration,
    /// Before each byte of a body that drips.
    pub drip: Duration,
    /// What every 429 and 503 says.
    pub retry_after: Option<RetryAfter>,
    /// What faults are drawn from.
    pub seed: u64,
    /// The faults by rate of each vendor.
    pub odds: [Odds; VENDORS.len()],
    /// How the hospital fares.
    pub script: Arc<Script>,
    /// Counts verifications.
    pub counters: Arc<Counters>,
    /// Cancelled when the simulator stops.
    pub closing: CancellationToken,
}

type Shared = State<Arc<Hospital>>;

/// The routing table.
pub(super) fn router(hospital: Hospital) -> Router {
    let router = VENDORS.iter().enumerate().fold(Router::new(), |router, (index, vendor)| {
        let answer =
            move |State(hospital): Shared, ConnectInfo(link), body| verify(hospital, index, link, body);
        router.route(vendor.path, post(answer))
    });
    router
        .route("/stats", get(stats).delete(reset_stats))
        .route("/phase", get(phase).put(set_phase))
        .with_state(Arc::new(hospital))
}

async fn verify(hospital: Arc<Hospital>, vendor: usize, link: Link, body: Bytes) -> Response {
    // Ends with this function, before the first byte of the answer is written.
    let _call = hospital.counters.begin();
    let response = hospital.verify(vendor, link, &body).await;
    hospital.counters.answered(response.status());
    response
}

async fn stats(State(hospital): Shared) -> Json<Traffic> {
    Json(hospital.counters.read_all())
}

async fn reset_stats(State(hospital): Shared) -> StatusCode {
    hospital.counters.reset();
    StatusCode::NO_CONTENT
}

async fn phase(State(hospital): Shared) -> String {
    format!("{}\n", hospital.script.phase())
}

async fn set_phase(State(hospital): Shared, phases: String) -> Result<String, (StatusCode, String)> {
    let refusal = |error: PhaseError| (StatusCode::BAD_REQUEST, format!("{error}\n"));
    hospital.script.begin(phases.trim().parse::<Phases>().map_err(refusal)?);
    Ok(format!("{}\n", hospital.script.phase()))
}

impl Hospital {
    async fn verify(&self, vendor: usize, link: Link, body: &[u8]) -> Response {
        let phase = self.script.phase();
        let scenario = Scenario::of_identity(body);
        let fault = scenario.and_then(|scenario| self.fault(phase, &self.odds[vendor], scenario));
        self.take_time(phase, fault).await;
        match scenario {
            // A hospital that dies takes along what it was working on.
            _ if self.script.phase() == Phase::Dead => link.reset_unanswered().await,
            Some(scenario) => self.answer(&VENDORS[vendor], scenario.verdict, fault, link).await,
            None => answer::no_identity(),
        }
    }

    /// What strikes a call: what all calls suffer, else what the patient's number asks for, else by chance.
    fn fault(&self, phase: Phase, odds: &Odds, scenario: Scenario) -> Option<Fault> {
        let attempt = self.counters.record_call(scenario.patient);
        let drawn = || odds.draw(self.seed, scenario.patient, attempt);
        phase.fault().or(scenario.fault).or_else(drawn)
    }

    async fn take_time(&self, phase: Phase, fault: Option<Fault>) {
        let latency = match fault {
            Some(Fault::Dead) => Duration::ZERO,
            Some(Fault::Slow) => self.slow,
            _ if phase == Phase::Slow => self.slow,
            _ => self.latency,
        };
        // A sleep of zero would still wait for the timer's next millisecond.
        if !latency.is_zero() {
            sleep(latency).await;
        }
    }

    async fn answer(&self, vendor: &Vendor, verdict: Verdict, fault: Option<Fault>, link: Link) -> Response {
        let verdict = vendor.says(verdict);
        match fault {
            None | Some(Fault::Slow) => answer::json(StatusCode::OK, verdict),
            Some(Fault::Busy) => self.failure(vendor.busy),
            Some(Fault::Refused) => self.failure(vendor.refused),
            Some(Fault::Status(status)) => self.failure((status, answer::NO_RESULT)),
            Some(Fault::RateLimited) => answer::rate_limited(self.retry_after.unwrap_or(RETRY_AFTER)),
            Some(Fault::RateLimitedUntil) => {
                answer::rate_limited(self.retry_after.unwrap_or(RETRY_AFTER).as_date())
            }
            Some(Fault::Garbage) => answer::garbage(),
            Some(Fault::WrongType) => answer::wrong_type(verdict),
            Some(Fault::BadJson) => answer::bad_json(verdict),
            Some(Fault::Huge) => answer::huge(verdict),
            Some(Fault::Drip) => answer::drip(verdict, self.drip),
            Some(Fault::Cut) => answer::cut(verdict),
            Some(Fault::Reset) => answer::reset(verdict, link),
            Some(Fault::Dead) => link.reset_unanswered().await,
            Some(Fault::Hang) => {
                // Only the simulator's own end lets it answer, and then the connection is cut.
                self.closing.cancelled().await;
                answer::status(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }

    /// A status, with a `Retry-After` where one is wanted.
    fn failure(&self, (status, json): (StatusCode, &'static str)) -> Response {
        let response = answer::json(status, json);
        match (status, self.retry_after) {
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)) => {
                answer::retriable(response, retry_after)
            }
            _ => response,
        }
    }
}
