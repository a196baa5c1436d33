//! The fourth stage: one task per batch gathers verified patients and settled outcomes into chunks, hands them to
//! the store, and settles the records by its answers.
//!
//! It is a task of the process, not of the call: a statement that was sent is never dropped, and its answer is read
//! even after the batch has answered. A settled outcome keeps its slot until the store has it, because its row takes
//! memory as long.

mod buffer;
mod settle;

use std::{sync::Arc, time::Duration};

use cleaning::{outcome::Failure, phi::Phi};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tracing::{error, warn};

use self::{
    buffer::Buffer,
    settle::{makes_counters_unreliable, settlement},
};
use crate::{
    logic::{
        batch::{BatchShared, QueuedRow, ResendState, WriteHandle},
        ledger::{Attempt, Settlement},
    },
    model::{Chunk, Content, FinishedBatch, Row, Store, Written},
};

/// How long closing a batch may write once the batch has answered.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);

/// The end of a batch: the outcomes that only its closing settled, and the row of the batch itself.
pub(crate) struct Closing {
    pub left: Vec<Row>,
    pub batch: FinishedBatch,
}

/// The writer of one batch.
pub(crate) struct Writer {
    pub batch: Arc<BatchShared>,
    pub store: Arc<dyn Store>,
    /// Present if the batch may be sent again; its lease is kept until the closing is written.
    pub resend: Option<ResendState>,
    pub chunk_rows: usize,
    /// Longest time that a row waits for others.
    pub linger: Duration,
}

/// A chunk with the answer of the store.
struct WrittenChunk {
    rows: Vec<Row>,
    handles: Vec<WriteHandle>,
    written: Vec<Written>,
}

impl Writer {
    /// Writes until the batch closes, then the closing.
    pub(crate) async fn run(
        self,
        mut queue: mpsc::Receiver<QueuedRow>,
        mut closing: oneshot::Receiver<Closing>,
    ) {
        let answer_at = self.batch.cutoffs.answer_at;
        let mut buffer = Buffer::new(self.batch.ledger.capacity());
        let mut chunks_in_flight = FuturesUnordered::new();
        loop {
            let room = self.chunk_rows - buffer.rows.len();
            tokio::select! {
                biased;
                closing = &mut closing => {
                    while let Some(chunk) = chunks_in_flight.next().await {
                        self.settle_chunk(&mut buffer, chunk);
                    }
                    while let Ok(row) = queue.try_recv() {
                        buffer.rows.push(row);
                    }
                    if let Ok(closing) = closing {
                        self.close(buffer, closing).await;
                    }
                    return;
                }
                Some(chunk) = chunks_in_flight.next() => {
                    // Only without another chunk in flight, which would not get on while this waits for its connection.
                    if self.settle_chunk(&mut buffer, chunk) && chunks_in_flight.is_empty() {
                        self.retry_unwritten(&mut buffer, answer_at).await;
                    }
                }
                received = queue.recv_many(&mut buffer.rows, room), if room > 0 && !queue.is_closed() => {
                    buffer.mark_received(received, self.linger);
                }
                // A chunk in flight delays the answer of the store anyway, and larger chunks cost less per row.
                () = tokio::time::sleep_until(buffer.flush_at), if chunks_in_flight.is_empty() && buffer.lingers() => {
                    buffer.flush_now = true;
                }
                () = self.batch.cut.cancelled(), if buffer.lingers() => {
                    buffer.flush_now = true;
                }
            }
            while chunks_in_flight.len() < self.max_in_flight(&buffer) && self.is_due(&buffer) {
                chunks_in_flight.extend(self.start_chunk(&mut buffer, answer_at));
            }
        }
    }

    /// How many chunks may be with the store: as many as it writes at once, so that one gets on while another is made
    /// durable. The first chunk goes alone, because it also opens the row of the batch. So does every chunk while
    /// there are outcomes that the store did not take, because they are tried again between two chunks.
    fn max_in_flight(&self, buffer: &Buffer) -> usize {
        if buffer.has_written && buffer.unwritten.is_empty() { self.store.writers() } else { 1 }
    }

    /// A chunk is due when it is full, when it has lingered, and when nothing else of the batch can come: every
    /// unsettled record is in the buffer or with the store.
    fn is_due(&self, buffer: &Buffer) -> bool {
        buffer.flush_now
            || buffer.rows.len() >= self.chunk_rows
            || (!buffer.rows.is_empty() && buffer.unsettled() == self.batch.ledger.unsettled())
    }

    /// Takes one chunk out of the buffer and writes it; none if no row in it may be written any more.
    fn start_chunk(
        &self,
        buffer: &mut Buffer,
        until: Instant,
    ) -> Option<impl Future<Output = WrittenChunk> + use<'_>> {
        let (rows, handles) = buffer.take(self.chunk_rows);
        (!rows.is_empty()).then_some(async move {
            let (rows, written) = self.write(rows, until).await;
            WrittenChunk { rows, handles, written }
        })
    }

    async fn write(&self, rows: Vec<Row>, until: Instant) -> (Vec<Row>, Vec<Written>) {
        let started = Instant::now();
        let chunk = Chunk { batch_id: Arc::clone(&self.batch.id), resumes: self.resumes(), rows };
        let written = self.store.write(&chunk, until).await;
        self.batch.timings.write.add(started.elapsed());
        (chunk.rows, written)
    }

    fn resumes(&self) -> bool {
        self.resend.as_ref().is_some_and(|resend| resend.resumes)
    }

    /// Settles the records of a chunk. Returns whether the store takes rows.
    fn settle_chunk(&self, buffer: &mut Buffer, chunk: WrittenChunk) -> bool {
        let mut is_available = true;
        buffer.mark_written(&chunk.handles);
        let WrittenChunk { rows, handles, written } = chunk;
        for ((row, handle), written) in rows.into_iter().zip(handles).zip(written) {
            is_available &= written != Written::Unavailable;
            buffer.counters_unreliable |= makes_counters_unreliable(written);
            match handle {
                WriteHandle::Patient(attempt) => self.settle(attempt, row, written, buffer),
                // The receipt has been kept until now, so the store has every result that goes out.
                WriteHandle::Outcome(_receipt) => {
                    buffer.keep((written == Written::Unavailable).then_some(row))
                }
            }
        }
        is_available
    }

    /// Settles a patient by the answer of the store. Keeps the row of the outcome if the store does not have it.
    fn settle(&self, attempt: Attempt, row: Row, written: Written, buffer: &mut Buffer) {
        if let Written::Stored { replaced: Some(loser), .. } = written {
            // Before the winner is settled: the last settlement may close the ledger.
            self.batch.ledger.mark_superseded(loser);
        }
        let settlement = settlement(&row, written);
        let unwritten = (written == Written::Unavailable).then(|| settlement.clone());
        let counted = attempt.settle(settlement).is_some();
        buffer.counters_unreliable |= !counted;
        let Some(settlement) = unwritten else { return };
        // If the batch has closed meanwhile, its caller was told otherwise.
        let told = || Settlement::failed(Failure::StoreOutcomeUnknown, &[], row.attempts);
        let Settlement { outcome, issues, attempts, retryable } = if counted { settlement } else { told() };
        let content = Content::Settled(outcome);
        let (raw, changes) = (Phi::default(), Arc::default());
        buffer.keep(Some(Row { raw, issues, changes, attempts, retryable, content, ..row }));
    }

    /// Writes outcomes that the store did not take before, until it takes none.
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

    /// Writes the rest of the buffer, then the outcomes that no chunk carried, then the row of the batch. Writes
    /// nothing for a batch that was sent again and whose answer is already in the store.
    async fn close(&self, mut buffer: Buffer, mut closing: Closing) {
        let until = Instant::now() + CLOSING_LIMIT;
        buffer.wrote |= !closing.left.is_empty();
        while !buffer.rows.is_empty() {
            if let Some(chunk) = self.start_chunk(&mut buffer, until) {
                let chunk = chunk.await;
                self.settle_chunk(&mut buffer, chunk);
            }
        }
        buffer.unwritten.extend(closing.left);
        self.retry_unwritten(&mut buffer, until).await;
        let lost = buffer.lost + buffer.unwritten.len();
        if lost > 0 {
            warn!(batch_id = %self.batch.id, records = lost, "outcomes could not be written to the store");
        }
        let ended_before = self.resend.as_ref().and_then(|resend| resend.ended);
        if !buffer.wrote && ended_before == Some(closing.batch.completion) {
            return;
        }
        if self.resumes() || buffer.counters_unreliable || lost > 0 {
            closing.batch.by_outcome = None;
        }
        if let Err(error) = self.store.finish_batch(&closing.batch, until).await {
            error!(batch_id = %self.batch.id, %error, "the end of the batch could not be written to the store");
        }
    }
}
