//! The database's file, readable by its owner only, because it holds patient data.

use std::{io, path::Path};

use tokio::fs::{DirBuilder, OpenOptions};

/// Creates the file and its directory where they are missing, whatever the umask allows to others. What exists keeps its
/// mode. SQLite gives the `-wal` and `-shm` files that it creates the mode of the database's file.
pub(super) async fn create(file: &Path) -> io::Result<()> {
    let (mut directory, mut options) = (DirBuilder::new(), OpenOptions::new());
    directory.recursive(true);
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        directory.mode(0o700);
        options.mode(0o600);
    }
    if let Some(parent) = file.parent() {
        directory.create(parent).await?;
    }
    match options.open(file).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}
