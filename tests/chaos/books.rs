//! What callers were told, held against what the database holds and what the hospitals were asked.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use dataprocessing::server::pb::{BatchProcessResponse, Outcome, RecordResult, Summary};
use tonic::{Code, Status};

use super::{
    batch::{Batch, Key},
    finding::Balance,
};

/// What has been told of every patient that was ever sent.
#[derive(Default)]
pub(crate) struct Books(Mutex<State>);

#[derive(Default)]
struct State {
    told: HashMap<Key, Told>,
    /// What the last answer to a batch said, by batch and index.
    answered: HashMap<String, Vec<Outcome>>,
}

#[derive(Default)]
struct Told {
    /// Once told, it holds for ever.
    stored: bool,
    /// Calls that may have stored the patient and have not said so.
    open: u32,
}

/// What stands in the database.
pub(crate) struct Shelf {
    /// Patients, and what their hospital sent.
    pub patients: Vec<(Key, Vec<u8>)>,
    /// Outcomes: batch, index, and what became of the record.
    pub outcomes: Vec<(String, u32, String)>,
}

impl Books {
    /// A batch is about to be sent: from now on its records may be stored.
    pub(crate) fn open(&self, batch: &Batch) {
        let mut state = self.state();
        state.answered.remove(batch.id());
        for key in &batch.keys {
            state.told.entry(key.clone()).or_default().open += 1;
        }
    }

    /// A batch was answered. A call that ended without an answer leaves its records open, as one does that
    /// nobody waited for.
    pub(crate) fn close(&self, batch: &Batch, answer: &Result<BatchProcessResponse, Status>) {
        match answer {
            Ok(response) => self.take_in(batch, response),
            Err(status) if refused_as_a_whole(status) => {
                let mut state = self.state();
                batch.keys.iter().for_each(|key| state.told(key).open -= 1);
            }
            Err(_) => {}
        }
    }

    fn take_in(&self, batch: &Batch, response: &BatchProcessResponse) {
        audit(batch, response);
        let mut state = self.state();
        for (key, result) in batch.keys.iter().zip(&response.results) {
            let told = state.told(key);
            told.stored |= is_stored(result.outcome());
            told.open -= u32::from(!may_be_stored(result));
        }
        let outcomes = response.results.iter().map(RecordResult::outcome).collect();
        state.answered.insert(batch.id().to_owned(), outcomes);
    }

    /// Whether every record of a batch was stored by one answer or another.
    pub(crate) fn all_stored(&self, batch: &Batch) -> bool {
        let mut state = self.state();
        batch.keys.iter().all(|key| state.told(key).stored)
    }

    /// Holds everything told so far against the database, and every patient in it against what its hospital
    /// was asked. Panics when anything is stored that nobody can have stored.
    pub(crate) fn balance(&self, shelf: &Shelf, was_asked: impl Fn(&Key) -> bool) -> Balance {
        let state = self.state();
        let mut there = HashSet::new();
        let doubled = shelf.patients.iter().filter(|(key, _)| !there.insert(key)).count();
        let mut settled = HashSet::new();
        let twice = shelf.outcomes.iter().filter(|(batch, index, _)| !settled.insert((batch, index)));
        for (key, raw) in &shelf.patients {
            let told = state.told.get(key).unwrap_or_else(|| panic!("{key:?} was never sent"));
            assert!(told.stored || told.open > 0, "{key:?} is stored, and its callers were told otherwise");
            assert!(was_asked(key), "{key:?} is stored, and its hospital was never asked");
            let raw: serde_json::Value = serde_json::from_slice(raw).expect("what the hospital sent");
            assert_eq!(raw["rec_id"], key.patient_id, "the patient has another one's record");
        }
        let lost = state.told.iter().filter(|(key, told)| told.stored && !there.contains(key)).count();
        Balance { records: state.told.len(), lost, doubled: doubled + twice.count() }
    }

    /// Where the database has another outcome than the callers were told last, of those that count as stored.
    /// A batch that was cut writes its last outcomes after it has answered.
    pub(crate) fn disagreements(&self, shelf: &Shelf) -> Vec<String> {
        let written: HashMap<(&str, u32), &str> = shelf
            .outcomes
            .iter()
            .map(|(batch, index, outcome)| ((batch.as_str(), *index), outcome.as_str()))
            .collect();
        let state = self.state();
        let told = state.answered.iter().flat_map(|(batch, outcomes)| {
            outcomes.iter().zip(0..).map(move |(outcome, index)| (batch.as_str(), index, *outcome))
        });
        told.filter(|(_, _, outcome)| is_stored(*outcome))
            .map(|(batch, index, outcome)| (batch, index, named(outcome), written.get(&(batch, index))))
            .filter(|(.., told, written)| written.is_none_or(|written| told != written))
            .map(|(batch, index, told, written)| {
                format!("record {index} of {batch}: {told}, written {written:?}")
            })
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn told(&mut self, key: &Key) -> &mut Told {
        self.told.get_mut(key).expect("the batch was opened")
    }
}

/// Checks that an answer is whole: every record has exactly one outcome, and the counters are those outcomes.
fn audit(batch: &Batch, response: &BatchProcessResponse) -> Summary {
    let summary = response.summary.clone().expect("every response has a summary");
    assert_eq!(summary.received as usize, batch.len(), "all records were received");
    let indexes = response.results.iter().map(|result| result.index as usize);
    assert!(indexes.eq(0..batch.len()), "every record has exactly one result");
    let sent = response.results.iter().zip(&batch.keys);
    assert!(sent.into_iter().all(|(result, key)| result.id == key.patient_id), "each with its own id");
    let counted = |outcome| response.results.iter().filter(|result| result.outcome() == outcome).count();
    let counters = [
        (Outcome::Stored, summary.stored),
        (Outcome::Unchanged, summary.unchanged),
        (Outcome::Failed, summary.failed),
        (Outcome::NotAttempted, summary.not_attempted),
    ];
    for (outcome, counter) in counters {
        assert_eq!(counted(outcome), counter as usize, "{}", outcome.as_str_name());
    }
    let sum: u32 = counters.iter().map(|(_, counter)| counter).sum();
    assert_eq!(sum, summary.received, "nothing else can become of sound records of patients sent once");
    assert!(codes(response).all(|code| code != "INTERNAL"), "a bug failed a record");
    summary
}

/// The codes of what failed records failed of.
pub(crate) fn codes(response: &BatchProcessResponse) -> impl Iterator<Item = &str> {
    let failed = response.results.iter().filter(|result| result.outcome() == Outcome::Failed);
    failed.filter_map(|result| result.issues.first()).map(|issue| issue.code.as_str())
}

pub(crate) fn is_stored(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Stored | Outcome::Unchanged)
}

fn may_be_stored(result: &RecordResult) -> bool {
    result.outcome() == Outcome::Failed
        && result.issues.iter().any(|issue| issue.code == "STORE_OUTCOME_UNKNOWN")
}

/// Such a status comes from the service and says that no record was processed.
fn refused_as_a_whole(status: &Status) -> bool {
    !status.details().is_empty() && status.code() != Code::Internal
}

fn named(outcome: Outcome) -> String {
    outcome.as_str_name().trim_start_matches("OUTCOME_").to_lowercase()
}
