//! Which content a record has.

/// Decides whether two records have the same content. Hashes of different versions are never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentVersion {
    pub(crate) hash: [u8; 32],
    pub(crate) version: i16,
}

impl ContentVersion {
    /// From the stored columns. A hash of another length was made by another algorithm; as zeros it is equal to none
    /// of ours.
    pub(crate) fn from_columns(hash: &[u8], version: i16) -> Self {
        Self { hash: hash.try_into().unwrap_or_default(), version }
    }
}
