//! The hospitals' profiles, one file each in one directory.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ConfigError, read_file};
use crate::{
    domain::hospital::Profile,
    settings::{Origin, Problem},
};

/// The hospitals whose records are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hospitals {
    /// Directory of the profiles.
    pub dir: PathBuf,
}

/// The shipped profiles, by hospital code.
const SHIPPED: [(&str, &str); 3] = [
    ("febrl", include_str!("../../etc/hospitals/febrl.yaml")),
    ("harbour", include_str!("../../etc/hospitals/harbour.yaml")),
    ("renmin", include_str!("../../etc/hospitals/renmin.yaml")),
];

/// Profiles by hospital code.
pub type Profiles = HashMap<Arc<str>, Arc<Profile>>;

/// Loads every `<hospital_code>.yaml` of a directory; files of other kinds and hidden files are left
/// alone. All problems of all files are found at once; a directory without any profile is one.
pub fn load_hospitals(dir: &Path) -> Result<Profiles, ConfigError> {
    let mut profiles = Profiles::new();
    let mut problems = Vec::new();
    match profile_files(dir) {
        Ok(files) if files.is_empty() => problems.push(problem(dir, "holds no profile, as CODE.yaml")),
        Ok(files) => {
            for file in files {
                match load(&file) {
                    Ok(profile) => drop(profiles.insert(profile.code.clone(), Arc::new(profile))),
                    Err(found) => problems.extend(found),
                }
            }
        }
        Err(error) => problems.push(problem(dir, &format!("the profiles cannot be listed: {error}"))),
    }
    if problems.is_empty() { Ok(profiles) } else { Err(problems.into()) }
}

/// The profiles that are shipped, compiled in.
pub fn shipped_hospitals() -> Profiles {
    let parse = |(code, text): &(&str, &str)| {
        let profile = Profile::parse(&format!("{code}.yaml"), code, text).expect("a shipped profile is sound");
        (Arc::clone(&profile.code), Arc::new(profile))
    };
    SHIPPED.iter().map(parse).collect()
}

/// The profiles' files by name. Hidden ones are how Kubernetes keeps versions of a mounted directory.
fn profile_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn load(file: &Path) -> Result<Profile, Vec<Problem>> {
    if file.extension().is_some_and(|kind| kind == "yml") {
        return Err(vec![problem(file, "a profile's name must end in .yaml")]);
    }
    let code = file.file_stem().and_then(|stem| stem.to_str());
    let code = code.ok_or_else(|| vec![problem(file, "the name of a profile must be plain text")])?;
    let text = read_file(file).map_err(|message| vec![problem(file, &message)])?;
    Profile::parse(&file.display().to_string(), code, &text)
}

fn problem(path: &Path, message: &str) -> Problem {
    let origin = Origin::whole(&path.display().to_string());
    Problem { origin, path: String::new(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(relative: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
    }

    fn lines(error: &ConfigError) -> Vec<String> {
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_shipped_profile_loads() {
        let profiles = load_hospitals(&shipped("etc/hospitals")).unwrap_or_else(|error| panic!("{error}"));
        let mut codes: Vec<_> = profiles.keys().map(|code| &**code).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["febrl", "harbour", "renmin"]);
        for profile in profiles.values() {
            let verify = profile.verify.as_ref().expect("every shipped hospital verifies");
            assert_eq!(verify.url, "http://127.0.0.1:9100/verify");
        }
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

    #[test]
    fn a_missing_or_empty_directory_is_a_problem() {
        let dir = tempfile::tempdir().expect("a directory");
        let empty = load_hospitals(dir.path()).expect_err("refused");
        assert!(empty.to_string().contains("holds no profile"), "{empty}");
        let missing = load_hospitals(&dir.path().join("missing")).expect_err("refused");
        assert!(missing.to_string().contains("cannot be listed"), "{missing}");
    }
}
