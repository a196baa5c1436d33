//! What is read back of a batch and its records: which outcome is kept when a record is written again, and rows of
//! earlier versions.

use cleaning::{
    record::{Payload, RawRecord},
    resend_digest::ResendDigest,
};
use dataprocessing::model::{ResultsPage, StoredResult};
use sqlx::migrate::Migrator;

use super::*;

on_both_engines! {
    a_final_outcome_stands_and_others_are_replaced
    without_a_digest_a_final_outcome_is_replaced_by_a_final_one_only
    results_are_read_back_as_they_were_written
    batches_of_earlier_versions_are_kept
    the_first_start_of_a_batch_is_kept
    known_counts_are_written_unless_somebody_else_has_finished_the_batch
    a_batch_with_many_rows_is_forgotten_step_by_step
}

fn digest(id: &str) -> Option<ResendDigest> {
    let record = RawRecord { index: 0, id: id.into(), hospital_code: "h1".into(), payload: Payload::Missing };
    Some(ResendDigest::from_record(&record))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

async fn results(store: &dyn Store, batch_id: &str) -> Vec<StoredResult> {
    let batch = store.find_batch(batch_id, soon()).await.expect("readable").expect("known").key;
    let page = ResultsPage { batch, from: 0, to: u32::MAX, limit: 1_000, outcomes: &Outcome::ALL };
    store.read_results(&page, soon()).await.expect("readable")
}

async fn a_final_outcome_stands_and_others_are_replaced(database: &TestDatabase) {
    let store = database.store().await;
    for (batch, before) in [("one", Outcome::ALL), ("two", Outcome::ALL)] {
        let rows = before.into_iter().zip(0..).map(|(outcome, index)| Row {
            digest: digest("r"),
            retryable: true,
            ..settled(index, outcome)
        });
        write(&*store, batch, rows.collect()).await;
    }
    let again =
        |outcome| (0..8).map(|index| Row { digest: digest("r"), ..settled(index, outcome) }).collect();
    write(&*store, "one", again(Outcome::Failed)).await;
    write(&*store, "two", again(Outcome::Unchanged)).await;
    let outcomes = async |batch| {
        results(&*store, batch)
            .await
            .into_iter()
            .map(|result| result.outcome.name())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let kept = "stored unchanged stale superseded valid rejected";
    assert_eq!(outcomes("one").await, format!("{kept} failed failed"));
    assert_eq!(outcomes("two").await, format!("{kept} unchanged unchanged"));
    // The reject is kept with its outcome.
    for batch in ["one", "two"] {
        assert_eq!(store.count_rejects(batch).await.expect("readable"), Some(1));
    }
}

async fn without_a_digest_a_final_outcome_is_replaced_by_a_final_one_only(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "batch", vec![settled(0, Outcome::Rejected), settled(1, Outcome::Stored)]).await;
    let failed = (0..2).map(|index| Row { digest: digest("r"), ..settled(index, Outcome::NotAttempted) });
    write(&*store, "batch", failed.collect()).await;
    assert_eq!(database.column(OUTCOMES).await, ["batch 0 rejected", "batch 1 stored"]);
    let corrected = Row { digest: digest("r"), ..stored(0, patient("a", "Ann", 1)) };
    write(&*store, "batch", vec![corrected]).await;
    assert_eq!(database.column(OUTCOMES).await, ["batch 0 stored", "batch 1 stored"]);
    assert_eq!(store.count_rejects("batch").await.expect("readable"), Some(0));
}

async fn results_are_read_back_as_they_were_written(database: &TestDatabase) {
    let store = database.store().await;
    let issue = Issue {
        position: Some(3),
        source_field: Some("sfz\"h".into()),
        shape: Some(cleaning::shape::Shape::from_text("1990/5/2")),
        ..cleaning::rules::find("GENDER_MISSING").expect("a rule").issue(None)
    };
    let failed = Row {
        issues: Arc::from([issue.clone()]),
        retryable: true,
        attempts: 2,
        digest: digest("r7"),
        ..settled(7, Outcome::Failed)
    };
    write(&*store, "batch", vec![failed, stored(3, patient("a", "Ann", 1))]).await;
    write(&*store, "other", vec![settled(5, Outcome::Failed)]).await;
    let read = results(&*store, "batch").await;
    let [first, second] = &read[..] else { panic!("{} results", read.len()) };
    assert_eq!((first.index, first.outcome, first.digest), (3, Outcome::Stored, None));
    assert!(first.issues.is_empty() && !first.retryable && first.attempts == 1);
    assert_eq!((second.index, &*second.record_id, second.outcome), (7, "r7", Outcome::Failed));
    assert_eq!((second.retryable, second.attempts, second.digest), (true, 2, digest("r7")));
    assert_eq!(format!("{:?}", second.issues), format!("{:?}", [issue]));

    let batch = store.find_batch("batch", soon()).await.expect("readable").expect("known").key;
    let of = async |from, to, limit, outcomes: &[Outcome]| {
        let page = ResultsPage { batch, from, to, limit, outcomes };
        let results = store.read_results(&page, soon()).await.expect("readable");
        results.into_iter().map(|result| result.index).collect::<Vec<_>>()
    };
    assert_eq!(of(0, 7, 1, &Outcome::ALL).await, [3]);
    assert_eq!(of(4, 7, 9, &Outcome::ALL).await, [7]);
    assert_eq!(of(0, 6, 9, &Outcome::ALL).await, [3]);
    assert_eq!(of(0, u32::MAX, 9, &[Outcome::Failed]).await, [7]);
    assert_eq!(of(0, u32::MAX, 9, &[]).await, [0; 0]);
    assert_eq!(store.count_outcomes(batch, soon()).await.expect("readable"), [1, 0, 0, 0, 0, 0, 1, 0].into());
    assert!(store.find_batch("lost", soon()).await.expect("readable").is_none());
}

/// The schema as it was before batches had keys, with some rows.
async fn earlier_version(database: &TestDatabase) {
    let engine = if database.is_postgres() { "postgres" } else { "sqlite" };
    let directory = tempfile::tempdir().expect("a temporary directory");
    for migration in std::fs::read_dir(format!("src/model/migrations/{engine}")).expect("migrations") {
        let file = migration.expect("an entry").path();
        let name = file.file_name().expect("a file").to_owned();
        if *name.to_string_lossy() < *"0003" {
            std::fs::copy(&file, directory.path().join(name)).expect("a copy");
        }
    }
    let migrations = Migrator::new(directory.path()).await.expect("two migrations");
    database.migrate(&migrations).await;
    let bytes = |text: &str| {
        if database.is_postgres() { format!("'{text}'::bytea") } else { format!("CAST('{text}' AS BLOB)") }
    };
    let (list, hash) = (bytes("[]"), bytes("hash"));
    database
        .execute(&format!(
            "INSERT INTO patients (hospital_code, patient_id, name, phones, addresses, contacts, identifiers, raw,
                 content_hash, hash_version, order_kind, order_value, batch_id, batch_index, issues)
             VALUES ('h1', 'a', 'Ann', '[]', '[]', '[]', {list}, {list}, {hash}, 1, 1, 1, 'old', 0, '[]');
             INSERT INTO batches (batch_id, completion, finished_at, received)
             VALUES ('old', 'complete', started, 2), ('empty', NULL, NULL, NULL);
             INSERT INTO outcomes VALUES ('old', 0, 'r0', 'h1', 'stored', '[]', 1);
             INSERT INTO outcomes VALUES ('old', 1, 'r1', 'h1', 'rejected', '[\"NAME_MISSING\"]', 0);
             INSERT INTO outcomes VALUES ('dangling', 4, 'r4', 'h1', 'failed', '[\"STORE_FAILED\"]', 1);
             INSERT INTO rejects (batch_id, record_index, record_id, hospital_code, raw, issues)
             VALUES ('old', 1, 'r1', 'h1', {list}, '[]')"
        )
        .replace("started", if database.is_postgres() { "now()" } else { "'2026-01-01T00:00:00.000Z'" }))
        .await;
}

async fn batches_of_earlier_versions_are_kept(database: &TestDatabase) {
    earlier_version(database).await;
    let store = database.store().await;
    assert_eq!(database.column(PATIENTS).await, ["a Ann"]);
    assert_eq!(database.column(OUTCOMES).await, ["dangling 4 failed", "old 0 stored", "old 1 rejected"]);
    let old = results(&*store, "old").await;
    assert_eq!(old[1].issues[0].kind.code, "NAME_MISSING");
    assert!(old[0].issues.is_empty() && old[0].digest.is_none() && !old[0].retryable);
    assert!(results(&*store, "dangling").await[0].retryable);
    for (batch, rejects) in [("old", 1), ("empty", 0), ("dangling", 0)] {
        assert_eq!(store.count_rejects(batch).await.expect("readable"), Some(rejects), "{batch}");
    }
    let known = store.find_batch("old", soon()).await.expect("readable").expect("known");
    assert_eq!(known.ended.map(|(_, completion)| completion), Some(Completion::Complete));
    // The batch goes on where it stood, and a new one gets a key of its own.
    let rows = vec![Row { digest: digest("r"), ..stored(1, patient("b", "Bob", 1)) }];
    assert_eq!(write(&*store, "old", rows).await, [STORED]);
    assert_eq!(write(&*store, "new", vec![stored(0, patient("c", "Cem", 1))]).await, [STORED]);
    assert_eq!(
        database.column(OUTCOMES).await,
        ["dangling 4 failed", "new 0 stored", "old 0 stored", "old 1 stored"]
    );
    assert_eq!(store.count_rejects("old").await.expect("readable"), Some(0));
}

async fn the_first_start_of_a_batch_is_kept(database: &TestDatabase) {
    let store = database.store().await;
    store.finish_batch(&finished("batch"), soon()).await.expect("written");
    let known = async || store.find_batch("batch", soon()).await.expect("readable").expect("known");
    let first = known().await;
    assert!(first.ended.is_some_and(|(ended_at, _)| ended_at > first.started_at));
    write(&*store, "batch", vec![settled(0, Outcome::Failed)]).await;
    assert!(known().await.ended.is_none(), "it runs again");
    let again =
        FinishedBatch { completion: Completion::Complete, elapsed: Duration::ZERO, ..finished("batch") };
    store.finish_batch(&again, soon()).await.expect("written");
    let second = known().await;
    assert_eq!((second.key, second.started_at), (first.key, first.started_at));
    assert_eq!(second.ended.map(|(_, completion)| completion), Some(Completion::Complete));
}

async fn known_counts_are_written_unless_somebody_else_has_finished_the_batch(database: &TestDatabase) {
    let columns = ["received"].into_iter().chain(Outcome::ALL.map(Outcome::name)).chain(["warnings"]);
    let columns: Vec<_> = columns.map(|column| format!("CAST({column} AS TEXT)")).collect();
    let counters = format!("SELECT {} FROM batches", columns.join(" || ' ' || "));
    let store = database.store().await;
    write(&*store, "batch", vec![settled(0, Outcome::Stored), settled(1, Outcome::Failed)]).await;
    let by_outcome = Some([5, 1, 2, 3, 4, 6, 7, 8].into());
    let known = FinishedBatch { by_outcome, ..finished("batch") };
    store.finish_batch(&known, soon()).await.expect("written");
    assert_eq!(database.column(&counters).await, ["36 5 1 2 3 4 6 7 8 9"]);
    let by_outcome = Some([9; 8].into());
    let later = FinishedBatch { by_outcome, warnings: 4, ..finished("batch") };
    store.finish_batch(&later, soon()).await.expect("written");
    assert_eq!(database.column(&counters).await, ["2 1 0 0 0 0 0 1 0 4"], "the rows are counted");
}

async fn a_batch_with_many_rows_is_forgotten_step_by_step(database: &TestDatabase) {
    let store = database.store().await;
    let rows = (0..50).map(|index| settled(index, Outcome::Rejected)).collect();
    write(&*store, "long", rows).await;
    write(&*store, "short", vec![settled(0, Outcome::Failed)]).await;
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let mut steps = Vec::new();
    loop {
        let rows = store.delete_expired(later, 20, soon()).await.expect("forgotten");
        if rows == 0 {
            break;
        }
        steps.push(rows);
    }
    assert_eq!(steps.iter().sum::<u64>(), 50 + 50 + 1 + 1 + 1);
    assert!(steps.len() > 5 && steps.iter().all(|rows| *rows < 60), "{steps:?}");
    for table in ["batches", "outcomes", "rejects"] {
        assert_eq!(database.column(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}")).await, ["0"]);
    }
}
