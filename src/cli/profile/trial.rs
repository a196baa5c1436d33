//! `profile try`: what a profile makes of real data, without a hospital, without a store, without a value
//! of it on the screen.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::{
    cli::{CommandError, say},
    config,
};
use findings::Findings;
use records::{Record, Records};
use report::Report;

mod codes;
mod coverage;
mod findings;
mod records;
mod report;

/// Which profile to try on which data.
#[derive(Args)]
pub(super) struct Arguments {
    /// The profile; a defaults.yaml beside it holds too.
    file: PathBuf,
    /// The data: `.csv` with the names of the columns in the first line, `.ndjson` with one object a line, or
    /// `.json` with a list of objects. Text that is no UTF-8 is read in the profile's character set.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Most records to read.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let profile = config::read_hospital(&arguments.file)?;
    let mut findings = Findings::new(&profile);
    let now = Timestamp::now();
    Records::open(&arguments.input, &profile)?.each(arguments.limit, |record| match record {
        Record::Payload(payload) => findings.add(&payload, now),
        Record::Unreadable { place, reason } => findings.add_unreadable(place, reason),
    })?;
    if findings.read == 0 {
        return Err(format!("{}: holds no record", arguments.input.display()).into());
    }
    let (file, input) = (arguments.file.display(), arguments.input.display());
    say(format_args!("{file}, version {}, on {input}", profile.version));
    let failing = profile.samples.iter().filter(|sample| !sample.problems(&profile).is_empty()).count();
    if failing > 0 {
        say(format_args!(
            "Samples of the profile that fail: {failing}. See: dataprocessing profile test {file}"
        ));
    }
    say(Report::new(findings));
    Ok(())
}
