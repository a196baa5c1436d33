//! The envelope of a verification API's answers: where they say what, and which values mean what. One
//! vendor's `"code": 0` is success, another's is failure.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::Verdict;

/// How the answers of one API are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseFormat {
    /// Where it says whether the call worked; absent means that the HTTP status alone does.
    pub(super) call: Option<Call>,
    /// Where it says whether the identity is right.
    pub(super) verdict: Codes<Answer>,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Something about the identity.
    Verdict(Verdict),
    /// Nothing now; the same call may be answered later.
    Unavailable,
    /// Nothing ever, as long as the call or the contract with the vendor stays as it is.
    Refused,
}

/// An answer that says nothing the envelope knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoVerdict<'e> {
    /// The JSON pointer whose value is missing, no scalar, or in no list; empty for the answer as a whole.
    pub at: &'e str,
}

/// Where an API says whether the call worked. No answer of a code means that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) codes: Codes<Option<Answer>>,
    /// Whether the API says nothing here when all is well.
    pub(super) silent_success: bool,
}

/// One place of an answer, and what its values mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Codes<M> {
    pub(super) at: Pointer,
    /// By the text of the value.
    pub(super) meanings: HashMap<String, M>,
}

/// A JSON pointer (RFC 6901) to something within an object or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(String);

impl ResponseFormat {
    /// Reads an answer. Text is compared as it stands, a number or a truth value as JSON writes it.
    ///
    /// # Errors
    ///
    /// The answer says nothing that the envelope knows.
    pub fn classify(&self, answer: &Value) -> Result<Answer, NoVerdict<'_>> {
        let instead = self.call.as_ref().map_or(Ok(None), |call| call.instead_of_verdict(answer))?;
        instead.map_or_else(|| self.verdict.read(answer), Ok)
    }
}

impl Call {
    fn instead_of_verdict(&self, answer: &Value) -> Result<Option<Answer>, NoVerdict<'_>> {
        if self.silent_success && self.codes.at.find(answer).is_none_or(is_nothing) {
            return Ok(None);
        }
        self.codes.read(answer)
    }
}

impl<M: Copy> Codes<M> {
    fn read(&self, answer: &Value) -> Result<M, NoVerdict<'_>> {
        let value = self.at.find(answer).and_then(text);
        let meaning = value.and_then(|value| self.meanings.get(&*value));
        meaning.copied().ok_or(NoVerdict { at: &self.at.0 })
    }
}

impl Pointer {
    /// Reads a pointer. The error is a message for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
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
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.starts_with('/'))
    }

    fn find<'v>(&self, answer: &'v Value) -> Option<&'v Value> {
        answer.pointer(&self.0)
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

#[cfg(test)]
mod tests;
