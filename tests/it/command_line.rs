//! The real binary as a person or a script calls it.

use std::process::Output;

use serde_json::Value;

use crate::support::process::binary;

fn run(arguments: &[&str], directory: &std::path::Path) -> Output {
    binary().args(arguments).current_dir(directory).output().expect("the binary runs")
}

fn demo(arguments: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&[&["demo", "--json", "--latency", "1ms"], arguments].concat(), directory.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // One JSON object and nothing else.
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn sum_of_outcomes(report: &Value) -> u64 {
    let outcomes =
        ["stored", "unchanged", "stale", "superseded", "valid", "rejected", "failed", "not_attempted"];
    outcomes.iter().map(|outcome| report[outcome].as_u64().expect("a count")).sum()
}

#[test]
fn the_demo_reports_every_record_from_any_directory() {
    let report = demo(&["--records", "600", "--workers", "20"]);
    assert_eq!(report["received"], 600);
    assert_eq!(sum_of_outcomes(&report), 600);
    assert_eq!(report["completion"], "complete");
    assert!(report["stored"].as_u64() > Some(500) && report["rejected"].as_u64() > Some(0));
    assert_eq!(report["verified"].as_u64(), report["stored"].as_u64());
    assert_eq!(report["max_in_flight"], 20);
    let (verified, ideal) = (report["verified"].as_f64().unwrap(), report["ideal_seconds"].as_f64().unwrap());
    assert!((ideal - verified * 0.001 / 20.0).abs() < 1e-9);
    assert!(report["wall_seconds"].as_f64().unwrap() > ideal);
}

#[test]
fn repeats_of_the_input_are_patients_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("two.csv");
    std::fs::write(&input, "rec_id, given_name, surname, date_of_birth, soc_sec_id\na, ann, berry, 19800101, 1234567\nb, bob, berry, 19800102, 1234568\n").unwrap();
    let report = demo(&["--records", "7", "--input", input.to_str().unwrap(), "--hospital", "febrl"]);
    assert_eq!((report["received"].as_u64(), report["stored"].as_u64()), (Some(7), Some(7)));
}

#[test]
fn records_of_other_hospitals_come_from_ndjson() {
    for hospital in ["renmin", "harbour", "synthea"] {
        let input = format!("{}/tests/data/{hospital}/records.ndjson", env!("CARGO_MANIFEST_DIR"));
        let report = demo(&["--records", "12", "--input", &input]);
        assert_eq!(sum_of_outcomes(&report), 12, "{hospital}");
        assert!(report["stored"].as_u64() > Some(0), "{hospital}: {report}");
    }
}

#[test]
fn arguments_that_cannot_work_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [["--workers", "0"], ["--records", "0"], ["--latency", "fast"]] {
        let output = run(&[&["demo"][..], &arguments].concat(), directory.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(arguments[0]));
    }
}

#[test]
fn the_shipped_configuration_is_sound() {
    let output = run(&["check-config"], env!("CARGO_MANIFEST_DIR").as_ref());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("febrl") && text.contains("warning:") && text.contains("pool.workers"), "{text}");
}

#[test]
fn every_problem_of_a_configuration_is_listed_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bad.yaml");
    std::fs::write(&file, "server:\n  timeout: soon\n  max_recrods: 5\npool:\n  workers: 0\n").unwrap();
    let output = run(&["check-config", "--config", file.to_str().unwrap()], directory.path());
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    for part in ["bad.yaml:2", "bad.yaml:3", "max_records", "bad.yaml:5"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn the_page_of_rules_is_what_the_code_says() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&["rules", "--markdown"], directory.path());
    let page = include_str!("../../docs/rules.md");
    assert!(
        String::from_utf8(output.stdout).unwrap() == page,
        "write it anew: rules --markdown > docs/rules.md"
    );
    let table = String::from_utf8(run(&["rules"], directory.path()).stdout).unwrap();
    assert!(table.lines().any(|line| line.starts_with("BIRTH_DATE_IN_FUTURE")), "{table}");
}

#[test]
fn migrate_creates_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&["migrate"], directory.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(directory.path().join("data/dataprocessing.db").exists());
}
