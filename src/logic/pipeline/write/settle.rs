//! What the answer of the store means for a record.

use std::sync::Arc;

use cleaning::{
    issue::Issue,
    outcome::{Failure, Outcome},
};

use crate::{
    logic::ledger::Settlement,
    model::{Row, Written},
};

/// How a patient is settled by the answer of the store.
pub(super) fn settlement(row: &Row, written: Written) -> Settlement {
    let issues = with_store_issues(&row.issues, written);
    let ended = |outcome| Settlement::ended(outcome, Arc::clone(&issues), row.attempts);
    let failed = |failure| Settlement::failed(failure, &issues, row.attempts);
    match written {
        Written::Stored { .. } => ended(Outcome::Stored),
        Written::Unchanged => ended(Outcome::Unchanged),
        Written::Stale => ended(Outcome::Stale),
        Written::Superseded => ended(Outcome::Superseded),
        // The same data would be refused again.
        Written::Refused => Settlement { retryable: false, ..failed(Failure::StoreFailed) },
        Written::Unavailable | Written::Recorded => failed(Failure::StoreFailed),
        Written::Unknown => failed(Failure::StoreOutcomeUnknown),
    }
}

/// Whether the row of the record, or that of another one, may differ from what the ledger is told. The outcome of a
/// streamed record that was superseded has gone out before.
pub(super) fn makes_counters_unreliable(written: Written) -> bool {
    match written {
        Written::Stored { replaced, .. } => replaced.is_some(),
        Written::Refused | Written::Unavailable | Written::Unknown => true,
        Written::Recorded | Written::Unchanged | Written::Stale | Written::Superseded => false,
    }
}

/// The issues of a record with those of the store, which are warnings and therefore come last.
fn with_store_issues(issues: &Arc<[Issue]>, written: Written) -> Arc<[Issue]> {
    let found: Vec<Issue> = written.issues().collect();
    if found.is_empty() { Arc::clone(issues) } else { issues.iter().cloned().chain(found).collect() }
}
