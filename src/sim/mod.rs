//! The hospital simulator: a verification API for demos, tests and staging, with faults on demand.
//!
//! | call | answer |
//! | --- | --- |
//! | `POST /verify` | waits the latency, then answers `{"result": "match"}`, or as the patient's number asks |
//! | `POST /vendor/tencent`, `/vendor/aliyun`, `/vendor/checkup` | the same in that vendor's codes, failures included |
//! | `GET /stats` | `{"calls": .., "in_flight": .., "max_in_flight": ..}` of all of these |
//!
//! The only field of a posted identity that matters is `patientId`. How it ends, in any case of letters,
//! decides the answer:
//!
//! | ends in | answer |
//! | --- | --- |
//! | `-mismatch`, `-notfound`, `-illegal` | `{"result": ..}` with `mismatch`, `not_found` or `illegal` |
//! | `-busy`, `-refused` | 503 or 404; a vendor says in the body that it cannot or will not serve |
//! | `-status-NNN` (200 to 599) | that status, with a body that holds no result |
//! | `-hang` | none, until the caller hangs up |
//! | `-garbage` | 200 with a page of HTML |
//! | `-huge` | 200 with a match and a mebibyte of blanks |
//! | `-cut` | 200 whose body breaks off |
//! | anything else | `{"result": "match"}` |
//!
//! A body without a `patientId` is answered with 400. A call counts from when its body has arrived until
//! just before its answer is sent, or until its caller hangs up: who has an answer can never see their own
//! call in flight.
//!
//! The simulator uses nothing of the service, and is light enough to share a machine with it in a load test.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

mod answer;
mod connection;
mod routes;
mod scenario;
mod stats;
mod vendor;

pub use stats::Stats;

use connection::Connections;
use routes::Hospital;
use stats::Counters;
use vendor::VENDORS;

/// How a simulator is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long a verification takes. Zero answers at once.
    pub latency: Duration,
}

/// The paths of the verification APIs that a simulator plays, its own form first.
pub fn verification_paths() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|vendor| vendor.path)
}

/// A running simulator. Dropping it stops it without waiting.
pub struct Simulator {
    local_addr: SocketAddr,
    counters: Arc<Counters>,
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
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let local_addr = listener.local_addr()?;
        let counters = Arc::new(Counters::default());
        let closing = CancellationToken::new();
        let hospital =
            Hospital { latency: config.latency, counters: Arc::clone(&counters), closing: closing.clone() };
        let serve = axum::serve(Connections::new(listener, closing.clone()), routes::router(hospital))
            .with_graceful_shutdown(closing.clone().cancelled_owned());
        let serving = tokio::spawn(serve.into_future());
        Ok(Self { local_addr, counters, closing: closing.drop_guard(), serving })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        self.counters.read()
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
