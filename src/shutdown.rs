//! Signals: the first asks the process to end in order, the second ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// The exit code of a process that was told twice.
const TOLD_TWICE: i32 = 130;

/// Listens for SIGTERM and SIGINT from now on. The future that comes back ends with the first of them; the
/// second ends the process.
#[expect(clippy::disallowed_methods, reason = "the second signal asks for an end without the drain")]
pub fn on_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    Ok(async move {
        let name = signals.next().await;
        info!(signal = name, "shutting down");
        tokio::spawn(async move {
            let name = signals.next().await;
            warn!(signal = name, "told twice to shut down, ending at once");
            std::process::exit(TOLD_TWICE);
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
