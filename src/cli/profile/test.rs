//! `profile test`: runs the samples of profiles.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{CommandError, print_line},
    config::Config,
};
use profiles::ProfileFile;
use settings::{Problem, SettingsError};

#[derive(Args)]
pub(super) struct Arguments {
    /// Profiles, or directories of profiles [default: the hospitals of the configuration, or the shipped ones if their
    /// directory does not exist].
    files: Vec<PathBuf>,
    /// The configuration file, which names the directory of the hospitals.
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    config: Option<PathBuf>,
}

/// The samples so far.
#[derive(Default)]
struct Tested {
    held: usize,
    failed: usize,
    unreadable: Vec<Problem>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let mut tested = Tested::default();
    if arguments.files.is_empty() {
        tested.configured(arguments.config.as_deref())?;
    }
    for file in &arguments.files {
        tested.path(file);
    }
    tested.conclude()
}

impl Tested {
    fn configured(&mut self, config: Option<&Path>) -> Result<(), SettingsError> {
        let directory = Config::load(config)?.hospitals.dir;
        if config.is_some() || directory.exists() {
            self.path(&directory);
        } else {
            profiles::shipped_files()
                .for_each(|file| self.samples(&format!("{} (shipped)", file.profile.code), &file));
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) {
        let files = if path.is_dir() { profiles::profile_files(path) } else { Ok(vec![path.to_owned()]) };
        match files {
            Ok(files) => files.iter().for_each(|file| self.file(file)),
            Err(error) => self.unreadable.extend_from_slice(error.problems()),
        }
    }

    fn file(&mut self, file: &Path) {
        match profiles::read_file(file) {
            Ok(read) => self.samples(&file.display().to_string(), &read),
            Err(error) => self.unreadable.extend_from_slice(error.problems()),
        }
    }

    fn samples(&mut self, name: &str, file: &ProfileFile) {
        print_line(name);
        if file.samples.is_empty() {
            print_line("  has no samples; febrl.yaml explains how to write some");
        }
        for sample in &file.samples {
            let problems = sample.problems(&file.profile);
            if problems.is_empty() {
                self.held += 1;
                print_line(format_args!("  ok      {}", sample.name()));
            } else {
                self.failed += 1;
                print_line(format_args!("  FAILED  {}", sample.name()));
                problems.iter().for_each(|problem| print_line(format_args!("          {problem}")));
            }
        }
    }

    fn conclude(self) -> Result<(), CommandError> {
        let Self { held, failed, unreadable } = self;
        print_line(format_args!("samples: {held} ok, {failed} failed"));
        match (unreadable.is_empty(), failed) {
            (true, 0) => Ok(()),
            (true, _) => Err("a profile whose samples fail is refused".into()),
            (false, _) => Err(SettingsError::from(unreadable).into()),
        }
    }
}
