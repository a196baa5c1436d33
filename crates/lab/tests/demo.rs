//! The demo as a person or a script calls it.

use std::process::Output;

use serde_json::Value;

use crate::lab;

/// Runs the demo in an empty directory.
fn run(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    lab().arg("demo").args(arguments).current_dir(directory.path()).output().unwrap()
}

fn demo(arguments: &[&str]) -> Value {
    let output = run(&[&["--json", "--latency", "1ms"], arguments].concat());
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
        let input = format!("{}/../../tests/data/{hospital}/records.ndjson", env!("CARGO_MANIFEST_DIR"));
        let report = demo(&["--records", "12", "--input", &input]);
        assert_eq!(sum_of_outcomes(&report), 12, "{hospital}");
        assert!(report["stored"].as_u64() > Some(0), "{hospital}: {report}");
    }
}

#[test]
fn arguments_that_cannot_work_are_refused() {
    for arguments in [["--workers", "0"], ["--records", "0"], ["--latency", "fast"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(arguments[0]));
    }
}
