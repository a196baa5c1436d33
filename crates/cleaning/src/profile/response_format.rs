//! The format of a verification API's responses: where they say what, and which values mean what. One vendor's
//! `"code": 0` is success, another's is failure.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::Verdict;

/// How the responses of one API are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseFormat {
    /// Where it says whether the call worked; if absent, the HTTP status alone does.
    pub call: Option<CallStatus>,
    /// Where it says whether the identity is right.
    pub verdict: CodeField<Answer>,
}

/// What a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Verdict(Verdict),
    /// Nothing now; the same call may be answered later.
    Unavailable,
    /// Nothing ever, as long as the call or the contract with the vendor stays as it is.
    Refused,
}

/// A response from which the format reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoVerdict<'f> {
    /// The JSON pointer whose value is missing, no scalar, or in no list; empty for the response as a whole.
    pub at: &'f str,
}

/// Where an API says whether the call worked; a code without an answer means that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStatus {
    pub codes: CodeField<Option<Answer>>,
    /// Whether the API says nothing here after a success.
    pub silent_success: bool,
}

/// One field of a response, and what its values mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeField<M> {
    pub at: Pointer,
    /// By the text of the value.
    pub meanings: HashMap<String, M>,
}

/// A JSON pointer (RFC 6901) to something within an object or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl ResponseFormat {
    /// Reads a response. Text is compared as it is, a number or a truth value as JSON writes it.
    pub fn classify(&self, response: &Value) -> Result<Answer, NoVerdict<'_>> {
        let instead = self.call.as_ref().map_or(Ok(None), |call| call.instead_of_verdict(response))?;
        instead.map_or_else(|| self.verdict.read(response), Ok)
    }
}

impl CallStatus {
    fn instead_of_verdict(&self, response: &Value) -> Result<Option<Answer>, NoVerdict<'_>> {
        if self.silent_success && self.codes.at.find(response).is_none_or(is_nothing) {
            return Ok(None);
        }
        self.codes.read(response)
    }
}

impl<M: Copy> CodeField<M> {
    fn read(&self, response: &Value) -> Result<M, NoVerdict<'_>> {
        let value = self.at.find(response).and_then(text);
        let meaning = value.and_then(|value| self.meanings.get(&*value));
        meaning.copied().ok_or(NoVerdict { at: &self.at.0 })
    }
}

impl Pointer {
    /// Reads a pointer. The error is a message for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(steps) = text.strip_prefix('/') else {
            return Err(format!("{text:?} is not a JSON pointer, as /code or /data/result"));
        };
        if steps.split('/').any(str::is_empty) {
            return Err(format!("{text:?} has an empty step"));
        }
        if steps.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(format!("{text:?} has a ~ that is neither ~0 (a tilde) nor ~1 (a slash)"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether this points to something within what the other points to.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What it points to in a response.
    pub fn find<'v>(&self, response: &'v Value) -> Option<&'v Value> {
        response.pointer(&self.0)
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == ""
}

/// The text of a scalar.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
