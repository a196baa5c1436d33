//! Phases: the state of the whole hospital, by schedule or by hand.

use std::{
    fmt,
    str::FromStr,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use super::fault::Fault;

/// The state of the hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Patient ids and faults by rate apply.
    Healthy,
    /// The connection of every call is reset, including those in their latency.
    Dead,
    /// Calls are accepted and never answered.
    Hang,
    /// As healthy, with the slow latency.
    Slow,
    /// Every call gets 503.
    Busy,
    /// Every call gets 429 and a `Retry-After`.
    RateLimited,
}

const NAMES: [(&str, Phase); 6] = [
    ("healthy", Phase::Healthy),
    ("dead", Phase::Dead),
    ("hang", Phase::Hang),
    ("slow", Phase::Slow),
    ("busy", Phase::Busy),
    ("ratelimited", Phase::RateLimited),
];

/// The word that makes a schedule start again.
const REPEAT: &str = "repeat";

impl Phase {
    /// The fault of every call.
    pub(crate) fn fault(self) -> Option<Fault> {
        match self {
            Self::Healthy | Self::Slow => None,
            Self::Dead => Some(Fault::Dead),
            Self::Hang => Some(Fault::Hang),
            Self::Busy => Some(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
            Self::RateLimited => Some(Fault::RateLimited),
        }
    }
}

impl FromStr for Phase {
    type Err = PhaseError;

    fn from_str(text: &str) -> Result<Self, PhaseError> {
        let named = NAMES.iter().find(|(name, _)| *name == text);
        named.map(|&(_, phase)| phase).ok_or_else(|| PhaseError::Unknown(text.to_owned()))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, phase)| phase == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// Phases one after the other, written `healthy 10s, dead 20s, slow`. The last has no end, unless `repeat` follows
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phases {
    /// All but the last, with their durations.
    passing: Vec<(Phase, Duration)>,
    last: Phase,
    /// The duration of all phases, after which they start again.
    cycle: Option<Duration>,
}

/// Why phases cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhaseError {
    #[error("unknown phase {0:?}: use one of {names}", names = NAMES.map(|(name, _)| name).join(", "))]
    Unknown(String),
    #[error("{0} has no duration: every phase before another needs one, such as {0} 10s")]
    Endless(Phase),
    #[error("{0:?} is not the duration of a phase: use one above zero, such as 10s")]
    Duration(String),
}

impl Default for Phases {
    fn default() -> Self {
        Phase::Healthy.into()
    }
}

impl From<Phase> for Phases {
    /// One phase without an end.
    fn from(phase: Phase) -> Self {
        Self { passing: Vec::new(), last: phase, cycle: None }
    }
}

impl FromStr for Phases {
    type Err = PhaseError;

    fn from_str(text: &str) -> Result<Self, PhaseError> {
        let repeated = text.rsplit_once(',').filter(|(_, word)| word.trim() == REPEAT);
        let steps = repeated.map_or(text, |(steps, _)| steps);
        let mut passing = Vec::new();
        let mut last = None;
        for step in steps.split(',') {
            let followed = last.replace(step_named(step.trim())?);
            passing.extend(followed.map(lasting).transpose()?);
        }
        let (last, lasts) = last.ok_or_else(|| PhaseError::Unknown(text.to_owned()))?;
        let cycle = match repeated {
            Some(_) => {
                let all = passing.iter().copied().chain([lasting((last, lasts))?]);
                Some(all.fold(Duration::ZERO, |sum, (_, lasts)| sum.saturating_add(lasts)))
            }
            None => None,
        };
        Ok(Self { passing, last, cycle })
    }
}

/// A phase and its duration, if there is one.
fn step_named(step: &str) -> Result<(Phase, Option<Duration>), PhaseError> {
    let Some((name, lasts)) = step.split_once(char::is_whitespace) else { return Ok((step.parse()?, None)) };
    let wrong = || PhaseError::Duration(lasts.to_owned());
    let duration = humantime::parse_duration(lasts.trim()).ok().filter(|lasts| !lasts.is_zero());
    Ok((name.parse()?, Some(duration.ok_or_else(wrong)?)))
}

fn lasting((phase, lasts): (Phase, Option<Duration>)) -> Result<(Phase, Duration), PhaseError> {
    Ok((phase, lasts.ok_or(PhaseError::Endless(phase))?))
}

impl Phases {
    /// The phase at this time after the start.
    fn after(&self, elapsed: Duration) -> Phase {
        let mut left = match self.cycle {
            Some(cycle) => Duration::from_nanos_u128(elapsed.as_nanos() % cycle.as_nanos()),
            None => elapsed,
        };
        for &(phase, lasts) in &self.passing {
            match left.checked_sub(lasts) {
                Some(rest) => left = rest,
                None => return phase,
            }
        }
        self.last
    }
}

/// Phases and the time at which they started.
pub(crate) struct PhaseClock(RwLock<(Phases, Instant)>);

impl PhaseClock {
    pub(crate) fn new(phases: Phases) -> Self {
        Self(RwLock::new((phases, Instant::now())))
    }

    /// Replaces the phases, starting with the first of these now.
    pub(crate) fn restart_with(&self, phases: Phases) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (phases, Instant::now());
    }

    pub(crate) fn current(&self) -> Phase {
        let clock = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (phases, since) = &*clock;
        // Without a schedule, no call needs to read the clock.
        if phases.passing.is_empty() { phases.last } else { phases.after(since.elapsed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(text: &str) -> Result<Phases, PhaseError> {
        text.parse()
    }

    fn at(phases: &Phases, seconds: [u64; 5]) -> [Phase; 5] {
        seconds.map(|seconds| phases.after(Duration::from_secs(seconds)))
    }

    #[test]
    fn phases_follow_each_other_and_the_last_stays() {
        for text in ["healthy 10s, dead 20s, slow 10s", " healthy 10s,dead  20s ,slow"] {
            let at = at(&phases(text).unwrap(), [0, 9, 10, 30, 4_000]);
            assert_eq!(at, [Phase::Healthy, Phase::Healthy, Phase::Dead, Phase::Slow, Phase::Slow]);
        }
    }

    #[test]
    fn phases_repeat_when_asked_to() {
        let at = at(&phases("busy 10s, ratelimited 1m 20s, repeat").unwrap(), [9, 10, 89, 90, 9_000_009]);
        assert_eq!(at, [Phase::Busy, Phase::RateLimited, Phase::RateLimited, Phase::Busy, Phase::Busy]);
        let hang = phases("hang 1s, repeat").unwrap();
        assert_eq!(hang.after(Duration::from_secs(5)), Phase::Hang);
    }

    #[test]
    fn what_is_wrong_with_phases_is_said() {
        let unknown = |word: &str| Err(PhaseError::Unknown(word.to_owned()));
        assert_eq!(phases(""), unknown(""));
        assert_eq!(phases("healthy 10s,"), unknown(""));
        assert_eq!(phases("Healthy"), unknown("Healthy"));
        assert_eq!(phases("repeat"), unknown("repeat"));
        assert_eq!(phases("dead 1s, repeat, healthy"), unknown("repeat"));
        assert_eq!(phases("dead, healthy"), Err(PhaseError::Endless(Phase::Dead)));
        assert_eq!(phases("dead 1s, healthy, repeat"), Err(PhaseError::Endless(Phase::Healthy)));
        for wrong in ["0s", "10", "soon"] {
            assert_eq!(phases(&format!("dead {wrong}")), Err(PhaseError::Duration(wrong.to_owned())));
        }
    }

    #[test]
    fn phases_are_shown_as_they_are_written() {
        for (name, phase) in NAMES {
            assert_eq!((phase.to_string().as_str(), name.parse()), (name, Ok(phase)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_phase_set_by_hand_stays_whatever_the_schedule_was() {
        let clock = PhaseClock::new(phases("healthy 1s, dead 1s, repeat").unwrap());
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.current(), Phase::Dead);
        clock.restart_with(Phase::Slow.into());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(clock.current(), Phase::Slow);
    }
}
