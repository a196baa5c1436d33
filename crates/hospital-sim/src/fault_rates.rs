//! Faults that strike a share of the calls, selected by a seed.

use std::str::FromStr;

use http::StatusCode;

use super::{call_log::CalledPatientKey, fault::Fault, verification_paths};

/// Shares are in parts per million.
const WHOLE: u32 = 1_000_000;
const PER_PERCENT: u32 = WHOLE / 100;

/// A fault and the share of calls that it strikes, written `[PATH:]FAULT=SHARE%`.
///
/// The fault is a status from 400 to 599 or the suffix of a patient id without its dash. Without a path it strikes calls
/// of every path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRate {
    path: Option<&'static str>,
    fault: Fault,
    /// From 1 to [`WHOLE`].
    share: u32,
}

/// Faults by rate, separated by commas. The shares of each path are at most 100% in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultRates(Vec<FaultRate>);

/// Why faults by rate cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultRateError {
    #[error("{0:?} is not a fault by rate: use FAULT=SHARE% or PATH:FAULT=SHARE%, such as 503=5%")]
    Form(String),
    #[error("unknown path {0:?}: use one of {paths}", paths = verification_paths().collect::<Vec<_>>().join(", "))]
    Path(String),
    #[error("unknown fault {0:?}: use a status from 400 to 599 or one of {names}", names = Fault::names())]
    Fault(String),
    #[error("{0:?} is not a share: use more than 0% and at most 100%, in steps of 0.0001%")]
    Share(String),
    #[error("the faults of {0} add up to more than 100%")]
    TooMany(&'static str),
}

impl FromStr for FaultRate {
    type Err = FaultRateError;

    fn from_str(text: &str) -> Result<Self, FaultRateError> {
        let (named, share) = text.split_once('=').ok_or_else(|| FaultRateError::Form(text.to_owned()))?;
        let (path, fault) = match named.split_once(':') {
            Some((path, fault)) => (Some(path_named(path)?), fault),
            None => (None, named),
        };
        Ok(Self { path, fault: fault_named(fault)?, share: share_of(share)? })
    }
}

fn path_named(text: &str) -> Result<&'static str, FaultRateError> {
    verification_paths().find(|path| *path == text).ok_or_else(|| FaultRateError::Path(text.to_owned()))
}

fn fault_named(text: &str) -> Result<Fault, FaultRateError> {
    let status = || {
        let code = text.parse().ok().filter(|code| (400..600).contains(code))?;
        StatusCode::from_u16(code).ok().map(Fault::Status)
    };
    Fault::named(text).or_else(status).ok_or_else(|| FaultRateError::Fault(text.to_owned()))
}

fn share_of(text: &str) -> Result<u32, FaultRateError> {
    let parts = || {
        let percent: f64 = text.strip_suffix('%')?.parse().ok().filter(|percent| *percent <= 100.0)?;
        let parts = percent * f64::from(PER_PERCENT);
        let is_whole = (parts - parts.round()).abs() < 1e-6;
        (is_whole && parts.round() >= 1.0).then_some(parts.round() as u32)
    };
    parts().ok_or_else(|| FaultRateError::Share(text.to_owned()))
}

impl TryFrom<Vec<FaultRate>> for FaultRates {
    type Error = FaultRateError;

    fn try_from(rates: Vec<FaultRate>) -> Result<Self, FaultRateError> {
        let faults = Self(rates);
        let sum = |path| faults.of(path).map(|rate| u64::from(rate.share)).sum::<u64>();
        match verification_paths().find(|path| sum(path) > u64::from(WHOLE)) {
            Some(path) => Err(FaultRateError::TooMany(path)),
            None => Ok(faults),
        }
    }
}

impl FromStr for FaultRates {
    type Err = FaultRateError;

    fn from_str(text: &str) -> Result<Self, FaultRateError> {
        text.split(',').map(|rate| rate.trim().parse()).collect::<Result<Vec<FaultRate>, _>>()?.try_into()
    }
}

impl FaultRates {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, path: &str) -> impl Iterator<Item = &FaultRate> {
        self.0.iter().filter(move |rate| rate.path.is_none_or(|only| only == path))
    }

    /// The odds of a call on this path.
    pub(crate) fn odds(&self, path: &str) -> Odds {
        let below = |upto: &mut u32, rate: &FaultRate| {
            *upto += rate.share;
            Some((*upto, rate.fault))
        };
        Odds(self.of(path).scan(0, below).collect())
    }
}

/// The faults that may strike a call, each with the end of its range of numbers.
pub(crate) struct Odds(Vec<(u32, Fault)>);

impl Odds {
    /// The fault that strikes the call with this number for a patient, starting at 1. The same seed selects the same
    /// fault.
    pub(crate) fn draw(&self, seed: u64, patient: CalledPatientKey, attempt: u32) -> Option<Fault> {
        let drawn = (mixed(seed ^ mixed(patient.0 ^ mixed(attempt.into()))) % u64::from(WHOLE)) as u32;
        self.0.iter().find(|(upto, _)| drawn < *upto).map(|&(_, fault)| fault)
    }
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `x`.
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Result<FaultRates, FaultRateError> {
        text.parse()
    }

    fn drawn(odds: &Odds, seed: u64, patients: u32, attempt: u32) -> Vec<Option<Fault>> {
        let draw = |patient: u32| odds.draw(seed, CalledPatientKey::of(&patient.to_string()), attempt);
        (0..patients).map(draw).collect()
    }

    #[test]
    fn each_fault_strikes_its_share_of_first_and_of_repeated_calls() {
        let odds = faults("503=5%, 429=2%, stall=0.5%").unwrap().odds("/verify");
        for attempt in [1, 2, 3] {
            let drawn = drawn(&odds, 7, 100_000, attempt);
            let count = |fault| drawn.iter().filter(|drawn| **drawn == Some(fault)).count();
            assert!((4_700..5_300).contains(&count(Fault::Status(StatusCode::SERVICE_UNAVAILABLE))));
            assert!((1_800..2_200).contains(&count(Fault::Status(StatusCode::TOO_MANY_REQUESTS))));
            assert!((400..600).contains(&count(Fault::Hang)));
        }
    }

    #[test]
    fn a_seed_repeats_its_draws_and_another_does_not() {
        let odds = faults("reset=50%").unwrap().odds("/verify");
        assert_eq!(drawn(&odds, 7, 1_000, 1), drawn(&odds, 7, 1_000, 1));
        assert_ne!(drawn(&odds, 7, 1_000, 1), drawn(&odds, 8, 1_000, 1));
        assert_ne!(drawn(&odds, 7, 1_000, 1), drawn(&odds, 7, 1_000, 2));
    }

    #[test]
    fn a_path_has_its_own_faults_besides_those_of_all() {
        let faults = faults("/vendor/aliyun:drip=40%,cut=60%").unwrap();
        assert!(drawn(&faults.odds("/vendor/aliyun"), 7, 1_000, 1).iter().all(Option::is_some));
        let elsewhere = drawn(&faults.odds("/verify"), 7, 1_000, 1);
        assert!(elsewhere.contains(&None) && !elsewhere.contains(&Some(Fault::Drip)));
    }

    #[test]
    fn a_share_of_all_calls_strikes_every_call() {
        let odds = faults("WrongType=100%").unwrap().odds("/verify");
        assert_eq!(drawn(&odds, 7, 1_000, 1), [Some(Fault::WrongType); 1_000]);
    }

    #[test]
    fn what_is_wrong_with_a_rate_is_said() {
        let form = |text: &str| Err(FaultRateError::Form(text.to_owned()));
        let fault = |text: &str| Err(FaultRateError::Fault(text.to_owned()));
        let share = |text: &str| Err(FaultRateError::Share(text.to_owned()));
        assert_eq!(faults(""), form(""));
        assert_eq!(faults("503"), form("503"));
        assert_eq!(faults("503=5%,"), form(""));
        assert_eq!(faults("/other:503=5%"), Err(FaultRateError::Path("/other".to_owned())));
        for name in ["", "200", "399", "600", "50", "mismatch", "healthy"] {
            assert_eq!(faults(&format!("{name}=5%")), fault(name));
        }
        for wrong in ["", "%", "5", "0%", "-1%", "100.1%", "0.00001%", "NaN%", "inf%", "5%%"] {
            assert_eq!(faults(&format!("503={wrong}")), share(wrong));
        }
    }

    #[test]
    fn more_than_all_calls_cannot_fail() {
        assert!(faults("503=60%,/verify:429=40%").is_ok());
        assert_eq!(faults("503=60%,/verify:429=40.0001%"), Err(FaultRateError::TooMany("/verify")));
        assert!(faults("/verify:503=60%,/vendor/aliyun:503=60%").is_ok(), "each path has its own calls");
    }
}
