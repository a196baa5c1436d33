//! What a patient's number asks the simulator to do.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;

use super::{call_log::PatientKey, fault::Fault};

/// What the hospital knows of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The identity is known and right.
    Match,
    /// The identity is known and differs.
    Mismatch,
    /// The identity is not known.
    NotFound,
    /// The identity cannot be one.
    Illegal,
}

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    /// Whom it is about.
    pub patient: PatientKey,
    /// The right answer.
    pub verdict: Verdict,
    /// What the patient's number does to it.
    pub fault: Option<Fault>,
}

impl Scenario {
    /// The scenario that a posted identity asks for, or nothing if it is no identity.
    pub(super) fn of_identity(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Identity<'a> {
            #[serde(borrow)]
            patient_id: Cow<'a, str>,
        }
        let identity: Identity = serde_json::from_slice(body).ok()?;
        let (verdict, fault) = asked_by_ending(&identity.patient_id);
        Some(Self { patient: PatientKey::of(&identity.patient_id), verdict, fault })
    }
}

/// The verdict and the fault that a patient's number ends in.
fn asked_by_ending(patient_id: &str) -> (Verdict, Option<Fault>) {
    let Some((start, ending)) = patient_id.rsplit_once('-') else { return (Verdict::Match, None) };
    let verdict =
        [("mismatch", Verdict::Mismatch), ("notfound", Verdict::NotFound), ("illegal", Verdict::Illegal)]
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(ending));
    match verdict {
        Some((_, verdict)) => (verdict, None),
        None => {
            (Verdict::Match, status_named(start, ending).map(Fault::Status).or_else(|| Fault::named(ending)))
        }
    }
}

/// The status of a number that ends in `-status-NNN`. Below 200 HTTP has no final answers.
fn status_named(start: &str, code: &str) -> Option<StatusCode> {
    let (_, word) = start.rsplit_once('-')?;
    if !word.eq_ignore_ascii_case("status") {
        return None;
    }
    let code = code.parse().ok().filter(|code| (200..=599).contains(code))?;
    StatusCode::from_u16(code).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_number_decides() {
        let verdicts = [
            ("42", Verdict::Match),
            ("", Verdict::Match),
            ("rec-1070-org", Verdict::Match),
            ("rec-1070-dup-0", Verdict::Match),
            ("mismatch", Verdict::Match),
            ("42-mismatch-2", Verdict::Match),
            ("42-status-100", Verdict::Match),
            ("42-status-600", Verdict::Match),
            ("42-status-", Verdict::Match),
            ("42-503", Verdict::Match),
            ("42-mismatch", Verdict::Mismatch),
            ("42-MisMatch", Verdict::Mismatch),
            ("42-notfound", Verdict::NotFound),
            ("42-illegal", Verdict::Illegal),
        ];
        for (patient_id, verdict) in verdicts {
            assert_eq!(asked_by_ending(patient_id), (verdict, None), "{patient_id}");
        }
        let faults = [
            ("42-busy", Fault::Busy),
            ("42-refused", Fault::Refused),
            ("42-hang", Fault::Hang),
            ("42-stall", Fault::Hang),
            ("42-dead", Fault::Dead),
            ("42-garbage", Fault::Garbage),
            ("42-wrongtype", Fault::WrongType),
            ("42-badjson", Fault::BadJson),
            ("42-huge", Fault::Huge),
            ("42-drip", Fault::Drip),
            ("42-cut", Fault::Cut),
            ("42-RESET", Fault::Reset),
            ("42-slow", Fault::Slow),
            ("42-ratelimit", Fault::RateLimited),
            ("42-ratelimitdate", Fault::RateLimitedUntil),
            ("42-status-503", Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
            ("42-STATUS-429", Fault::Status(StatusCode::TOO_MANY_REQUESTS)),
        ];
        for (patient_id, fault) in faults {
            assert_eq!(asked_by_ending(patient_id), (Verdict::Match, Some(fault)), "{patient_id}");
        }
    }

    #[test]
    fn only_the_number_of_an_identity_matters() {
        let body = br#"{"name":"-hang","patientId":"\u0034-illegal","identifiers":[{"type":"01"}]}"#;
        let expected =
            Scenario { patient: PatientKey::of("4-illegal"), verdict: Verdict::Illegal, fault: None };
        assert_eq!(Scenario::of_identity(body), Some(expected));
    }

    #[test]
    fn a_body_without_a_number_is_no_identity() {
        for body in ["", "{}", "[]", r#"{"patientId":42}"#, r#"{"patientId":"42""#] {
            assert_eq!(Scenario::of_identity(body.as_bytes()), None, "{body}");
        }
    }
}
