//! The real binary as a person or a script calls it.

use std::process::Output;

use crate::support::process::binary;

fn run(arguments: &[&str], directory: &std::path::Path) -> Output {
    binary().args(arguments).current_dir(directory).output().expect("the binary runs")
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
