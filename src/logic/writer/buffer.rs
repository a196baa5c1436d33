//! What a writer has in hand, on the way to the store and back.

use std::time::Duration;

use tokio::time::Instant;

use super::{Entry, Pending};
use crate::model::Row;

/// What the writer has in hand.
pub(super) struct Buffer {
    pub entries: Vec<Entry>,
    /// Patients that are with the store.
    in_flight: u32,
    /// Whether the store has answered a chunk.
    pub has_landed: bool,
    pub flush_at: Instant,
    pub flush_now: bool,
    /// Settled outcomes that the store did not take, to be tried again when it does, and at the end.
    pub unwritten: Vec<Row>,
    /// How many of these are kept, so that a store that stays away takes no more memory than a batch.
    most_unwritten: usize,
    /// How many could not be kept.
    pub lost: usize,
    /// Whether anything of the batch was handed to the store.
    pub wrote: bool,
    /// Whether rows of the batch may say something else than its ledger.
    pub counters_unreliable: bool,
}

impl Buffer {
    pub(super) fn new(places: usize) -> Self {
        Self {
            entries: Vec::new(),
            in_flight: 0,
            has_landed: false,
            flush_at: Instant::now(),
            flush_now: false,
            unwritten: Vec::new(),
            most_unwritten: places,
            lost: 0,
            wrote: false,
            counters_unreliable: false,
        }
    }

    /// Notes that so many entries have come in.
    pub(super) fn received(&mut self, count: usize, linger: Duration) {
        if count == self.entries.len() {
            self.flush_at = Instant::now() + linger;
        }
    }

    /// Whether what the buffer holds waits for more.
    pub(super) fn lingers(&self) -> bool {
        !self.entries.is_empty() && !self.flush_now
    }

    /// Patients that are settled by the store's answer, to what is in flight or to what comes next.
    pub(super) fn unsettled(&self) -> u32 {
        self.in_flight + patients(self.entries.iter().map(|entry| &entry.record))
    }

    /// Takes the rows that may still be written: those of a closed batch may not.
    pub(super) fn take(&mut self, most: usize) -> (Vec<Row>, Vec<Pending>) {
        self.flush_now = false;
        let count = self.entries.len().min(most);
        let (mut rows, mut held) = (Vec::with_capacity(count), Vec::with_capacity(count));
        self.wrote |= count > 0;
        for Entry { row, record } in self.entries.drain(..count) {
            match record {
                Pending::Patient(attempt) if !attempt.write() => attempt.leave(),
                record => {
                    held.push(record);
                    rows.push(row);
                }
            }
        }
        self.in_flight += patients(&held);
        (rows, held)
    }

    /// Notes that the store has answered a chunk.
    pub(super) fn landed(&mut self, held: &[Pending]) {
        self.in_flight -= patients(held);
        self.has_landed = true;
    }

    /// Keeps a row that the store did not take, if there is one.
    pub(super) fn keep(&mut self, row: Option<Row>) {
        match row {
            Some(row) if self.unwritten.len() < self.most_unwritten => self.unwritten.push(row),
            Some(_) => self.lost += 1,
            None => {}
        }
    }
}

fn patients<'h>(held: impl IntoIterator<Item = &'h Pending>) -> u32 {
    held.into_iter().filter(|held| matches!(held, Pending::Patient(_))).count() as u32
}
