//! The response messages of a streamed batch.

use std::{collections::VecDeque, time::Duration};

use prost::Message as _;

use super::{RESULT_OVERHEAD, Renderer, duration, outcome_counts};
use crate::{
    logic::{
        batch_run::BatchReport,
        ledger::{Progress, RecordResult},
    },
    server::{
        decode::View,
        pb::{self, batch_process_stream_response::Message},
    },
};

/// Results per message.
pub(in crate::server) const MAX_RESULTS: usize = 100;

/// Results that wait to be sent.
pub(in crate::server) struct ResultBuffer {
    view: View,
    renderer: Renderer,
    /// Bytes per message.
    max_size: usize,
    pending: VecDeque<pb::RecordResult>,
}

impl ResultBuffer {
    pub(crate) fn new(view: View, renderer: Renderer, max_size: usize) -> Self {
        Self { view, renderer, max_size, pending: VecDeque::new() }
    }

    /// Adds the results that the view lists.
    pub(crate) fn extend(&mut self, results: Vec<RecordResult>) {
        let listed = results.into_iter().filter(|record| self.view.lists(record.settlement.outcome));
        self.pending.extend(listed.map(|record| self.renderer.result(record)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many results fit until a message is full.
    pub(crate) fn missing(&self) -> usize {
        MAX_RESULTS.saturating_sub(self.pending.len())
    }

    /// The next message: as many results as fit, at least one if there is any.
    pub(crate) fn next_message(&mut self) -> pb::BatchProcessStreamResponse {
        let mut results = Vec::new();
        let mut bytes_left = self.max_size.saturating_sub(RESULT_OVERHEAD);
        while let Some(next) = self.pending.front() {
            let size = next.encoded_len() + RESULT_OVERHEAD;
            if !results.is_empty() && (size > bytes_left || results.len() == MAX_RESULTS) {
                break;
            }
            bytes_left = bytes_left.saturating_sub(size);
            results.extend(self.pending.pop_front());
        }
        response(Message::Results(pb::StreamResults { results }))
    }

    /// The last message.
    pub(crate) fn report(&self, report: BatchReport) -> pb::BatchProcessStreamResponse {
        response(Message::Report(self.renderer.response(report, View::Summary, self.max_size)))
    }
}

/// The progress of a batch that has run for `elapsed`.
pub(in crate::server) fn progress(now: &Progress, elapsed: Duration) -> pb::BatchProcessStreamResponse {
    response(Message::Progress(pb::StreamProgress {
        received: now.received,
        outcomes: outcome_counts(now.by_outcome),
        time_left: time_left(now, elapsed).and_then(duration),
    }))
}

/// The time until all received records are settled, at the average speed so far; unknown before the first is.
fn time_left(now: &Progress, elapsed: Duration) -> Option<Duration> {
    let settled = now.settled();
    let left = now.received.saturating_sub(settled);
    (settled > 0).then(|| elapsed.mul_f64(f64::from(left) / f64::from(settled)))
}

fn response(message: Message) -> pb::BatchProcessStreamResponse {
    pb::BatchProcessStreamResponse { message: Some(message) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::logic::ledger::Settlement;
    use cleaning::{message::Language, outcome::Outcome, rules};

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
            let mut results = ResultBuffer::new(View::All, Renderer { language: Language::En }, max_size);
            results.extend(sizes.iter().zip(0..).map(|(issues, index)| record(index, *issues)).collect());
            let mut indexes = Vec::new();
            while !results.is_empty() {
                let message = results.next_message();
                prop_assert!(message.encoded_len() <= max_size);
                let Some(Message::Results(message)) = message.message else { panic!("results") };
                prop_assert!((1..=MAX_RESULTS).contains(&message.results.len()));
                indexes.extend(message.results.iter().map(|result| result.index));
            }
            prop_assert_eq!(indexes, (0..sizes.len() as u32).collect::<Vec<_>>());
        }
    }
}
