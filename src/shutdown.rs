//! Signals: the first shuts the process down gracefully, the second ends it immediately.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// The exit code after a second signal.
const SECOND_SIGNAL: i32 = 130;

/// Listens for SIGTERM and SIGINT from now on. The returned future ends with the first of them; the second ends the
/// process.
#[expect(clippy::disallowed_methods, reason = "the second signal asks for an end without the drain")]
pub fn on_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    Ok(async move {
        let name = signals.next().await;
        info!(signal = name, "shutting down");
        tokio::spawn(async move {
            let name = signals.next().await;
            warn!(signal = name, "second signal, exiting immediately");
            std::process::exit(SECOND_SIGNAL);
        });
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
