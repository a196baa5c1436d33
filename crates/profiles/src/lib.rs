//! Hospital profiles out of their YAML files.
//!
//! A file is read strictly: every problem is reported at its line. A profile may carry samples, records with what must
//! come of them; a profile whose samples fail is refused.

use std::{collections::HashMap, sync::Arc};

use cleaning::profile::Profile;

mod date_formats;
mod defaults;
mod directory;
mod mapping;
mod profile_file;
mod response_format;
mod rules;
mod sample;
mod samples;
mod shipped;
mod verification;

#[cfg(test)]
mod tests;

pub use defaults::Defaults;
pub use directory::{load_directory, profile_files, read_file};
pub use profile_file::ProfileFile;
pub use sample::Sample;
pub use shipped::{shipped, shipped_files};

/// Profiles by hospital code.
pub type Profiles = HashMap<Arc<str>, Arc<Profile>>;
