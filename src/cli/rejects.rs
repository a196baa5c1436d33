//! `rejects`: the rejected records of a batch with what is wrong about each, for the people who repair
//! them.

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
mod table;

/// Rejects that are read at a time; fewer with their raw records, which may be large.
const PAGE: u32 = 500;
const PAGE_WITH_RAW: u32 = 100;

/// Which rejects are listed, and how.
#[derive(Args)]
pub(super) struct Arguments {
    /// The batch, as its answer names it.
    #[arg(long, value_name = "ID")]
    batch: String,
    /// One line per issue for spreadsheets, or one JSON object per record.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// The language of the messages.
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
    /// Also print each record as the hospital sent it: patient data, in clear. This is logged.
    #[arg(long)]
    with_raw: bool,
    /// A configuration file; it says where the store is.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    En,
    Zh,
}

impl Language {
    /// The message of a code; empty for one that another version of the service has given.
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
        Ok(Some(count)) => unless_nobody_reads(list(&*store, &arguments, count).await),
        Ok(None) => Err(format!("{} knows no batch `{}`", config.store.url, arguments.batch).into()),
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
        // Before the first of them is out: what is cut off later was read all the same.
        warn!(batch_id = %batch, records = count, "raw records are listed");
    }
    let mut listing: Box<dyn Listing> = match arguments.format {
        Format::Csv => Box::new(table::Csv::new(io::stdout(), *language, *with_raw)?),
        Format::Ndjson => Box::new(ndjson::Lines::new(io::stdout(), *language)),
    };
    let limit = if *with_raw { PAGE_WITH_RAW } else { PAGE };
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

/// Whoever reads may have seen enough: `rejects ... | head`.
fn unless_nobody_reads(listed: Result<(), CommandError>) -> Result<(), CommandError> {
    let kind = |error: &CommandError| error.downcast_ref().map(io::Error::kind);
    listed.or_else(|error| if kind(&error) == Some(io::ErrorKind::BrokenPipe) { Ok(()) } else { Err(error) })
}
