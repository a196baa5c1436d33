//! The profiles of a directory, one file for each hospital.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use settings::{Origin, Problem, SettingsError};

use super::{Defaults, ProfileFile, Profiles, shipped::shipped_defaults};

/// The file with what the hospitals of a directory share, so that no hospital can have its name as a code.
const DEFAULTS_FILE: &str = "defaults.yaml";

/// Loads every `<hospital_code>.yaml` of a directory, each over the directory's `defaults.yaml` or, without one, over the
/// built-in defaults. Other files and hidden files are ignored.
///
/// # Errors
///
/// All problems of all files; a directory without any profile is one.
pub fn load_directory(dir: &Path) -> Result<Profiles, SettingsError> {
    let mut profiles = Profiles::new();
    let mut problems = Vec::new();
    let files = profile_files(dir)?;
    let defaults = defaults_of(dir).unwrap_or_else(|found| {
        problems.extend(found);
        // Instead of those that cannot be read, to find the problems of the hospitals' own files too.
        shipped_defaults()
    });
    for file in files {
        match parse(&file, &defaults).and_then(ProfileFile::into_proven) {
            Ok(profile) => drop(profiles.insert(profile.code.clone(), Arc::new(profile))),
            Err(found) => found.into_iter().for_each(|problem| {
                // A problem of the defaults is found with every hospital, and reported once.
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }),
        }
    }
    if problems.is_empty() { Ok(profiles) } else { Err(problems.into()) }
}

/// Reads one hospital's file over the defaults beside it, without running its samples.
///
/// # Errors
///
/// All problems of the file and of the defaults.
pub fn read_file(file: &Path) -> Result<ProfileFile, SettingsError> {
    let dir = file.parent().unwrap_or(Path::new(""));
    let defaults = defaults_of(dir)?;
    parse(file, &defaults).map_err(SettingsError::from)
}

/// The profiles' files of a directory, at least one, by name.
///
/// # Errors
///
/// The directory cannot be listed or has none.
pub fn profile_files(dir: &Path) -> Result<Vec<PathBuf>, SettingsError> {
    let found = match list_files(dir) {
        Ok(files) if files.is_empty() => problem(dir, "contains no profile: add a CODE.yaml"),
        Ok(files) => return Ok(files),
        Err(error) => problem(dir, &format!("the profiles cannot be listed: {error}")),
    };
    Err(vec![found].into())
}

/// Kubernetes keeps the versions of a mounted directory in hidden files.
fn list_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
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

fn defaults_of(dir: &Path) -> Result<Defaults, Vec<Problem>> {
    let file = dir.join(DEFAULTS_FILE);
    if !file.exists() {
        return Ok(shipped_defaults());
    }
    let text = read_text(&file).map_err(|message| vec![problem(&file, &message)])?;
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
    let text = read_text(file).map_err(|message| vec![problem(file, &message)])?;
    ProfileFile::parse(defaults, &file.display().to_string(), code, &text)
}

fn read_text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))
}

fn problem(path: &Path, message: &str) -> Problem {
    let origin = Origin::whole(&path.display().to_string());
    Problem { origin, path: String::new(), message: message.into() }
}

#[cfg(test)]
mod tests;
