//! The ways in which a call can fail.

use http::StatusCode;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The hospital is unavailable: 503, or a code in the body of a vendor.
    Busy,
    /// The client is not permitted: 404, or a code in the body of a vendor.
    Refused,
    /// A status without a result.
    Status(StatusCode),
    /// 429 with a `Retry-After` in the configured form.
    RateLimited,
    /// 429 with a `Retry-After` that is an HTTP date.
    RateLimitedWithDate,
    /// The right response, but late.
    Slow,
    /// No response.
    Hang,
    /// The connection is reset before the response.
    Dead,
    /// A page of HTML.
    Garbage,
    /// The right body as `text/plain`.
    WrongType,
    /// Half of the JSON, in a complete body.
    BadJson,
    /// The right response, followed by spaces up to one mebibyte.
    Huge,
    /// The right response, one byte after the other.
    Drip,
    /// A body that ends too early.
    Cut,
    /// The connection is reset in the middle of the body.
    Reset,
}

const NAMES: [(&str, Fault); 15] = [
    ("busy", Fault::Busy),
    ("refused", Fault::Refused),
    ("ratelimit", Fault::RateLimited),
    ("ratelimitdate", Fault::RateLimitedWithDate),
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
    /// The fault with this name, in upper or lower case. Statuses have no name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, fault)| fault)
    }

    /// All names, for error messages.
    pub(crate) fn names() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }
}
