//! Relative paths start at the directory of the file that names them.

use std::path::{Path, PathBuf};

use super::store_url::StoreUrl;
use settings::Origin;

/// The path as seen from the working directory.
pub(super) fn path(path: PathBuf, named_at: &Origin) -> PathBuf {
    match named_at.directory() {
        Some(directory) => directory.join(path),
        None => path,
    }
}

/// The URL of a store; of SQLite's, the path of the file as seen from the working directory.
pub(super) fn store_url(url: StoreUrl, named_at: &Origin) -> String {
    match named_at.directory() {
        Some(directory) if directory != Path::new("") => url.within(directory),
        _ => url.into_string(),
    }
}
