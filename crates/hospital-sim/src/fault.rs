//! What can be wrong with an answer.

use http::StatusCode;

/// A way in which a hospital fails a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The hospital cannot serve now: 503, or what a vendor says in a body.
    Busy,
    /// The hospital does not serve this caller: 404, or what a vendor says in a body.
    Refused,
    /// This status, and no result.
    Status(StatusCode),
    /// 429 with a `Retry-After` in the configured form.
    RateLimited,
    /// 429 with a date as its `Retry-After`.
    RateLimitedUntil,
    /// The right answer, but late.
    Slow,
    /// No answer at all.
    Hang,
    /// The connection is reset before there is an answer.
    Dead,
    /// A page of HTML.
    Garbage,
    /// The right body, which does not say that it is JSON.
    WrongType,
    /// JSON that breaks off, in a body that is whole.
    BadJson,
    /// The right answer at the start of a body that nobody should read.
    Huge,
    /// The right answer, a byte at a time.
    Drip,
    /// A body that breaks off.
    Cut,
    /// A body in whose middle the connection is reset.
    Reset,
}

const NAMES: [(&str, Fault); 15] = [
    ("busy", Fault::Busy),
    ("refused", Fault::Refused),
    ("ratelimit", Fault::RateLimited),
    ("ratelimitdate", Fault::RateLimitedUntil),
    ("slow", Fault::Slow),
    ("hang", Fault::Hang),
    ("stall", Fault::Hang),
    ("dead", Fault::Dead),
    ("garbage", Fault::Garbage),
    ("wrongtype", Fault::WrongType),
    ("badjson", Fault::BadJson),
    ("huge", Fault::Huge),
    ("drip", Fault::Drip),
    ("cut", Fault::Cut),
    ("reset", Fault::Reset),
];

impl Fault {
    /// The fault of a name, in any case of letters. Statuses have none.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, fault)| fault)
    }

    /// All names, for who wrote another.
    pub(super) fn names() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }
}
