//! What one call carries along: when it arrived, until when it must be answered, and whether its caller still waits.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One call's context.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// When the headers of the call arrived. The deadline counts from here, because the handler of a unary call runs
    /// only after the upload.
    pub arrived_at: Instant,
    /// When the answer must be with the caller.
    pub deadline: Instant,
    /// Cancelled when the caller goes away.
    pub cancelled: CancellationToken,
}

impl RequestContext {
    /// A call that arrives now and must be answered within `timeout`.
    pub fn within(timeout: Duration) -> Self {
        let arrived_at = Instant::now();
        Self { arrived_at, deadline: arrived_at + timeout, cancelled: CancellationToken::new() }
    }
}
