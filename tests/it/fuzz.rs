//! The corpus of the fuzz target and mutations of it, for machines on which nobody fuzzes; and what the largest
//! payloads cost.

use std::{fs, path::Path, time::Duration};

use cleaning::{clean::clean, record::Payload};
use proptest::{
    proptest,
    sample::select,
    test_runner::{Config, RngSeed},
};
use tokio::time::Instant;

#[path = "../../fuzz/invariants.rs"]
mod invariants;
mod largest;
mod mutation;

use self::largest::{Largest, SIZE};

fn corpus() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/raw_json");
    let mut files: Vec<_> = fs::read_dir(directory)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

#[test]
fn the_invariants_hold_for_the_whole_corpus() {
    let seeds = corpus();
    assert!(seeds.len() >= 30, "{} seeds", seeds.len());
    seeds.iter().for_each(|seed| invariants::hold_for(seed));
}

#[test]
fn the_invariants_hold_for_mutations_of_the_corpus() {
    // Always the same ones: the fuzzer is there to find new ones.
    let config =
        Config { cases: 2_000, rng_seed: RngSeed::Fixed(0), failure_persistence: None, ..Config::default() };
    let seeds = corpus();
    let small: Vec<_> = seeds.into_iter().filter(|seed| seed.len() <= 4_096).collect();
    let mutations = proptest::collection::vec(mutation::any_of(small.clone()), 1..4);
    proptest!(config, |(seed in select(small), mutations in mutations)| {
        let mut payload = seed;
        mutations.iter().for_each(|mutation| mutation.apply(&mut payload));
        invariants::hold_for(&payload);
    });
}

/// How long any of them may take, even as the compiler leaves the code when nobody asks for speed.
const LONGEST: Duration = Duration::from_secs(1);

#[test]
fn the_largest_payloads_are_answered_in_time() {
    for Largest { what, hospital, text } in largest::payloads() {
        assert!((SIZE / 5 * 4..=SIZE).contains(&text.len()), "{what}: {} bytes", text.len());
        let profile = &invariants::PROFILES[hospital];
        let payload = Payload::Json(text.into());
        let took = || {
            let started = Instant::now();
            clean(&payload, profile, invariants::RECEIVED_AT);
            started.elapsed()
        };
        // Again if it took too long, for the machine may have had other things to do.
        let quickest = (0..5).map(|_| took()).find(|took| *took < LONGEST);
        assert!(quickest.is_some(), "{what}: five times over {LONGEST:?}");
    }
}
