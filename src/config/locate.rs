//! Relative paths start at the directory of the file that names them.

use std::path::{Path, PathBuf};

use settings::Origin;

use crate::model::StoreUrl;

/// The path as seen from the working directory.
pub(super) fn path(path: PathBuf, named_at: &Origin) -> PathBuf {
    match named_at.directory() {
        Some(directory) => directory.join(path),
        None => path,
    }
}

/// The URL of a store; the path of an SQLite file as seen from the working directory.
pub(super) fn store_url(url: StoreUrl, named_at: &Origin) -> StoreUrl {
    match named_at.directory() {
        Some(directory) if directory != Path::new("") => url.within(directory),
        _ => url,
    }
}
