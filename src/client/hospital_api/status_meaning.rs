//! The meaning of a response: first its status, then its body.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::FaultKind;
use cleaning::{
    json,
    profile::{Answer, NoVerdict, ResponseFormat, Verdict},
};

/// What the status of a response leaves to its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusMeaning {
    /// The body has the answer. If it has none, is cut off or too large, it violates the protocol.
    BodyDecides,
    /// The body may say what is wrong with the record. If it says that nothing is wrong, or has no answer, the call was
    /// refused.
    BodyMayObject,
}

impl StatusMeaning {
    /// Reads a status. A hospital may say what is wrong with a record by 400 or 422 and a verdict; any other 4xx means that
    /// the call itself is wrong. A redirect is never followed, because it would send a patient to an address that was not
    /// configured.
    ///
    /// # Errors
    ///
    /// The call failed, whatever the body says.
    pub(super) fn from_status(status: StatusCode) -> Result<Self, FaultKind> {
        match status.as_u16() {
            200..=299 => Ok(Self::BodyDecides),
            400 | 422 => Ok(Self::BodyMayObject),
            401 | 403 | 407 => Err(FaultKind::Denied),
            408 => Err(FaultKind::Timeout),
            429 => Err(FaultKind::Throttled),
            503 => Err(FaultKind::Overloaded),
            500..=599 => Err(FaultKind::ServerError),
            402..=499 => Err(FaultKind::ClientError),
            _ => Err(FaultKind::InvalidAnswer),
        }
    }

    /// The result of the call, given what its body says.
    pub(super) fn conclude(self, body: Result<Answer, NoVerdict<'_>>) -> Result<Verdict, FaultKind> {
        match (self, body) {
            (_, Ok(Answer::Unavailable)) => Err(FaultKind::ServerError),
            (_, Ok(Answer::Refused)) => Err(FaultKind::ClientError),
            (Self::BodyMayObject, Ok(Answer::Verdict(Verdict::Match)) | Err(_)) => {
                Err(FaultKind::ClientError)
            }
            (Self::BodyDecides, Err(_)) => Err(FaultKind::InvalidAnswer),
            (_, Ok(Answer::Verdict(verdict))) => Ok(verdict),
        }
    }
}

/// What a body says in the hospital's format, or by default as `{"result": "..."}`, other fields ignored. A body with a
/// repeated key says nothing: with `"code"` once 0 and once 1, any reading is a guess.
pub(super) fn read<'e>(body: &[u8], format: Option<&'e ResponseFormat>) -> Result<Answer, NoVerdict<'e>> {
    match format {
        None => plain_verdict(body).map(Answer::Verdict).ok_or(NO_ANSWER),
        Some(format) => {
            let text = std::str::from_utf8(body).map_err(|_| NO_ANSWER)?;
            let answer = json::parse_object(text).map_err(|_| NO_ANSWER)?;
            format.classify(&Value::Object(answer))
        }
    }
}

/// A body that has no answer as a whole.
pub(super) const NO_ANSWER: NoVerdict<'static> = NoVerdict { at: "" };

/// Reads the default format without a tree of values, because this is done for each record.
fn plain_verdict(body: &[u8]) -> Option<Verdict> {
    #[derive(Deserialize)]
    struct Plain<'a> {
        #[serde(borrow)]
        result: Cow<'a, str>,
    }
    let answer: Plain = serde_json::from_slice(body).ok()?;
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
    use proptest::prelude::*;

    use super::*;
    use profiles::{Defaults, ProfileFile};

    #[test]
    fn every_status_has_one_meaning() {
        use FaultKind::{ClientError, Denied, InvalidAnswer, Overloaded, ServerError, Throttled, Timeout};

        let cases: [(&[u16], Result<StatusMeaning, FaultKind>); 9] = [
            (&[200, 201], Ok(StatusMeaning::BodyDecides)),
            (&[400, 422], Ok(StatusMeaning::BodyMayObject)),
            (&[402, 404, 405, 406, 409, 413, 415, 418, 451], Err(ClientError)),
            (&[401, 403, 407], Err(Denied)),
            (&[429], Err(Throttled)),
            (&[503], Err(Overloaded)),
            (&[500, 502, 504, 599], Err(ServerError)),
            (&[408], Err(Timeout)),
            (&[101, 301, 302, 304, 307, 308, 600], Err(InvalidAnswer)),
        ];
        for (statuses, meaning) in cases {
            for &status in statuses {
                assert_eq!(
                    StatusMeaning::from_status(StatusCode::from_u16(status).unwrap()),
                    meaning,
                    "status {status}"
                );
            }
        }
    }

    #[test]
    fn without_an_envelope_a_verdict_is_read_whatever_stands_beside_it() {
        let cases = [
            (r#"{"result":"match"}"#, Verdict::Match),
            (r#"{"result":"mismatch","field":"name"}"#, Verdict::Mismatch),
            (r#" {"trace":{"id":[1]},"result":"not_found"} "#, Verdict::NotFound),
            (r#"{"result":"\u0069llegal"}"#, Verdict::Illegal),
        ];
        for (body, verdict) in cases {
            assert_eq!(read(body.as_bytes(), None), Ok(Answer::Verdict(verdict)), "{body}");
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
            assert_eq!(read(body, None), Err(NO_ANSWER), "{}", body.escape_ascii());
        }
    }

    /// The format of a vendor whose code 0 is a failure.
    fn envelope() -> ResponseFormat {
        let profile = "version: 1\ntime_zone: UTC\ndate_formats: yyyyMMdd\nmapping: {patient_id: id}\n\
            verify:\n  url: http://host/\n  response:\n    call: {at: /code, success: 1, unavailable: 0}\n    \
            verdict: {at: /data/result, match: 0, mismatch: -1}\n";
        let profile = ProfileFile::parse(&Defaults::default(), "x.yaml", "x", profile)
            .unwrap_or_else(|found| panic!("{found:#?}"));
        profile.profile.verify.unwrap().response.unwrap()
    }

    #[test]
    fn with_an_envelope_a_body_is_read_by_it_alone() {
        let cases = [
            (r#"{"code":1,"data":{"result":0}}"#, Ok(Answer::Verdict(Verdict::Match))),
            (r#"{"code":"1","data":{"result":"-1"}}"#, Ok(Answer::Verdict(Verdict::Mismatch))),
            (r#"{"code":0,"data":{"result":0}}"#, Ok(Answer::Unavailable)),
            (r#"{"code":1}"#, Err(NoVerdict { at: "/data/result" })),
            (r#"{"result":"match"}"#, Err(NoVerdict { at: "/code" })),
            (r#"{"code":1,"code":0,"data":{"result":0}}"#, Err(NO_ANSWER)),
            (r#"{"code":1,"data":{"result":0,"result":-1}}"#, Err(NO_ANSWER)),
            (r#"{"code":1,"data":{"result":0}"#, Err(NO_ANSWER)),
            ("<html>code 1</html>", Err(NO_ANSWER)),
            ("", Err(NO_ANSWER)),
        ];
        let envelope = envelope();
        for (body, answer) in cases {
            assert_eq!(read(body.as_bytes(), Some(&envelope)), answer, "{body}");
        }
    }

    #[test]
    fn a_body_never_makes_a_call_better_than_its_status() {
        use FaultKind::{ClientError, InvalidAnswer, ServerError};

        let cases = [
            (Ok(Answer::Verdict(Verdict::Match)), Ok(Verdict::Match), Err(ClientError)),
            (Ok(Answer::Verdict(Verdict::Mismatch)), Ok(Verdict::Mismatch), Ok(Verdict::Mismatch)),
            (Ok(Answer::Verdict(Verdict::Illegal)), Ok(Verdict::Illegal), Ok(Verdict::Illegal)),
            (Ok(Answer::Verdict(Verdict::NotFound)), Ok(Verdict::NotFound), Ok(Verdict::NotFound)),
            (Ok(Answer::Unavailable), Err(ServerError), Err(ServerError)),
            (Ok(Answer::Refused), Err(ClientError), Err(ClientError)),
            (Err(NO_ANSWER), Err(InvalidAnswer), Err(ClientError)),
        ];
        for (body, of_a_success, of_an_objection) in cases {
            assert_eq!(StatusMeaning::BodyDecides.conclude(body), of_a_success, "{body:?}");
            assert_eq!(StatusMeaning::BodyMayObject.conclude(body), of_an_objection, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(body: Vec<u8>, text in r#"[{}\[\]":,a-z0-9 ]{0,40}"#) {
            for envelope in [None, Some(&envelope())] {
                let _ = (read(&body, envelope), read(text.as_bytes(), envelope));
            }
        }
    }
}
