//! What a posted identity asks the simulator to do.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;

use super::{call_log::CalledPatientKey, fault::Fault};

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VerifyResult {
    Match,
    Mismatch,
    NotFound,
    Illegal,
}

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VerifyRequest {
    pub patient: CalledPatientKey,
    pub result: VerifyResult,
    /// The fault that the patient id selects.
    pub fault: Option<Fault>,
}

impl VerifyRequest {
    /// Reads a posted identity; `None` if the body is not one.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct PostedIdentity<'a> {
            #[serde(borrow)]
            patient_id: Cow<'a, str>,
        }
        let identity: PostedIdentity = serde_json::from_slice(body).ok()?;
        let (result, fault) = by_suffix(&identity.patient_id);
        Some(Self { patient: CalledPatientKey::of(&identity.patient_id), result, fault })
    }
}

/// The result and the fault that the suffix of a patient id selects.
fn by_suffix(patient_id: &str) -> (VerifyResult, Option<Fault>) {
    let Some((start, suffix)) = patient_id.rsplit_once('-') else { return (VerifyResult::Match, None) };
    let result = [
        ("mismatch", VerifyResult::Mismatch),
        ("notfound", VerifyResult::NotFound),
        ("illegal", VerifyResult::Illegal),
    ]
    .into_iter()
    .find(|(name, _)| name.eq_ignore_ascii_case(suffix));
    match result {
        Some((_, result)) => (result, None),
        None => {
            let fault = status_suffix(start, suffix).map(Fault::Status).or_else(|| Fault::named(suffix));
            (VerifyResult::Match, fault)
        }
    }
}

/// The status of an id that ends in `-status-NNN`. HTTP has no final responses below 200.
fn status_suffix(start: &str, code: &str) -> Option<StatusCode> {
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
    fn the_suffix_of_a_patient_id_decides() {
        let results = [
            ("42", VerifyResult::Match),
            ("", VerifyResult::Match),
            ("rec-1070-org", VerifyResult::Match),
            ("rec-1070-dup-0", VerifyResult::Match),
            ("mismatch", VerifyResult::Match),
            ("42-mismatch-2", VerifyResult::Match),
            ("42-status-100", VerifyResult::Match),
            ("42-status-600", VerifyResult::Match),
            ("42-status-", VerifyResult::Match),
            ("42-503", VerifyResult::Match),
            ("42-mismatch", VerifyResult::Mismatch),
            ("42-MisMatch", VerifyResult::Mismatch),
            ("42-notfound", VerifyResult::NotFound),
            ("42-illegal", VerifyResult::Illegal),
        ];
        for (patient_id, result) in results {
            assert_eq!(by_suffix(patient_id), (result, None), "{patient_id}");
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
            ("42-ratelimitdate", Fault::RateLimitedWithDate),
            ("42-status-503", Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
            ("42-STATUS-429", Fault::Status(StatusCode::TOO_MANY_REQUESTS)),
        ];
        for (patient_id, fault) in faults {
            assert_eq!(by_suffix(patient_id), (VerifyResult::Match, Some(fault)), "{patient_id}");
        }
    }

    #[test]
    fn only_the_patient_id_of_an_identity_matters() {
        let body = br#"{"name":"-hang","patientId":"\u0034-illegal","identifiers":[{"type":"01"}]}"#;
        let expected = VerifyRequest {
            patient: CalledPatientKey::of("4-illegal"),
            result: VerifyResult::Illegal,
            fault: None,
        };
        assert_eq!(VerifyRequest::parse(body), Some(expected));
    }

    #[test]
    fn a_body_without_a_patient_id_is_no_identity() {
        for body in ["", "{}", "[]", r#"{"patientId":42}"#, r#"{"patientId":"42""#] {
            assert_eq!(VerifyRequest::parse(body.as_bytes()), None, "{body}");
        }
    }
}
