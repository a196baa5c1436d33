//! The corpus of the fuzz target and mutations of it, for machines on which nobody fuzzes; and what the worst
//! of payloads cost.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use dataprocessing::domain::{clean::clean, record::Payload};
use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngSeed},
};

#[path = "../../fuzz/invariants.rs"]
mod invariants;

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

/// What happens to a seed, at a place that is known once there is one.
#[derive(Clone, Debug)]
enum Mutation {
    /// A byte takes the place of another.
    Set(Index, u8),
    /// One bit of a byte is turned over.
    Flip(Index, u8),
    /// Bytes that mean something to JSON, or to a rule, are put in.
    Insert(Index, &'static [u8]),
    /// The rest is lost.
    Cut(Index),
    /// Bytes are sent twice.
    Repeat(Index, Index),
    /// It goes on as another seed does.
    Splice(Index, Vec<u8>, Index),
}

/// What parsers and formatters look for.
const TOKENS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b":",
    b",",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"4.41E+17",
    b"\\u0000",
    b"\\ud800",
    b"\xEF\xBB\xBF",
    b"\xE2\x80\xAE",
    b"\xCC\x81",
    b"\xEF\xBF\xBD",
    b"\xFF",
    b"\x81\x30",
    b"99991231",
    b"00000000",
    b"//;;",
];

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        // One more than there are bytes: the end is a place, too.
        let places = bytes.len() + 1;
        match self {
            Self::Set(at, byte) => bytes.iter_mut().skip(at.index(places)).take(1).for_each(|it| *it = *byte),
            Self::Flip(at, bit) => {
                bytes.iter_mut().skip(at.index(places)).take(1).for_each(|it| *it ^= 1 << bit)
            }
            Self::Insert(at, token) => {
                let at = at.index(places);
                bytes.splice(at..at, token.iter().copied());
            }
            Self::Cut(at) => bytes.truncate(at.index(places)),
            Self::Repeat(one, other) => {
                let (one, other) = (one.index(places), other.index(places));
                bytes.extend_from_within(one.min(other)..one.max(other));
            }
            Self::Splice(at, seed, from) => {
                bytes.truncate(at.index(places));
                bytes.extend_from_slice(&seed[from.index(seed.len() + 1)..]);
            }
        }
    }
}

fn mutation(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), select(&TOKENS[..])).prop_map(|(at, token)| Mutation::Insert(at, token)),
        at().prop_map(Mutation::Cut),
        (at(), at()).prop_map(|(one, other)| Mutation::Repeat(one, other)),
        (at(), select(seeds), at()).prop_map(|(at, seed, from)| Mutation::Splice(at, seed, from)),
    ]
}

#[test]
fn the_invariants_hold_for_mutations_of_the_corpus() {
    // Always the same ones: the fuzzer is there to find new ones.
    let config =
        Config { cases: 2_000, rng_seed: RngSeed::Fixed(0), failure_persistence: None, ..Config::default() };
    let seeds = corpus();
    let small: Vec<_> = seeds.into_iter().filter(|seed| seed.len() <= 4_096).collect();
    let mutations = proptest::collection::vec(mutation(small.clone()), 1..4);
    proptest!(config, |(seed in select(small), mutations in mutations)| {
        let mut payload = seed;
        mutations.iter().for_each(|mutation| mutation.apply(&mut payload));
        invariants::hold_for(&payload);
    });
}

/// The size of these payloads: sixteen times the largest record that a server takes as it is shipped.
const SIZE: usize = 1 << 20;

/// How long any of them may take, even as the compiler leaves the code when nobody asks for speed.
const LONGEST: Duration = Duration::from_secs(1);

/// A payload with the same element again and again.
struct Filled {
    what: &'static str,
    hospital: &'static str,
    before: &'static str,
    element: &'static str,
    separator: &'static str,
    after: &'static str,
}

impl Filled {
    fn text(&self) -> String {
        let count =
            (SIZE - self.before.len() - self.after.len()) / (self.element.len() + self.separator.len());
        format!("{}{}{}", self.before, vec![self.element; count].join(self.separator), self.after)
    }
}

/// The payloads with one field that is as long as can be.
fn with_one_field() -> Vec<Filled> {
    let list = |what, before, element, after| Filled {
        what,
        hospital: "synthea",
        before,
        element,
        separator: ",",
        after,
    };
    let text = |what, before, element| Filled {
        what,
        hospital: "renmin",
        before,
        element,
        separator: "",
        after: "\"}",
    };
    vec![
        list("phones that split", r#"{"telecom":["#, r#"{"system":"sms","value":"1/2/3/4/5/6/7/8/9"}"#, "]}"),
        list("no identifiers", r#"{"identifier":["#, r#"{"type":{"coding":[{"code":"x"}]}}"#, "]}"),
        list("identifiers", r#"{"identifier":["#, r#"{"type":{"coding":[{"code":"DL"}]},"value":"1"}"#, "]}"),
        list("given names", r#"{"name":[{"use":"official","given":["#, r#""Ann""#, "]}]}"),
        list("names of no use", r#"{"name":["#, r#"{"use":"maiden"}"#, "]}"),
        list("brackets", r#"{"name":["#, "[[[[]]]]", "]}"),
        text("separators", r#"{"blh":"1","lxdh":""#, ";/;"),
        text("marks of extensions", r#"{"blh":"1","lxdh":""#, "x#转"),
        text("divisions", r#"{"blh":"1","xzz":""#, "浙江省杭州市"),
        text("divisions short and whole", r#"{"blh":"1","xzz":""#, "浙江浙江省"),
        text("divisions and their cities", r#"{"blh":"1","xzz":""#, "吉林省吉林市"),
        text("combining marks", r#"{"blh":"1","xm":""#, "\u{301}\u{323}\u{327}"),
        text("a name", r#"{"blh":"1","xm":""#, "张 ·"),
        text("digits of an id", r#"{"blh":"1","sfzh":""#, "4405"),
        text("digits of a date", r#"{"blh":"1","csrq":""#, "2001"),
    ]
}

/// A hundred phones, each of which splits into as many as fit.
fn phones_in_phones() -> String {
    let phones = (0..100).map(|phone| {
        let numbers: Vec<_> = (0..800).map(|number| format!("6175{phone:02}{number:04}")).collect();
        format!(r#"{{"system":"phone","value":"{}"}}"#, numbers.join("/"))
    });
    format!(r#"{{"telecom":[{}]}}"#, phones.collect::<Vec<_>>().join(","))
}

fn many_keys() -> String {
    let keys: Vec<_> = (0..SIZE / 14).map(|key| format!(r#""key{key}":1"#)).collect();
    format!("{{{}}}", keys.join(","))
}

#[test]
fn the_largest_payloads_are_answered_in_time() {
    let of_one_field =
        with_one_field().into_iter().map(|filled| (filled.what, filled.hospital, filled.text()));
    let others = [("phones in phones", "synthea", phones_in_phones()), ("keys", "renmin", many_keys())];
    for (what, hospital, text) in of_one_field.chain(others) {
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
