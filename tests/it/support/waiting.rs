//! Conditions to wait for.

use std::time::Duration;

use tokio::time::Instant;

/// Longest time that anything is waited for: generous, because only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the condition holds; panics with its name when it never does.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, &mut holds).await;
}

/// Waits until the condition holds, at most so long.
pub(crate) async fn within(limit: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + limit;
    while !holds().await {
        assert!(Instant::now() < until, "within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
