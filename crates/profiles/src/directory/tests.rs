//! Directories of profiles, and the shipped one.

use serde_json::Value;

use super::*;
use cleaning::profile::mapping::Mapped;

fn shipped(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

/// The first records of a shipped hospital, mapped by its profile.
fn samples(hospital: &str) -> Vec<Mapped> {
    let profiles = load_directory(&shipped("etc/hospitals")).unwrap_or_else(|error| panic!("{error}"));
    let text = fs::read_to_string(shipped(&format!("tests/data/{hospital}/records.ndjson"))).expect("read");
    let mapped = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(record["hospitalCode"], hospital);
        let raw = record["rawJson"].as_str().expect("a text");
        profiles[hospital].mapping.map(&serde_json::from_str(raw).expect("an object"))
    });
    mapped.collect()
}

fn lines(error: &SettingsError) -> Vec<String> {
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn every_shipped_profile_loads() {
    let profiles = load_directory(&shipped("etc/hospitals")).unwrap_or_else(|error| panic!("{error}"));
    let mut codes: Vec<_> = profiles.keys().map(|code| &**code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["febrl", "harbour", "renmin", "synthea"]);
    for profile in profiles.values() {
        let verify = profile.verify.as_ref().expect("every shipped hospital verifies");
        assert_eq!(verify.url, "http://127.0.0.1:9100/verify");
    }
}

// Comparisons go through assert!, for patients have no Debug.
#[test]
fn febrl_rows_become_patients() {
    let Mapped { patient, sources, .. } = samples("febrl").remove(0);
    assert!(patient.patient_id == "rec-1496-org");
    assert!(patient.name.family == "green" && patient.name.given == "mitchell");
    assert!(patient.birth_date == "19560409" && patient.gender.is_empty());
    assert!(patient.identifiers[0].kind == "99" && patient.identifiers[0].value == "1804974");
    assert!(patient.addresses[0].text == "7 wallaby place delmar cleveland sa 2119");
    assert!(patient.addresses[0].postal_code == "2119");
    assert_eq!(sources.of_element("identifiers.value", 0).as_deref(), Some("soc_sec_id"));
}

#[test]
fn pinyin_keys_become_patients_in_any_case() {
    let samples = samples("renmin");
    let first = &samples[0].patient;
    assert!(first.patient_id == "00012345" && first.name.text == "张三" && first.gender == "男");
    assert!(first.identifiers[0].kind == "01" && first.identifiers[0].value == "440524200103070113");
    let second = &samples[1].patient;
    assert!(second.phones.len() == 2 && second.contacts[0].relation == "父亲");
    let upper_case = &samples[2].patient;
    assert!(upper_case.patient_id == "00012347" && upper_case.identifiers.len() == 1);
    let passport = &samples[3].patient;
    assert!(passport.patient_id == "M0099" && passport.identifiers[0].kind == "护照");
}

#[test]
fn nested_keys_and_numbers_become_patients() {
    let samples = samples("harbour");
    let first = &samples[0].patient;
    assert!(first.patient_id == "900017" && first.gender == "0" && first.birth_date == "20070125");
    assert!(first.phones == ["13900000011", "0754-88880000"]);
    assert!(first.addresses[0].text == "广东省汕头市海港路2号" && first.version == "3");
    let second = &samples[1];
    assert!(second.patient.phones == ["13900000012"] && second.patient.contacts.len() == 1);
    assert_eq!(second.sources.of_element("phones", 0).as_deref(), Some("patiMobile"));
    let third = &samples[2].patient;
    assert!(third.name.text == "Maria Costa" && third.identifiers[1].value == "HB-77");
    assert_eq!(samples[5].sources.of("patient_id").as_deref(), Some("patiId"));
}

#[test]
fn problems_of_all_files_are_found_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("a.yaml"), "version: 1\nzone: x\n").expect("written");
    fs::write(dir.path().join("b.yaml"), "mapping: [\n").expect("written");
    fs::write(dir.path().join("c.yml"), "").expect("written");
    fs::write(dir.path().join("README.md"), "no profile").expect("written");
    fs::write(dir.path().join(".hidden.yaml"), "no profile").expect("written");
    let found = lines(&load_directory(dir.path()).expect_err("refused"));
    for file in ["a.yaml", "b.yaml", "c.yml"] {
        assert!(found.iter().any(|line| line.contains(file)), "{file}: {found:#?}");
    }
    assert!(!found.iter().any(|line| line.contains("README") || line.contains("hidden")), "{found:#?}");
}

const SMALLEST: &str = "version: 1\ntime_zone: UTC\nmapping: {patient_id: id}\n";

/// A directory with one hospital, and what its hospitals share.
fn directory(defaults: Option<&str>, hospitals: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    if let Some(text) = defaults {
        fs::write(dir.path().join("defaults.yaml"), text).expect("written");
    }
    for code in hospitals {
        fs::write(dir.path().join(format!("{code}.yaml")), SMALLEST).expect("written");
    }
    dir
}

#[test]
fn a_directory_without_defaults_has_the_shipped_ones() {
    let dir = directory(None, &["x"]);
    let profiles = load_directory(dir.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(profiles.len(), 1);
    assert!(profiles["x"].null_tokens.contains("不详") && !profiles["x"].date_formats.is_empty());
    assert!(profiles["x"].verify.is_none());
}

#[test]
fn the_shipped_defaults_leave_a_hospital_in_a_hurry_alone() {
    let dir = directory(None, &["x"]);
    let hasty = format!("{SMALLEST}verify: {{url: http://host/, timeout: 200ms}}\n");
    fs::write(dir.path().join("x.yaml"), hasty).expect("written");
    assert!(load_directory(dir.path()).is_ok());
}

#[test]
fn the_defaults_of_a_directory_take_the_place_of_the_shipped_ones() {
    let dir = directory(Some("date_formats: [yyyy]\n"), &["x"]);
    let profiles = load_directory(dir.path()).unwrap_or_else(|error| panic!("{error}"));
    assert!(profiles.len() == 1, "the defaults are no hospital");
    assert!(profiles["x"].null_tokens.is_empty() && profiles["x"].date_formats.len() == 1);
    assert!(read_file(&dir.path().join("defaults.yaml")).is_err());
}

#[test]
fn a_problem_of_the_defaults_is_told_once_and_with_their_name() {
    let dir = directory(Some("date_formats: [yyyy]\nnul_tokens: [x]\n"), &["x", "y"]);
    let found = lines(&load_directory(dir.path()).expect_err("refused"));
    assert!(found.len() == 1 && found[0].contains("defaults.yaml:2: nul_tokens: is unknown"), "{found:#?}");
    let dir = directory(Some("date_formats: [\n"), &["x", "y"]);
    let found = lines(&load_directory(dir.path()).expect_err("refused"));
    assert!(found.len() == 1 && found[0].contains("defaults.yaml:2: not valid YAML"), "{found:#?}");
}

#[test]
fn only_defaults_are_no_profile() {
    let dir = directory(Some("date_formats: [yyyy]\n"), &[]);
    let found = load_directory(dir.path()).expect_err("refused");
    assert!(found.to_string().contains("contains no profile"), "{found}");
}

#[test]
fn a_profile_whose_samples_fail_is_refused_and_can_still_be_read() {
    let dir = directory(None, &["x"]);
    let file = dir.path().join("x.yaml");
    fs::write(&file, format!("{SMALLEST}samples: [{{name: a, input: {{id: 1}}}}]\n")).expect("written");
    let found = load_directory(dir.path()).expect_err("refused");
    assert!(found.to_string().contains("x.yaml:4: samples[\"a\"].issues: found the error"), "{found}");
    assert_eq!(read_file(&file).unwrap_or_else(|error| panic!("{error}")).samples.len(), 1);
}

#[test]
fn a_missing_or_empty_directory_is_a_problem() {
    let dir = tempfile::tempdir().expect("a directory");
    let empty = load_directory(dir.path()).expect_err("refused");
    assert!(empty.to_string().contains("contains no profile"), "{empty}");
    let missing = load_directory(&dir.path().join("missing")).expect_err("refused");
    assert!(missing.to_string().contains("cannot be listed"), "{missing}");
}
