//! What every engine does with the rows of a chunk.

use cleaning::{
    change::{Change, ChangeKind},
    format::catalogue::{DATE_REFORMATTED, RESIDENT_ID_FORMATTED},
};

use super::*;

on_both_engines! {
    what_formatting_changed_is_stored_with_the_patient
    a_new_patient_is_stored_and_the_same_content_again_is_unchanged
    newer_content_replaces_what_is_stored_and_older_content_is_stale
    equal_order_with_other_content_is_written
    of_one_patient_in_a_chunk_the_newest_is_stored_and_the_others_are_superseded
    a_later_chunk_replaces_an_earlier_record_of_its_batch_and_relabels_its_outcome
    a_lower_index_that_comes_later_does_not_win
    a_batch_that_is_sent_again_changes_nothing
    a_bad_row_is_found_and_its_neighbours_are_stored
    rejects_are_kept_with_their_issues_until_the_record_is_accepted
    ids_with_nul_characters_do_not_disturb_their_neighbours
    chunks_of_any_size_are_written
    a_locked_store_is_given_up_in_time_and_works_again_afterwards
    the_final_row_of_a_batch_holds_the_counters_of_its_outcomes
    a_store_answers_a_ping_until_it_is_closed
    several_processes_may_migrate_at_once
    a_store_writes_from_several_batches_at_once
}

async fn a_new_patient_is_stored_and_the_same_content_again_is_unchanged(database: &TestDatabase) {
    let store = database.store().await;
    let rows = || vec![stored(0, patient("a", "Ann", 1)), stored(1, patient("b", "Bob", 1))];
    assert_eq!(write(&*store, "first", rows()).await, [STORED; 2]);
    assert_eq!(write(&*store, "second", rows()).await, [Written::Unchanged; 2]);
    assert_eq!(database.column(PATIENTS).await, ["a Ann", "b Bob"]);
    assert_eq!(
        database.column(OUTCOMES).await,
        ["first 0 stored", "first 1 stored", "second 0 unchanged", "second 1 unchanged"]
    );
    assert_eq!(database.column("SELECT DISTINCT batch_id FROM patients").await, ["first"]);
}

async fn what_formatting_changed_is_stored_with_the_patient(database: &TestDatabase) {
    let store = database.store().await;
    let change = |field, position, rule, kind| Change { field, position, rule, kind };
    let changes = Arc::from([
        change("birth_date", None, &DATE_REFORMATTED, ChangeKind::Reformatted),
        change("identifiers.value", Some(1), &RESIDENT_ID_FORMATTED, ChangeKind::Added),
    ]);
    write(&*store, "first", vec![stored(0, patient("a", "Ann", 1))]).await;
    let column = "SELECT changes FROM patients";
    assert_eq!(database.column(column).await, ["[]"]);
    write(&*store, "second", vec![Row { changes, ..stored(0, patient("a", "Anna", 2)) }]).await;
    let expected = concat!(
        r#"[{"field":"birth_date","rule":"F08","kind":"reformatted"},"#,
        r#"{"field":"identifiers[1].value","rule":"F12","kind":"added"}]"#
    );
    assert_eq!(database.column(column).await, [expected]);
}

async fn bytes_as_text(database: &TestDatabase, column: &str, table: &str) -> Vec<String> {
    let text = if database.is_postgres() {
        format!("convert_from({column}, 'UTF8')")
    } else {
        format!("CAST({column} AS TEXT)")
    };
    database.column(&format!("SELECT {text} FROM {table} ORDER BY 1")).await
}

async fn newer_content_replaces_what_is_stored_and_older_content_is_stale(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "first", vec![stored(0, patient("a", "two", 2))]).await;
    assert_eq!(write(&*store, "second", vec![stored(0, patient("a", "one", 1))]).await, [Written::Stale]);
    assert_eq!(database.column(PATIENTS).await, ["a two"]);
    assert_eq!(write(&*store, "third", vec![stored(0, patient("a", "three", 3))]).await, [STORED]);
    assert_eq!(database.column(PATIENTS).await, ["a three"]);
}

async fn equal_order_with_other_content_is_written(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "first", vec![stored(0, patient("a", "before", 1))]).await;
    assert_eq!(write(&*store, "second", vec![stored(0, patient("a", "after", 1))]).await, [STORED]);
    assert_eq!(database.column(PATIENTS).await, ["a after"]);
}

async fn of_one_patient_in_a_chunk_the_newest_is_stored_and_the_others_are_superseded(
    database: &TestDatabase,
) {
    let store = database.store().await;
    let rows = vec![
        stored(3, patient("a", "last", 1)),
        stored(1, patient("a", "newest", 2)),
        stored(0, patient("a", "first", 1)),
        stored(2, patient("b", "alone", 1)),
    ];
    let results = write(&*store, "batch", rows).await;
    assert_eq!(results, [Written::Superseded, STORED, Written::Superseded, STORED]);
    assert_eq!(database.column(PATIENTS).await, ["a newest", "b alone"]);
    assert_eq!(
        database.column(OUTCOMES).await,
        ["batch 0 superseded", "batch 1 stored", "batch 2 stored", "batch 3 superseded"]
    );
}

async fn a_later_chunk_replaces_an_earlier_record_of_its_batch_and_relabels_its_outcome(
    database: &TestDatabase,
) {
    let store = database.store().await;
    assert_eq!(write(&*store, "batch", vec![stored(4, patient("a", "same", 1))]).await, [STORED]);
    let replaced = |index| Written::Stored { replaced: Some(index), overwritten: Overwritten::NOTHING };
    assert_eq!(write(&*store, "batch", vec![stored(5, patient("a", "same", 1))]).await, [replaced(4)]);
    assert_eq!(write(&*store, "batch", vec![stored(2, patient("a", "newer", 2))]).await, [replaced(5)]);
    assert_eq!(
        database.column(OUTCOMES).await,
        ["batch 2 stored", "batch 4 superseded", "batch 5 superseded"]
    );
    assert_eq!(database.column(PATIENTS).await, ["a newer"]);
}

async fn a_lower_index_that_comes_later_does_not_win(database: &TestDatabase) {
    let store = database.store().await;
    write(&*store, "batch", vec![stored(9, patient("a", "nine", 1))]).await;
    let late = vec![stored(3, patient("a", "three", 1)), stored(4, patient("a", "nine", 1))];
    assert_eq!(write(&*store, "batch", late).await, [Written::Superseded; 2]);
    assert_eq!(database.column(PATIENTS).await, ["a nine"]);
}

async fn a_batch_that_is_sent_again_changes_nothing(database: &TestDatabase) {
    let store = database.store().await;
    let rows = || {
        vec![
            stored(0, patient("a", "one", 1)),
            stored(1, patient("a", "two", 1)),
            stored(2, patient("b", "alone", 1)),
            settled(3, Outcome::Rejected),
        ]
    };
    let first = write(&*store, "batch", rows()).await;
    assert_eq!(first, [Written::Superseded, STORED, STORED, Written::Recorded]);
    let patients = "SELECT patient_id || ' ' || CAST(stored_at AS TEXT) FROM patients ORDER BY patient_id";
    let before = database.column(patients).await;
    let again = write(&*store, "batch", rows()).await;
    assert_eq!(again, [Written::Superseded, Written::Unchanged, Written::Unchanged, Written::Recorded]);
    assert_eq!(database.column(patients).await, before);
    assert_eq!(
        database.column(OUTCOMES).await,
        ["batch 0 superseded", "batch 1 unchanged", "batch 2 unchanged", "batch 3 rejected"]
    );
    assert_eq!(database.column("SELECT record_id FROM rejects").await, ["r3"]);
    assert_eq!(database.column("SELECT batch_id FROM batches").await, ["batch"]);
}

async fn a_bad_row_is_found_and_its_neighbours_are_stored(database: &TestDatabase) {
    let store = database.store().await;
    // A rule of the database that the service does not know.
    database
        .execute(if database.is_postgres() {
            "ALTER TABLE patients ADD CHECK (name NOT LIKE 'bad%')"
        } else {
            "CREATE TRIGGER refuse BEFORE INSERT ON patients WHEN NEW.name LIKE 'bad%'
             BEGIN SELECT RAISE(ABORT, 'bad'); END"
        })
        .await;
    let is_bad = |index: u32| index == 5 || index == 40;
    let rows = (0..50)
        .map(|index| {
            let name = if is_bad(index) { "bad" } else { "good" };
            stored(index, patient(&format!("p{index:02}"), name, 1))
        })
        .collect();
    let results = write(&*store, "batch", rows).await;
    for (index, written) in (0..).zip(results) {
        assert_eq!(written, if is_bad(index) { Written::Refused } else { STORED }, "record {index}");
    }
    assert_eq!(database.column(PATIENTS).await.len(), 48);
    let failed = "SELECT record_id || issues FROM outcomes WHERE outcome = 'failed' ORDER BY record_index";
    let expected = [r#"r5[["STORE_FAILED","error",""]]"#, r#"r40[["STORE_FAILED","error",""]]"#];
    assert_eq!(database.column(failed).await, expected);
}

async fn rejects_are_kept_with_their_issues_until_the_record_is_accepted(database: &TestDatabase) {
    let store = database.store().await;
    let rows =
        vec![settled(0, Outcome::Rejected), settled(1, Outcome::Failed), settled(2, Outcome::Rejected)];
    assert_eq!(write(&*store, "batch", rows).await, [Written::Recorded; 3]);
    assert_eq!(database.column(OUTCOMES).await, ["batch 0 rejected", "batch 1 failed", "batch 2 rejected"]);
    assert_eq!(bytes_as_text(database, "raw", "rejects").await, ["raw 0", "raw 2"]);
    assert_eq!(
        database.column("SELECT DISTINCT issues FROM rejects").await,
        [r#"[{"code":"EXAMPLE_MISSING","severity":"error","field":"name"}]"#]
    );
    let corrected = vec![stored(0, patient("a", "Ann", 1)), settled(2, Outcome::Rejected)];
    assert_eq!(write(&*store, "batch", corrected).await, [STORED, Written::Recorded]);
    assert_eq!(bytes_as_text(database, "raw", "rejects").await, ["raw 2"]);
}

async fn ids_with_nul_characters_do_not_disturb_their_neighbours(database: &TestDatabase) {
    let store = database.store().await;
    let odd = Row {
        record_id: "r\0".into(),
        hospital_code: "\0".into(),
        raw: bytes::Bytes::from("a\0b").into(),
        ..settled(0, Outcome::Rejected)
    };
    let rows = vec![odd, stored(1, patient("a", "Ann", 1))];
    assert_eq!(write(&*store, "batch", rows).await, [Written::Recorded, STORED]);
    assert_eq!(database.column("SELECT record_id FROM rejects").await, ["r\u{FFFD}"]);
}

async fn chunks_of_any_size_are_written(database: &TestDatabase) {
    let store = database.store().await;
    assert_eq!(write(&*store, "empty", Vec::new()).await, []);
    let mut written = 0;
    for size in [1, 3, 500, 1_234] {
        let rows = (written..written + size)
            .map(|index| stored(index, patient(&format!("p{index}"), "name", 1)))
            .collect();
        assert_eq!(write(&*store, "batch", rows).await, vec![STORED; size as usize]);
        written += size;
    }
    let count = "SELECT CAST(count(*) AS TEXT) FROM";
    assert_eq!(database.column(&format!("{count} patients")).await, [written.to_string()]);
    assert_eq!(database.column(&format!("{count} outcomes")).await, [written.to_string()]);
}

async fn a_locked_store_is_given_up_in_time_and_works_again_afterwards(database: &TestDatabase) {
    let store = database.store().await;
    let mut other = database.connect().await;
    other
        .execute(if database.is_postgres() {
            "BEGIN; LOCK TABLE patients IN EXCLUSIVE MODE"
        } else {
            "BEGIN IMMEDIATE"
        })
        .await;
    let limit = Duration::from_millis(400);
    let started = Instant::now();
    let rows = vec![stored(0, patient("a", "Ann", 1)), settled(1, Outcome::Valid)];
    assert_eq!(write_within(&*store, "batch", rows, limit).await, [Written::Unavailable; 2]);
    assert!(started.elapsed() < limit + Duration::from_millis(100), "took {:?}", started.elapsed());
    store.ping().await.expect("a lock does not make the store look dead");
    other.execute("ROLLBACK").await;
    assert_eq!(database.column(OUTCOMES).await, Vec::<String>::new());
    assert_eq!(write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await, [STORED]);
}

async fn the_final_row_of_a_batch_holds_the_counters_of_its_outcomes(database: &TestDatabase) {
    let store = database.store().await;
    let until = || Instant::now() + Duration::from_secs(20);
    let rows = Outcome::ALL.into_iter().zip(1..).flat_map(|(outcome, count)| vec![outcome; count]);
    let rows: Vec<Row> = rows.zip(0..).map(|(outcome, index)| settled(index, outcome)).collect();
    write(&*store, "with rows", rows).await;
    let open = "SELECT batch_id FROM batches WHERE completion IS NULL";
    assert_eq!(database.column(open).await, ["with rows"]);
    store.finish_batch(&finished("with rows"), until()).await.expect("written");
    store.finish_batch(&finished("without rows"), until()).await.expect("written");
    store.finish_batch(&finished("without rows"), until()).await.expect("written over");
    assert_eq!(database.column(open).await, Vec::<String>::new());
    let counters = [
        ("received", [36, 0]),
        ("stored", [1, 0]),
        ("unchanged", [2, 0]),
        ("stale", [3, 0]),
        ("superseded", [4, 0]),
        ("valid", [5, 0]),
        ("rejected", [6, 0]),
        ("failed", [7, 0]),
        ("not_attempted", [8, 0]),
        ("warnings", [9, 9]),
        ("elapsed_micros", [1_500_000; 2]),
    ];
    for (column, counts) in counters {
        let sql = format!("SELECT CAST({column} AS TEXT) FROM batches ORDER BY batch_id");
        assert_eq!(database.column(&sql).await, counts.map(|count: u32| count.to_string()), "{column}");
    }
    let earlier = "SELECT completion FROM batches WHERE started_at < finished_at";
    assert_eq!(database.column(earlier).await, ["deadline"; 2]);
}

async fn a_store_answers_a_ping_until_it_is_closed(database: &TestDatabase) {
    let store = database.store().await;
    store.ping().await.expect("alive");
    store.close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    let limit = Duration::from_millis(50);
    let results = write_within(&*store, "batch", vec![settled(0, Outcome::Valid)], limit).await;
    assert_eq!(results, [Written::Unavailable]);
}

async fn several_processes_may_migrate_at_once(database: &TestDatabase) {
    let migrations = (0..4).map(|_| {
        let store = database.empty_store();
        tokio::spawn(async move { store.migrate().await })
    });
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.expect("no panic").expect("migrated");
    }
    database.empty_store().migrate().await.expect("nothing is left to do");
}

async fn a_store_writes_from_several_batches_at_once(database: &TestDatabase) {
    let store = database.store().await;
    let batches = (0..8).map(|batch| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for chunk in 0..4 {
                let rows = (0..50)
                    .map(|row| chunk * 50 + row)
                    .map(|index| stored(index, patient(&format!("b{batch} p{index}"), "name", 1)))
                    .collect();
                assert_eq!(write(&*store, &format!("b{batch}"), rows).await, [STORED; 50]);
            }
        })
    });
    for batch in batches.collect::<Vec<_>>() {
        batch.await.expect("all rows stored");
    }
    assert_eq!(database.column(PATIENTS).await.len(), 1_600);
    assert!(store.flush_time() > Duration::ZERO);
}
