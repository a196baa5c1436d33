//! The `verify` section of a profile.

use std::{num::NonZeroU32, time::Duration};

use super::response_format::response_format;
use cleaning::profile::{RetryPolicy, VerdictCacheConfig, VerificationConfig};
use settings::{HttpUrl, Reported, Section};

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Reads the section.
pub(super) fn verification(section: &mut Section<'_>) -> Result<VerificationConfig, Reported> {
    let url = section.value::<HttpUrl>("url");
    let timeout = section
        .field("timeout")
        .map_or(Ok(Duration::from_secs(5)), |timeout| timeout.within(MILLISECOND..=5 * MINUTE));
    let connect_timeout =
        section.field("connect_timeout").map(|timeout| timeout.within(MILLISECOND..=MINUTE)).transpose();
    let max_in_flight = section.field("max_in_flight").map(|limit| limit.within(1..=10_000)).transpose();
    let max_per_second = section.field("max_per_second").map(|rate| rate.within(1..=100_000)).transpose();
    let retry = section.field("retry").map(|retry| retry.table(retry_of)).transpose();
    let outage_pause =
        section.field("outage_pause").map(|pause| pause.within(100 * MILLISECOND..=HOUR)).transpose();
    let verdict_cache = section.field("keep_verdicts").map(|kept| kept.table(verdict_cache)).transpose();
    let response = section.field("response").map(|response| response.table(response_format)).transpose();
    if let (Ok(Some(connect)), Ok(total)) = (connect_timeout, timeout)
        && connect > total
    {
        section.contradiction("connect_timeout", "is longer than timeout, which covers connecting too");
    }
    let timeout = timeout?;
    let unsaid = VerificationConfig::at(url?.into_string());
    Ok(VerificationConfig {
        timeout,
        connect_timeout: connect_timeout?.unwrap_or(unsaid.connect_timeout.min(timeout)),
        max_in_flight: max_in_flight?,
        max_per_second: max_per_second?.and_then(NonZeroU32::new),
        retry: retry?.unwrap_or(unsaid.retry),
        outage_pause: outage_pause?.unwrap_or(unsaid.outage_pause),
        verdict_cache: verdict_cache?,
        response: response?,
        ..unsaid
    })
}

fn retry_of(section: &mut Section<'_>) -> Result<RetryPolicy, Reported> {
    let attempts = section.field("attempts").map(|attempts| attempts.within(1..=10)).transpose();
    let min_delay = section.field("min_delay").map(|delay| delay.within(MILLISECOND..=MINUTE)).transpose();
    let max_delay = section.field("max_delay").map(|delay| delay.within(MILLISECOND..=MINUTE)).transpose();
    let unsaid = RetryPolicy::default();
    let (min_delay, max_delay) = (min_delay?, max_delay?);
    if let (Some(min), Some(max)) = (min_delay, max_delay)
        && min > max
    {
        return Err(section.contradiction("min_delay", "is longer than max_delay"));
    }
    let min_delay = min_delay.unwrap_or(unsaid.min_delay.min(max_delay.unwrap_or(unsaid.min_delay)));
    Ok(RetryPolicy {
        attempts: attempts?.unwrap_or(unsaid.attempts),
        min_delay,
        max_delay: max_delay.unwrap_or(unsaid.max_delay.max(min_delay)),
    })
}

fn verdict_cache(section: &mut Section<'_>) -> Result<VerdictCacheConfig, Reported> {
    let max_age = section.within("for", MILLISECOND..=30 * 24 * HOUR);
    let count = section.field("count").map(|count| count.within(1..=10_000_000)).transpose();
    Ok(VerdictCacheConfig { max_age: max_age?, max_verdicts: count?.unwrap_or(100_000) })
}
