//! The simulator's routes.

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
    vendor::{VENDORS, Vendor},
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
    let router = VENDORS.iter().fold(Router::new(), |router, vendor| {
        let answer = |State(hospital): State<Arc<Hospital>>, body| verify(hospital, vendor, body);
        router.route(vendor.path, post(answer))
    });
    router.route("/stats", get(stats)).with_state(Arc::new(hospital))
}

async fn verify(hospital: Arc<Hospital>, vendor: &'static Vendor, body: Bytes) -> Response {
    // Ends with this function, before the first byte of the answer is written.
    let _call = hospital.counters.begin();
    // A sleep of zero would still wait for the timer's next millisecond.
    if !hospital.latency.is_zero() {
        sleep(hospital.latency).await;
    }
    match Scenario::of_identity(&body) {
        Some(scenario) => hospital.answer(vendor, scenario).await,
        None => answer::no_identity(),
    }
}

async fn stats(State(hospital): State<Arc<Hospital>>) -> Json<Stats> {
    Json(hospital.counters.read())
}

impl Hospital {
    async fn answer(&self, vendor: &Vendor, scenario: Scenario) -> Response {
        let verdict = |json| answer::json(StatusCode::OK, json);
        let failure = |(status, json)| answer::json(status, json);
        match scenario {
            Scenario::Match => verdict(vendor.matching),
            Scenario::Mismatch => verdict(vendor.mismatch),
            Scenario::NotFound => verdict(vendor.not_found),
            Scenario::Illegal => verdict(vendor.illegal),
            Scenario::Busy => failure(vendor.busy),
            Scenario::Refused => failure(vendor.refused),
            Scenario::Status(status) => answer::status(status),
            Scenario::Garbage => answer::garbage(),
            Scenario::Huge => answer::huge(vendor.matching),
            Scenario::Cut => answer::cut(vendor.matching),
            Scenario::Hang => {
                // Only the simulator's own end lets it answer, and then the connection is cut.
                self.closing.cancelled().await;
                answer::status(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}
