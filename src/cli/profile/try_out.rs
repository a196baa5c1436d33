//! `profile try`: shows what a profile makes of real data, without a hospital or a store. Prints no values.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use profiles::ProfileFile;

use crate::cli::{CommandError, print_line};
use records::{InputRecords, Record};
use report::TryOutReport;
use stats::TryOutStats;

mod codes;
mod coverage;
mod records;
mod report;
mod stats;

#[derive(Args)]
pub(super) struct Arguments {
    /// The profile. A defaults.yaml in its directory applies, too.
    file: PathBuf,
    /// The data: `.csv` with the names of the columns in the first line, `.ndjson` with one object per line, or `.json`
    /// with a list of objects. Text that is not UTF-8 is read in the character set of the profile.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The maximum number of records to read [default: all].
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let ProfileFile { profile, samples } = profiles::read_file(&arguments.file)?;
    let mut stats = TryOutStats::new(&profile);
    let now = Timestamp::now();
    InputRecords::open(&arguments.input, &profile)?.each(arguments.limit, |record| match record {
        Record::Payload(payload) => stats.add(&payload, now),
        Record::Unreadable { place, reason } => stats.add_unreadable(place, reason),
    })?;
    if stats.read == 0 {
        return Err(format!("{}: holds no record", arguments.input.display()).into());
    }
    let (file, input) = (arguments.file.display(), arguments.input.display());
    print_line(format_args!("{file}, version {}, on {input}", profile.version));
    let failing = samples.iter().filter(|sample| !sample.problems(&profile).is_empty()).count();
    if failing > 0 {
        print_line(format_args!(
            "Samples of the profile that fail: {failing}. See: dataprocessing profile test {file}"
        ));
    }
    print_line(TryOutReport::new(stats));
    Ok(())
}
