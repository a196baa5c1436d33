//! The routes of the simulator.

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
    connection::ConnectionHandle,
    fault::Fault,
    fault_rates::Odds,
    phase::{Phase, PhaseClock, PhaseError, Phases},
    response,
    retry_after::RetryAfter,
    stats::{CallCounters, Stats},
    vendor::{VENDORS, Vendor},
    verify_request::{VerifyRequest, VerifyResult},
};

/// The default of a rate limit.
const RETRY_AFTER: RetryAfter = RetryAfter::Seconds(1);

/// What the routes share; see [`SimulatorConfig`](crate::SimulatorConfig).
pub(crate) struct ApiState {
    pub latency: Duration,
    pub slow: Duration,
    pub drip: Duration,
    pub retry_after: Option<RetryAfter>,
    pub seed: u64,
    /// The faults by rate of each vendor.
    pub odds: [Odds; VENDORS.len()],
    pub phases: Arc<PhaseClock>,
    pub counters: Arc<CallCounters>,
    /// Cancelled when the simulator stops.
    pub closing: CancellationToken,
}

type Shared = State<Arc<ApiState>>;

pub(crate) fn router(state: ApiState) -> Router {
    let router = VENDORS.iter().enumerate().fold(Router::new(), |router, (index, vendor)| {
        let respond =
            move |State(api): Shared, ConnectInfo(connection), body| verify(api, index, connection, body);
        router.route(vendor.path, post(respond))
    });
    router
        .route("/stats", get(stats).delete(reset_stats))
        .route("/phase", get(phase).put(set_phase))
        .with_state(Arc::new(state))
}

async fn verify(api: Arc<ApiState>, vendor: usize, connection: ConnectionHandle, body: Bytes) -> Response {
    // Ends with this function, before the first byte of the response is sent.
    let _call = api.counters.begin();
    let response = api.verify(vendor, connection, &body).await;
    api.counters.answered(response.status());
    response
}

async fn stats(State(api): Shared) -> Json<Stats> {
    Json(api.counters.stats())
}

async fn reset_stats(State(api): Shared) -> StatusCode {
    api.counters.reset();
    StatusCode::NO_CONTENT
}

async fn phase(State(api): Shared) -> String {
    format!("{}\n", api.phases.current())
}

async fn set_phase(State(api): Shared, phases: String) -> Result<String, (StatusCode, String)> {
    let bad_request = |error: PhaseError| (StatusCode::BAD_REQUEST, format!("{error}\n"));
    api.phases.restart_with(phases.trim().parse::<Phases>().map_err(bad_request)?);
    Ok(format!("{}\n", api.phases.current()))
}

impl ApiState {
    async fn verify(&self, vendor: usize, connection: ConnectionHandle, body: &[u8]) -> Response {
        let phase = self.phases.current();
        let request = VerifyRequest::parse(body);
        let fault = request.and_then(|request| self.fault(phase, &self.odds[vendor], request));
        self.sleep_latency(phase, fault).await;
        match request {
            // A hospital that dies loses the calls that are in their latency.
            _ if self.phases.current() == Phase::Dead => connection.reset_unanswered().await,
            Some(request) => self.respond(&VENDORS[vendor], request.result, fault, connection).await,
            None => response::no_identity(),
        }
    }

    /// The fault of a call: that of the phase, else that of the patient id, else one by rate.
    fn fault(&self, phase: Phase, odds: &Odds, request: VerifyRequest) -> Option<Fault> {
        // Recorded first: every call counts, whatever its fault is.
        let attempt = self.counters.record_call(request.patient);
        let drawn = || odds.draw(self.seed, request.patient, attempt);
        phase.fault().or(request.fault).or_else(drawn)
    }

    async fn sleep_latency(&self, phase: Phase, fault: Option<Fault>) {
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

    async fn respond(
        &self,
        vendor: &Vendor,
        result: VerifyResult,
        fault: Option<Fault>,
        connection: ConnectionHandle,
    ) -> Response {
        let verdict = vendor.body(result);
        match fault {
            None | Some(Fault::Slow) => response::json(StatusCode::OK, verdict),
            Some(Fault::Busy) => self.failure(vendor.busy),
            Some(Fault::Refused) => self.failure(vendor.refused),
            Some(Fault::Status(status)) => self.failure((status, response::NO_RESULT)),
            Some(Fault::RateLimited) => response::rate_limited(self.retry_after.unwrap_or(RETRY_AFTER)),
            Some(Fault::RateLimitedWithDate) => {
                response::rate_limited(self.retry_after.unwrap_or(RETRY_AFTER).as_date())
            }
            Some(Fault::Garbage) => response::garbage(),
            Some(Fault::WrongType) => response::wrong_type(verdict),
            Some(Fault::BadJson) => response::bad_json(verdict),
            Some(Fault::Huge) => response::huge(verdict),
            Some(Fault::Drip) => response::drip(verdict, self.drip),
            Some(Fault::Cut) => response::cut(verdict),
            Some(Fault::Reset) => response::reset(verdict, connection),
            Some(Fault::Dead) => connection.reset_unanswered().await,
            Some(Fault::Hang) => {
                // Only the end of the simulator ends the wait, and then the connection is closed.
                self.closing.cancelled().await;
                response::status(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }

    /// A status, with the configured `Retry-After` on 429 and 503.
    fn failure(&self, (status, json): (StatusCode, &'static str)) -> Response {
        let response = response::json(status, json);
        match (status, self.retry_after) {
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)) => {
                response::with_retry_after(response, retry_after)
            }
            _ => response,
        }
    }
}
