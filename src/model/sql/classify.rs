//! Decides which of the rows of one patient is written, given what is stored of that patient.
//!
//! The rows of a patient are judged in the order of their indexes as if each were written on its own;
//! only the last one that would be written, the winner, is. What ends up stored does not depend on how
//! the rows of a batch are split into chunks or in which order the chunks come, except in two corners:
//!
//! - orders of different kinds (a version here, a time there) cannot be compared, so arrival decides;
//! - an unchanged row writes nothing and leaves no mark. When the same patient comes twice with equal
//!   order, and the later row equals what another batch had stored, an earlier row that arrives in a later
//!   chunk is written over it.
//!
//! The label of a loser may differ with the split: a record older than both the stored row and a winner of
//! its own batch is STALE if it is judged before the winner, SUPERSEDED after it.
//!
//! What a batch has overwritten of a patient's identity stays with the patient's row while the batch writes
//! it: the winner answers for its losers, too. An identity that only a loser had is seen if that one was
//! judged first.

use std::cmp::Ordering;

use cleaning::patient::RecordOrder;

use super::{
    content_version::ContentVersion,
    identity_change::{Identity, Overwritten},
};
use crate::model::Written;

/// What is stored of a patient, as far as it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredVersion<'a> {
    pub(crate) content: ContentVersion,
    pub(crate) order: RecordOrder,
    /// Whether the batch that is being written wrote it.
    pub(crate) same_batch: bool,
    /// Which record of its batch it was.
    pub(crate) index: u32,
    pub(crate) identity: Identity<'a>,
    /// What its batch has overwritten of the patient that was stored before.
    pub(crate) overwritten: Overwritten,
}

/// A record that may be stored in place of the current version.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) index: u32,
    pub(crate) content: ContentVersion,
    pub(crate) order: RecordOrder,
    pub(crate) identity: Identity<'a>,
    /// What a transaction that may have been committed would have made of it.
    pub(crate) unconfirmed: Option<Written>,
}

impl<'a> Candidate<'a> {
    fn as_stored(&self, overwritten: Overwritten) -> StoredVersion<'a> {
        StoredVersion {
            content: self.content,
            order: self.order,
            same_batch: true,
            index: self.index,
            identity: self.identity.clone(),
            overwritten,
        }
    }
}

/// The decision on the rows of one patient.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RowVerdict {
    /// One per row, in their order.
    pub(crate) written: Vec<Written>,
    /// The row that has to be written, if any.
    pub(crate) winner: Option<usize>,
}

/// Judges the rows of one patient; they come in ascending order of their indexes.
pub(crate) fn classify<'a>(current: Option<StoredVersion<'a>>, rows: &[Candidate<'a>]) -> RowVerdict {
    debug_assert!(rows.is_sorted_by_key(|row| row.index));
    let mut current = current;
    let mut verdict = RowVerdict { written: Vec::with_capacity(rows.len()), winner: None };
    for (position, row) in rows.iter().enumerate() {
        let written = match judge(current.as_ref(), row) {
            Written::Stored { replaced, overwritten } => {
                current = Some(row.as_stored(overwritten));
                let replaced = match verdict.winner.replace(position) {
                    Some(loser) => take_over(&mut verdict.written[loser], row.index),
                    None => replaced,
                };
                Written::Stored { replaced, overwritten }
            }
            other => other,
        };
        verdict.written.push(written);
    }
    verdict
}

/// The winner so far loses within the chunk; what it would have replaced, the new one does, unless that is
/// an earlier sending of the new one itself.
fn take_over(loser: &mut Written, index: u32) -> Option<u32> {
    match std::mem::replace(loser, Written::Superseded) {
        Written::Stored { replaced, .. } => replaced.filter(|before| *before != index),
        _ => None,
    }
}

fn judge(current: Option<&StoredVersion<'_>>, row: &Candidate<'_>) -> Written {
    let Some(current) = current else {
        return Written::Stored { replaced: None, overwritten: Overwritten::NOTHING };
    };
    let own = current.same_batch && current.index == row.index;
    if current.content == row.content && (own || !current.same_batch) {
        // Our own row is there already: either the batch was sent again, or a commit went through whose
        // answer was lost. Then what that transaction decided is kept.
        return row.unconfirmed.filter(|_| own).unwrap_or(Written::Unchanged);
    }
    let loses = match current.order.against(row.order) {
        Ordering::Greater => true,
        Ordering::Equal => current.same_batch && current.index > row.index,
        Ordering::Less => false,
    };
    match (loses, current.same_batch) {
        (true, true) => Written::Superseded,
        (true, false) => Written::Stale,
        (false, same_batch) => Written::Stored {
            replaced: (same_batch && !own).then_some(current.index),
            overwritten: overwritten(current, row),
        },
    }
}

fn overwritten(current: &StoredVersion<'_>, row: &Candidate<'_>) -> Overwritten {
    let before = if current.same_batch { current.overwritten } else { Overwritten::NOTHING };
    before | current.identity.overwritten_by(&row.identity)
}

#[cfg(test)]
mod tests;
