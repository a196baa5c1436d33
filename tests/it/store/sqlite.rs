//! Cases that only SQLite can meet.

use super::*;
use crate::support::database::open;

#[tokio::test]
async fn a_file_that_cannot_be_opened_makes_the_store_unavailable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let store = open(&format!("sqlite://{}/inside/a/file.db", file.path().display()));
    assert!(matches!(store.migrate().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    let limit = Duration::from_millis(100);
    let results = write_within(&*store, "batch", vec![settled(0, Outcome::Valid)], limit).await;
    assert_eq!(results, [Written::Unavailable]);
}

#[tokio::test]
async fn the_file_is_written_ahead_in_a_log() {
    let database = TestDatabase::sqlite();
    let store = database.store().await;
    write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await;
    assert_eq!(database.column("SELECT journal_mode FROM pragma_journal_mode").await, ["wal"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_created_is_readable_by_its_owner_only_and_what_exists_keeps_its_mode() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let set_mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
    };
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    let home = tempfile::tempdir().expect("a temporary directory");
    set_mode(home.path(), 0o755);
    let directory = home.path().join("data").join("store");
    let file = directory.join("test.db");
    let store = open(&format!("sqlite://{}", file.display()));
    store.migrate().await.expect("a fresh file");
    write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await;
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
    assert_eq!((mode(&directory), mode(&home.path().join("data"))), (0o700, 0o700));
    assert_eq!(mode(home.path()), 0o755);
    store.close().await;

    set_mode(&directory, 0o750);
    set_mode(&file, 0o640);
    let store = open(&format!("sqlite://{}", file.display()));
    write(&*store, "batch", vec![stored(1, patient("b", "Bob", 1))]).await;
    assert_eq!((mode(&directory), mode(&file)), (0o750, 0o640));
    store.close().await;
}

#[tokio::test]
async fn a_transaction_that_runs_too_long_is_interrupted() {
    let database = TestDatabase::sqlite();
    let store = database.store().await;
    // Each row now counts to a hundred million, which takes minutes.
    database
        .execute(
            "CREATE TRIGGER slow BEFORE INSERT ON patients BEGIN
                 SELECT count(*) FROM (
                     WITH RECURSIVE numbers (n) AS (
                         SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000000
                     ) SELECT n FROM numbers
                 );
             END",
        )
        .await;
    let limit = Duration::from_millis(300);
    let started = Instant::now();
    let rows = vec![stored(0, patient("a", "Ann", 1))];
    assert_eq!(write_within(&*store, "batch", rows, limit).await, [Written::Unavailable]);
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
    // The connection's thread is free as well: the lock is gone.
    database.execute("DROP TRIGGER slow").await;
    assert_eq!(write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await, [STORED]);
}
