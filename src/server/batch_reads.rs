//! `GetBatch` and `ListResults`: requests and responses of the calls that read stored batches.

use jiff::Timestamp;
use prost::Message;
use tonic::Status;

use super::{
    decode::{parse_language, require_batch_id, unknown_enum},
    encode::{self, RESULT_OVERHEAD, Renderer, outcome_counts},
    page_token::{ListCheck, PageToken},
    pb,
    status::invalid,
};
use crate::logic::calls::{
    get_batch::BatchState,
    list_results::{PageRequest, ResultPage},
};
use cleaning::outcome::Outcome;

/// Results of a page if the caller does not say.
const DEFAULT_PAGE_SIZE: u32 = 1_000;
const MAX_PAGE_SIZE: u32 = 10_000;

/// The request of a `ListResults` call.
pub(super) struct ParsedPage {
    pub page: PageRequest,
    list: ListCheck,
    renderer: Renderer,
}

/// Parses the request of a `ListResults` call.
pub(super) fn parse_page(message: pb::ListResultsRequest) -> Result<ParsedPage, Status> {
    require_batch_id(&message.batch_id)?;
    let renderer = Renderer { language: parse_language(message.language)? };
    let outcomes = outcomes(message.filter.unwrap_or_default())?;
    let size = match u32::try_from(message.page_size) {
        Ok(0) => DEFAULT_PAGE_SIZE,
        Ok(size) => size.min(MAX_PAGE_SIZE),
        Err(_) => return Err(invalid("NEGATIVE_PAGE_SIZE", "page_size", "page_size must not be negative")),
    };
    let list = ListCheck::new(&message.batch_id, outcomes.iter().map(|outcome| *outcome as u8));
    let from = match message.page_token.as_str() {
        "" => 0,
        token => PageToken::parse(token, list).map_err(|_| invalid_page_token())?.from,
    };
    Ok(ParsedPage { page: PageRequest { batch_id: message.batch_id, outcomes, from, size }, list, renderer })
}

/// The outcomes that a filter accepts, in their order.
fn outcomes(filter: pb::ResultFilter) -> Result<Vec<Outcome>, Status> {
    let mut wanted = Vec::new();
    for number in filter.outcomes {
        let known = Outcome::ALL.into_iter().find(|known| encode::outcome(*known) as i32 == number);
        wanted.push(known.ok_or_else(|| unknown_enum("filter.outcomes", number, "1 to 8"))?);
    }
    let listed = |outcome: &Outcome| {
        (wanted.is_empty() || wanted.contains(outcome))
            && !(filter.failures_only && outcome.needs_no_attention())
    };
    Ok(Outcome::ALL.into_iter().filter(listed).collect())
}

fn invalid_page_token() -> Status {
    invalid(
        "INVALID_PAGE_TOKEN",
        "page_token",
        "page_token must be a next_page_token that was returned for the same batch and filter",
    )
}

/// Encodes as many of the results as fit into the response, at least one if there is any.
pub(super) fn page_response(
    parsed: ParsedPage,
    found: ResultPage,
    max_size: usize,
) -> pb::ListResultsResponse {
    let next = |from| PageToken::new(from, parsed.list).to_text();
    let token_size = next(0).len() + RESULT_OVERHEAD;
    let mut bytes_left = max_size.saturating_sub(token_size);
    let mut response = pb::ListResultsResponse::default();
    let mut last = None;
    for record in found.results {
        let index = record.index;
        let result = parsed.renderer.result(record);
        let size = result.encoded_len() + RESULT_OVERHEAD;
        if size > bytes_left && last.is_some() {
            response.next_page_token = next(index);
            return response;
        }
        bytes_left = bytes_left.saturating_sub(size);
        response.results.push(result);
        last = Some(index);
    }
    if let Some(from) = last.filter(|_| found.more).and_then(|last| last.checked_add(1)) {
        response.next_page_token = next(from);
    }
    response
}

/// Encodes a stored batch.
pub(super) fn batch_response(batch_id: String, batch: &BatchState) -> pb::Batch {
    let completion =
        batch.ended.map_or(pb::Completion::Unspecified, |(_, completion)| encode::completion(completion));
    pb::Batch {
        batch_id,
        completion: completion as i32,
        start_time: Some(timestamp(batch.started_at)),
        end_time: batch.ended.map(|(ended_at, _)| timestamp(ended_at)),
        outcomes: outcome_counts(batch.by_outcome),
    }
}

/// Whole seconds and the fraction, which must be positive on the wire.
fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
    let borrow = i64::from(nanos < 0);
    prost_types::Timestamp { seconds: seconds - borrow, nanos: nanos + (borrow as i32) * 1_000_000_000 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::logic::ledger::{RecordResult, Settlement};
    use cleaning::rules;

    fn record(index: u32, issues: usize) -> RecordResult {
        let issues = vec![rules::PAYLOAD_MISSING.issue(None); issues];
        let settlement = Settlement::ended(Outcome::Rejected, issues.into(), 0);
        RecordResult { index, id: Arc::from(index.to_string()), settlement }
    }

    fn ask(page_token: String) -> Result<ParsedPage, Status> {
        parse_page(pb::ListResultsRequest { batch_id: "b".into(), page_token, ..Default::default() })
    }

    #[test]
    fn a_filter_lets_through_what_meets_every_condition() {
        let let_through = |outcomes: &[pb::Outcome], failures_only| {
            let outcomes = outcomes.iter().map(|outcome| *outcome as i32).collect();
            super::outcomes(pb::ResultFilter { outcomes, failures_only }).unwrap()
        };
        assert_eq!(let_through(&[], false), Outcome::ALL);
        assert_eq!(let_through(&[], true).len(), 5);
        let both = [pb::Outcome::Failed, pb::Outcome::Stored, pb::Outcome::Failed];
        assert_eq!(let_through(&both, false), [Outcome::Stored, Outcome::Failed]);
        assert_eq!(let_through(&both, true), [Outcome::Failed]);
        assert!(super::outcomes(pb::ResultFilter { outcomes: vec![0], failures_only: false }).is_err());
    }

    #[test]
    fn a_moment_before_1970_has_a_positive_fraction() {
        let time = timestamp(Timestamp::from_millisecond(-1_500).unwrap());
        assert_eq!((time.seconds, time.nanos), (-2, 500_000_000));
    }

    proptest! {
        #[test]
        fn pages_hold_every_result_once_and_stay_within_the_limit(
            sizes in prop::collection::vec(0usize..20, 0..400),
            most in 1usize..100,
        ) {
            let max_size = 16 * 1024;
            let (mut token, mut indexes) = (String::new(), Vec::new());
            loop {
                let parsed = ask(token).unwrap();
                let from = parsed.page.from as usize;
                let left = sizes.len() - from;
                let results = (from..).take(left.min(most)).map(|index| record(index as u32, sizes[index])).collect();
                let response = page_response(parsed, ResultPage { results, more: left > most }, max_size);
                prop_assert!(response.encoded_len() <= max_size);
                indexes.extend(response.results.iter().map(|result| result.index));
                token = response.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(indexes, (0..sizes.len() as u32).collect::<Vec<_>>());
        }
    }
}
