//! The `verify` section of a profile.

use std::time::Duration;

use super::envelope::envelope;
use crate::{
    domain::hospital::Verify,
    settings::{HttpUrl, Reported, Section},
};

/// Reads the section.
pub(super) fn verify(section: &mut Section<'_>) -> Result<Verify, Reported> {
    const MINUTE: Duration = Duration::from_secs(60);
    const MILLISECOND: Duration = Duration::from_millis(1);
    let url = section.value::<HttpUrl>("url");
    let timeout = section
        .field("timeout")
        .map_or(Ok(Duration::from_secs(5)), |timeout| timeout.within(MILLISECOND..=5 * MINUTE));
    let connect_timeout =
        section.field("connect_timeout").map(|timeout| timeout.within(MILLISECOND..=MINUTE)).transpose();
    let max_in_flight = section.field("max_in_flight").map(|limit| limit.within(1..=10_000)).transpose();
    let response = section.field("response").map(|response| response.table(envelope)).transpose();
    if let (Ok(Some(connect)), Ok(total)) = (connect_timeout, timeout)
        && connect > total
    {
        section.contradiction("connect_timeout", "is longer than timeout, which covers connecting too");
    }
    let timeout = timeout?;
    Ok(Verify {
        url: url?.into_string(),
        timeout,
        connect_timeout: connect_timeout?.unwrap_or(Duration::from_secs(1).min(timeout)),
        max_in_flight: max_in_flight?,
        response: response?,
    })
}
