//! The simulator's two routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    response::Response,
    routing::{get, post},
};
use http::StatusCode;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    answer,
    scenario::Scenario,
    stats::{Counters, Stats},
};

/// What the routes share.
pub(super) struct Hospital {
    /// How long a verification takes.
    pub latency: Duration,
    /// Counts verifications.
    pub counters: Arc<Counters>,
    /// Cancelled when the simulator stops.
    pub closing: CancellationToken,
}

/// The routing table.
pub(super) fn router(hospital: Hospital) -> Router {
    Router::new().route("/verify", post(verify)).route("/stats", get(stats)).with_state(Arc::new(hospital))
}

async fn verify(State(hospital): State<Arc<Hospital>>, body: Bytes) -> Response {
    // Ends with this function, before the first byte of the answer is written.
    let _call = hospital.counters.begin();
    // A sleep of zero would still wait for the timer's next millisecond.
    if !hospital.latency.is_zero() {
        sleep(hospital.latency).await;
    }
    match Scenario::of_identity(&body) {
        Some(scenario) => hospital.answer(scenario).await,
        None => answer::no_identity(),
    }
}

async fn stats(State(hospital): State<Arc<Hospital>>) -> Json<Stats> {
    Json(hospital.counters.read())
}

impl Hospital {
    async fn answer(&self, scenario: Scenario) -> Response {
        match scenario {
            Scenario::Match => answer::verdict(r#"{"result":"match"}"#),
            Scenario::Mismatch => answer::verdict(r#"{"result":"mismatch"}"#),
            Scenario::NotFound => answer::verdict(r#"{"result":"not_found"}"#),
            Scenario::Illegal => answer::verdict(r#"{"result":"illegal"}"#),
            Scenario::Status(status) => answer::status(status),
            Scenario::Garbage => answer::garbage(),
            Scenario::Huge => answer::huge(),
            Scenario::Cut => answer::cut(),
            Scenario::Hang => {
                // Only the simulator's own end lets it answer, and then the connection is cut.
                self.closing.cancelled().await;
                answer::status(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}
