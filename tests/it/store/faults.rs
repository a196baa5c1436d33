//! A store that fails: what it reports, and that it recovers by itself.

use dataprocessing::model::OutageKind;

use super::*;
use crate::support::{
    database::open,
    eventually,
    records::{many, request},
    service::{TestService, balanced},
};

on_both_engines! {
    a_service_is_not_ready_while_its_store_takes_no_rows
    a_missing_table_is_named_until_it_is_there_again
    a_probe_leaves_nothing_behind
}

async fn a_service_is_not_ready_while_its_store_takes_no_rows(database: &TestDatabase) {
    let service = TestService::with(|knobs| knobs.config.store.url = database.url().into()).await;
    database.execute("ALTER TABLE patients RENAME TO elsewhere").await;
    let response = service.process(request(many(50))).await.unwrap();
    let summary = balanced(&response);
    assert_eq!(summary.failed, 50);
    assert!(response.results.iter().all(|result| result.retryable));
    eventually("it is not ready", async || service.health("").await == "NOT_SERVING").await;
    database.execute("ALTER TABLE elsewhere RENAME TO patients").await;
    eventually("it is ready again", async || service.health("").await == "SERVING").await;
    let summary = balanced(&service.process(request(many(50))).await.unwrap());
    assert_eq!(summary.stored, 50);
    service.ended().await;
}

async fn a_missing_table_is_named_until_it_is_there_again(database: &TestDatabase) {
    let store = database.store().await;
    database.execute("ALTER TABLE patients RENAME TO elsewhere").await;
    store.ping().await.expect("nothing was written yet");
    assert_eq!(write_one(&*store, SHORT).await, Written::Unavailable);
    assert_eq!(ill(&*store).await, OutageKind::SchemaMissing);
    database.execute("ALTER TABLE elsewhere RENAME TO patients").await;
    assert_works_again(&*store).await;
}

async fn a_probe_leaves_nothing_behind(database: &TestDatabase) {
    let store = database.store().await;
    database.execute("ALTER TABLE rejects RENAME TO elsewhere").await;
    let rows = vec![settled(0, Outcome::Rejected)];
    assert_eq!(write_within(&*store, "batch", rows, SHORT).await, [Written::Unavailable]);
    assert_eq!(ill(&*store).await, OutageKind::SchemaMissing);
    database.execute("ALTER TABLE elsewhere RENAME TO rejects").await;
    store.ping().await.expect("it takes rows again");
    for table in ["patients", "batches", "outcomes", "rejects"] {
        let count = format!("SELECT CAST(count(*) AS TEXT) FROM {table}");
        assert_eq!(database.column(&count).await, ["0"], "{table}");
    }
}

#[tokio::test]
async fn deadlocks_serialization_failures_and_lock_timeouts_cost_no_row() {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    // A sequence counts on through every rollback.
    database
        .execute(
            "CREATE SEQUENCE tries;
             CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 CASE nextval('tries')
                     WHEN 1 THEN RAISE EXCEPTION USING ERRCODE = '40P01';
                     WHEN 2 THEN RAISE EXCEPTION USING ERRCODE = '40001';
                     WHEN 3 THEN RAISE EXCEPTION USING ERRCODE = '55P03';
                     ELSE RETURN NEW;
                 END CASE;
             END $$;
             CREATE TRIGGER fail BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await;
    assert_eq!(write_one(&*store, LONG).await, STORED);
    assert_eq!(database.column("SELECT last_value::text FROM tries").await, ["4"]);
}

#[tokio::test]
async fn a_full_disk_of_a_server_is_named_until_there_is_room() {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    database
        .execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION USING ERRCODE = '53100';
             END $$;
             CREATE TRIGGER no_room BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION no_room()",
        )
        .await;
    assert_eq!(write_one(&*store, SHORT).await, Written::Unavailable);
    assert_eq!(ill(&*store).await, OutageKind::DiskFull);
    database.execute("DROP TRIGGER no_room ON patients").await;
    assert_works_again(&*store).await;
}

#[tokio::test]
async fn a_server_that_became_read_only_is_named_until_it_takes_writes() {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    set_read_only(&database, "on").await;
    assert_eq!(write_one(&*store, SHORT).await, Written::Unavailable);
    assert_eq!(ill(&*store).await, OutageKind::ReadOnly);
    set_read_only(&database, "off").await;
    eventually("it works again", async || store.ping().await.is_ok()).await;
    assert_works_again(&*store).await;
}

#[tokio::test]
async fn a_file_that_is_read_only_is_named() {
    let database = TestDatabase::sqlite();
    database.store().await.close().await;
    let store = open(&format!("{}?mode=ro", database.url()));
    assert_eq!(write_one(&*store, SHORT).await, Written::Unavailable);
    assert_eq!(ill(&*store).await, OutageKind::ReadOnly);
}

#[tokio::test]
async fn a_user_or_a_database_that_the_server_does_not_know_is_named() {
    let database = TestDatabase::postgres().await;
    let url = database.url();
    let (_, host) = url.split_once('@').expect("the URL names a user");
    let stranger = open(&format!("postgres://stranger:secret@{host}"));
    let error = stranger.ping().await.expect_err("nobody knows the stranger");
    assert_eq!(kind(&error), OutageKind::LoginRefused);
    assert!(error.to_string().contains("store.url") && !error.to_string().contains("secret"), "{error}");
    let (server, _) = url.rsplit_once('/').unwrap();
    let elsewhere = open(&format!("{server}/no_such_database"));
    assert_eq!(kind(&elsewhere.ping().await.expect_err("not there")), OutageKind::DatabaseMissing);
}

#[tokio::test]
async fn rows_wait_for_a_store_that_restarts_and_not_for_one_that_stays_away() {
    let store = open("postgres://nobody@127.0.0.1:1/nothing");
    let started = Instant::now();
    assert_eq!(write_one(&*store, LONG).await, Written::Unavailable);
    let waited = started.elapsed();
    assert!(waited > Duration::from_secs(3) && waited < Duration::from_secs(9), "{waited:?}");
    for _ in 0..100 {
        assert_eq!(write_one(&*store, LONG).await, Written::Unavailable);
    }
    let hundred = started.elapsed() - waited;
    assert!(hundred < Duration::from_secs(2), "{hundred:?}");
}

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

async fn write_one(store: &dyn Store, limit: Duration) -> Written {
    write_within(store, "batch", vec![stored(0, patient("a", "Ann", 1))], limit).await[0]
}

/// What the store says is wrong with it.
async fn ill(store: &dyn Store) -> OutageKind {
    kind(&store.ping().await.expect_err("it takes no rows"))
}

fn kind(error: &StoreError) -> OutageKind {
    match error {
        StoreError::Unavailable(outage) => outage.kind(),
        other => panic!("another error: {other}"),
    }
}

async fn assert_works_again(store: &dyn Store) {
    store.ping().await.expect("it takes rows again");
    assert_eq!(write_one(store, LONG).await, STORED);
}

/// As when a server becomes a standby and a primary again: connections end, and what comes then may only read.
async fn set_read_only(database: &TestDatabase, read_only: &str) {
    let (_, name) = database.url().rsplit_once('/').unwrap();
    let (name, _) = name.split_once('?').unwrap_or((name, ""));
    let mut connection = database.connect().await;
    connection.execute("SET default_transaction_read_only = off").await;
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {read_only}");
    connection.execute(&set).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    connection.execute(end).await;
}
