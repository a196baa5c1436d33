//! The layers together: what wins, what is refused, and where it was written.

use std::{fs, path::PathBuf, time::Duration};

use super::*;

const NO_VARIABLES: [(String, String); 0] = [];

/// A configuration file in a directory of its own.
struct File {
    dir: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("config.yaml");
    fs::write(&path, text).expect("written");
    File { dir, path }
}

fn with_file(text: &str) -> Result<Config, Vec<String>> {
    let file = file(text);
    let name = file.path.display().to_string();
    Config::load_from(Some(&file.path), NO_VARIABLES)
        .map_err(|error| error.to_string().lines().map(|line| line.replace(&name, "FILE")).collect())
}

fn with_variables(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Config::load_from(None, variables).map_err(|error| error.to_string().lines().map(str::to_owned).collect())
}

fn defaults() -> Config {
    Config::load_from(None, NO_VARIABLES).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_shipped_file_holds_the_documented_defaults() {
    let expected = Config {
        server: server::ServerConfig {
            listen: ([127, 0, 0, 1], 8080).into(),
            timeout: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(3600),
            stream_idle: Duration::from_secs(60),
            stream_window: 2000,
            max_batches: 32,
            max_records_in_flight: 200_000,
            max_bytes_in_flight: 128 * 1024 * 1024,
            max_message_size: 32 * 1024 * 1024,
            max_records: 50_000,
            max_record_size: 64 * 1024,
            max_response_size: 4 * 1024 * 1024,
            reflection: true,
            drain: server::DrainConfig { announce: Duration::ZERO, limit: Duration::from_secs(25) },
        },
        pool: worker_pool::PoolConfig { workers: 50, queue: 16 },
        store: model::StoreConfig {
            url: "sqlite://data/dataprocessing.db".into(),
            max_connections: 4,
            chunk_rows: 500,
            linger: Duration::from_millis(50),
            keep_results: Duration::from_secs(30 * 24 * 3600),
        },
        hospitals: HospitalsConfig { dir: "etc/hospitals".into() },
        log: telemetry::LogConfig { level: "info".into(), format: telemetry::LogFormat::Text },
    };
    assert_eq!(defaults(), expected);
}

#[test]
fn every_key_of_the_shipped_file_is_commented() {
    let mut commented = false;
    for line in DEFAULTS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(line.starts_with('#') || commented, "{line}");
        commented = line.starts_with('#');
    }
}

#[test]
fn a_file_says_only_what_differs() {
    let config = with_file("server:\n  drain:\n    limit: 10s\npool: {workers: 3}\n").expect("right");
    assert_eq!(config.server.drain.limit, Duration::from_secs(10));
    assert_eq!(config.server.drain.announce, defaults().server.drain.announce);
    assert_eq!(config.pool, worker_pool::PoolConfig { workers: 3, queue: 16 });
    assert_eq!(config.store, defaults().store);
}

#[test]
fn an_empty_file_changes_nothing_but_where_it_stands() {
    assert_eq!(with_file("# nothing yet\n"), Ok(defaults()));
}

#[test]
fn the_environment_overrides_the_file() {
    let file = file("pool: {workers: 3, queue: 4}\n");
    let variables = [
        ("DATAPROCESSING__POOL__WORKERS".to_owned(), "7".to_owned()),
        ("DATAPROCESSING__SERVER__DRAIN__LIMIT".to_owned(), "10s".to_owned()),
        ("DATAPROCESSING_PORT".to_owned(), "tcp://10.0.0.1:80".to_owned()),
        ("HOME".to_owned(), "/root".to_owned()),
    ];
    let config = Config::load_from(Some(&file.path), variables).expect("right");
    assert_eq!(config.pool, worker_pool::PoolConfig { workers: 7, queue: 4 });
    assert_eq!(config.server.drain.limit, Duration::from_secs(10));
}

#[test]
fn every_problem_of_a_file_is_listed_with_its_line() {
    let found = with_file(
        "server:\n  lisen: 127.0.0.1:1\n  timeout: 30\n  drain:\n    limit: 0s\n\
         pol:\n  workers: 1\n\
         pool:\n  workers: 0\n  workers: 1\n\
         store:\n  url: mysql://user:hunter2@host/db\n\
         log: json\n",
    );
    assert_eq!(
        found.expect_err("refused"),
        [
            "FILE:2: server.lisen: is unknown; did you mean listen?",
            "FILE:3: server.timeout: \"30\" is not a duration: write a number and its unit, as 30s or 50ms",
            "FILE:5: server.drain.limit: 0s is not from 100ms to 1h",
            "FILE:6: pol: is unknown; did you mean pool?",
            "FILE:9: pool.workers: 0 is not from 1 to 10000",
            "FILE:10: pool.workers: written twice, first at FILE:9",
            "FILE:12: store.url: is neither a sqlite:// nor a postgres:// URL",
            "FILE:13: log: expected a table, found one value",
        ]
    );
}

#[test]
fn contradictions_are_listed_beside_bad_values() {
    let found = with_file(
        "server:\n  max_message_size: 32KiB\n  max_records: many\n  timeout: 2s\n\
         store:\n  url: postgres://host/db\n  max_connections: 3\n",
    );
    let found = found.expect_err("refused");
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found.iter().any(|line| line.starts_with("FILE:7: store.max_connections: 3 is too few")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|line| line.contains("server.max_record_size: 64KiB is more than")),
        "{found:#?}"
    );
    let found = with_file("server: {timeout: 2s}\nstore: {linger: 3s}\n").expect_err("refused");
    assert!(matches!(found.as_slice(), [only] if only.starts_with("FILE:2: store.linger: ")), "{found:#?}");
    let found = with_file("store: {keep_results: 1h}\n").expect_err("refused");
    assert!(
        matches!(found.as_slice(), [only] if only.starts_with("FILE:1: store.keep_results: ")),
        "{found:#?}"
    );
}

#[test]
fn problems_of_variables_name_the_variable() {
    let found = with_variables(&[
        ("DATAPROCESSING__POOL__WORKERS", "many"),
        ("DATAPROCESSING__POOL__QUEUES", "1"),
        ("DATAPROCESSING__SERVER", "on"),
        ("DATAPROCESSING__SERVER__LISTEN", "127.0.0.1:0"),
        ("DATAPROCESSING__SERVER__", "1"),
    ]);
    assert_eq!(
        found.expect_err("refused"),
        [
            "DATAPROCESSING__POOL__QUEUES: pool.queues: is unknown; did you mean queue?",
            "DATAPROCESSING__POOL__WORKERS: pool.workers: \"many\" is not a whole number from 0 to 18446744073709551615",
            "DATAPROCESSING__SERVER: server: expected a table, found one value",
            "DATAPROCESSING__SERVER__: names no setting; write DATAPROCESSING__SECTION__KEY",
        ]
    );
}

#[test]
fn names_that_are_no_keys_are_refused() {
    let found = with_file("server.listen: 127.0.0.1:1\na[999999999999]: 1\n'': 2\n[1]: 3\n");
    let found = found.expect_err("refused");
    let lines: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(lines, ["FILE:1", "FILE:2", "FILE:3", "FILE:4"], "{found:#?}");
    let found = with_file("- a\n- b\n").expect_err("refused");
    assert!(
        matches!(found.as_slice(), [only] if only.starts_with("FILE:1: expected sections")),
        "{found:#?}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_among_others() {
    let missing = Path::new("no/such/file.yaml");
    let variable = ("DATAPROCESSING__POOL__WORKERS".to_owned(), "0".to_owned());
    let error = Config::load_from(Some(missing), [variable]).expect_err("refused");
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(error.to_string().contains("no/such/file.yaml: cannot be read: "), "{error}");
}

#[test]
fn relative_paths_start_at_the_file_that_names_them() {
    let file = file("hospitals: {dir: hospitals}\nstore: {url: 'sqlite://a.db?mode=rwc'}\n");
    let config = Config::load_from(Some(&file.path), NO_VARIABLES).expect("right");
    assert_eq!(config.hospitals.dir, file.dir.path().join("hospitals"));
    assert_eq!(config.store.url.reveal(), format!("sqlite://{}/a.db?mode=rwc", file.dir.path().display()));

    let variable = ("DATAPROCESSING__HOSPITALS__DIR".to_owned(), "hospitals".to_owned());
    let config = Config::load_from(Some(&file.path), [variable]).expect("right");
    assert_eq!(config.hospitals.dir, Path::new("hospitals"));
}

#[test]
fn a_password_is_never_shown() {
    let url = "postgres://user:hunter2@host/db";
    let config = with_variables(&[("DATAPROCESSING__STORE__URL", url)]).expect("right");
    assert_eq!(config.store.url.reveal(), url);
    assert!(!format!("{config:?}").contains("hunter2"));
    let found =
        with_file("store:\n  ulr: postgres://user:hunter2@host/db\n  url: http://user:hunter2@host/db\n");
    assert!(!found.expect_err("refused").concat().contains("hunter2"));
}
