//! What becomes of the rows of one patient, given what is stored of that patient.
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

use super::{
    Written,
    identity::{Identity, Overwritten},
};
use cleaning::patient::RecordOrder;

/// What decides whether two records say the same. Hashes of different versions are never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) hash: [u8; 32],
    pub(super) version: i16,
}

impl Fingerprint {
    /// From the stored columns. A hash of another length was made by another algorithm; as zeros it is
    /// equal to none of ours.
    pub(super) fn from_columns(hash: &[u8], version: i16) -> Self {
        Self { hash: hash.try_into().unwrap_or_default(), version }
    }
}

/// What is stored of a patient, as far as it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) fingerprint: Fingerprint,
    pub(super) order: RecordOrder,
    /// Whether the batch that is being written wrote it.
    pub(super) same_batch: bool,
    /// Which record of its batch it was.
    pub(super) index: u32,
    pub(super) identity: Identity<'a>,
    /// What its batch has overwritten of the patient that was stored before.
    pub(super) overwritten: Overwritten,
}

/// One record that wants to become the head.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) index: u32,
    pub(super) fingerprint: Fingerprint,
    pub(super) order: RecordOrder,
    pub(super) identity: Identity<'a>,
    /// What a transaction that may have been committed would have made of it.
    pub(super) unconfirmed: Option<Written>,
}

impl<'a> Candidate<'a> {
    fn to_head(&self, overwritten: Overwritten) -> Head<'a> {
        Head {
            fingerprint: self.fingerprint,
            order: self.order,
            same_batch: true,
            index: self.index,
            identity: self.identity.clone(),
            overwritten,
        }
    }
}

/// What becomes of the rows of one patient.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// One per row, in their order.
    pub(super) written: Vec<Written>,
    /// The row that has to be written, if any.
    pub(super) winner: Option<usize>,
}

/// Judges the rows of one patient; they come in ascending order of their indexes.
pub(super) fn classify<'a>(head: Option<Head<'a>>, rows: &[Candidate<'a>]) -> Verdict {
    debug_assert!(rows.is_sorted_by_key(|row| row.index));
    let mut head = head;
    let mut verdict = Verdict { written: Vec::with_capacity(rows.len()), winner: None };
    for (place, row) in rows.iter().enumerate() {
        let written = match judge(head.as_ref(), row) {
            Written::Stored { replaced, overwritten } => {
                head = Some(row.to_head(overwritten));
                let replaced = match verdict.winner.replace(place) {
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

fn judge(head: Option<&Head<'_>>, row: &Candidate<'_>) -> Written {
    let Some(head) = head else {
        return Written::Stored { replaced: None, overwritten: Overwritten::NOTHING };
    };
    let own = head.same_batch && head.index == row.index;
    if head.fingerprint == row.fingerprint && (own || !head.same_batch) {
        // Our own row is there already: either the batch was sent again, or a commit went through whose
        // answer was lost. Then what that transaction decided stands.
        return row.unconfirmed.filter(|_| own).unwrap_or(Written::Unchanged);
    }
    let loses = match head.order.against(row.order) {
        Ordering::Greater => true,
        Ordering::Equal => head.same_batch && head.index > row.index,
        Ordering::Less => false,
    };
    match (loses, head.same_batch) {
        (true, true) => Written::Superseded,
        (true, false) => Written::Stale,
        (false, same_batch) => Written::Stored {
            replaced: (same_batch && !own).then_some(head.index),
            overwritten: overwritten(head, row),
        },
    }
}

fn overwritten(head: &Head<'_>, row: &Candidate<'_>) -> Overwritten {
    let before = if head.same_batch { head.overwritten } else { Overwritten::NOTHING };
    before | head.identity.overwritten_by(&row.identity)
}

#[cfg(test)]
mod tests;
