//! The statements: many rows in one `VALUES`. Their texts depend on the number of rows, so rows are written
//! in groups of a few fixed sizes, which the connection keeps prepared.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{outcome::Outcome, patient::RecordOrder},
    model::{
        FinishedBatch,
        classify::{Fingerprint, Head},
        columns::{Key, OutcomeColumns, RejectColumns, Winner},
        identity::{Identity, Overwritten},
    },
};

/// The largest, with the 25 columns of a patient, stays far below SQLite's 32,766 parameters.
const GROUP_SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// `CROSS JOIN` keeps the order of the loops: each wanted key is looked up, the table is never scanned.
const HEADS: &str = "
SELECT wanted.key, head.content_hash, head.hash_version, head.order_kind, head.order_value,
       head.batch_id = ?1, head.batch_index, head.gender, head.birth_date,
       CASE WHEN head.key_id IS NULL THEN head.identifiers END,
       CASE WHEN head.batch_id = ?1 THEN head.issues END
FROM json_each(?2) AS wanted
CROSS JOIN patients AS head
    ON head.hospital_code = wanted.value ->> 'hospital_code'
   AND head.patient_id = wanted.value ->> 'patient_id'
";

const UPSERT: &str = "
INSERT INTO patients (
    batch_id, hospital_code, patient_id, name, family_name, given_name, name_pinyin, gender, birth_date,
    deceased, phones, addresses, contacts, nationality, ethnicity, marital_status, identifiers, raw,
    content_hash, hash_version, order_kind, order_value, batch_index, issues, changes
) ";

/// The guard repeats the classification: neither a newer row nor a later one of the same batch is
/// overwritten. Orders of different kinds count as equal. The write lock is held since before the heads
/// were read, so it refuses nothing; it stands here for whoever changes that.
const UPSERT_CONFLICT: &str = "
ON CONFLICT (hospital_code, patient_id) DO UPDATE SET
    name = excluded.name,
    family_name = excluded.family_name,
    given_name = excluded.given_name,
    name_pinyin = excluded.name_pinyin,
    gender = excluded.gender,
    birth_date = excluded.birth_date,
    deceased = excluded.deceased,
    phones = excluded.phones,
    addresses = excluded.addresses,
    contacts = excluded.contacts,
    nationality = excluded.nationality,
    ethnicity = excluded.ethnicity,
    marital_status = excluded.marital_status,
    identifiers = excluded.identifiers,
    raw = excluded.raw,
    key_id = excluded.key_id,
    content_hash = excluded.content_hash,
    hash_version = excluded.hash_version,
    order_kind = excluded.order_kind,
    order_value = excluded.order_value,
    batch_id = excluded.batch_id,
    batch_index = excluded.batch_index,
    issues = excluded.issues,
    changes = excluded.changes,
    stored_at = excluded.stored_at
WHERE NOT (patients.order_kind = excluded.order_kind AND patients.order_value > excluded.order_value)
  AND NOT (
      patients.batch_id = excluded.batch_id
      AND (patients.order_kind <> excluded.order_kind OR patients.order_value = excluded.order_value)
      AND patients.batch_index > excluded.batch_index
  )
RETURNING batch_index";

const OPEN_BATCH: &str = "INSERT INTO batches (batch_id) VALUES (?1) ON CONFLICT (batch_id) DO NOTHING";

/// A record whose outcome is written anew loses its reject; one that is rejected again gets another.
const CLEAR_REJECTS: &str = "
DELETE FROM rejects WHERE batch_id = ?1 AND record_index IN (SELECT value FROM json_each(?2))";

const RECORD: &str = "
INSERT INTO outcomes (batch_id, record_index, record_id, hospital_code, outcome, codes, attempts) ";

const RECORD_CONFLICT: &str = "
ON CONFLICT (batch_id, record_index) DO UPDATE SET
    record_id = excluded.record_id,
    hospital_code = excluded.hospital_code,
    outcome = excluded.outcome,
    codes = excluded.codes,
    attempts = excluded.attempts";

const REJECT: &str = "
INSERT INTO rejects (batch_id, record_index, record_id, hospital_code, raw, issues) ";

const SUPERSEDE: &str = "
UPDATE outcomes SET outcome = ?2
WHERE batch_id = ?1 AND record_index IN (SELECT value FROM json_each(?3))";

const FINISH: &str = "
INSERT INTO batches (
    batch_id, started_at, finished_at, completion, elapsed_micros, received, stored, unchanged, stale,
    superseded, valid, rejected, failed, not_attempted, warnings
)
VALUES (
    ?1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (-?3 / 1e6) || ' seconds'),
    strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
)
ON CONFLICT (batch_id) DO UPDATE SET
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    completion = excluded.completion,
    elapsed_micros = excluded.elapsed_micros,
    received = excluded.received,
    stored = excluded.stored,
    unchanged = excluded.unchanged,
    stale = excluded.stale,
    superseded = excluded.superseded,
    valid = excluded.valid,
    rejected = excluded.rejected,
    failed = excluded.failed,
    not_attempted = excluded.not_attempted,
    warnings = excluded.warnings";

pub(super) async fn heads(
    connection: &mut SqliteConnection,
    batch_id: &str,
    keys: &[Key<'_>],
) -> sqlx::Result<Vec<(usize, Head)>> {
    sqlx::query(HEADS).bind(batch_id).bind(json(keys)).try_map(head).fetch_all(connection).await
}

fn head(row: SqliteRow) -> sqlx::Result<(usize, Head)> {
    let place: i64 = row.try_get(0)?;
    let index: i64 = row.try_get(6)?;
    let head = Head {
        fingerprint: Fingerprint::from_columns(row.try_get(1)?, row.try_get(2)?),
        order: RecordOrder::from_columns(row.try_get(3)?, row.try_get(4)?),
        same_batch: row.try_get(5)?,
        index: index as u32,
        identity: Identity::from_columns(row.try_get(7)?, row.try_get(8)?, row.try_get(9)?),
        overwritten: row
            .try_get::<Option<_>, _>(10)?
            .map(Overwritten::from_issues_column)
            .unwrap_or_default(),
    };
    Ok((place as usize, head))
}

pub(super) async fn upsert(
    connection: &mut SqliteConnection,
    batch_id: &str,
    patients: &[Winner<'_>],
) -> sqlx::Result<Vec<u32>> {
    let mut written = Vec::with_capacity(patients.len());
    for group in groups(patients) {
        let mut query = QueryBuilder::<Sqlite>::new(UPSERT);
        query.push_values(group, |mut columns, winner| {
            let row = winner.patient;
            let (order_kind, order_value) = row.order.columns();
            columns
                .push_bind(batch_id)
                .push_bind(row.key.hospital_code)
                .push_bind(row.key.patient_id)
                .push_bind(row.name)
                .push_bind(row.family_name)
                .push_bind(row.given_name)
                .push_bind(row.name_pinyin)
                .push_bind(row.gender)
                .push_bind(row.birth_date.as_deref())
                .push_bind(row.deceased.as_deref())
                .push_bind(row.phones.as_str())
                .push_bind(row.addresses.as_str())
                .push_bind(row.contacts.as_str())
                .push_bind(row.nationality)
                .push_bind(row.ethnicity)
                .push_bind(row.marital_status)
                .push_bind(row.identifiers.as_slice())
                .push_bind(row.raw)
                .push_bind(row.fingerprint.hash.as_slice())
                .push_bind(row.fingerprint.version)
                .push_bind(order_kind)
                .push_bind(order_value)
                .push_bind(row.index)
                .push_bind(winner.issues.as_str())
                .push_bind(row.changes.as_str());
        });
        query.push(UPSERT_CONFLICT);
        written.extend(query.build_query_scalar::<u32>().fetch_all(&mut *connection).await?);
    }
    Ok(written)
}

pub(super) async fn record(
    connection: &mut SqliteConnection,
    batch_id: &str,
    outcomes: &[OutcomeColumns<'_>],
) -> sqlx::Result<()> {
    sqlx::query(OPEN_BATCH).bind(batch_id).execute(&mut *connection).await?;
    let indexes: Vec<u32> = outcomes.iter().map(|row| row.index).collect();
    sqlx::query(CLEAR_REJECTS).bind(batch_id).bind(json(&indexes)).execute(&mut *connection).await?;
    for group in groups(outcomes) {
        let mut query = QueryBuilder::<Sqlite>::new(RECORD);
        query.push_values(group, |mut columns, row| {
            columns
                .push_bind(batch_id)
                .push_bind(row.index)
                .push_bind(row.record_id)
                .push_bind(row.hospital_code)
                .push_bind(row.outcome.name())
                .push_bind(&*row.codes)
                .push_bind(row.attempts);
        });
        query.push(RECORD_CONFLICT);
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn reject(
    connection: &mut SqliteConnection,
    batch_id: &str,
    rejects: &[RejectColumns<'_>],
) -> sqlx::Result<()> {
    for group in groups(rejects) {
        let mut query = QueryBuilder::<Sqlite>::new(REJECT);
        query.push_values(group, |mut columns, row| {
            columns
                .push_bind(batch_id)
                .push_bind(row.index)
                .push_bind(row.record_id)
                .push_bind(row.hospital_code)
                .push_bind(row.raw)
                .push_bind(row.issues.as_str());
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn supersede(
    connection: &mut SqliteConnection,
    batch_id: &str,
    losers: &[u32],
) -> sqlx::Result<()> {
    sqlx::query(SUPERSEDE)
        .bind(batch_id)
        .bind(Outcome::Superseded.name())
        .bind(json(losers))
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn finish(connection: &mut SqliteConnection, batch: &FinishedBatch) -> sqlx::Result<()> {
    let elapsed = i64::try_from(batch.elapsed.as_micros()).unwrap_or(i64::MAX);
    let mut query = sqlx::query(FINISH)
        .bind(&*batch.batch_id)
        .bind(batch.completion.name())
        .bind(elapsed)
        .bind(batch.received);
    for count in batch.outcomes {
        query = query.bind(count);
    }
    query.bind(batch.warnings).execute(connection).await.map(drop)
}

/// The rows in groups whose sizes come from a short list.
fn groups<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = GROUP_SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (group, others) = rest.split_at(size);
        rest = others;
        Some(group)
    })
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("keys and numbers serialise")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_row_once_and_come_in_few_sizes() {
        for count in [0, 1, 5, 499, 500, 1_000] {
            let rows: Vec<usize> = (0..count).collect();
            let split: Vec<&[usize]> = groups(&rows).collect();
            assert_eq!(split.concat(), rows);
            assert!(split.iter().all(|group| GROUP_SIZES.contains(&group.len())));
            assert!(split.len() <= count / 256 + 12);
        }
    }
}
