//! Dates.

/// One format of dates.
#[derive(Clone, Debug)]
pub struct DateFormat;
