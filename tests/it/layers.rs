//! The layers of the crate hold: no source file names what the tables below forbid.
//!
//! Unit tests, which live beside the code, obey the same tables but for one thing: they may play a hospital,
//! by the simulator or worse behaved. A test that needs what is above its layer belongs with the integration
//! tests.

mod paths;
mod snippets;
mod tokens;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::paths::{Named, named_paths};

/// What each layer may name of the crate besides itself. Imports run one way: a row may only list rows
/// below it.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("lib", &[]),
    (
        "cli",
        &[
            "app",
            "config",
            // The demo is a caller: it knows the contract and the server's limits, and reads profiles.
            "server::pb",
            "server::DESCRIPTORS",
            "server::ServerConfig",
            "domain::profile",
            // `rules` shows the catalogue, `rejects` its messages.
            "domain::rules",
            "domain::change",
            "domain::format::catalogue",
            // `profile try` cleans records and counts what comes of them.
            "domain::clean",
            "domain::look_back",
            "domain::record",
            "domain::issue",
            "domain::issue_groups",
            "domain::shape",
            "domain::cleaning_tally",
            // `migrate` brings up the store without the service, `rejects` reads it.
            "model::open",
            "model::Store",
            "model::rejects",
            "sim",
            "shutdown",
            "telemetry",
            "settings",
        ],
    ),
    (
        "app",
        &[
            "config",
            "server",
            "logic",
            "svc",
            "model",
            "client",
            "pool",
            "domain",
            "context",
            "shutdown",
            "telemetry",
            "settings",
        ],
    ),
    // The sections of the configuration live with their parts.
    ("config", &["server", "model", "client", "pool", "domain", "telemetry", "settings"]),
    ("server", &["logic", "svc", "domain", "context", "settings"]),
    ("logic", &["svc", "model", "client", "pool", "domain", "context"]),
    ("svc", &["model", "client", "pool", "domain", "context"]),
    ("model", &["domain", "settings"]),
    ("client", &["domain"]),
    ("pool", &[]),
    ("domain", &["settings"]),
    ("sim", &[]),
    ("context", &[]),
    ("shutdown", &[]),
    ("telemetry", &[]),
    ("settings", &[]),
];

/// What only some layers may name at all.
const CONFINED: &[(&str, &[&str])] = &[
    ("crate::server::pb", &["server", "cli"]),
    ("tonic", &["server", "cli"]),
    ("tonic::Status", &["server"]),
    ("tonic_health", &["server", "cli"]),
    ("tonic_prost", &["server"]),
    ("tonic_reflection", &["server"]),
    ("tonic_types", &["server"]),
    ("prost", &["server", "cli"]),
    ("prost_types", &["server", "cli"]),
    ("tower_http", &["server"]),
    // The benchmark makes stores and calls hospitals past the service, to compare the service with.
    ("sqlx", &["model", "cli"]),
    ("reqwest", &["client", "cli"]),
    ("axum", &["sim"]),
    ("indicatif", &["cli"]),
    // Pure layers: no IO, no async.
    ("tokio", NOT_PURE),
    ("tokio_util", NOT_PURE),
];

const NOT_PURE: &[&str] = &[
    "main",
    "cli",
    "app",
    "server",
    "logic",
    "svc",
    "model",
    "client",
    "pool",
    "sim",
    "context",
    "shutdown",
    "telemetry",
];

/// What unit tests may name besides what their layer may: what plays a hospital.
const FOR_TESTS: &[&str] = &["hospital_sim", "axum"];

#[test]
fn no_source_file_names_what_its_layer_may_not() {
    let files = source_files();
    assert!(files.len() > LAYERS.len(), "only {} source files found", files.len());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let source = fs::read_to_string(source_root().join(file)).expect("a source file is readable");
            violations(file, &source)
        })
        .collect();
    assert!(found.is_empty(), "{} against the layers:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_row_is_a_module_and_lists_only_rows_below_it() {
    for (row, (layer, allowed)) in LAYERS.iter().enumerate() {
        let root = source_root();
        let exists = root.join(layer).is_dir() || root.join(format!("{layer}.rs")).is_file();
        assert!(exists, "`{layer}` has a row and no source");
        for path in *allowed {
            let module = path.split("::").next();
            let below = LAYERS[row + 1..].iter().any(|(other, _)| Some(*other) == module);
            assert!(below, "`{layer}` lists `{path}`, which is no row below it");
        }
    }
}

/// What a file names against the tables, one line each.
fn violations(file: &Path, source: &str) -> Vec<String> {
    let module = module_of(file);
    let layer = layer_of(file);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("src/{}: `{layer}` has no row in the table of layers", file.display())];
    };
    let test_file = module.iter().any(|part| part == "tests");
    named_paths(source, &module)
        .into_iter()
        .filter(|named| !may_name(&layer, allowed, named, test_file || named.in_test))
        .map(|named| {
            format!("src/{}:{}: `{layer}` may not name {}", file.display(), named.line, named.path.join("::"))
        })
        .collect()
}

fn may_name(layer: &str, allowed: &[&str], named: &Named, in_test: bool) -> bool {
    if in_test && FOR_TESTS.iter().any(|path| is_under(&named.path, path)) {
        return true;
    }
    let confined = CONFINED
        .iter()
        .filter(|(path, _)| reaches(&named.path, path))
        .any(|(_, layers)| !layers.contains(&layer));
    !confined && (named.path[0] != "crate" || is_within(layer, allowed, &named.path[1..]))
}

/// Whether a path in the crate lies in the own layer or in what is allowed. A module above something allowed
/// may be imported, too: what the file then names through it comes along as a path of its own.
fn is_within(layer: &str, allowed: &[&str], path: &[String]) -> bool {
    let leads_to = |target: &str| target.split("::").collect::<Vec<_>>().starts_with(&as_strs(path));
    !path.is_empty()
        && (path[0] == layer || allowed.iter().any(|target| is_under(path, target) || leads_to(target)))
}

/// Whether `path` names `target`, something in it, or everything of a module that holds it.
fn reaches(path: &[String], target: &str) -> bool {
    let target_parts: Vec<&str> = target.split("::").collect();
    let glob = path.split_last().filter(|(last, _)| *last == "*");
    is_under(path, target) || glob.is_some_and(|(_, module)| target_parts.starts_with(&as_strs(module)))
}

fn is_under(path: &[String], prefix: &str) -> bool {
    let prefix: Vec<&str> = prefix.split("::").collect();
    as_strs(path).starts_with(&prefix)
}

fn as_strs(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

/// The module that a file under `src` is: `server/status.rs` is `server::status`.
fn module_of(file: &Path) -> Vec<String> {
    let stem = file.with_extension("");
    let parts: Vec<String> = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    match parts.split_last() {
        Some((last, rest))
            if last == "mod" || (rest.is_empty() && matches!(last.as_str(), "lib" | "main")) =>
        {
            rest.to_vec()
        }
        _ => parts,
    }
}

fn layer_of(file: &Path) -> String {
    let first = file.iter().next().map(PathBuf::from).unwrap_or_default();
    first.with_extension("").to_string_lossy().into_owned()
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file under `src`, relative to it.
fn source_files() -> Vec<PathBuf> {
    let root = source_root();
    let mut directories = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a source directory is readable") {
            let path = entry.expect("its entries too").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(&root).expect("it was found there").to_owned());
            }
        }
    }
    files.sort();
    files
}
