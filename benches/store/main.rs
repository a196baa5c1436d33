//! What storing costs on each engine, and how fast these rows could be stored at best: `cargo bench --bench store`.
//! Speeds are rows per second.
//!
//! SQLite writes a temporary file. PostgreSQL takes part if `DATAPROCESSING_TEST_POSTGRES` names the
//! maintenance database of a server, on which a database is made and dropped again.
//!
//! The ceilings store patients only, unchecked: plain COPY on two connections, and one prepared statement in
//! transactions of 500 rows. The service also reads what was there before, and writes each record's outcome.

#[path = "../febrl/mod.rs"]
mod febrl;

mod database;
mod rows;

/// As the service has it; SQLite allocates by it, too.
#[cfg(all(unix, target_pointer_width = "64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

use database::Database;
use dataprocessing::model::Row;
use divan::{Bencher, counter::ItemsCount};
use rows::ROWS;

/// Engines that can be measured here.
fn engines() -> Vec<&'static str> {
    let postgres = std::env::var("DATAPROCESSING_TEST_POSTGRES").is_ok();
    if postgres { vec!["sqlite", "postgres"] } else { vec!["sqlite"] }
}

/// Every engine with each size of a chunk.
fn cases() -> Vec<String> {
    let sizes = |engine| [500, 1_000].map(|rows| format!("{engine}, chunks of {rows}"));
    engines().into_iter().flat_map(sizes).collect()
}

fn parts(case: &str) -> (&str, usize) {
    let (engine, rows) = case.split_once(", chunks of ").expect("a case names both");
    (engine, rows.parse().expect("a number"))
}

#[divan::bench(args = engines(), sample_count = 10, sample_size = 1)]
fn a_ceiling(bencher: Bencher<'_, '_>, engine: &str) {
    let database = Database::new(engine);
    let ceiling = database.ceiling();
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| ceiling.empty())
        .bench_local_values(|()| ceiling.fill());
}

#[divan::bench(args = cases(), sample_count = 10, sample_size = 1)]
fn b_new_patients(bencher: Bencher<'_, '_>, case: &str) {
    fill_empty_database(bencher, case, rows::patient);
}

#[divan::bench(args = cases(), sample_count = 10, sample_size = 1)]
fn c_unchanged_patients(bencher: Bencher<'_, '_>, case: &str) {
    let (engine, chunk) = parts(case);
    let database = Database::new(engine);
    database.write(rows::chunks(chunk, "first", rows::patient));
    let mut batch = 0;
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| {
            batch += 1;
            rows::chunks(chunk, &format!("again-{batch}"), rows::patient)
        })
        .bench_local_values(|chunks| database.write(chunks));
}

#[divan::bench(args = cases(), sample_count = 10, sample_size = 1)]
fn d_rejected_records(bencher: Bencher<'_, '_>, case: &str) {
    fill_empty_database(bencher, case, rows::reject);
}

/// The time of `b_new_patients` without this is the cost of the patients alone.
#[divan::bench(args = cases(), sample_count = 10, sample_size = 1)]
fn e_outcomes_alone(bencher: Bencher<'_, '_>, case: &str) {
    fill_empty_database(bencher, case, rows::outcome);
}

fn fill_empty_database(bencher: Bencher<'_, '_>, case: &str, row: fn(usize, &str) -> Option<Row>) {
    let (engine, chunk) = parts(case);
    let database = Database::new(engine);
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| {
            database.empty();
            rows::chunks(chunk, "first", row)
        })
        .bench_local_values(|chunks| database.write(chunks));
}

fn main() {
    divan::main();
}
