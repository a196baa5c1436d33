//! A file on a disk that is full.

use std::sync::Arc;

use cleaning::outcome::Outcome;
use tokio::time::Instant as Moment;

use super::*;
use crate::model::{Chunk, Content, OutageKind, Row, Store, Written, sql::store::SqlStore};

/// Some more pages than the schema takes.
const MAX_PAGES: &str = "160";

fn reject(index: u32) -> Row {
    Row {
        index,
        record_id: "r".into(),
        hospital_code: "h".into(),
        raw: bytes::Bytes::from(vec![b'x'; 64 * 1024]).into(),
        issues: Arc::default(),
        changes: Arc::default(),
        attempts: 1,
        retryable: false,
        digest: None,
        content: Content::Settled(Outcome::Rejected),
    }
}

async fn write(store: &impl Store, index: u32, limit: Duration) -> Written {
    let chunk = Chunk { batch_id: "batch".into(), resumes: false, rows: vec![reject(index)] };
    store.write(&chunk, Moment::now() + limit).await[0]
}

#[tokio::test]
async fn a_full_disk_is_named_until_there_is_room() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let unlimited = Sqlite::new(&url.as_str().into()).expect("a file");
    let mut room = unlimited.options.clone().create_if_missing(true).connect().await.expect("a file");
    Sqlite::migrate(&mut room).await.expect("a fresh file");
    let options = unlimited.options.pragma("max_page_count", MAX_PAGES);
    let store = SqlStore::new(Sqlite { options, creates: true }, 1);

    let mut index = 0;
    while write(&store, index, Duration::from_millis(300)).await == Written::Recorded {
        index += 1;
    }
    assert!(index > 0, "the first one has room");
    let Err(StoreError::Unavailable(outage)) = store.ping().await else { panic!("it is full") };
    assert_eq!(outage.kind(), OutageKind::DiskFull);
    room.execute("DELETE FROM rejects").await.expect("deleting needs no room");
    store.ping().await.expect("there is room");
    assert_eq!(write(&store, index, Duration::from_secs(20)).await, Written::Recorded);
    store.close().await;
}
