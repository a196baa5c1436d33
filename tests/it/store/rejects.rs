//! Reading rejects back.

use dataprocessing::model::rejects::{Reject, RejectsPage, StoredIssue};

use super::*;

on_both_engines! {
    rejects_are_read_page_by_page_in_the_order_of_their_indexes
    issues_and_raw_records_are_read_as_they_were_written
    issues_of_later_versions_are_read
    a_batch_without_rejects_is_told_from_one_that_is_not_known
    reading_does_not_wait_for_who_writes
    a_store_that_is_not_there_is_not_created
}

async fn read(store: &dyn Store, batch_id: &str, after: Option<u32>, limit: u32) -> Vec<Reject> {
    store.read_rejects(&RejectsPage { batch_id, after, limit, with_raw: false }).await.expect("readable")
}

async fn rejects_are_read_page_by_page_in_the_order_of_their_indexes(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "batch", [9, 4, 0, 7, 5].map(|index| settled(index, Outcome::Rejected)).into()).await;
    write(&*store, "other", vec![settled(6, Outcome::Rejected)]).await;
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = read(&*store, "batch", seen.last().copied(), 2).await;
        sizes.push(page.len());
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|reject| reject.index));
    }
    assert_eq!((seen, sizes), (vec![0, 4, 5, 7, 9], vec![2, 2, 1, 0]));
}

async fn issues_and_raw_records_are_read_as_they_were_written(database: &TestDatabase) {
    let store = database.store().await;
    let issue = Issue {
        position: Some(1),
        source_field: Some("sfzh".into()),
        ..Issue::error(&MISSING, "identifiers.value")
    };
    let bytes: &[u8] = b"{\"xm\":\"\xD5\xC5\0\"}";
    let row = Row {
        issues: Arc::from([issue]),
        raw: bytes::Bytes::from(bytes).into(),
        ..settled(3, Outcome::Rejected)
    };
    write(&*store, "batch", vec![row]).await;
    let without = read(&*store, "batch", None, 9).await.remove(0);
    let expected = StoredIssue {
        code: "EXAMPLE_MISSING".into(),
        severity: "error".into(),
        field: "identifiers[1].value".into(),
        source_field: Some("sfzh".into()),
        shape: None,
    };
    assert_eq!((without.record_id.as_str(), without.hospital_code.as_str()), ("r3", "h1"));
    assert_eq!(without.issues, [expected]);
    assert!(without.raw.is_none());
    let page = RejectsPage { batch_id: "batch", after: None, limit: 9, with_raw: true };
    let with = store.read_rejects(&page).await.expect("readable").remove(0);
    assert!(with.raw.is_some_and(|raw| **raw == *bytes));
}

async fn issues_of_later_versions_are_read(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "batch", vec![settled(0, Outcome::Rejected)]).await;
    let issues = r#"[{"code":"NEW","severity":"error","field":"name","shape":"dd","hint":{"a":1}}]"#;
    database.execute(&format!("UPDATE rejects SET issues = '{issues}'")).await;
    let issues = read(&*store, "batch", None, 9).await.remove(0).issues;
    assert_eq!((issues[0].code.as_str(), issues[0].shape.as_deref()), ("NEW", Some("dd")));
}

async fn a_batch_without_rejects_is_told_from_one_that_is_not_known(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "sound", vec![stored(0, patient("a", "Ann", 1))]).await;
    write(&*store, "bad", vec![settled(0, Outcome::Rejected), settled(1, Outcome::Rejected)]).await;
    for (batch, count) in [("sound", Some(0)), ("bad", Some(2)), ("no such", None)] {
        assert_eq!(store.count_rejects(batch).await.expect("readable"), count, "{batch}");
    }
    assert!(read(&*store, "no such", None, 9).await.is_empty());
}

async fn reading_does_not_wait_for_who_writes(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "batch", vec![settled(0, Outcome::Rejected)]).await;
    let mut other = database.connect().await;
    let lock = if database.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" };
    other.execute(&format!("{lock}; DELETE FROM rejects")).await;
    assert_eq!(read(&*store, "batch", None, 9).await.len(), 1);
    other.execute("COMMIT").await;
    assert!(read(&*store, "batch", None, 9).await.is_empty());
}

async fn a_store_that_is_not_there_is_not_created(database: &TestDatabase) {
    let store = database.empty_store();
    assert!(matches!(store.count_rejects("batch").await, Err(StoreError::Unavailable(_))));
    if let Some(file) = database.url().strip_prefix("sqlite://") {
        assert!(!std::path::Path::new(file).exists());
    }
}
