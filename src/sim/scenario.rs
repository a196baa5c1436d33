//! What a patient's number asks the simulator to do.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;

/// How a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    /// The identity is known and right.
    Match,
    /// The identity is known and differs.
    Mismatch,
    /// The identity is not known.
    NotFound,
    /// The identity cannot be one.
    Illegal,
    /// The vendor cannot serve now.
    Busy,
    /// The vendor does not serve this caller.
    Refused,
    /// This status, and no result.
    Status(StatusCode),
    /// No answer at all.
    Hang,
    /// A page of HTML.
    Garbage,
    /// A match at the start of a body that nobody should read.
    Huge,
    /// A body that breaks off.
    Cut,
}

/// How the number of a patient ends who asks for something else than a match.
const ENDINGS: [(&str, Scenario); 9] = [
    ("mismatch", Scenario::Mismatch),
    ("notfound", Scenario::NotFound),
    ("illegal", Scenario::Illegal),
    ("busy", Scenario::Busy),
    ("refused", Scenario::Refused),
    ("hang", Scenario::Hang),
    ("garbage", Scenario::Garbage),
    ("huge", Scenario::Huge),
    ("cut", Scenario::Cut),
];

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
        Some(Self::of_patient_id(&identity.patient_id))
    }

    fn of_patient_id(patient_id: &str) -> Self {
        let Some((start, ending)) = patient_id.rsplit_once('-') else { return Self::Match };
        if let Some(status) = status_named(start, ending) {
            return Self::Status(status);
        }
        ENDINGS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(ending))
            .map_or(Self::Match, |&(_, scenario)| scenario)
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
    fn the_ending_of_a_number_names_the_scenario() {
        let cases = [
            ("42", Scenario::Match),
            ("", Scenario::Match),
            ("rec-1070-org", Scenario::Match),
            ("rec-1070-dup-0", Scenario::Match),
            ("mismatch", Scenario::Match),
            ("42-mismatch-2", Scenario::Match),
            ("42-mismatch", Scenario::Mismatch),
            ("42-MisMatch", Scenario::Mismatch),
            ("42-notfound", Scenario::NotFound),
            ("42-illegal", Scenario::Illegal),
            ("42-busy", Scenario::Busy),
            ("42-refused", Scenario::Refused),
            ("42-hang", Scenario::Hang),
            ("42-garbage", Scenario::Garbage),
            ("42-huge", Scenario::Huge),
            ("42-cut", Scenario::Cut),
            ("42-status-503", Scenario::Status(StatusCode::SERVICE_UNAVAILABLE)),
            ("42-STATUS-429", Scenario::Status(StatusCode::TOO_MANY_REQUESTS)),
            ("42-status-100", Scenario::Match),
            ("42-status-600", Scenario::Match),
            ("42-status-", Scenario::Match),
            ("42-503", Scenario::Match),
        ];
        for (patient_id, scenario) in cases {
            assert_eq!(Scenario::of_patient_id(patient_id), scenario, "{patient_id}");
        }
    }

    #[test]
    fn only_the_number_of_an_identity_matters() {
        let body = br#"{"name":"-hang","patientId":"\u0034-illegal","identifiers":[{"type":"01"}]}"#;
        assert_eq!(Scenario::of_identity(body), Some(Scenario::Illegal));
    }

    #[test]
    fn a_body_without_a_number_is_no_identity() {
        for body in ["", "{}", "[]", r#"{"patientId":42}"#, r#"{"patientId":"42""#] {
            assert_eq!(Scenario::of_identity(body.as_bytes()), None, "{body}");
        }
    }
}
