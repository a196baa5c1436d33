//! What scenarios have found, as a table.

use std::time::Duration;

/// One row of the table.
pub(crate) struct Finding {
    /// What was done to the service.
    pub fault: String,
    /// How many times.
    pub times: u32,
    /// What stands in the books at the end.
    pub balance: Balance,
    /// How long the service took to work again, each time.
    pub recoveries: Vec<Duration>,
    /// What else was measured, in words.
    pub measured: String,
}

/// What the books say, held against the database and the simulators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    /// Records that were sent.
    pub records: usize,
    /// Records whose callers were told that they are stored, and that are not.
    pub lost: usize,
    /// Records that are stored twice.
    pub doubled: usize,
}

impl Finding {
    /// The table in Markdown.
    pub(crate) fn table(findings: &[Self]) -> String {
        let head = "| fault | times | records | lost | doubled | recovery, median / worst | measured |\n\
                    | --- | ---: | ---: | ---: | ---: | ---: | --- |\n";
        findings.iter().fold(head.to_owned(), |table, finding| table + &finding.row())
    }

    fn row(&self) -> String {
        let Balance { records, lost, doubled } = self.balance;
        let (fault, times, recovery, measured) = (&self.fault, self.times, self.recovery(), &self.measured);
        format!("| {fault} | {times} | {records} | {lost} | {doubled} | {recovery} | {measured} |\n")
    }

    fn recovery(&self) -> String {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort_unstable();
        match (recoveries.get(recoveries.len() / 2), recoveries.last()) {
            (Some(median), Some(worst)) => format!("{} / {}", seconds(*median), seconds(*worst)),
            _ => String::new(),
        }
    }
}

/// A time as people read it in a table.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
