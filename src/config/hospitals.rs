//! The hospitals' profiles, one file each in one directory.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ConfigError, read_file};
use cleaning::profile::Profile;
use profiles::{Defaults, ProfileFile};
use settings::{Origin, Problem};

/// The hospitals whose records are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalsConfig {
    /// Directory of the profiles.
    pub dir: PathBuf,
}

/// The shipped profiles, by hospital code.
const SHIPPED: [(&str, &str); 4] = [
    ("febrl", include_str!("../../etc/hospitals/febrl.yaml")),
    ("harbour", include_str!("../../etc/hospitals/harbour.yaml")),
    ("renmin", include_str!("../../etc/hospitals/renmin.yaml")),
    ("synthea", include_str!("../../etc/hospitals/synthea.yaml")),
];

/// What a directory's hospitals share is in the file of this name, so no hospital can have the code.
const DEFAULTS_FILE: &str = "defaults.yaml";

/// What hospitals share in a directory that has no such file.
const SHIPPED_DEFAULTS: &str = include_str!("../../etc/hospitals/defaults.yaml");

/// Profiles by hospital code.
pub type Profiles = HashMap<Arc<str>, Arc<Profile>>;

/// Loads every `<hospital_code>.yaml` of a directory, each over the directory's `defaults.yaml` or, where
/// there is none, over the one that is compiled in; files of other kinds and hidden files are left alone.
/// All problems of all files are found at once; a directory without any profile is one.
pub fn load_hospitals(dir: &Path) -> Result<Profiles, ConfigError> {
    let mut profiles = Profiles::new();
    let mut problems = Vec::new();
    let files = hospital_files(dir)?;
    let defaults = defaults_of(dir).unwrap_or_else(|found| {
        problems.extend(found);
        // In the place of those that cannot be read, for the problems of the hospitals' own files.
        shipped_defaults()
    });
    for file in files {
        match parse(&file, &defaults).and_then(ProfileFile::into_proven) {
            Ok(profile) => drop(profiles.insert(profile.code.clone(), Arc::new(profile))),
            Err(found) => found.into_iter().for_each(|problem| {
                // What is wrong with the defaults is found with every hospital, and told once.
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }),
        }
    }
    if problems.is_empty() { Ok(profiles) } else { Err(problems.into()) }
}

/// What to say if one hanging hospital could take workers from the others: the calls that the hospitals may have in
/// flight then add up to more than there are workers.
pub fn isolation_warning(profiles: &Profiles, workers: usize) -> Option<String> {
    let called: Vec<_> = profiles.values().filter_map(|profile| profile.verify.as_ref()).collect();
    let in_flight: usize = called.iter().map(|verify| verify.in_flight(workers)).sum();
    (called.len() > 1 && in_flight > workers).then(|| {
        format!(
            "the {} hospitals with a verification API may have {in_flight} calls in flight together and there are \
             {workers} workers (pool.workers): hospitals that hang can hold up the others. Lower \
             verify.max_in_flight, by default half of the workers, to a sum of {workers} over the hospitals in use, \
             or raise pool.workers",
            called.len(),
        )
    })
}

/// Reads one hospital's file over the defaults beside it, without running its samples.
pub fn read_hospital(file: &Path) -> Result<ProfileFile, ConfigError> {
    let dir = file.parent().unwrap_or(Path::new(""));
    let defaults = defaults_of(dir)?;
    parse(file, &defaults).map_err(ConfigError::from)
}

/// The profiles that are shipped, compiled in.
pub fn shipped_hospitals() -> Profiles {
    let profiles = shipped_profile_files().map(ProfileFile::into_proven);
    let profiles = profiles.map(|profile| Arc::new(profile.expect("the samples of a shipped profile hold")));
    profiles.map(|profile| (Arc::clone(&profile.code), profile)).collect()
}

/// The profiles that are shipped with their samples, by hospital code.
pub fn shipped_profile_files() -> impl Iterator<Item = ProfileFile> {
    let defaults = shipped_defaults();
    SHIPPED.iter().map(move |(code, text)| {
        ProfileFile::parse(&defaults, &format!("{code}.yaml"), code, text)
            .expect("a shipped profile is sound")
    })
}

/// The hospitals' files of a directory by name, at least one.
pub fn hospital_files(dir: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let found = match profile_files(dir) {
        Ok(files) if files.is_empty() => problem(dir, "contains no profile: add a CODE.yaml"),
        Ok(files) => return Ok(files),
        Err(error) => problem(dir, &format!("the profiles cannot be listed: {error}")),
    };
    Err(vec![found].into())
}

/// Hidden files are how Kubernetes keeps versions of a mounted directory.
fn profile_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let other = path.file_name().is_some_and(|name| {
            name.as_encoded_bytes().starts_with(b".") || name.as_encoded_bytes() == DEFAULTS_FILE.as_bytes()
        });
        if !other && path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn shipped_defaults() -> Defaults {
    let name = format!("built-in {DEFAULTS_FILE}");
    Defaults::parse(&name, SHIPPED_DEFAULTS).expect("the shipped defaults are sound")
}

fn defaults_of(dir: &Path) -> Result<Defaults, Vec<Problem>> {
    let file = dir.join(DEFAULTS_FILE);
    if !file.exists() {
        return Ok(shipped_defaults());
    }
    let text = read_file(&file).map_err(|message| vec![problem(&file, &message)])?;
    Defaults::parse(&file.display().to_string(), &text)
}

fn parse(file: &Path, defaults: &Defaults) -> Result<ProfileFile, Vec<Problem>> {
    if file.extension().is_none_or(|kind| kind != "yaml") {
        return Err(vec![problem(file, "the name of a profile must end in .yaml")]);
    }
    let code = file.file_stem().and_then(|stem| stem.to_str());
    let code = code.ok_or_else(|| vec![problem(file, "the name of a profile must be plain text")])?;
    if code == "defaults" {
        return Err(vec![problem(
            file,
            "is what the hospitals of a directory share, not the profile of one",
        )]);
    }
    let text = read_file(file).map_err(|message| vec![problem(file, &message)])?;
    ProfileFile::parse(defaults, &file.display().to_string(), code, &text)
}

fn problem(path: &Path, message: &str) -> Problem {
    let origin = Origin::whole(&path.display().to_string());
    Problem { origin, path: String::new(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use cleaning::profile::mapping::Mapped;

    fn shipped(relative: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
    }

    /// The first records of a shipped hospital, mapped by its profile.
    fn samples(hospital: &str) -> Vec<Mapped> {
        let profiles = load_hospitals(&shipped("etc/hospitals")).unwrap_or_else(|error| panic!("{error}"));
        let text =
            fs::read_to_string(shipped(&format!("tests/data/{hospital}/records.ndjson"))).expect("read");
        let mapped = text.lines().map(|line| {
            let record: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(record["hospitalCode"], hospital);
            let raw = record["rawJson"].as_str().expect("a text");
            profiles[hospital].mapping.map(&serde_json::from_str(raw).expect("an object"))
        });
        mapped.collect()
    }

    fn lines(error: &ConfigError) -> Vec<String> {
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_shipped_profile_loads() {
        let profiles = load_hospitals(&shipped("etc/hospitals")).unwrap_or_else(|error| panic!("{error}"));
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
        let found = lines(&load_hospitals(dir.path()).expect_err("refused"));
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
        let profiles = load_hospitals(dir.path()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(profiles.len(), 1);
        assert!(profiles["x"].null_tokens.contains("不详") && !profiles["x"].date_formats.is_empty());
        assert!(profiles["x"].verify.is_none());
    }

    #[test]
    fn the_shipped_defaults_leave_a_hospital_in_a_hurry_alone() {
        let dir = directory(None, &["x"]);
        let hasty = format!("{SMALLEST}verify: {{url: http://host/, timeout: 200ms}}\n");
        fs::write(dir.path().join("x.yaml"), hasty).expect("written");
        assert!(load_hospitals(dir.path()).is_ok());
    }

    #[test]
    fn the_defaults_of_a_directory_take_the_place_of_the_shipped_ones() {
        let dir = directory(Some("date_formats: [yyyy]\n"), &["x"]);
        let profiles = load_hospitals(dir.path()).unwrap_or_else(|error| panic!("{error}"));
        assert!(profiles.len() == 1, "the defaults are no hospital");
        assert!(profiles["x"].null_tokens.is_empty() && profiles["x"].date_formats.len() == 1);
        assert!(read_hospital(&dir.path().join("defaults.yaml")).is_err());
    }

    #[test]
    fn a_problem_of_the_defaults_is_told_once_and_with_their_name() {
        let dir = directory(Some("date_formats: [yyyy]\nnul_tokens: [x]\n"), &["x", "y"]);
        let found = lines(&load_hospitals(dir.path()).expect_err("refused"));
        assert!(
            found.len() == 1 && found[0].contains("defaults.yaml:2: nul_tokens: is unknown"),
            "{found:#?}"
        );
        let dir = directory(Some("date_formats: [\n"), &["x", "y"]);
        let found = lines(&load_hospitals(dir.path()).expect_err("refused"));
        assert!(found.len() == 1 && found[0].contains("defaults.yaml:2: not valid YAML"), "{found:#?}");
    }

    #[test]
    fn only_defaults_are_no_profile() {
        let dir = directory(Some("date_formats: [yyyy]\n"), &[]);
        let found = load_hospitals(dir.path()).expect_err("refused");
        assert!(found.to_string().contains("contains no profile"), "{found}");
    }

    #[test]
    fn a_profile_whose_samples_fail_is_refused_and_can_still_be_read() {
        let dir = directory(None, &["x"]);
        let file = dir.path().join("x.yaml");
        fs::write(&file, format!("{SMALLEST}samples: [{{name: a, input: {{id: 1}}}}]\n")).expect("written");
        let found = load_hospitals(dir.path()).expect_err("refused");
        assert!(found.to_string().contains("x.yaml:4: samples[\"a\"].issues: found the error"), "{found}");
        assert_eq!(read_hospital(&file).unwrap_or_else(|error| panic!("{error}")).samples.len(), 1);
    }

    #[test]
    fn a_missing_or_empty_directory_is_a_problem() {
        let dir = tempfile::tempdir().expect("a directory");
        let empty = load_hospitals(dir.path()).expect_err("refused");
        assert!(empty.to_string().contains("contains no profile"), "{empty}");
        let missing = load_hospitals(&dir.path().join("missing")).expect_err("refused");
        assert!(missing.to_string().contains("cannot be listed"), "{missing}");
    }
}
