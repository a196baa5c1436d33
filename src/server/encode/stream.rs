//! The messages that a streamed batch sends down.

use std::{collections::VecDeque, time::Duration};

use prost::Message;

use super::{RESULT_OVERHEAD, View, duration, outcome, pb, response, result, shows};
use crate::logic::{
    ledger::Progress,
    report::{BatchReport, RecordResult},
};
use cleaning::{issue::Language, outcome::Outcome};
use pb::batch_process_stream_response::Message as Down;

/// Most results of one message.
pub(in crate::server) const MAX_RESULTS: usize = 100;

/// Results on their way into messages.
pub(in crate::server) struct Results {
    view: View,
    language: Language,
    /// Most bytes of one message.
    max_size: usize,
    gathered: VecDeque<pb::RecordResult>,
}

impl Results {
    pub(crate) fn new(view: View, language: Language, max_size: usize) -> Self {
        Self { view, language, max_size, gathered: VecDeque::new() }
    }

    /// Takes results; keeps those that the view lists.
    pub(crate) fn gather(&mut self, results: Vec<RecordResult>) {
        let listed = results.into_iter().filter(|record| shows(self.view, record.settlement.outcome));
        self.gathered.extend(listed.map(|record| result(record, self.language)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// How many results are missing to a full message.
    pub(crate) fn room(&self) -> usize {
        MAX_RESULTS.saturating_sub(self.gathered.len())
    }

    /// The next message: as many results as it may have, at least one if there is one.
    pub(crate) fn message(&mut self) -> pb::BatchProcessStreamResponse {
        let mut results = Vec::new();
        let mut room = self.max_size.saturating_sub(RESULT_OVERHEAD);
        while let Some(next) = self.gathered.front() {
            let size = next.encoded_len() + RESULT_OVERHEAD;
            if !results.is_empty() && (size > room || results.len() == MAX_RESULTS) {
                break;
            }
            room = room.saturating_sub(size);
            results.extend(self.gathered.pop_front());
        }
        down(Down::Results(pb::StreamResults { results }))
    }

    /// The last message.
    pub(crate) fn report(&self, report: BatchReport) -> pb::BatchProcessStreamResponse {
        down(Down::Report(response(report, View::Summary, self.language, self.max_size)))
    }
}

/// How far a batch is that has run for `elapsed`.
pub(in crate::server) fn progress(now: &Progress, elapsed: Duration) -> pb::BatchProcessStreamResponse {
    let count = |(kind, count): (Outcome, u32)| pb::OutcomeCount { outcome: outcome(kind) as i32, count };
    down(Down::Progress(pb::StreamProgress {
        received: now.received,
        outcomes: now.by_outcome.iter().filter(|(_, count)| *count > 0).map(count).collect(),
        time_left: time_left(now, elapsed).and_then(duration),
    }))
}

/// How long what has been received takes at the speed of all that is settled; unknown before the first is.
fn time_left(now: &Progress, elapsed: Duration) -> Option<Duration> {
    let settled = now.settled();
    let left = now.received.saturating_sub(settled);
    (settled > 0).then(|| elapsed.mul_f64(f64::from(left) / f64::from(settled)))
}

fn down(message: Down) -> pb::BatchProcessStreamResponse {
    pb::BatchProcessStreamResponse { message: Some(message) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::logic::ledger::Settlement;
    use cleaning::rules;

    fn record(index: u32, issues: usize) -> RecordResult {
        let issues = vec![rules::PAYLOAD_MISSING.issue(None); issues];
        let settlement = Settlement::ended(Outcome::Rejected, issues.into(), 0);
        RecordResult { index, id: Arc::from(index.to_string()), settlement }
    }

    #[test]
    fn the_time_left_follows_from_the_speed_so_far() {
        let progress =
            |received, stored| Progress { received, by_outcome: [stored, 0, 0, 0, 0, 0, 0, 0].into() };
        assert_eq!(time_left(&progress(10, 0), Duration::from_secs(1)), None);
        assert_eq!(time_left(&progress(300, 100), Duration::from_secs(1)), Some(Duration::from_secs(2)));
        assert_eq!(time_left(&progress(100, 100), Duration::from_secs(1)), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn every_result_goes_out_once_in_messages_within_the_limit(
            sizes in prop::collection::vec(0usize..20, 0..400),
        ) {
            let max_size = 16 * 1024;
            let mut results = Results::new(View::All, Language::En, max_size);
            results.gather(sizes.iter().zip(0..).map(|(issues, index)| record(index, *issues)).collect());
            let mut indexes = Vec::new();
            while !results.is_empty() {
                let message = results.message();
                prop_assert!(message.encoded_len() <= max_size);
                let Some(Down::Results(message)) = message.message else { panic!("results") };
                prop_assert!((1..=MAX_RESULTS).contains(&message.results.len()));
                indexes.extend(message.results.iter().map(|result| result.index));
            }
            prop_assert_eq!(indexes, (0..sizes.len() as u32).collect::<Vec<_>>());
        }
    }
}
