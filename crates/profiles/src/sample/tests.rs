//! Samples that hold and samples that do not.

use cleaning::profile::Profile;

const HOSPITAL: &str = "\
version: 1
time_zone: Asia/Shanghai
phone_region: CN
date_formats: [yyyy-MM-dd, instant]
mapping: {patient_id: id, name: xm, gender: xb, birth_date: csrq, phones: [tel], version: v}
samples:
";

fn profile(samples: &str) -> Result<Profile, Vec<String>> {
    crate::tests::parse(&format!("{HOSPITAL}{samples}"))
}

/// A sample of a good record, with more lines.
fn sample(more: &str) -> Result<Profile, Vec<String>> {
    let lines: String = more.lines().map(|line| format!("    {line}\n")).collect();
    profile(&format!(
        "  - name: plain\n    input: {{id: 7, xm: 张 三, xb: '1', csrq: '1990-05-21T15:00:00Z', tel: 13912345678/010-62345678}}\n{lines}"
    ))
}

#[test]
fn a_sample_that_holds_is_kept() {
    let profile = sample(
        "issues: RESIDENT_ID_ABSENT\npatient:\n  patient_id: 7\n  name: {text: 张三, family: ~}\n  gender: male\n  \
         birth_date: 1990-05-22\n  phones: ['+8613912345678', '+861062345678']\n  identifiers: []\n",
    );
    assert!(profile.is_ok(), "{profile:?}");
}

#[test]
fn every_difference_has_the_line_of_the_expectation() {
    let found = sample(
        "patient:\n  name: {text: 李四, famly: x}\n  birth_date: 1990-05-21\n  phones: ['+8613912345678']\n  \
         gender: {code: 1}\nissues: [GENDER_MISSING]\n",
    );
    let found = found.expect_err("refused");
    for expected in [
        "x.yaml:14: samples[\"plain\"].issues: expected GENDER_MISSING, which was not found",
        "x.yaml:14: samples[\"plain\"].issues: found the warning RESIDENT_ID_ABSENT in identifiers, which was not",
        "x.yaml:10: samples[\"plain\"].patient.name.text: expected \"李四\", found \"张三\"",
        "x.yaml:10: samples[\"plain\"].patient.name.famly: is not in the canonical form; did you mean family?",
        "x.yaml:11: samples[\"plain\"].patient.birth_date: expected \"1990-05-21\", found \"1990-05-22\"",
        "x.yaml:12: samples[\"plain\"].patient.phones: expected 1 element, found 2 elements: [",
        "x.yaml:13: samples[\"plain\"].patient.gender: expected a table, found \"male\"",
    ] {
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected}\n{found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[test]
fn a_rejected_record_is_no_patient() {
    let rejected = "  - name: nobody\n    input: {id: 1}\n    patient: {patient_id: 1}\n    \
                    issues: [NAME_MISSING, GENDER_MISSING, BIRTH_DATE_MISSING, RESIDENT_ID_ABSENT]\n";
    let found = profile(rejected).expect_err("refused");
    assert!(found.iter().any(|line| line.ends_with("patient: expected a patient, the record is rejected")));
}

#[test]
fn an_issue_says_which_key_it_came_from() {
    let found = profile("  - {name: a, input: {id: 1, xm: 张三, xb: 7, csrq: '1990-01-01'}}\n").err();
    let found = found.expect("refused").join("\n");
    assert!(found.contains("found the error GENDER_NOT_IN_TABLE in gender, from xb"), "{found}");
}

#[test]
fn the_input_may_be_any_text() {
    let text = "  - {name: a, input: '{\"id\": ', issues: PAYLOAD_NOT_AN_OBJECT}\n  \
                - name: b\n    input: |\n      {\"id\": \"7\", \"xm\": \"张三\", \"xb\": \"1\", \"csrq\": \"1990-05-22\"}\n    \
                issues: [RESIDENT_ID_ABSENT]\n    patient: {patient_id: '7'}\n";
    assert!(profile(text).is_ok());
}

#[test]
fn plain_scalars_are_json_and_quoted_ones_are_texts() {
    let version = |written: &str, expected: &str| {
        profile(&format!(
            "  - name: a\n    input: {{id: '1', xm: 张三, xb: '1', csrq: '1990-01-01', v: {written}}}\n    \
             issues: [RESIDENT_ID_ABSENT]\n    patient: {{order: {expected}}}\n"
        ))
    };
    for written in ["7", "'7'"] {
        version(written, "{version: 7}").expect(written);
    }
    version("null", "arrival").expect("nothing");
    assert!(version("true", "arrival").is_err(), "the text true is no version");
}

#[test]
fn a_sample_is_judged_on_its_day() {
    let born = |day: &str| {
        profile(&format!(
            "  - name: a\n    input: {{id: 1, xm: 张三, xb: '1', csrq: '2026-06-01'}}\n    \
             issues: [RESIDENT_ID_ABSENT]\n    {day}\n"
        ))
    };
    assert!(born("received: 2026-06-01").is_ok());
    let found = born("").expect_err("not born yet").join("\n");
    assert!(found.contains("BIRTH_DATE_IN_FUTURE"), "{found}");
}

#[test]
fn what_cannot_be_a_sample_is_refused() {
    let found = profile(
        "  - {name: a, inputs: {id: 1}}\n  - {name: a, input: [1]}\n  - {name: b, input: {}, patient: x, \
         issues: [GENDER_MISING], received: soon}\n  - {name: a, input: {}}\n",
    );
    let found = found.expect_err("refused");
    for expected in [
        "x.yaml:7: samples[0].input: is missing",
        "x.yaml:7: samples[0].inputs: is unknown; did you mean input?",
        "x.yaml:8: samples[1].input: is neither the source's object",
        "x.yaml:8: samples[1].name: is already the name of another sample",
        "x.yaml:9: samples[2].patient: is not a table",
        "x.yaml:9: samples[2].issues: is not a rule; did you mean GENDER_MISSING?",
        "x.yaml:9: samples[2].received: ",
    ] {
        let expected = expected.replace("issues: ", "issues[0]: ");
        assert!(found.iter().any(|line| line.starts_with(&expected)), "{expected}\n{found:#?}");
    }
}
