//! What one transaction does: everything between its begin and its commit.

use std::collections::HashSet;

use super::{
    FinishedBatch, StoreError, Written,
    classify::{Candidate, Head, Verdict, classify},
    columns::{Key, PatientColumns, Winner},
    engine::{Connection, Engine},
    entry::{Entry, Work},
};
use crate::domain::outcome::Outcome;

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(super) enum Task<'a> {
    /// Rows of a batch.
    Rows { batch_id: &'a str, entries: &'a [Entry<'a>] },
    /// The final row of a batch.
    Finish(&'a FinishedBatch),
}

impl Task<'_> {
    /// Runs the statements. Answers one result per row, which hold once the transaction is committed.
    pub(super) async fn run<E: Engine>(
        self,
        connection: &mut Connection<E>,
    ) -> Result<Vec<Written>, StoreError> {
        match self {
            Self::Rows { batch_id, entries } => write_rows::<E>(connection, batch_id, entries).await,
            Self::Finish(batch) => {
                E::finish(connection, batch).await.map_err(|error| E::fault(&error))?;
                Ok(Vec::new())
            }
        }
    }
}

async fn write_rows<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
    entries: &[Entry<'_>],
) -> Result<Vec<Written>, StoreError> {
    let mut written = vec![Written::Recorded; entries.len()];
    let groups = group_by_patient(entries);
    if !groups.is_empty() {
        write_patients::<E>(connection, batch_id, groups, &mut written).await?;
    }
    write_outcomes::<E>(connection, batch_id, entries, &written).await.map_err(|error| E::fault(&error))?;
    Ok(written)
}

/// The rows of one patient, in ascending order of their indexes.
struct Group<'a> {
    key: Key<'a>,
    /// Places among the entries of the transaction.
    places: Vec<usize>,
    candidates: Vec<Candidate>,
    rows: Vec<&'a PatientColumns<'a>>,
}

impl<'a> Group<'a> {
    fn judge(&self, head: Option<Head>, written: &mut [Written]) -> Option<Winner<'a>> {
        let Verdict { written: results, winner } = classify(head, &self.candidates);
        for (place, result) in self.places.iter().zip(&results) {
            written[*place] = *result;
        }
        winner.map(|winner| Winner::new(self.rows[winner], results[winner]))
    }
}

/// The patients among the entries, sorted by key.
fn group_by_patient<'a>(entries: &'a [Entry<'a>]) -> Vec<Group<'a>> {
    let mut rows: Vec<_> = entries
        .iter()
        .enumerate()
        .filter_map(|(place, entry)| Some((place, entry.patient()?, entry.candidate()?)))
        .collect();
    rows.sort_unstable_by_key(|(_, patient, _)| (patient.key, patient.index));
    rows.chunk_by(|(_, one, _), (_, other, _)| one.key == other.key)
        .map(|same| Group {
            key: same[0].1.key,
            places: same.iter().map(|(place, _, _)| *place).collect(),
            candidates: same.iter().map(|(_, _, candidate)| candidate.clone()).collect(),
            rows: same.iter().map(|(_, patient, _)| *patient).collect(),
        })
        .collect()
}

/// Reads, classifies and upserts. A patient that another process has written since it was read is refused
/// by the guard of the upsert; it is read and judged once more.
async fn write_patients<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
    mut groups: Vec<Group<'_>>,
    written: &mut [Written],
) -> Result<(), StoreError> {
    let winners = judge_all::<E>(connection, batch_id, &groups, written).await?;
    if winners.is_empty() {
        return Ok(());
    }
    let accepted: HashSet<u32> = E::upsert(connection, batch_id, &winners)
        .await
        .map_err(|error| E::fault(&error))?
        .into_iter()
        .collect();
    let refused: HashSet<Key<'_>> = winners
        .iter()
        .map(|winner| winner.patient)
        .filter(|patient| !accepted.contains(&patient.index))
        .map(|patient| patient.key)
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    groups.retain(|group| refused.contains(&group.key));
    let winners = judge_all::<E>(connection, batch_id, &groups, written).await?;
    if winners.is_empty() {
        Ok(())
    } else {
        // Only when the row changed a second time, or its order changed its kind.
        Err(StoreError::Transient("a patient changed while it was being written".into()))
    }
}

async fn judge_all<'a, E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
    groups: &[Group<'a>],
    written: &mut [Written],
) -> Result<Vec<Winner<'a>>, StoreError> {
    let keys: Vec<Key<'_>> = groups.iter().map(|group| group.key).collect();
    let mut heads: Vec<Option<Head>> = vec![None; keys.len()];
    let stored = E::heads(connection, batch_id, &keys).await.map_err(|error| E::fault(&error))?;
    for (place, head) in stored {
        heads[place] = Some(head);
    }
    Ok(groups.iter().zip(heads).filter_map(|(group, head)| group.judge(head, written)).collect())
}

async fn write_outcomes<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
    entries: &[Entry<'_>],
    written: &[Written],
) -> sqlx::Result<()> {
    let outcomes: Vec<_> = entries
        .iter()
        .zip(written)
        .map(|(entry, written)| entry.outcome(outcome_of(&entry.work, *written), *written))
        .collect();
    E::record(connection, batch_id, &outcomes).await?;
    let rejects: Vec<_> = entries.iter().filter_map(Entry::reject).collect();
    if !rejects.is_empty() {
        E::reject(connection, batch_id, &rejects).await?;
    }
    // After the outcomes: a loser may be among them when the batch was sent again.
    let losers: Vec<u32> = written
        .iter()
        .filter_map(|written| match written {
            Written::Stored { replaced, .. } => *replaced,
            _ => None,
        })
        .collect();
    if !losers.is_empty() {
        E::supersede(connection, batch_id, &losers).await?;
    }
    Ok(())
}

fn outcome_of(work: &Work<'_>, written: Written) -> Outcome {
    match (work, written) {
        (Work::Outcome(outcome), _) => *outcome,
        (Work::Patient(_), Written::Stored { .. }) => Outcome::Stored,
        (Work::Patient(_), Written::Unchanged) => Outcome::Unchanged,
        (Work::Patient(_), Written::Stale) => Outcome::Stale,
        (Work::Patient(_), Written::Superseded) => Outcome::Superseded,
        // Only transactions that were not committed end so, and they write nothing.
        (Work::Patient(_), _) => Outcome::Failed,
    }
}
