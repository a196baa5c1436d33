//! What one transaction does: everything between its begin and its commit.

use super::{
    FinishedBatch, StoreError, Written,
    classify::{Candidate, Head, Verdict, classify},
    columns::{Key, OutcomeColumns, PatientColumns, Winner},
    engine::{Connection, Engine},
    entry::{Entry, Work},
};
use cleaning::outcome::Outcome;

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(super) enum Task<'a> {
    /// Rows of a batch.
    Rows { batch_id: &'a str, resumes: bool, is_first_try: bool, entries: &'a [Entry<'a>] },
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
            Self::Rows { batch_id, resumes, is_first_try, entries } => {
                let batch = Batch { id: batch_id, resumes, is_first_try };
                write_rows::<E>(connection, batch, entries).await
            }
            Self::Finish(batch) => {
                finish::<E>(connection, batch).await.map_err(|error| E::fault(&error))?;
                Ok(Vec::new())
            }
        }
    }
}

/// Somebody else may have finished the same batch meanwhile; then its rows are not ours alone.
async fn finish<E: Engine>(connection: &mut Connection<E>, batch: &FinishedBatch) -> sqlx::Result<()> {
    let written = E::finish_batch(connection, batch, batch.by_outcome).await?;
    if written == 0 && batch.by_outcome.is_some() {
        E::finish_batch(connection, batch, None).await?;
    }
    Ok(())
}

/// The batch of the rows, and what may be taken for new: what was not there, unless a try has failed already; then
/// somebody else may be writing the same.
#[derive(Clone, Copy)]
struct Batch<'a> {
    id: &'a str,
    resumes: bool,
    is_first_try: bool,
}

async fn write_rows<E: Engine>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    entries: &[Entry<'_>],
) -> Result<Vec<Written>, StoreError> {
    let mut written = vec![Written::Recorded; entries.len()];
    let patients = Patients::among(entries);
    if !patients.rows.is_empty() {
        write_patients::<E>(connection, batch, patients.groups(), &mut written).await?;
    }
    let outcomes = outcomes(entries, &written);
    let recorded = async {
        if batch.resumes {
            let indexes: Vec<u32> = outcomes
                .iter()
                .filter(|row| row.outcome.is_settled_for_good())
                .map(|row| row.index)
                .collect();
            E::reopen(connection, batch.id, &indexes).await?;
        }
        write_outcomes::<E>(connection, batch, &outcomes, entries, &written).await
    };
    recorded.await.map_err(|error| E::fault(&error))?;
    Ok(written)
}

/// The patients among the entries, sorted by key and then by index.
struct Patients<'a> {
    /// Each with its place among the entries of the transaction.
    rows: Vec<(usize, &'a PatientColumns<'a>)>,
    /// In the order of the rows.
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Patients<'a> {
    fn among(entries: &'a [Entry<'a>]) -> Self {
        let mut rows: Vec<_> =
            entries.iter().enumerate().filter_map(|(place, entry)| Some((place, entry.patient()?))).collect();
        rows.sort_unstable_by_key(|(_, patient)| (patient.key, patient.index));
        let candidates = rows.iter().filter_map(|(place, _)| entries[*place].candidate()).collect();
        Self { rows, candidates }
    }

    /// The rows of each patient, in ascending order of their keys.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut candidates = self.candidates.as_slice();
        let same_patient = |(_, one): &Placed<'_>, (_, other): &Placed<'_>| one.key == other.key;
        self.rows
            .chunk_by(same_patient)
            .map(|rows| {
                let (own, others) = candidates.split_at(rows.len());
                candidates = others;
                Group { rows, candidates: own }
            })
            .collect()
    }
}

type Placed<'a> = (usize, &'a PatientColumns<'a>);

/// The rows of one patient, in ascending order of their indexes.
struct Group<'a> {
    rows: &'a [Placed<'a>],
    candidates: &'a [Candidate<'a>],
}

impl<'a> Group<'a> {
    fn key(&self) -> Key<'a> {
        self.rows[0].1.key
    }

    fn judge(&self, head: Option<Head<'a>>, written: &mut [Written]) -> Option<Winner<'a>> {
        let is_new = head.is_none();
        let Verdict { written: results, winner } = classify(head, self.candidates);
        for ((place, _), result) in self.rows.iter().zip(&results) {
            written[*place] = *result;
        }
        winner.map(|winner| Winner::new(self.rows[winner].1, results[winner], is_new))
    }

    /// Whether what is stored came from these rows.
    fn wrote(&self, head: &Head<'_>) -> bool {
        let wrote = |row: &Candidate<'_>| head.index == row.index && head.fingerprint == row.fingerprint;
        head.same_batch && self.candidates.iter().any(wrote)
    }
}

/// Reads, classifies and writes. A patient that another process has written since it was read is refused
/// by the guard of the upsert; it is read and judged once more.
async fn write_patients<E: Engine>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    groups: Vec<Group<'_>>,
    written: &mut [Written],
) -> Result<(), StoreError> {
    let heads = read_heads::<E>(connection, batch.id, &groups).await?;
    let winners = judge_all(&groups, heads, written);
    let new = winners.iter().filter(|winner| winner.is_new).count();
    let inserts = batch.is_first_try && new >= E::WORTH_INSERTING;
    let (new, known): (Vec<_>, Vec<_>) = winners.into_iter().partition(|winner| winner.is_new && inserts);
    if !new.is_empty() {
        E::insert(connection, batch.id, &new).await.map_err(|error| E::fault(&error))?;
    }
    if known.is_empty() {
        return Ok(());
    }
    let accepted = E::upsert(connection, batch.id, &known).await.map_err(|error| E::fault(&error))?;
    if accepted == known.len() as u64 {
        return Ok(());
    }
    // What is stored now is locked: those whose rows stand there were written, the others were refused.
    let heads = read_heads::<E>(connection, batch.id, &groups).await?;
    let (groups, heads): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .zip(heads)
        .filter(|(group, head)| !head.as_ref().is_some_and(|head| group.wrote(head)))
        .unzip();
    if judge_all(&groups, heads, written).is_empty() {
        Ok(())
    } else {
        // Only when the row changed a second time, or its order changed its kind.
        Err(StoreError::Transient("a patient changed while it was being written".into()))
    }
}

/// What is stored of the patients, in the order of the groups.
async fn read_heads<E: Engine>(
    connection: &mut Connection<E>,
    batch_id: &str,
    groups: &[Group<'_>],
) -> Result<Vec<Option<Head<'static>>>, StoreError> {
    let keys: Vec<Key<'_>> = groups.iter().map(Group::key).collect();
    let mut heads = vec![None; keys.len()];
    let stored = E::heads(connection, batch_id, &keys).await.map_err(|error| E::fault(&error))?;
    for (place, head) in stored {
        heads[place] = Some(head);
    }
    Ok(heads)
}

fn judge_all<'a>(
    groups: &[Group<'a>],
    heads: Vec<Option<Head<'a>>>,
    written: &mut [Written],
) -> Vec<Winner<'a>> {
    groups.iter().zip(heads).filter_map(|(group, head)| group.judge(head, written)).collect()
}

/// The rows of `outcomes`, in the order of their indexes.
fn outcomes<'a>(entries: &'a [Entry<'_>], written: &[Written]) -> Vec<OutcomeColumns<'a>> {
    let mut outcomes: Vec<_> = entries
        .iter()
        .zip(written)
        .map(|(entry, written)| entry.outcome(outcome_of(&entry.work, *written), *written))
        .collect();
    outcomes.sort_unstable_by_key(|row| row.index);
    outcomes
}

async fn write_outcomes<E: Engine>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    outcomes: &[OutcomeColumns<'_>],
    entries: &[Entry<'_>],
    written: &[Written],
) -> sqlx::Result<()> {
    if batch.is_first_try && !batch.resumes && outcomes.len() >= E::WORTH_INSERTING {
        E::record_anew(connection, batch.id, outcomes).await?;
    } else {
        E::record(connection, batch.id, outcomes).await?;
    }
    let rejects: Vec<_> = entries.iter().filter_map(Entry::reject).collect();
    if !rejects.is_empty() {
        E::reject(connection, batch.id, &rejects).await?;
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
        E::supersede(connection, batch.id, &losers).await?;
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
