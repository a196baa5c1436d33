//! The measurements of a scenario, as rows of the table and as JSON.

use dataprocessing::{cli::table::Cell, server::pb::Summary};
use serde_json::{Value, json};

use super::service::Usage;
use crate::traffic::outcomes;

/// One row of the report.
pub(super) struct Measurement {
    /// The scenario, with the part of it if it measures several.
    pub name: String,
    /// Records sent, or calls made.
    pub records: usize,
    pub usage: Usage,
    pub ratio: Option<Ratio>,
    /// Further fields of the JSON object.
    pub details: Vec<(&'static str, Value)>,
}

/// A number that is comparable between machines.
pub(super) struct Ratio {
    pub value: f64,
    /// What is compared with what.
    pub of: &'static str,
}

/// The names of the columns of [`Measurement::row`].
pub(super) fn heading() -> [Cell; 9] {
    let number = |text: &str| Cell::Number(text.to_owned());
    [
        Cell::text("scenario"),
        number("records"),
        number("seconds"),
        number("records/s"),
        number("service us/record"),
        number("database us/record"),
        number("peak MiB"),
        number("ratio"),
        Cell::text("of what"),
    ]
}

impl Measurement {
    pub(super) fn new(name: impl Into<String>, records: usize, usage: Usage) -> Self {
        Self { name: name.into(), records, usage, ratio: None, details: Vec::new() }
    }

    pub(super) fn with_ratio(self, value: f64, of: &'static str) -> Self {
        Self { ratio: Some(Ratio { value, of }), ..self }
    }

    pub(super) fn with_detail(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// Records per second.
    pub(super) fn rate(&self) -> f64 {
        rate(self.records, &self.usage)
    }

    fn server_micros(&self) -> Option<f64> {
        self.usage.server_cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.records.max(1) as f64)
    }

    fn store_micros(&self) -> Option<f64> {
        self.usage.store_cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.records.max(1) as f64)
    }

    /// The cells of the table, with a dash for values that are not available.
    pub(super) fn row(&self) -> [Cell; 9] {
        let number = |value: Option<f64>, digits: usize| {
            Cell::Number(value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}")))
        };
        [
            Cell::text(self.name.clone()),
            Cell::count(self.records),
            number(Some(self.usage.time.as_secs_f64()), 2),
            number(Some(self.rate()), 0),
            number(self.server_micros(), 1),
            number(self.store_micros(), 1),
            number(self.usage.peak.map(mebibytes), 1),
            number(self.ratio.as_ref().map(|ratio| ratio.value), 3),
            Cell::text(self.ratio.as_ref().map_or("", |ratio| ratio.of)),
        ]
    }

    /// One JSON object, with null for values that are not available.
    pub(super) fn json(&self) -> Value {
        let mut object = json!({
            "scenario": self.name,
            "records": self.records,
            "seconds": self.usage.time.as_secs_f64(),
            "records_per_second": self.rate(),
            "server_cpu_us_per_record": self.server_micros(),
            "database_cpu_us_per_record": self.store_micros(),
            "server_peak_rss_bytes": self.usage.peak,
            "ratio": self.ratio.as_ref().map(|ratio| ratio.value),
            "ratio_of": self.ratio.as_ref().map(|ratio| ratio.of),
        });
        for (name, value) in &self.details {
            object[*name] = value.clone();
        }
        object
    }
}

/// Records per second.
pub(super) fn rate(records: usize, usage: &Usage) -> f64 {
    records as f64 / usage.time.as_secs_f64()
}

pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The counts of a summary that are not zero.
pub(super) fn outcomes_json(summary: &Summary) -> Value {
    let counts = outcomes::of_summary(summary);
    let counted = counts.iter().filter(|(_, count)| *count > 0);
    counted.map(|(outcome, count)| (outcome.name().to_owned(), Value::from(count))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_system_does_not_count_is_null_and_a_dash() {
        let usage = Usage { time: Duration::from_secs(2), server_cpu: None, store_cpu: None, peak: None };
        let measured = Measurement::new("overhead", 500, usage)
            .with_ratio(0.5, "of the ceiling")
            .with_detail("calls", 480);
        let json = measured.json();
        assert_eq!((json["records_per_second"].as_f64(), json["calls"].as_u64()), (Some(250.0), Some(480)));
        assert!(json["server_cpu_us_per_record"].is_null() && json["server_peak_rss_bytes"].is_null());
        assert!(matches!(&measured.row()[4], Cell::Number(text) if text == "-"));
    }
}
