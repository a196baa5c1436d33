//! When a record came.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::profile::Profile;

/// When a record came, in the time zone of its source.
#[derive(Clone, Debug)]
pub struct ReceivedAt {
    pub instant: Timestamp,
    /// The day in the source's time zone.
    pub today: Date,
    zone: TimeZone,
}

impl ReceivedAt {
    /// The receipt of a record of this hospital.
    pub fn new(instant: Timestamp, profile: &Profile) -> Self {
        let zone = profile.time_zone.clone();
        Self { instant, today: zone.to_datetime(instant).date(), zone }
    }

    /// The day of an instant in the source's time zone.
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant).date()
    }

    /// The last day that is not in the future; clocks may differ by a day.
    pub fn latest_day(&self) -> Date {
        self.today.saturating_add(1.day())
    }
}
