//! The benchmark measures what it says, and leaves nothing behind.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests wait for another process, without a runtime"
)]

use std::{
    process::Output,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::lab;

/// Runs a small benchmark with its temporary files in a directory of their own, which has to be empty again.
fn bench(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let output = lab().arg("bench").args(arguments).env("TMPDIR", directory.path()).output().unwrap();
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "temporary files are left over");
    output
}

/// Its measurements as programs get them, by name.
fn measured(arguments: &[&str]) -> Vec<(String, Value)> {
    let output = bench(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let objects = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("one object a line"));
    objects.map(|object| (object["scenario"].as_str().unwrap().to_owned(), object)).collect()
}

fn names(measured: &[(String, Value)]) -> Vec<&str> {
    measured.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn overhead_is_compared_with_a_ceiling_of_the_same_run() {
    let measured = measured(&["--scenario", "overhead", "--records", "500"]);
    assert_eq!(names(&measured), ["ceiling", "overhead"]);
    let [(_, ceiling), (_, overhead)] = &measured[..] else { panic!("two measurements") };
    let number =
        |object: &Value, key: &str| object[key].as_f64().unwrap_or_else(|| panic!("{key}: {object}"));
    assert_eq!((number(ceiling, "records"), number(overhead, "records")), (500.0, 500.0));
    let ratio = number(overhead, "records_per_second") / number(ceiling, "records_per_second");
    assert!((number(overhead, "ratio") - ratio).abs() < 1e-9);
    let rate = 500.0 / number(overhead, "seconds");
    assert!((number(overhead, "records_per_second") - rate).abs() < 1e-6);
    let outcomes = &overhead["outcomes"];
    assert_eq!(outcomes["stored"].as_u64().unwrap() + outcomes["rejected"].as_u64().unwrap(), 500);
    if cfg!(target_os = "linux") {
        assert!(number(overhead, "server_cpu_us_per_record") > 1.0);
        assert!(number(overhead, "server_peak_rss_bytes") > 1e6);
    }
}

#[test]
fn a_slow_hospital_is_compared_with_the_ideal() {
    let measured = measured(&["--scenario", "latency-50", "--records", "200"]);
    assert_eq!(names(&measured), ["latency-50, floor", "latency-50"]);
    let [(_, floor), (_, latency)] = &measured[..] else { panic!("two measurements") };
    let verified = latency["verified"].as_f64().unwrap();
    assert!(verified > 150.0 && verified <= 200.0);
    assert!((latency["ideal_seconds"].as_f64().unwrap() - verified * 0.05 / 50.0).abs() < 1e-9);
    for ratio in [&latency["ratio"], &floor["ratio"]] {
        assert!(ratio.as_f64().unwrap() > 1.0);
    }
}

#[test]
fn a_batch_that_is_sent_again_is_unchanged() {
    let measured = measured(&["--scenario", "resend", "--scenario", "callers-20", "--records", "420"]);
    assert_eq!(names(&measured), ["resend, first load", "resend, again", "callers-20"]);
    assert_eq!(measured[0].1["outcomes"]["stored"], measured[1].1["outcomes"]["unchanged"]);
}

#[test]
fn the_large_store_holds_as_many_patients_as_were_asked_for() {
    let arguments = ["--scenario", "big-store", "--records", "300", "--patients", "12000"];
    let measured = measured(&arguments);
    assert_eq!(
        names(&measured),
        ["big-store, empty, new", "big-store, empty, changed", "big-store, new", "big-store, changed"]
    );
    for (name, big) in &measured[2..] {
        let held = big["patients_before"].as_u64().unwrap();
        assert!((12_000..24_000).contains(&held), "{name}: {held}");
        assert!(big["ratio"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn a_stream_is_drawn_over_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stream.svg");
    let measured = measured(&["--scenario", "stream", "--records", "2000", "--plot", file.to_str().unwrap()]);
    let (name, stream) = &measured[0];
    assert_eq!((name.as_str(), stream["records"].as_u64()), ("stream", Some(2_000)));
    assert!(stream["ratio"].as_f64().unwrap() > 0.0);
    if cfg!(target_os = "linux") {
        assert!(
            measured[1].1["server_later_peak_rss_bytes"].as_u64()
                >= measured[1].1["server_early_rss_bytes"].as_u64()
        );
    }
    let svg = std::fs::read_to_string(file).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("stored"));
}

#[test]
fn a_small_batch_is_timed_alone_and_beside_a_stream() {
    let measured = measured(&["--scenario", "fairness", "--records", "10000"]);
    assert_eq!(names(&measured), ["fairness, alone", "fairness, beside a stream"]);
    let [(_, alone), (_, beside)] = &measured[..] else { panic!("two measurements") };
    assert_eq!((alone["records"].as_u64(), beside["records"].as_u64()), (Some(100), Some(100)));
    let ratio = beside["seconds"].as_f64().unwrap() / alone["seconds"].as_f64().unwrap();
    assert!((beside["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9);
}

#[test]
fn the_table_names_its_columns() {
    let output = bench(&["--scenario", "ceiling", "--records", "50"]);
    let table = String::from_utf8(output.stdout).unwrap();
    for part in ["scenario", "records/s", "ceiling"] {
        assert!(table.contains(part), "{part} is not in:\n{table}");
    }
}

#[test]
fn a_store_that_cannot_be_is_refused() {
    for store in ["mysql://localhost", "sqlite:///nowhere/at/all"] {
        let output = bench(&["--scenario", "ceiling", "--store", store]);
        assert_eq!(output.status.code(), Some(1), "{store}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

/// Waits until something is so; the test fails if that takes too long.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ctrl-C and SIGTERM alike: no child survives, no file is left.
#[test]
fn an_interrupted_benchmark_ends_its_processes() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = lab()
        .args(["bench", "--scenario", "stream", "--records", "10000000", "--json"])
        .env("TMPDIR", directory.path())
        .spawn()
        .unwrap();
    let logs = || {
        let entries = std::fs::read_dir(directory.path()).unwrap().flatten();
        entries.map(|entry| entry.path().join("serve.log")).find(|log| log.exists())
    };
    let mut address = None;
    eventually("the service listens", || {
        let log = logs().and_then(|log| std::fs::read_to_string(log).ok()).unwrap_or_default();
        address = log.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["address"].as_str().map(str::to_owned)
        });
        address.is_some()
    });
    let told = std::process::Command::new("kill").arg("-INT").arg(bench.id().to_string()).status();
    assert!(told.unwrap().success());
    eventually("the benchmark ends", || bench.try_wait().unwrap().is_some());
    assert_eq!(bench.wait().unwrap().code(), Some(1));
    assert!(std::net::TcpStream::connect(address.unwrap()).is_err(), "the service still listens");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
