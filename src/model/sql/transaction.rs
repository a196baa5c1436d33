//! What one transaction does: everything between its begin and its commit.

use super::{
    StoredVersion,
    classify::{Candidate, RowVerdict, classify},
    engine::Connection,
    finish_batch::finish_batch,
    prepared_row::PreparedRow,
    statements::Statements,
    table::{OutcomeRow, PatientKey, PatientRow, PatientWrite},
};
use crate::model::{FinishedBatch, StoreError, Written};

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(crate) enum Task<'a> {
    /// Rows of a batch. On the first try, what was not stored when it was read may be taken for new; later, another
    /// writer may be writing the same.
    Rows { batch_id: &'a str, resumes: bool, is_first_try: bool, rows: &'a [PreparedRow<'a>] },
    /// The final row of a batch.
    Finish(&'a FinishedBatch),
}

impl Task<'_> {
    /// Runs the statements. Returns one result per row; they hold once the transaction is committed.
    pub(crate) async fn run<E: Statements>(
        self,
        connection: &mut Connection<E>,
    ) -> Result<Vec<Written>, StoreError> {
        match self {
            Self::Rows { batch_id, resumes, is_first_try, rows } => {
                let batch = Batch { id: batch_id, resumes, is_first_try };
                write_rows::<E>(connection, batch, rows).await
            }
            Self::Finish(batch) => {
                finish_batch::<E>(connection, batch).await.map_err(|error| E::fault(&error))?;
                Ok(Vec::new())
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Batch<'a> {
    id: &'a str,
    resumes: bool,
    is_first_try: bool,
}

async fn write_rows<E: Statements>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    rows: &[PreparedRow<'_>],
) -> Result<Vec<Written>, StoreError> {
    let mut written = vec![Written::Recorded; rows.len()];
    let patients = ChunkPatients::among(rows);
    if !patients.rows.is_empty() {
        write_patients::<E>(connection, batch, patients.groups(), &mut written).await?;
    }
    let mut outcomes: Vec<_> =
        rows.iter().zip(&written).map(|(row, written)| OutcomeRow::new(row, *written)).collect();
    outcomes.sort_unstable_by_key(OutcomeRow::index);
    let recorded = async {
        if batch.resumes {
            let is_final = |row: &&OutcomeRow<'_>| row.outcome.is_settled_for_good();
            let indexes: Vec<u32> = outcomes.iter().filter(is_final).map(OutcomeRow::index).collect();
            E::mark_running_again(connection, batch.id, &indexes).await?;
        }
        write_outcomes::<E>(connection, batch, &outcomes, rows, &written).await
    };
    recorded.await.map_err(|error| E::fault(&error))?;
    Ok(written)
}

/// The patients among the rows, sorted by key and then by index.
struct ChunkPatients<'a> {
    /// Each with its position among the rows of the transaction.
    rows: Vec<(usize, &'a PatientRow<'a>)>,
    /// In the order of the rows.
    candidates: Vec<Candidate<'a>>,
}

impl<'a> ChunkPatients<'a> {
    fn among(rows: &'a [PreparedRow<'a>]) -> Self {
        let patients = rows.iter().enumerate().filter_map(|(position, row)| Some((position, row.patient()?)));
        let mut patients: Vec<_> = patients.collect();
        patients.sort_unstable_by_key(|(_, patient)| (patient.key, patient.index()));
        let candidates = patients.iter().filter_map(|(position, _)| rows[*position].candidate()).collect();
        Self { rows: patients, candidates }
    }

    /// The rows of each patient, in ascending order of their keys.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut candidates = self.candidates.as_slice();
        self.rows
            .chunk_by(|(_, one), (_, other)| one.key == other.key)
            .map(|rows| {
                let (own, others) = candidates.split_at(rows.len());
                candidates = others;
                Group { rows, candidates: own }
            })
            .collect()
    }
}

/// The rows of one patient, in ascending order of their indexes.
struct Group<'a> {
    rows: &'a [(usize, &'a PatientRow<'a>)],
    candidates: &'a [Candidate<'a>],
}

impl<'a> Group<'a> {
    fn key(&self) -> PatientKey<'a> {
        self.rows[0].1.key
    }

    fn judge(&self, current: Option<StoredVersion<'a>>, written: &mut [Written]) -> Option<PatientWrite<'a>> {
        let is_new = current.is_none();
        let RowVerdict { written: results, winner } = classify(current, self.candidates);
        for ((position, _), result) in self.rows.iter().zip(&results) {
            written[*position] = *result;
        }
        winner.map(|winner| PatientWrite::new(self.rows[winner].1, results[winner], is_new))
    }

    /// Whether what is stored came from these rows.
    fn wrote(&self, current: &StoredVersion<'_>) -> bool {
        let wrote = |row: &Candidate<'_>| current.index == row.index && current.content == row.content;
        current.same_batch && self.candidates.iter().any(wrote)
    }
}

/// Reads, classifies and writes. A patient that another process has written since it was read is refused by the upsert's
/// condition; it is read and judged once more.
async fn write_patients<E: Statements>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    groups: Vec<Group<'_>>,
    written: &mut [Written],
) -> Result<(), StoreError> {
    let current = read_current::<E>(connection, batch.id, &groups).await?;
    let writes = judge_all(&groups, current, written);
    let new = writes.iter().filter(|write| write.is_new).count();
    let inserts = batch.is_first_try && new >= E::MIN_ROWS_FOR_INSERT;
    let (new, known): (Vec<_>, Vec<_>) = writes.into_iter().partition(|write| write.is_new && inserts);
    if !new.is_empty() {
        E::insert_patients(connection, batch.id, &new).await.map_err(|error| E::fault(&error))?;
    }
    if known.is_empty() {
        return Ok(());
    }
    let accepted = E::upsert_patients(connection, batch.id, &known).await;
    if accepted.map_err(|error| E::fault(&error))? == known.len() as u64 {
        return Ok(());
    }
    // What is stored now is locked: patients stored from these rows were written, the others were refused.
    let current = read_current::<E>(connection, batch.id, &groups).await?;
    let (groups, current): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .zip(current)
        .filter(|(group, current)| !current.as_ref().is_some_and(|current| group.wrote(current)))
        .unzip();
    if judge_all(&groups, current, written).is_empty() {
        Ok(())
    } else {
        // Only when the row changed a second time, or its order changed its kind.
        Err(StoreError::Transient("a patient changed while it was being written".into()))
    }
}

/// What is stored of the patients, in the order of the groups.
async fn read_current<E: Statements>(
    connection: &mut Connection<E>,
    batch_id: &str,
    groups: &[Group<'_>],
) -> Result<Vec<Option<StoredVersion<'static>>>, StoreError> {
    let keys: Vec<PatientKey<'_>> = groups.iter().map(Group::key).collect();
    let mut current = vec![None; keys.len()];
    let stored = E::read_current(connection, batch_id, &keys).await.map_err(|error| E::fault(&error))?;
    for (position, version) in stored {
        current[position] = Some(version);
    }
    Ok(current)
}

fn judge_all<'a>(
    groups: &[Group<'a>],
    current: Vec<Option<StoredVersion<'a>>>,
    written: &mut [Written],
) -> Vec<PatientWrite<'a>> {
    groups.iter().zip(current).filter_map(|(group, current)| group.judge(current, written)).collect()
}

async fn write_outcomes<E: Statements>(
    connection: &mut Connection<E>,
    batch: Batch<'_>,
    outcomes: &[OutcomeRow<'_>],
    rows: &[PreparedRow<'_>],
    written: &[Written],
) -> sqlx::Result<()> {
    if batch.is_first_try && !batch.resumes && outcomes.len() >= E::MIN_ROWS_FOR_INSERT {
        E::insert_outcomes(connection, batch.id, outcomes).await?;
    } else {
        E::upsert_outcomes(connection, batch.id, outcomes).await?;
    }
    let rejects: Vec<_> = rows.iter().filter(|row| row.is_rejected()).collect();
    if !rejects.is_empty() {
        E::upsert_rejects(connection, batch.id, &rejects).await?;
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
        E::mark_superseded(connection, batch.id, &losers).await?;
    }
    Ok(())
}
