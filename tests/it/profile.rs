//! Profiles as a data steward works with them: by the real binary.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::support::process::binary;

const HOSPITAL: &str = "\
version: 1
time_zone: Asia/Shanghai
charset: gb18030
mapping: {patient_id: blh, name: xm, gender: xb, birth_date: csrq, phones: [lxdh]}
codes: {gender: {男: male, 女: female}}
";

/// Values that nothing may show.
const SECRETS: [&str; 4] = ["赵钱孙", "13900001234", "19870605", "90210001"];

fn run(arguments: &[&str], directory: &Path) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        binary().args(arguments).current_dir(directory).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// Runs `profile try` with a profile on data in a file of this name, and looks whether a secret is shown.
fn try_on(profile: &str, name: &str, data: impl AsRef<[u8]>) -> (Option<i32>, String, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("h.yaml"), profile).unwrap();
    fs::write(directory.path().join(name), data).unwrap();
    let result = run(&["profile", "try", "h.yaml", "--input", name], directory.path());
    for secret in SECRETS {
        assert!(
            !result.1.contains(secret) && !result.2.contains(secret),
            "{secret} is in:\n{}{}",
            result.1,
            result.2
        );
    }
    result
}

/// The line that begins with a word, its columns one space apart.
fn line(output: &str, start: &str) -> String {
    let mut lines = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line {start:?} in:\n{output}"))
}

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_samples_of_the_shipped_profiles_hold_wherever_they_are_run() {
    let empty = tempfile::tempdir().unwrap();
    for directory in [shipped(""), empty.path().to_owned()] {
        let (code, output, _) = run(&["profile", "test"], &directory);
        assert_eq!(code, Some(0), "{output}");
        for hospital in ["febrl", "harbour", "renmin"] {
            assert!(output.lines().any(|line| !line.starts_with(' ') && line.contains(hospital)), "{output}");
        }
        assert!(output.contains("  ok      0 is male, and numbers are as good as texts\n"), "{output}");
        assert!(output.ends_with(" ok, 0 failed\n"), "{output}");
    }
}

#[test]
fn a_sample_that_fails_is_shown_with_its_lines_and_stops_the_service_from_starting() {
    let directory = tempfile::tempdir().unwrap();
    let hospitals = directory.path().join("hospitals");
    fs::create_dir(&hospitals).unwrap();
    let samples = "samples:\n  - name: right\n    input: {blh: 1, xm: 张 三, xb: 男, csrq: 1990-05-22}\n    \
                   patient: {name: {text: 张三}}\n    issues: RESIDENT_ID_ABSENT\n  - name: wrong\n    \
                   input: {blh: 1, xm: 张三, xb: 女, csrq: 1990-05-22}\n    patient:\n      gender: male\n";
    fs::write(hospitals.join("h.yaml"), format!("{HOSPITAL}{samples}")).unwrap();
    fs::write(directory.path().join("my.yaml"), "hospitals: {dir: hospitals}\n").unwrap();

    let (code, output, _) = run(&["profile", "test", "hospitals/h.yaml"], directory.path());
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("  ok      right\n  FAILED  wrong\n"), "{output}");
    let gender =
        "hospitals/h.yaml:14: samples[\"wrong\"].patient.gender: expected \"male\", found \"female\"";
    assert!(output.contains(gender), "{output}");
    assert!(
        output
            .contains("hospitals/h.yaml:11: samples[\"wrong\"].issues: found the warning RESIDENT_ID_ABSENT")
    );
    assert!(output.ends_with("samples: 1 ok, 1 failed\n"), "{output}");

    let (code, output, _) = run(&["profile", "test", "--config", "my.yaml"], directory.path());
    assert_eq!(code, Some(1), "{output}");
    for command in ["check-config", "serve"] {
        let (code, _, errors) = run(&[command, "--config", "my.yaml"], directory.path());
        assert_eq!(code, Some(2));
        assert!(errors.contains(gender), "{errors}");
    }
}

#[test]
fn what_cannot_be_read_is_told_beside_the_samples_of_the_others() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), format!("{HOSPITAL}rulse: {{}}\n")).unwrap();
    fs::write(directory.path().join("b.yaml"), HOSPITAL).unwrap();
    let (code, output, errors) = run(&["profile", "test", "."], directory.path());
    assert_eq!(code, Some(2));
    assert!(output.contains("b.yaml\n  has no samples"), "{output}");
    assert!(errors.contains("a.yaml:6: rulse: is unknown; did you mean rules?"), "{errors}");
    let (code, _, errors) = run(&["profile", "test", "missing.yaml"], directory.path());
    assert!(code == Some(2) && errors.contains("missing.yaml: cannot be read"), "{errors}");
}

#[test]
fn the_public_data_are_summed_up() {
    let (code, output, errors) = run(
        &["profile", "try", "etc/hospitals/febrl.yaml", "--input", "crates/lab/data/febrl/dataset3.csv"],
        &shipped(""),
    );
    assert_eq!(code, Some(0), "{errors}");
    assert!(
        output
            .starts_with("etc/hospitals/febrl.yaml, version 2024-1, on crates/lab/data/febrl/dataset3.csv\n")
    );
    assert!(line(&output, "read 5000").ends_with("100.0 %"));
    assert_eq!(line(&output, "birth_date date"), "birth_date date_of_birth 4845 96.9 %");
    assert!(line(&output, "not mapped: gender").ends_with("deceased, updated_at, version, age"));
    let missing = "error BIRTH_DATE_MISSING birth_date from date_of_birth 155 3.1 %";
    assert_eq!(line(&output, "error BIRTH_DATE_MISSING"), missing);
    assert_eq!(line(&output, "looks like: dddddddd"), "looks like: dddddddd (35)");
    assert!(line(&output, "F08 DATE_REFORMATTED").starts_with("F08 DATE_REFORMATTED birth_date reformatted"));
    for value in ["mitchell", "19560409", "1804974", "wallaby"] {
        assert!(!output.contains(value), "{value} is in:\n{output}");
    }
}

#[test]
fn the_records_of_the_other_hospitals_are_summed_up_from_their_envelopes() {
    for (hospital, data, read) in
        [("renmin", "records", 8), ("renmin", "gb18030", 2), ("harbour", "records", 6)]
    {
        let profile = format!("etc/hospitals/{hospital}.yaml");
        let input = format!("tests/data/{hospital}/{data}.ndjson");
        let (code, output, errors) = run(&["profile", "try", &profile, "--input", &input], &shipped(""));
        assert_eq!(code, Some(0), "{errors}");
        assert!(line(&output, "read").starts_with(&format!("read {read} ")), "{output}");
        assert!(line(&output, "patient_id").ends_with(if hospital == "renmin" {
            "100.0 %"
        } else {
            "83.3 %"
        }));
    }
}

#[test]
fn a_file_in_the_charset_of_the_hospital_is_read_and_no_value_is_shown() {
    let text = "blh,xm,xb,csrq,lxdh,备注\n90210001,赵钱孙,男,19870605,13900001234,x\n90210002,赵钱孙,保密,19870605,1,\n";
    let gbk = encoding_rs::GB18030.encode(text).0;
    for data in [text.as_bytes(), &*gbk] {
        let (code, output, errors) = try_on(HOSPITAL, "data.csv", data);
        assert_eq!(code, Some(0), "{errors}");
        assert!(line(&output, "valid").starts_with("valid 1 50.0 %"), "{output}");
        assert_eq!(line(&output, "备注"), "备注 1 50.0 %", "a key that is not mapped");
        assert_eq!(line(&output, "gender xb \"保密\""), "gender xb \"保密\" 1");
        assert_eq!(line(&output, "name.text"), "name.text xm 2 100.0 %");
    }
}

#[test]
fn objects_are_read_from_lines_and_from_lists() {
    let good = r#"{"blh": "90210001", "xm": "赵钱孙", "xb": "男", "csrq": "19870605"}"#;
    for (name, data) in [
        ("data.ndjson", format!("{good}\n\n[1]\n{{\"half\": \n")),
        ("data.json", format!("[{good}, [1], \"text\"]")),
    ] {
        let (code, output, errors) = try_on(HOSPITAL, name, data);
        assert_eq!(code, Some(0), "{errors}");
        assert!(line(&output, "read").starts_with("read 3 "), "{output}");
        assert!(line(&output, "valid").starts_with("valid 1 "), "{output}");
        assert!(
            line(&output, "error PAYLOAD_NOT_AN_OBJECT").starts_with("error PAYLOAD_NOT_AN_OBJECT record 2 ")
        );
    }
    let (_, output, _) = try_on(HOSPITAL, "one.json", good);
    assert!(line(&output, "read").starts_with("read 1 "), "{output}");
}

#[test]
fn a_row_that_cannot_be_read_costs_no_other() {
    let rows = "blh,xm,xb,csrq\n1,赵钱孙,男,19870605\n2,赵钱孙,男\n3,赵钱孙,女,19870605\n";
    let (code, output, errors) = try_on(HOSPITAL, "data.csv", rows);
    assert_eq!(code, Some(0), "{errors}");
    assert!(line(&output, "unreadable").starts_with("unreadable 1 33.3 %"), "{output}");
    assert_eq!(line(&output, "record 2"), "record 2 has 3 fields where the first line has 4");
    assert!(line(&output, "valid").starts_with("valid 2 "), "{output}");
}

#[test]
fn data_that_cannot_be_read_are_refused_without_being_shown() {
    for (name, data, message) in [
        ("data.csv", "90210001,赵钱孙,19870605\n", "the first line holds numbers"),
        ("data.csv", "blh,xm\n", "holds no record"),
        ("data.json", "{\"blh\": \"90210001\"", "line 1, column 18: not a list of objects in JSON"),
        ("data.txt", "", "the name must end in .csv, .ndjson or .json"),
    ] {
        let (code, _, errors) = try_on(HOSPITAL, name, data);
        assert!(code == Some(1) && errors.contains(message), "{message}: {errors}");
    }
    let (code, _, errors) = try_on("version: 1\n", "data.csv", "blh\n1\n");
    assert!(code == Some(2) && errors.contains("h.yaml:1: mapping: is missing"), "{errors}");
}

#[test]
fn a_profile_with_failing_samples_can_be_tried_and_says_so() {
    let profile = format!("{HOSPITAL}samples: [{{name: a, input: {{blh: 1}}}}]\n");
    let (code, output, _) = try_on(&profile, "data.ndjson", "{\"blh\": \"1\"}\n");
    assert_eq!(code, Some(0));
    assert!(
        output.contains("Samples of the profile that fail: 1. See: dataprocessing profile test h.yaml"),
        "{output}"
    );
}

#[test]
fn no_more_records_are_read_than_wanted() {
    let directory = shipped("");
    let arguments =
        ["profile", "try", "etc/hospitals/febrl.yaml", "--input", "crates/lab/data/febrl/dataset3.csv"];
    let (_, output, _) = run(&[&arguments[..], &["--limit", "7"]].concat(), &directory);
    assert!(line(&output, "read").starts_with("read 7 "), "{output}");
}

#[test]
fn the_commands_of_the_document_work() {
    let document = include_str!("../../docs/profiles.md");
    let commands: Vec<_> =
        document.lines().filter_map(|line| line.strip_prefix("cargo run --release -- profile ")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let arguments: Vec<_> = ["profile"].into_iter().chain(command.split(' ')).collect();
        let (code, output, errors) = run(&arguments, &shipped(""));
        assert_eq!(code, Some(0), "{command}\n{output}{errors}");
    }
}
