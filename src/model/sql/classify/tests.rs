//! Decisions on rows, one by one and whatever the split into chunks.

use proptest::prelude::*;

use super::*;

const STORED: Written = replacing(None);

const fn replacing(replaced: Option<u32>) -> Written {
    Written::Stored { replaced, overwritten: Overwritten::NOTHING }
}

fn version(content: u8, order: i64) -> ContentVersion {
    let mut hash = [content; 32];
    hash[..8].copy_from_slice(&order.to_be_bytes());
    ContentVersion { hash, version: 1 }
}

fn row(index: u32, order: i64, content: u8) -> Candidate<'static> {
    Candidate {
        index,
        content: version(content, order),
        order: RecordOrder::Version(order),
        identity: Identity::default(),
        unconfirmed: None,
    }
}

fn foreign(order: i64, content: u8) -> Option<StoredVersion<'static>> {
    own(0, order, content).map(|current| StoredVersion { same_batch: false, ..current })
}

fn own(index: u32, order: i64, content: u8) -> Option<StoredVersion<'static>> {
    Some(row(index, order, content).as_stored(Overwritten::NOTHING))
}

fn gender(gender: &'static str) -> Identity<'static> {
    Identity::new(Some(gender.into()), None, [].into_iter())
}

const GENDER: Overwritten = Overwritten { gender: true, ..Overwritten::NOTHING };

fn alone(current: Option<StoredVersion<'static>>, row: Candidate<'static>) -> Written {
    classify(current, &[row]).written[0]
}

#[test]
fn a_patient_that_is_not_there_is_stored() {
    assert_eq!(alone(None, row(0, 1, 1)), STORED);
}

#[test]
fn the_same_content_of_another_batch_or_of_the_same_record_is_unchanged() {
    assert_eq!(alone(foreign(1, 1), row(5, 1, 1)), Written::Unchanged);
    assert_eq!(alone(own(5, 1, 1), row(5, 1, 1)), Written::Unchanged);
}

#[test]
fn a_hash_of_another_version_proves_nothing() {
    let mut other = row(0, 1, 1);
    other.content.version = 2;
    assert_eq!(alone(foreign(1, 1), other), STORED);
}

#[test]
fn an_older_record_is_stale_against_another_batch_and_superseded_in_its_own() {
    assert_eq!(alone(foreign(2, 1), row(0, 1, 2)), Written::Stale);
    assert_eq!(alone(own(3, 2, 1), row(9, 1, 2)), Written::Superseded);
}

#[test]
fn equal_order_with_other_content_is_written_unless_a_higher_index_of_the_batch_is_there() {
    assert_eq!(alone(foreign(1, 1), row(0, 1, 2)), STORED);
    assert_eq!(alone(own(4, 1, 1), row(3, 1, 2)), Written::Superseded);
    assert_eq!(alone(own(4, 1, 1), row(5, 1, 2)), replacing(Some(4)));
    assert_eq!(alone(own(4, 1, 1), row(4, 1, 2)), STORED);
}

#[test]
fn of_equal_records_of_a_batch_the_higher_index_wins() {
    assert_eq!(alone(own(4, 1, 1), row(5, 1, 1)), replacing(Some(4)));
    assert_eq!(alone(own(4, 1, 1), row(3, 1, 1)), Written::Superseded);
}

#[test]
fn orders_of_different_kinds_leave_the_decision_to_the_arrival() {
    let arrived = Candidate { order: RecordOrder::Arrival, ..row(0, 0, 2) };
    assert_eq!(alone(foreign(9, 1), arrived), STORED);
}

#[test]
fn losers_within_a_chunk_are_superseded_and_the_winner_takes_over_what_they_replaced() {
    let verdict = classify(own(1, 1, 1), &[row(2, 1, 2), row(3, 3, 3), row(4, 2, 4)]);
    assert_eq!(verdict.written, [Written::Superseded, replacing(Some(1)), Written::Superseded]);
    assert_eq!(verdict.winner, Some(1));
}

#[test]
fn a_record_never_replaces_itself() {
    let verdict = classify(own(4, 1, 1), &[row(3, 5, 2), row(4, 7, 3)]);
    assert_eq!(verdict.written, [Written::Superseded, STORED]);
}

#[test]
fn a_known_patient_who_becomes_somebody_else_is_said_to_be_overwritten() {
    let current = || foreign(1, 1).map(|current| StoredVersion { identity: gender("male"), ..current });
    let with = |identity| Candidate { identity, ..row(0, 2, 2) };
    let overwriting = |overwritten| Written::Stored { replaced: None, overwritten };
    assert_eq!(alone(current(), with(gender("female"))), overwriting(GENDER));
    assert_eq!(alone(current(), with(gender("male"))), STORED);
    assert_eq!(alone(None, with(gender("female"))), STORED);
    assert_eq!(
        alone(current(), Candidate { order: RecordOrder::Version(0), ..with(gender("female")) }),
        Written::Stale
    );
}

#[test]
fn the_winner_answers_for_what_the_losers_of_its_batch_have_overwritten() {
    let current = foreign(1, 1).map(|current| StoredVersion { identity: gender("male"), ..current });
    let woman = |index| Candidate { identity: gender("female"), ..row(index, 2, 2) };
    let verdict = classify(current.clone(), &[woman(0), woman(1)]);
    let stored = |replaced| Written::Stored { replaced, overwritten: GENDER };
    assert_eq!(verdict.written, [Written::Superseded, stored(None)]);
    let (_, labels) = write_all(current, &[vec![woman(0)], vec![woman(1)]]);
    assert_eq!(labels, [(0, Written::Superseded), (1, stored(Some(0)))]);
}

#[test]
fn what_another_batch_has_overwritten_is_its_own_affair() {
    let current = foreign(1, 1).map(|current| StoredVersion { overwritten: GENDER, ..current });
    assert_eq!(alone(current, row(0, 2, 2)), STORED);
}

#[test]
fn a_commit_whose_answer_was_lost_is_recognised() {
    let decided = Written::Stored { replaced: Some(2), overwritten: GENDER };
    let again = Candidate { unconfirmed: Some(decided), ..row(5, 1, 1) };
    assert_eq!(alone(own(5, 1, 1), again.clone()), decided);
    assert_eq!(alone(foreign(1, 1), again.clone()), Written::Unchanged);
    assert_eq!(alone(None, again), STORED);
}

/// Writes the rows in the given chunks and relabels what later ones replaced.
fn write_all(
    mut current: Option<StoredVersion<'static>>,
    chunks: &[Vec<Candidate<'static>>],
) -> (Option<StoredVersion<'static>>, Vec<(u32, Written)>) {
    let mut labels: Vec<(u32, Written)> = Vec::new();
    for chunk in chunks {
        let mut rows = chunk.clone();
        rows.sort_by_key(|row| row.index);
        let verdict = classify(current.clone(), &rows);
        for (row, written) in rows.iter().zip(verdict.written) {
            if let Written::Stored { replaced, overwritten } = written {
                current = Some(row.as_stored(overwritten));
                for (index, label) in &mut labels {
                    if Some(*index) == replaced {
                        *label = Written::Superseded;
                    }
                }
            }
            labels.push((row.index, written));
        }
    }
    (current, labels)
}

fn chunked(rows: &[Candidate<'static>], sizes: &[usize]) -> Vec<Vec<Candidate<'static>>> {
    let mut sizes = sizes.iter().cycle();
    let mut rest = rows;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let size = (*sizes.next().expect("endless")).min(rest.len());
        chunks.push(rest[..size].to_vec());
        rest = &rest[size..];
    }
    chunks
}

prop_compose! {
    /// Rows of one patient with distinct indexes, shuffled. Their content differs from that of another batch.
    fn rows()(spec in prop::collection::vec((0i64..4, 0u8..3), 1..8))
        (rows in Just(spec.iter().zip(0u32..).map(|(&(order, content), index)| row(index, order, content))
            .collect::<Vec<_>>()).prop_shuffle()) -> Vec<Candidate<'static>> { rows }
}

fn stored_versions() -> impl Strategy<Value = Option<StoredVersion<'static>>> {
    prop::option::of((0i64..4).prop_map(|order| foreign(order, 99).expect("a version")))
}

proptest! {
    #[test]
    fn what_is_stored_does_not_depend_on_the_split(
        current in stored_versions(), rows in rows(), sizes in prop::collection::vec(1usize..4, 1..4)
    ) {
        let (whole, _) = write_all(current.clone(), std::slice::from_ref(&rows));
        let (split, _) = write_all(current, &chunked(&rows, &sizes));
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn exactly_the_stored_record_is_called_stored(
        current in stored_versions(), rows in rows(), sizes in prop::collection::vec(1usize..4, 1..4)
    ) {
        let (stored, labels) = write_all(current, &chunked(&rows, &sizes));
        let called: Vec<u32> = labels
            .iter()
            .filter(|(_, written)| matches!(written, Written::Stored { .. }))
            .map(|(index, _)| *index)
            .collect();
        let expected: Vec<u32> =
            stored.filter(|current| current.same_batch).map(|current| current.index).into_iter().collect();
        prop_assert_eq!(called, expected);
    }

    #[test]
    fn sending_the_batch_again_stores_nothing(
        current in stored_versions(), rows in rows(), sizes in prop::collection::vec(1usize..4, 1..4)
    ) {
        let (stored, _) = write_all(current, &chunked(&rows, &sizes));
        let (again, labels) = write_all(stored.clone(), &chunked(&rows, &sizes));
        prop_assert_eq!(stored, again);
        let stored = labels.iter().any(|(_, written)| matches!(written, Written::Stored { .. }));
        prop_assert!(!stored);
    }

    #[test]
    fn a_patient_who_ends_as_somebody_else_is_always_found(
        rows in rows(), sizes in prop::collection::vec(1usize..4, 1..4), men in any::<[bool; 8]>()
    ) {
        let identity = |man: bool| gender(if man { "male" } else { "female" });
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| Candidate { identity: identity(men[row.index as usize]), ..row })
            .collect();
        let current = foreign(0, 99).map(|current| StoredVersion { identity: identity(true), ..current });
        let (stored, labels) = write_all(current, &chunked(&rows, &sizes));
        let stored = stored.expect("a version");
        prop_assert!(stored.identity == identity(true) || stored.overwritten == GENDER);
        let told = labels.iter().find_map(|(_, written)| match written {
            Written::Stored { overwritten, .. } => Some(*overwritten),
            _ => None,
        });
        prop_assert_eq!(told, Some(stored.overwritten));
    }

    #[test]
    fn the_winner_is_the_one_row_that_is_stored(current in stored_versions(), mut rows in rows()) {
        rows.sort_by_key(|row| row.index);
        let verdict = classify(current, &rows);
        for (position, written) in verdict.written.iter().enumerate() {
            let stored = matches!(written, Written::Stored { .. });
            prop_assert_eq!(stored, verdict.winner == Some(position));
        }
    }
}
