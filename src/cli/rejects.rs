//! `rejects`: lists the rejected records of a batch with their issues, for the people who repair them.

use std::{io, path::PathBuf};

use clap::{Args, ValueEnum};
use tracing::warn;

use super::CommandError;
use crate::{
    config::Config,
    model::{
        self, Store,
        rejects::{Reject, RejectsPage},
    },
    telemetry,
};
use cleaning::{message, rules};

mod ndjson;
mod raw;
mod spreadsheet;
mod table;

/// Rejects in one query; fewer with raw records, which may be large.
const PAGE_ROWS: u32 = 500;
const PAGE_ROWS_WITH_RAW: u32 = 100;

/// Which rejects are listed, and how.
#[derive(Args)]
pub(super) struct Arguments {
    /// The id of the batch, as in the response to it.
    #[arg(long, value_name = "ID")]
    batch: String,
    /// csv has one line per issue, for spreadsheets; ndjson has one object per record.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// The language of the messages.
    #[arg(long, value_enum, default_value_t = LanguageArgument::En)]
    language: LanguageArgument,
    /// Also print each record as the hospital sent it, which is patient data in clear text. This is logged.
    #[arg(long)]
    with_raw: bool,
    /// The configuration file, which names the store.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

#[derive(Clone, Copy, ValueEnum)]
enum LanguageArgument {
    En,
    Zh,
}

impl LanguageArgument {
    /// The message of a code; empty for a code of another version of the service.
    fn message(self, code: &str) -> &'static str {
        let language = match self {
            Self::En => message::Language::En,
            Self::Zh => message::Language::Zh,
        };
        rules::find(code).map_or("", |rule| rule.kind.text.in_language(language))
    }
}

/// Where rejects are listed.
trait Listing {
    /// Lists one record.
    fn add(&mut self, reject: &Reject) -> io::Result<()>;

    /// Writes out what is still buffered.
    fn end(&mut self) -> io::Result<()>;
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    telemetry::start(&config.log);
    let store = model::open(&config.store)?;
    let listed = match store.count_rejects(&arguments.batch).await {
        Ok(Some(count)) => unless_output_closed(list(&*store, &arguments, count).await),
        Ok(None) => Err(format!("{} has no batch `{}`", config.store.url, arguments.batch).into()),
        Err(error) => {
            let url = &config.store.url;
            Err(format!("{url}: {error}; is this where the service stores, and is `migrate` done?").into())
        }
    };
    store.close().await;
    listed
}

async fn list(store: &dyn Store, arguments: &Arguments, count: u32) -> Result<(), CommandError> {
    let Arguments { batch, with_raw, language, .. } = arguments;
    if *with_raw {
        // Before the first is printed: rejects that are cut off later were read, too.
        warn!(batch_id = %batch, records = count, "raw records are listed");
    }
    let mut listing: Box<dyn Listing> = match arguments.format {
        Format::Csv => Box::new(table::Csv::new(io::stdout(), *language, *with_raw)?),
        Format::Ndjson => Box::new(ndjson::Lines::new(io::stdout(), *language)),
    };
    let limit = if *with_raw { PAGE_ROWS_WITH_RAW } else { PAGE_ROWS };
    let mut page = RejectsPage { batch_id: batch, after: None, limit, with_raw: *with_raw };
    loop {
        let rejects = store.read_rejects(&page).await?;
        let Some(last) = rejects.last() else { return Ok(listing.end()?) };
        page.after = Some(last.index);
        for reject in &rejects {
            listing.add(reject)?;
        }
    }
}

/// A closed output is no error: `rejects ... | head`.
fn unless_output_closed(listed: Result<(), CommandError>) -> Result<(), CommandError> {
    let kind = |error: &CommandError| error.downcast_ref().map(io::Error::kind);
    listed.or_else(|error| if kind(&error) == Some(io::ErrorKind::BrokenPipe) { Ok(()) } else { Err(error) })
}
