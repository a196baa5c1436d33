//! Writes a chunk until it is done or time is up: transient faults are retried, and a chunk with bad data is bisected
//! until the bad row is alone.

use async_trait::async_trait;
use tokio::time::Instant;

use super::{connection::backoff::Backoff, prepared_row::PreparedRow, transaction::Task};
use crate::model::{Chunk, StoreError, Written};

/// Runs one transaction.
#[async_trait]
pub(super) trait Transact: Sync {
    /// Runs it to its commit, or returns why it was not committed.
    async fn transact(&self, task: Task<'_>, until: Instant) -> Result<Vec<Written>, Aborted>;
}

/// A transaction whose commit was not answered.
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

/// Writes the rows of a chunk, and returns one result per row in their order.
pub(super) async fn write(store: &impl Transact, chunk: &Chunk, until: Instant) -> Vec<Written> {
    let mut results = vec![Written::Unavailable; chunk.rows.len()];
    let rows = chunk.rows.iter().enumerate();
    let mut rows: Vec<_> = rows.map(|(position, row)| PreparedRow::new(position, row)).collect();
    // In the order that transactions need: sorted here, they are sorted before there is a connection to hold.
    rows.sort_unstable_by_key(PreparedRow::sort_key);
    let writing = ChunkWriting { store, batch_id: &chunk.batch_id, resumes: chunk.resumes, until };
    let refused = writing.write(rows, |position, written| results[position] = written).await;
    for row in &refused {
        results[row.position] = Written::Refused;
    }
    // Their outcome is written, too. If even that is refused or time is up, the results still tell it.
    let failures = refused.into_iter().map(PreparedRow::refused).collect();
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
                if !is_retryable(&error) || !backoff.wait().await {
                    return Err(error);
                }
            }
        }
    }
}

struct ChunkWriting<'s, S> {
    store: &'s S,
    batch_id: &'s str,
    resumes: bool,
    until: Instant,
}

impl<S: Transact> ChunkWriting<'_, S> {
    /// Writes the rows, reports the result of each, and returns those whose data is refused.
    async fn write<'a>(
        &self,
        rows: Vec<PreparedRow<'a>>,
        mut report: impl FnMut(usize, Written),
    ) -> Vec<PreparedRow<'a>> {
        let mut refused = Vec::new();
        let mut pieces = vec![rows];
        while let Some(mut piece) = pieces.pop() {
            if piece.is_empty() {
                continue;
            }
            match self.write_piece(&mut piece).await {
                Piece::Written(results) => {
                    for (row, written) in piece.iter().zip(results) {
                        report(row.position, written);
                    }
                }
                Piece::GivenUp => {
                    for row in &piece {
                        report(row.position, row.given_up());
                    }
                }
                Piece::BadData if piece.len() == 1 => refused.append(&mut piece),
                Piece::BadData => {
                    let second = piece.split_off(piece.len() / 2);
                    pieces.extend([second, piece]);
                }
            }
        }
        refused
    }

    async fn write_piece(&self, rows: &mut [PreparedRow<'_>]) -> Piece {
        let mut backoff = Backoff::new(self.until);
        let mut is_first_try = true;
        loop {
            let task = Task::Rows { batch_id: self.batch_id, resumes: self.resumes, is_first_try, rows };
            let Aborted { error, tentative } = match self.store.transact(task, self.until).await {
                Ok(results) => return Piece::Written(results),
                Err(aborted) => aborted,
            };
            is_first_try = false;
            // The rows may be committed. Writing them again finds out: it meets its own rows.
            for (row, written) in rows.iter_mut().zip(tentative) {
                row.unconfirmed = Some(written);
            }
            if matches!(error, StoreError::Data(_)) {
                tracing::debug!(batch_id = self.batch_id, rows = rows.len(), %error, "data refused");
                return Piece::BadData;
            }
            if matches!(error, StoreError::NotTried) {
                // The caller that found the store down has logged it.
                tracing::debug!(batch_id = self.batch_id, rows = rows.len(), %error, "rows given up");
                return Piece::GivenUp;
            }
            if !is_retryable(&error) || !backoff.wait().await {
                tracing::warn!(batch_id = self.batch_id, rows = rows.len(), %error, "rows given up");
                return Piece::GivenUp;
            }
            tracing::debug!(batch_id = self.batch_id, rows = rows.len(), %error, "trying again");
        }
    }
}

/// How one piece of a chunk ended.
enum Piece {
    Written(Vec<Written>),
    BadData,
    GivenUp,
}

fn is_retryable(error: &StoreError) -> bool {
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
    use crate::model::{Content, Overwritten, Row};
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
        positions: Vec<usize>,
        failed: bool,
        unconfirmed: Vec<Option<Written>>,
    }

    #[async_trait]
    impl Transact for Scripted {
        async fn transact(&self, task: Task<'_>, _until: Instant) -> Result<Vec<Written>, Aborted> {
            let Task::Rows { rows, .. } = task else { return Ok(Vec::new()) };
            let failed = rows.iter().any(|row| matches!(row.content, Content::Settled(Outcome::Failed)));
            let positions: Vec<usize> = rows.iter().map(|row| row.position).collect();
            let bad = !failed && positions.iter().any(|position| self.bad.contains(position));
            let unconfirmed = rows.iter().map(|row| row.unconfirmed).collect();
            self.calls.lock().unwrap().push(Call { positions, failed, unconfirmed });
            match self.script.lock().unwrap().pop_front() {
                Some(answer) => answer,
                None if bad => Err(StoreError::Data("bad".into()).into()),
                None => Ok(vec![Written::Recorded; rows.len()]),
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
        let refused: Vec<usize> = (0..10).filter(|position| results[*position] == Written::Refused).collect();
        assert_eq!(refused, [3, 7]);
        assert_eq!(results.iter().filter(|result| **result == Written::Recorded).count(), 8);
        let last = store.calls.lock().unwrap().last().cloned().unwrap();
        assert_eq!(last, Call { positions: vec![3, 7], failed: true, unconfirmed: vec![None, None] });
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
