//! The writer of a batch: gathers verified patients and settled outcomes into chunks, hands them to the
//! store, and settles what comes back.
//!
//! It is a task of the process, not of the call: a statement that was sent is never dropped, and its answer
//! is read even after the batch has answered. Its queue holds every record that has a place in the ledger, so
//! handing over never waits. A settled outcome keeps its place until the store has it, for its row takes memory
//! as long.

use std::{sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::buffer::Buffer;
use super::{
    ledger::{Attempt, Ledger, Receipt, Settlement},
    resend_guard,
    timings::Timings,
};
use crate::model::{Chunk, Content, FinishedBatch, Row, Store, Written};
use cleaning::{
    issue::Issue,
    outcome::{Failure, Outcome},
    phi::Phi,
};

mod buffer;

/// How long the last words of a batch may take once it has answered.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);

/// Where records are handed over to the writer.
#[derive(Clone)]
pub(super) struct WriterHandle(mpsc::Sender<Entry>);

/// One record on its way to the store.
pub(super) struct Entry {
    pub row: Row,
    pub record: Pending,
}

/// What the writer holds of a record.
pub(super) enum Pending {
    /// A patient, to be settled by the store's answer.
    Patient(Attempt),
    /// An outcome that is settled already.
    Outcome(Receipt),
}

/// The end of a batch: the outcomes that only its closing settled, and the batch's own row.
pub(super) struct Closing {
    pub left: Vec<Row>,
    pub batch: FinishedBatch,
}

/// The writer of one batch.
pub(super) struct Writer {
    pub store: Arc<dyn Store>,
    pub batch_id: Arc<str>,
    /// Present if the batch may be sent again; kept until its last words are written.
    pub claim: Option<resend_guard::ResendState>,
    pub ledger: Arc<Ledger>,
    pub timings: Arc<Timings>,
    pub chunk_rows: usize,
    pub linger: Duration,
    /// Until when a chunk may be written.
    pub answer_at: Instant,
    /// Cancelled when chunks must not wait for more.
    pub cut: CancellationToken,
}

impl WriterHandle {
    /// A queue with room for every place of a ledger, once as a patient or as an outcome.
    pub(super) fn new(places: usize) -> (Self, mpsc::Receiver<Entry>) {
        let (sender, receiver) = mpsc::channel(places.max(1));
        (Self(sender), receiver)
    }

    /// Hands a record over. Never waits: each record is handed over once at most, and the queue has room
    /// for all. A writer that has ended drops the record, which its batch has closed by then; the writer may
    /// also have panicked, and dropping the attempt says so.
    pub(super) fn hand_over(&self, entry: Entry) {
        let _ = self.0.try_send(entry);
    }
}

impl Writer {
    /// Writes until the batch closes, then the last words.
    pub(super) async fn run(
        self,
        mut entries: mpsc::Receiver<Entry>,
        mut closing: oneshot::Receiver<Closing>,
    ) {
        let mut buffer = Buffer::new(self.ledger.capacity());
        let mut chunks_in_flight = FuturesUnordered::new();
        loop {
            let room = self.chunk_rows - buffer.entries.len();
            tokio::select! {
                biased;
                closing = &mut closing => {
                    while let Some(landed) = chunks_in_flight.next().await {
                        self.settle_chunk(&mut buffer, landed);
                    }
                    while let Ok(entry) = entries.try_recv() {
                        buffer.entries.push(entry);
                    }
                    if let Ok(closing) = closing {
                        self.conclude(buffer, closing).await;
                    }
                    return;
                }
                Some(landed) = chunks_in_flight.next() => {
                    // Only without another flight, which would not get on while this waits for its connection.
                    if self.settle_chunk(&mut buffer, landed) && chunks_in_flight.is_empty() {
                        self.retry_unwritten(&mut buffer, self.answer_at).await;
                    }
                }
                received = entries.recv_many(&mut buffer.entries, room), if room > 0 && !entries.is_closed() => {
                    buffer.received(received, self.linger);
                }
                // What is in flight delays the store's answer anyway, and more rows at a time cost less.
                () = tokio::time::sleep_until(buffer.flush_at), if chunks_in_flight.is_empty() && buffer.lingers() => {
                    buffer.flush_now = true;
                }
                () = self.cut.cancelled(), if buffer.lingers() => {
                    buffer.flush_now = true;
                }
            }
            while chunks_in_flight.len() < self.most_in_flight(&buffer) && self.is_due(&buffer) {
                chunks_in_flight.extend(self.start_chunk(&mut buffer, self.answer_at));
            }
        }
    }

    /// How many chunks may be with the store: as many as it writes at a time, so that one gets on while another is
    /// made durable. The first one goes alone, for it also opens the batch's row. So does each as long as the store
    /// has refused outcomes, which are tried again between two of them.
    fn most_in_flight(&self, buffer: &Buffer) -> usize {
        if buffer.has_landed && buffer.unwritten.is_empty() { self.store.writers() } else { 1 }
    }

    /// A chunk is due when it is full, when it has lingered, and when nothing else of the batch can come:
    /// every record that is not settled stands in it, or is with the store.
    fn is_due(&self, buffer: &Buffer) -> bool {
        buffer.flush_now
            || buffer.entries.len() >= self.chunk_rows
            || (!buffer.entries.is_empty() && buffer.unsettled() == self.ledger.unsettled())
    }

    /// Takes one chunk of what the buffer holds and writes it; nothing if none of it may be written any more.
    fn start_chunk(
        &self,
        buffer: &mut Buffer,
        until: Instant,
    ) -> Option<impl Future<Output = WrittenChunk> + use<'_>> {
        let (rows, held) = buffer.take(self.chunk_rows);
        (!rows.is_empty()).then_some(async move {
            let (rows, written) = self.write(rows, until).await;
            WrittenChunk { rows, held, written }
        })
    }

    /// Settles the records of a chunk. Answers whether the store takes rows.
    fn settle_chunk(&self, buffer: &mut Buffer, landed: WrittenChunk) -> bool {
        let mut is_there = true;
        buffer.landed(&landed.held);
        let WrittenChunk { rows, held, written } = landed;
        for ((row, held), written) in rows.into_iter().zip(held).zip(written) {
            is_there &= written != Written::Unavailable;
            buffer.counters_unreliable |= is_in_doubt(written);
            match held {
                Pending::Patient(attempt) => self.settle(attempt, row, written, buffer),
                // The receipt has been kept until now, so a result that goes out is in the books.
                Pending::Outcome(_receipt) => buffer.keep((written == Written::Unavailable).then_some(row)),
            }
        }
        is_there
    }

    /// Writes down outcomes that the store did not take before, until it takes none.
    async fn retry_unwritten(&self, buffer: &mut Buffer, until: Instant) {
        while !buffer.unwritten.is_empty() {
            let count = buffer.unwritten.len().min(self.chunk_rows);
            let (rows, written) = self.write(buffer.unwritten.drain(..count).collect(), until).await;
            let unwritten = |(_, written): &(Row, Written)| *written == Written::Unavailable;
            let before = buffer.unwritten.len();
            buffer.unwritten.extend(rows.into_iter().zip(written).filter(unwritten).map(|(row, _)| row));
            if buffer.unwritten.len() > before {
                return;
            }
        }
    }

    async fn write(&self, rows: Vec<Row>, until: Instant) -> (Vec<Row>, Vec<Written>) {
        let started = Instant::now();
        let chunk = Chunk { batch_id: Arc::clone(&self.batch_id), resumes: self.resumes(), rows };
        let written = self.store.write(&chunk, until).await;
        self.timings.write.add(started.elapsed());
        (chunk.rows, written)
    }

    fn resumes(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.resumes)
    }

    /// Settles a patient by the store's answer. Keeps the row of the outcome if the store does not have it.
    fn settle(&self, attempt: Attempt, row: Row, written: Written, buffer: &mut Buffer) {
        let settlement = self.settlement(&row, written);
        let unwritten = (written == Written::Unavailable).then(|| settlement.clone());
        let counted = attempt.settle(settlement).is_some();
        buffer.counters_unreliable |= !counted;
        let Some(settlement) = unwritten else { return };
        // A batch that has closed meanwhile has told its caller otherwise.
        let told = || Settlement::failed(Failure::StoreOutcomeUnknown, &[], row.attempts);
        let told = if counted { settlement } else { told() };
        let Settlement { outcome, issues, attempts, retryable } = told;
        let content = Content::Settled(outcome);
        buffer.keep(Some(Row {
            raw: Phi::default(),
            issues,
            changes: Arc::default(),
            attempts,
            retryable,
            content,
            ..row
        }));
    }

    fn settlement(&self, row: &Row, written: Written) -> Settlement {
        let issues = with_findings(Arc::clone(&row.issues), written);
        let ended = |outcome| Settlement::ended(outcome, Arc::clone(&issues), row.attempts);
        let failed = |failure| Settlement::failed(failure, &issues, row.attempts);
        match written {
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
        }
    }

    /// Writes what is still in the buffer, then the outcomes that no chunk carried, then the batch's row. Of a
    /// batch that was sent again and answered as it stands in the books, nothing is written.
    async fn conclude(&self, mut buffer: Buffer, mut closing: Closing) {
        let until = Instant::now() + CLOSING_LIMIT;
        buffer.wrote |= !closing.left.is_empty();
        while !buffer.entries.is_empty() {
            if let Some(flight) = self.start_chunk(&mut buffer, until) {
                let landed = flight.await;
                self.settle_chunk(&mut buffer, landed);
            }
        }
        buffer.unwritten.extend(closing.left);
        self.retry_unwritten(&mut buffer, until).await;
        let lost = buffer.lost + buffer.unwritten.len();
        if lost > 0 {
            warn!(batch_id = %self.batch_id, records = lost, "outcomes could not be written to the store");
        }
        let ended_before = self.claim.as_ref().and_then(|claim| claim.ended);
        if !buffer.wrote && ended_before == Some(closing.batch.completion) {
            return;
        }
        if self.resumes() || buffer.counters_unreliable || lost > 0 {
            closing.batch.by_outcome = None;
        }
        if let Err(error) = self.store.finish_batch(&closing.batch, until).await {
            error!(batch_id = %self.batch_id, %error, "the end of the batch could not be written to the store");
        }
    }
}

/// The issues of a record with what the store has found about it; they are warnings, so they come last.
fn with_findings(issues: Arc<[Issue]>, written: Written) -> Arc<[Issue]> {
    let found: Vec<Issue> = written.issues().collect();
    if found.is_empty() { issues } else { issues.iter().cloned().chain(found).collect() }
}

/// Whether the row of the record, or that of another one, may say something else than the ledger is told: an outcome
/// of a stream that was superseded has gone out before.
fn is_in_doubt(written: Written) -> bool {
    match written {
        Written::Stored { replaced, .. } => replaced.is_some(),
        Written::Refused | Written::Unavailable | Written::Unknown => true,
        Written::Recorded | Written::Unchanged | Written::Stale | Written::Superseded => false,
    }
}

/// A chunk with the store's answer.
struct WrittenChunk {
    rows: Vec<Row>,
    held: Vec<Pending>,
    written: Vec<Written>,
}
