//! The profiles that are shipped, compiled in.

use std::sync::Arc;

use super::{Defaults, ProfileFile, Profiles};

/// By hospital code.
const SHIPPED: [(&str, &str); 4] = [
    ("febrl", include_str!("../../../etc/hospitals/febrl.yaml")),
    ("harbour", include_str!("../../../etc/hospitals/harbour.yaml")),
    ("renmin", include_str!("../../../etc/hospitals/renmin.yaml")),
    ("synthea", include_str!("../../../etc/hospitals/synthea.yaml")),
];

/// What hospitals share in a directory that has no file for it.
const SHIPPED_DEFAULTS: &str = include_str!("../../../etc/hospitals/defaults.yaml");

/// The shipped profiles.
pub fn shipped() -> Profiles {
    let profiles = shipped_files().map(ProfileFile::into_proven);
    let profiles = profiles.map(|profile| Arc::new(profile.expect("the samples of a shipped profile hold")));
    profiles.map(|profile| (Arc::clone(&profile.code), profile)).collect()
}

/// The shipped profiles with their samples, by hospital code.
pub fn shipped_files() -> impl Iterator<Item = ProfileFile> {
    let defaults = shipped_defaults();
    SHIPPED.iter().map(move |(code, text)| {
        ProfileFile::parse(&defaults, &format!("{code}.yaml"), code, text)
            .expect("a shipped profile is sound")
    })
}

pub(super) fn shipped_defaults() -> Defaults {
    Defaults::parse("built-in defaults.yaml", SHIPPED_DEFAULTS).expect("the shipped defaults are sound")
}
