//! What a writer has in hand, on the way to the store and back.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    logic::batch::{QueuedRow, WriteHandle},
    model::Row,
};

/// What the writer has in hand.
pub(super) struct Buffer {
    pub rows: Vec<QueuedRow>,
    /// Patients that are with the store.
    in_flight: u32,
    /// Whether the store has answered a chunk.
    pub has_written: bool,
    pub flush_at: Instant,
    pub flush_now: bool,
    /// Settled outcomes that the store did not take, to be tried again when it does, and at the end.
    pub unwritten: Vec<Row>,
    /// How many of these are kept, so that an outage of the store takes no more memory than a batch.
    max_unwritten: usize,
    /// How many could not be kept.
    pub lost: usize,
    /// Whether anything of the batch was handed to the store.
    pub wrote: bool,
    /// Whether rows of the batch may differ from its ledger.
    pub counters_unreliable: bool,
}

impl Buffer {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            rows: Vec::new(),
            in_flight: 0,
            has_written: false,
            flush_at: Instant::now(),
            flush_now: false,
            unwritten: Vec::new(),
            max_unwritten: capacity,
            lost: 0,
            wrote: false,
            counters_unreliable: false,
        }
    }

    /// Records that `count` rows have come in; the first one starts the wait for others.
    pub(super) fn mark_received(&mut self, count: usize, linger: Duration) {
        if count == self.rows.len() {
            self.flush_at = Instant::now() + linger;
        }
    }

    /// Whether the rows wait for others.
    pub(super) fn lingers(&self) -> bool {
        !self.rows.is_empty() && !self.flush_now
    }

    /// Patients whose settlement the store decides, in the buffer and in flight.
    pub(super) fn unsettled(&self) -> u32 {
        self.in_flight + count_patients(self.rows.iter().map(|row| &row.handle))
    }

    /// Takes at most `max` rows, without the patients of a closed batch: they may not be written any more.
    pub(super) fn take(&mut self, max: usize) -> (Vec<Row>, Vec<WriteHandle>) {
        self.flush_now = false;
        let count = self.rows.len().min(max);
        let (mut rows, mut handles) = (Vec::with_capacity(count), Vec::with_capacity(count));
        self.wrote |= count > 0;
        for QueuedRow { row, handle } in self.rows.drain(..count) {
            match handle {
                WriteHandle::Patient(attempt) if !attempt.start_writing() => attempt.leave(),
                handle => {
                    handles.push(handle);
                    rows.push(row);
                }
            }
        }
        self.in_flight += count_patients(&handles);
        (rows, handles)
    }

    /// Records that the store has answered a chunk.
    pub(super) fn mark_written(&mut self, handles: &[WriteHandle]) {
        self.in_flight -= count_patients(handles);
        self.has_written = true;
    }

    /// Keeps a row that the store did not take, if there is one.
    pub(super) fn keep(&mut self, row: Option<Row>) {
        match row {
            Some(row) if self.unwritten.len() < self.max_unwritten => self.unwritten.push(row),
            Some(_) => self.lost += 1,
            None => {}
        }
    }
}

fn count_patients<'h>(handles: impl IntoIterator<Item = &'h WriteHandle>) -> u32 {
    handles.into_iter().filter(|handle| matches!(handle, WriteHandle::Patient(_))).count() as u32
}
