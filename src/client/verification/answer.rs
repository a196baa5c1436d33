//! What an answer of a hospital's API means: its status first, then its body.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;

use super::Verdict;
use crate::domain::outcome::Failure;

/// What the status of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The body holds a verdict. A body that holds none, is cut off or is too large means this failure.
    BodyDecides(Failure),
    /// The body may say what is wrong with the record. One that says nothing is wrong contradicts the
    /// status, and means this failure like one that holds no verdict.
    BodyMayObject(Failure),
    /// The call failed, whatever the body says.
    Failed(Failure),
}

impl Head {
    /// Reads a status. A hospital may say what is wrong with a record as 400 or 422 and a verdict; any
    /// other status of the client's side says that the call itself is wrong, and a redirect is never
    /// followed, for it would take a patient to an address that nobody configured.
    pub(super) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::BodyDecides(Failure::HospitalProtocolError),
            400 | 422 => Self::BodyMayObject(Failure::HospitalRefused),
            408 => Self::Failed(Failure::HospitalTimeout),
            401 | 403 | 407 | 429 | 500..=599 => Self::Failed(Failure::HospitalUnavailable),
            402..=499 => Self::Failed(Failure::HospitalRefused),
            _ => Self::Failed(Failure::HospitalProtocolError),
        }
    }
}

/// The verdict in a body of the form `{"result": "..."}`, other fields aside.
pub(super) fn verdict_in(body: &[u8]) -> Option<Verdict> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: Cow<'a, str>,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    match &*answer.result {
        "match" => Some(Verdict::Match),
        "mismatch" => Some(Verdict::Mismatch),
        "not_found" => Some(Verdict::NotFound),
        "illegal" => Some(Verdict::Illegal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        use Failure::{HospitalProtocolError, HospitalRefused, HospitalTimeout, HospitalUnavailable};

        let cases: [(&[u16], Head); 6] = [
            (&[200, 201], Head::BodyDecides(HospitalProtocolError)),
            (&[400, 422], Head::BodyMayObject(HospitalRefused)),
            (&[402, 404, 405, 406, 409, 413, 415, 418, 451], Head::Failed(HospitalRefused)),
            (&[401, 403, 407, 429, 500, 502, 503, 504, 599], Head::Failed(HospitalUnavailable)),
            (&[408], Head::Failed(HospitalTimeout)),
            (&[101, 301, 302, 304, 307, 308, 600], Head::Failed(HospitalProtocolError)),
        ];
        for (statuses, head) in cases {
            for &status in statuses {
                assert_eq!(Head::of(StatusCode::from_u16(status).unwrap()), head, "status {status}");
            }
        }
    }

    #[test]
    fn a_verdict_is_read_whatever_stands_beside_it() {
        let cases = [
            (r#"{"result":"match"}"#, Verdict::Match),
            (r#"{"result":"mismatch","field":"name"}"#, Verdict::Mismatch),
            (r#" {"trace":{"id":[1]},"result":"not_found"} "#, Verdict::NotFound),
            (r#"{"result":"\u0069llegal"}"#, Verdict::Illegal),
        ];
        for (body, verdict) in cases {
            assert_eq!(verdict_in(body.as_bytes()), Some(verdict), "{body}");
        }
    }

    #[test]
    fn a_body_without_one_clear_verdict_holds_none() {
        let bodies: [&[u8]; 12] = [
            b"",
            b"{}",
            b"null",
            b"\"match\"",
            b"[\"match\", 1]",
            b"{\"result\":null}",
            b"{\"result\":1}",
            b"{\"result\":\"Match\"}",
            b"{\"result\":\"match\"",
            b"{\"result\":\"match\"} trailing",
            b"{\"result\":\"match\",\"result\":\"illegal\"}",
            b"{\"result\":\"\xff\"}",
        ];
        for body in bodies {
            assert_eq!(verdict_in(body), None, "{}", body.escape_ascii());
        }
    }
}
