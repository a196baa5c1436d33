//! Writing until it is done or time is up: passing faults are tried again, chunks with bad data are taken
//! apart until the bad row is alone.

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Chunk, StoreError, Written, backoff::Backoff, entry::Entry, transaction::Task};

/// Runs one transaction.
#[async_trait]
pub(super) trait Transact: Sync {
    /// Runs it to its commit, or says why it was not committed.
    async fn transact(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted>;
}

/// A transaction without an answered commit.
pub(super) struct Aborted {
    pub(super) error: StoreError,
    /// What became of the rows if the commit went through after all; only with
    /// [`StoreError::OutcomeUnknown`].
    pub(super) tentative: Vec<Written>,
}

impl From<StoreError> for Aborted {
    fn from(error: StoreError) -> Self {
        Self { error, tentative: Vec::new() }
    }
}

/// Writes the rows of a chunk, and answers one result per row in their order.
pub(super) async fn write(store: &impl Transact, chunk: &Chunk, until: Instant) -> Vec<Written> {
    let mut results = vec![Written::Unavailable; chunk.rows.len()];
    let rows = chunk.rows.iter().enumerate();
    let mut entries: Vec<_> = rows.map(|(place, row)| Entry::new(place, row)).collect();
    // As transactions want them: sorted here, they are sorted before there is a connection to hold.
    entries.sort_unstable_by_key(Entry::order);
    let writing = Writing { store, batch_id: &chunk.batch_id, resumes: chunk.resumes, until };
    let refused = writing.write(entries, |place, written| results[place] = written).await;
    for entry in &refused {
        results[entry.place] = Written::Refused;
    }
    // That they failed is worth a row too. When even that is refused or time is up, the answer to the
    // caller still says so.
    let failures = refused.into_iter().map(Entry::refused).collect();
    writing.write(failures, |_, _| ()).await;
    results
}

/// Runs a task without rows until it is done, refused, or out of time.
pub(super) async fn persist(store: &impl Transact, task: Task<'_>, until: Instant) -> Result<(), StoreError> {
    let mut backoff = Backoff::new(until);
    loop {
        match store.transact(task, until).await {
            Ok(_) => return Ok(()),
            Err(Aborted { error, .. }) => {
                if !worth_another_try(&error) || !backoff.wait().await {
                    return Err(error);
                }
            }
        }
    }
}

struct Writing<'s, S> {
    store: &'s S,
    batch_id: &'s str,
    resumes: bool,
    until: Instant,
}

impl<S: Transact> Writing<'_, S> {
    /// Writes the entries, reports what became of each, and answers those whose data is refused.
    async fn write<'a>(
        &self,
        entries: Vec<Entry<'a>>,
        mut report: impl FnMut(usize, Written),
    ) -> Vec<Entry<'a>> {
        let mut refused = Vec::new();
        let mut pieces = vec![entries];
        while let Some(mut piece) = pieces.pop() {
            if piece.is_empty() {
                continue;
            }
            match self.settle(&mut piece).await {
                Settled::Written(results) => {
                    for (entry, written) in piece.iter().zip(results) {
                        report(entry.place, written);
                    }
                }
                Settled::GivenUp => {
                    for entry in &piece {
                        report(entry.place, entry.given_up());
                    }
                }
                Settled::BadData if piece.len() == 1 => refused.append(&mut piece),
                Settled::BadData => {
                    let second = piece.split_off(piece.len() / 2);
                    pieces.extend([second, piece]);
                }
            }
        }
        refused
    }

    async fn settle(&self, entries: &mut [Entry<'_>]) -> Settled {
        let mut backoff = Backoff::new(self.until);
        let mut is_first_try = true;
        loop {
            let task = Task::Rows { batch_id: self.batch_id, resumes: self.resumes, is_first_try, entries };
            let Aborted { error, tentative } = match self.store.transact(task, self.until).await {
                Ok(results) => return Settled::Written(results),
                Err(aborted) => aborted,
            };
            is_first_try = false;
            // The rows may be committed. Writing them again finds out: it meets its own rows.
            for (entry, written) in entries.iter_mut().zip(tentative) {
                entry.unconfirmed = Some(written);
            }
            if matches!(error, StoreError::Data(_)) {
                tracing::debug!(batch_id = self.batch_id, rows = entries.len(), %error, "data refused");
                return Settled::BadData;
            }
            if matches!(error, StoreError::NotTried) {
                // Whoever found out has said so.
                tracing::debug!(batch_id = self.batch_id, rows = entries.len(), %error, "rows given up");
                return Settled::GivenUp;
            }
            if !worth_another_try(&error) || !backoff.wait().await {
                tracing::warn!(batch_id = self.batch_id, rows = entries.len(), %error, "rows given up");
                return Settled::GivenUp;
            }
            tracing::debug!(batch_id = self.batch_id, rows = entries.len(), %error, "trying again");
        }
    }
}

/// How one piece of a chunk ended.
enum Settled {
    Written(Vec<Written>),
    BadData,
    GivenUp,
}

fn worth_another_try(error: &StoreError) -> bool {
    !matches!(error, StoreError::Data(_) | StoreError::NotTried | StoreError::Configuration(_))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use super::*;
    use crate::model::{Content, Overwritten, Row, entry::Work};
    use cleaning::outcome::Outcome;

    /// A store that answers from a script, then takes everything except the rows that it finds bad.
    #[derive(Default)]
    struct Scripted {
        script: Mutex<VecDeque<Result<Vec<Written>, Aborted>>>,
        bad: Vec<usize>,
        calls: Mutex<Vec<Call>>,
    }

    /// What one transaction was asked to write.
    #[derive(Clone, PartialEq, Debug)]
    struct Call {
        places: Vec<usize>,
        failed: bool,
        unconfirmed: Vec<Option<Written>>,
    }

    #[async_trait]
    impl Transact for Scripted {
        async fn transact(&self, task: Task<'_>, _until: Instant) -> Result<Vec<Written>, Aborted> {
            let Task::Rows { entries, .. } = task else { return Ok(Vec::new()) };
            let failed = entries.iter().any(|entry| matches!(entry.work, Work::Outcome(Outcome::Failed)));
            let places: Vec<usize> = entries.iter().map(|entry| entry.place).collect();
            let bad = !failed && places.iter().any(|place| self.bad.contains(place));
            let unconfirmed = entries.iter().map(|entry| entry.unconfirmed).collect();
            self.calls.lock().unwrap().push(Call { places, failed, unconfirmed });
            match self.script.lock().unwrap().pop_front() {
                Some(answer) => answer,
                None if bad => Err(StoreError::Data("bad".into()).into()),
                None => Ok(vec![Written::Recorded; entries.len()]),
            }
        }
    }

    fn chunk(rows: u32) -> Chunk {
        let row = |index| Row {
            index,
            record_id: "r".into(),
            hospital_code: "h".into(),
            raw: bytes::Bytes::from("{}").into(),
            issues: Arc::from([]),
            changes: Arc::from([]),
            attempts: 1,
            retryable: false,
            digest: None,
            content: Content::Settled(Outcome::Valid),
        };
        Chunk { batch_id: "b".into(), resumes: false, rows: (0..rows).map(row).collect() }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(3)
    }

    fn unknown(tentative: Vec<Written>) -> Aborted {
        Aborted { error: StoreError::OutcomeUnknown("lost".into()), tentative }
    }

    #[tokio::test(start_paused = true)]
    async fn bad_rows_are_found_their_neighbours_written_and_their_failure_recorded() {
        let store = Scripted { bad: vec![3, 7], ..Scripted::default() };
        let results = write(&store, &chunk(10), soon()).await;
        let refused: Vec<usize> = (0..10).filter(|place| results[*place] == Written::Refused).collect();
        assert_eq!(refused, [3, 7]);
        assert_eq!(results.iter().filter(|result| **result == Written::Recorded).count(), 8);
        let last = store.calls.lock().unwrap().last().cloned().unwrap();
        assert_eq!(last, Call { places: vec![3, 7], failed: true, unconfirmed: vec![None, None] });
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_fault_is_tried_again() {
        let store = Scripted::default();
        store.script.lock().unwrap().extend([
            Err(StoreError::Transient("deadlock".into()).into()),
            Err(StoreError::Unavailable("restarting".into()).into()),
        ]);
        assert_eq!(write(&store, &chunk(1), soon()).await, [Written::Recorded]);
        assert_eq!(store.calls.lock().unwrap().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_stays_away_is_given_up_in_time() {
        let store = Scripted::default();
        let away = || Err(StoreError::Unavailable("away".into()).into());
        store.script.lock().unwrap().extend(std::iter::repeat_with(away).take(1_000));
        let until = soon();
        assert_eq!(write(&store, &chunk(2), until).await, [Written::Unavailable; 2]);
        assert!(Instant::now() < until);
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_without_an_answer_is_written_again_with_what_it_had_decided() {
        let decided = Written::Stored { replaced: Some(4), overwritten: Overwritten::default() };
        let store = Scripted::default();
        store.script.lock().unwrap().push_back(Err(unknown(vec![decided])));
        assert_eq!(write(&store, &chunk(1), soon()).await, [Written::Recorded]);
        assert_eq!(store.calls.lock().unwrap()[1].unconfirmed, [Some(decided)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_cannot_be_resolved_leaves_its_rows_unknown() {
        let store = Scripted::default();
        let away = || Err(StoreError::Unavailable("away".into()).into());
        store.script.lock().unwrap().push_back(Err(unknown(vec![Written::Unchanged])));
        store.script.lock().unwrap().extend(std::iter::repeat_with(away).take(1_000));
        assert_eq!(write(&store, &chunk(1), soon()).await, [Written::Unknown]);
    }
}
