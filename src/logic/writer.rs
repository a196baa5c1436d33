//! The writer of a batch: gathers verified patients and settled outcomes into chunks, hands them to the
//! store, and settles what comes back.
//!
//! It is a task of the process, not of the call: a statement that was sent is never dropped, and its answer
//! is read even after the batch has answered. Its queue holds the whole batch, so handing over never waits.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{
    intake::Head,
    ledger::{Attempt, Ledger, Settlement},
    timings::Timings,
};
use crate::{
    domain::{
        issue::Issue,
        outcome::{Failure, Outcome},
        phi::Phi,
    },
    model::{Chunk, Content, FinishedBatch, Row, Store, Written},
};

/// How long the last words of a batch may take once it has answered.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where records are handed over to the writer.
#[derive(Clone)]
pub(super) struct WriterHandle(mpsc::Sender<Entry>);

/// One record on its way to the store: a patient with the attempt that waits for the answer, or an outcome
/// that is settled already.
pub(super) struct Entry {
    pub row: Row,
    pub attempt: Option<Attempt>,
}

/// The end of a batch: what the ledger says of every record, and the batch's own row.
pub(super) struct Closing {
    pub settlements: Arc<[Settlement]>,
    pub batch: FinishedBatch,
}

/// The writer of one batch.
pub(super) struct Writer {
    pub store: Arc<dyn Store>,
    pub batch_id: Arc<str>,
    pub ledger: Arc<Ledger>,
    pub heads: Arc<[Head]>,
    pub timings: Arc<Timings>,
    pub chunk_rows: usize,
    pub linger: Duration,
    /// Until when a chunk may be written.
    pub answer_at: Instant,
    /// Cancelled when chunks must not wait for more.
    pub cut: CancellationToken,
}

impl WriterHandle {
    /// A queue with room for every record of a batch, once as a patient or as an outcome.
    pub fn new(records: usize) -> (Self, mpsc::Receiver<Entry>) {
        let (sender, receiver) = mpsc::channel(records.max(1));
        (Self(sender), receiver)
    }

    /// Hands a record over. Never waits: each record is handed over once at most, and the queue has room
    /// for all. A writer that has ended drops the record, whose attempt was closed by then.
    pub fn hand_over(&self, entry: Entry) {
        if let Err(refused) = self.0.try_send(entry)
            && let Some(attempt) = refused.into_inner().attempt
        {
            attempt.leave();
        }
    }
}

impl Writer {
    /// Writes until the batch closes, then the last words.
    pub async fn run(self, mut entries: mpsc::Receiver<Entry>, mut closing: oneshot::Receiver<Closing>) {
        let mut buffer = Buffer::new(self.heads.len());
        loop {
            let room = self.chunk_rows - buffer.entries.len();
            tokio::select! {
                biased;
                closing = &mut closing => {
                    while let Ok(entry) = entries.try_recv() {
                        buffer.entries.push(entry);
                    }
                    if let Ok(closing) = closing {
                        self.conclude(buffer, closing).await;
                    }
                    return;
                }
                received = entries.recv_many(&mut buffer.entries, room), if !entries.is_closed() => {
                    buffer.received(received, self.linger);
                }
                () = tokio::time::sleep_until(buffer.flush_at), if !buffer.entries.is_empty() => {
                    buffer.flush_now = true;
                }
                () = self.cut.cancelled(), if !buffer.entries.is_empty() => {
                    buffer.flush_now = true;
                }
            }
            if self.is_due(&buffer) {
                self.flush(&mut buffer, self.answer_at).await;
            }
        }
    }

    /// A chunk is due when it is full, when it has lingered, and when nothing else of the batch can come:
    /// every record that is not settled stands in it.
    fn is_due(&self, buffer: &Buffer) -> bool {
        buffer.flush_now
            || buffer.entries.len() >= self.chunk_rows
            || (!buffer.entries.is_empty() && buffer.unsettled() == self.ledger.unsettled())
    }

    /// Writes one chunk of what the buffer holds.
    async fn flush(&self, buffer: &mut Buffer, until: Instant) {
        let (rows, attempts) = buffer.take(self.chunk_rows);
        if rows.is_empty() {
            return;
        }
        let started = Instant::now();
        let chunk = Chunk { batch_id: Arc::clone(&self.batch_id), rows };
        let written = self.store.write(&chunk, until).await;
        self.timings.write.add(started.elapsed());
        for ((row, attempt), written) in chunk.rows.into_iter().zip(attempts).zip(written) {
            buffer.note(row, attempt.is_some(), written);
            if let Some((attempt, issues)) = attempt {
                self.settle(attempt, issues, written);
            }
        }
    }

    fn settle(&self, attempt: Attempt, issues: Arc<[Issue]>, written: Written) {
        let issues = with_findings(issues, written);
        let ended = |outcome| Settlement::ended(outcome, Arc::clone(&issues), 1);
        let failed = |failure| Settlement::failed(failure, &issues, 1);
        let settlement = match written {
            Written::Stored { replaced, .. } => {
                // Noted before the winner is settled: the last settlement may close the ledger.
                if let Some(loser) = replaced {
                    self.ledger.supersede(loser);
                }
                ended(Outcome::Stored)
            }
            Written::Unchanged => ended(Outcome::Unchanged),
            Written::Stale => ended(Outcome::Stale),
            Written::Superseded => ended(Outcome::Superseded),
            // The same data would be refused again.
            Written::Refused => Settlement { retryable: false, ..failed(Failure::StoreFailed) },
            Written::Unavailable | Written::Recorded => failed(Failure::StoreFailed),
            Written::Unknown => failed(Failure::StoreOutcomeUnknown),
        };
        attempt.settle(settlement);
    }

    /// Writes what is still in the buffer, then the outcomes that no chunk carried, then the batch's row.
    async fn conclude(&self, mut buffer: Buffer, closing: Closing) {
        let until = Instant::now() + LAST_WORDS;
        while !buffer.entries.is_empty() {
            self.flush(&mut buffer, until).await;
        }
        let mut left = std::mem::take(&mut buffer.unwritten);
        for ((head, settlement), index) in self.heads.iter().zip(closing.settlements.iter()).zip(0..) {
            if !buffer.known[index as usize] {
                let content = Content::Settled(settlement.outcome);
                let Settlement { issues, attempts, .. } = settlement;
                left.push(head.row(index, Phi::default(), issues, Arc::default(), *attempts, content));
            }
        }
        let mut lost = 0usize;
        let mut left = left.into_iter().peekable();
        while left.peek().is_some() {
            let rows: Vec<_> = left.by_ref().take(self.chunk_rows).collect();
            let chunk = Chunk { batch_id: Arc::clone(&self.batch_id), rows };
            let written = self.store.write(&chunk, until).await;
            lost += written.iter().filter(|written| **written != Written::Recorded).count();
        }
        if lost > 0 {
            warn!(batch_id = %self.batch_id, records = lost, "outcomes could not be written to the store");
        }
        if let Err(error) = self.store.finish(&closing.batch, until).await {
            error!(batch_id = %self.batch_id, %error, "the end of the batch could not be written to the store");
        }
    }
}

/// The issues of a record with what the store has found about it; they are warnings, so they come last.
fn with_findings(issues: Arc<[Issue]>, written: Written) -> Arc<[Issue]> {
    let found: Vec<Issue> = written.findings().collect();
    if found.is_empty() { issues } else { issues.iter().cloned().chain(found).collect() }
}

/// What the writer holds, and what it knows of the store's books.
struct Buffer {
    entries: Vec<Entry>,
    flush_at: Instant,
    flush_now: bool,
    /// By index: the store has the record's outcome, or may have it.
    known: Vec<bool>,
    /// Settled outcomes that the store did not take, to be tried once more at the end.
    unwritten: Vec<Row>,
}

type WaitingAttempt = Option<(Attempt, Arc<[Issue]>)>;

impl Buffer {
    fn new(records: usize) -> Self {
        Self {
            entries: Vec::new(),
            flush_at: Instant::now(),
            flush_now: false,
            known: vec![false; records],
            unwritten: Vec::new(),
        }
    }

    fn received(&mut self, count: usize, linger: Duration) {
        if count == self.entries.len() {
            self.flush_at = Instant::now() + linger;
        }
    }

    fn unsettled(&self) -> u32 {
        self.entries.iter().filter(|entry| entry.attempt.is_some()).count() as u32
    }

    /// Takes the rows that may still be written: those of a closed batch may not.
    fn take(&mut self, most: usize) -> (Vec<Row>, Vec<WaitingAttempt>) {
        self.flush_now = false;
        let count = self.entries.len().min(most);
        let (mut rows, mut attempts) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for Entry { row, attempt } in self.entries.drain(..count) {
            match attempt {
                Some(attempt) if !attempt.write() => attempt.leave(),
                attempt => {
                    attempts.push(attempt.map(|attempt| (attempt, Arc::clone(&row.issues))));
                    rows.push(row);
                }
            }
        }
        (rows, attempts)
    }

    fn note(&mut self, row: Row, is_patient: bool, written: Written) {
        match written {
            Written::Unavailable if is_patient => {}
            Written::Unavailable => {
                self.known[row.index as usize] = true;
                self.unwritten.push(row);
            }
            _ => self.known[row.index as usize] = true,
        }
    }
}
