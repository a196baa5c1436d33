//! Cases that only a server can meet.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::*;
use crate::support::{database::open, eventually};

#[tokio::test]
async fn a_nul_character_in_a_name_is_refused_alone() {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    let rows = (0..9)
        .map(|index| {
            let name = if index == 4 { "a\0b" } else { "name" };
            stored(index, patient(&format!("p{index}"), name, 1))
        })
        .collect();
    let results = write(&*store, "batch", rows).await;
    assert_eq!(results.iter().position(|written| *written == Written::Refused), Some(4));
    assert_eq!(results.iter().filter(|written| **written == STORED).count(), 8);
}

#[tokio::test]
async fn writers_with_opposite_key_orders_do_not_deadlock() {
    let database = TestDatabase::postgres().await;
    database.store().await.close().await;
    let processes = (0..4).map(|process: u32| {
        let store = open(database.url());
        tokio::spawn(async move {
            for round in 0..10 {
                let mut rows: Vec<Row> = (0..100)
                    .map(|index| {
                        let name = format!("{process} {round}");
                        stored(index, patient(&format!("p{index:03}"), &name, 1))
                    })
                    .collect();
                if process % 2 == 1 {
                    rows.reverse();
                }
                let results = write(&*store, &format!("{process} {round}"), rows).await;
                assert_eq!(results, [STORED; 100]);
            }
        })
    });
    for process in processes.collect::<Vec<_>>() {
        process.await.expect("all rows stored");
    }
    let deadlocks = "SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(database.column(deadlocks).await, ["0"]);
}

#[tokio::test]
async fn a_newer_row_that_appears_while_the_chunk_is_written_makes_it_stale() {
    let (written, outcome) = write_beside_another_writer("'other', 0", 9).await;
    assert_eq!((written, outcome.as_str()), (Written::Stale, "batch 0 stale"));
}

#[tokio::test]
async fn a_later_row_of_the_batch_that_appears_while_the_chunk_is_written_supersedes_it() {
    let (written, outcome) = write_beside_another_writer("'batch', 5", 1).await;
    assert_eq!((written, outcome.as_str()), (Written::Superseded, "batch 0 superseded"));
}

/// Writes version 1 of a patient as record 0 of `batch`, while another transaction writes a version of the patient in a
/// batch and at an index. Returns the result of the record and its stored outcome.
async fn write_beside_another_writer(batch_and_index: &str, version: i64) -> (Written, String) {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    write(&*store, "seed", vec![stored(0, patient("seed", "theirs", version))]).await;
    let mut other = database.connect().await;
    other
        .execute(&format!(
            "BEGIN; INSERT INTO patients SELECT hospital_code, 'raced', name, family_name, given_name, gender,
                 birth_date, deceased, phones, addresses, contacts, nationality, ethnicity, marital_status,
                 identifiers, raw, key_id, content_hash, hash_version, order_kind, order_value, {batch_and_index},
                 issues, stored_at FROM patients"
        ))
        .await;
    let writing = {
        let store = Arc::clone(&store);
        let rows = vec![stored(0, patient("raced", "ours", 1)), stored(1, patient("free", "free", 1))];
        tokio::spawn(async move { write(&*store, "batch", rows).await })
    };
    // The chunk has seen no such patient, and waits for the other transaction in its upsert.
    let waiting = "SELECT 'waits' FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("the chunk waits", async || !database.column(waiting).await.is_empty()).await;
    other.execute("COMMIT").await;
    let written = writing.await.unwrap();
    assert_eq!(written[1], STORED);
    assert_eq!(database.column(PATIENTS).await, ["free free", "raced theirs", "seed theirs"]);
    (written[0], database.column(OUTCOMES).await.remove(0))
}

#[tokio::test]
async fn a_server_that_ends_our_connections_costs_no_row() {
    let database = TestDatabase::postgres().await;
    let store = database.store().await;
    write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await;
    store.ping().await.expect("alive");
    let end = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(!database.column(end).await.is_empty());
    assert_eq!(write(&*store, "batch", vec![stored(1, patient("b", "Bob", 1))]).await, [STORED]);
}

#[tokio::test]
async fn a_url_without_a_host_reaches_the_server_over_its_socket() {
    let database = TestDatabase::postgres().await;
    let sockets = database.column("SHOW unix_socket_directories").await.remove(0);
    let options: PgConnectOptions = database.url().parse().unwrap();
    let (user, port, name) =
        (options.get_username(), options.get_port(), options.get_database().expect("a database"));
    let urls = [
        format!("postgres://{user}@/{name}?host={sockets}&port={port}"),
        format!("postgresql://{user}@:{port}/{name}?host={sockets}"),
    ];
    for (index, url) in (0..).zip(&urls) {
        let store = open(url);
        store.migrate().await.expect("migrated");
        assert_eq!(write(&*store, "batch", vec![stored(index, patient("a", "Ann", 1))]).await.len(), 1);
        let over_tcp = "SELECT (client_addr IS NOT NULL)::text FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let over_tcp = database.column(over_tcp).await;
        assert!(
            !over_tcp.is_empty() && over_tcp.iter().all(|is_tcp| is_tcp == "false"),
            "{url}: {over_tcp:?}"
        );
        store.close().await;
    }
    assert_eq!(database.column(PATIENTS).await, ["a Ann"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_makes_the_store_unavailable() {
    let store = open("postgres://nobody@127.0.0.1:1/nothing");
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.migrate().await, Err(StoreError::Unavailable(_))));
    let limit = Duration::from_millis(200);
    let started = Instant::now();
    let rows = vec![stored(0, patient("a", "Ann", 1))];
    assert_eq!(write_within(&*store, "batch", rows, limit).await, [Written::Unavailable]);
    let finish = store.finish_batch(&finished("batch"), Instant::now() + limit).await;
    assert!(matches!(finish, Err(StoreError::Unavailable(_))));
    assert!(started.elapsed() < 3 * limit, "took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_out() {
    let database = TestDatabase::postgres().await;
    database.store().await.close().await;
    let proxy = Proxy::start(&database, Fault::LoseFirstCommit).await;
    let store = open(&proxy.url);
    let rows = vec![stored(0, patient("a", "first", 1)), stored(1, patient("a", "second", 1))];
    assert_eq!(write(&*store, "batch", rows).await, [Written::Superseded, STORED]);
    assert!(proxy.struck(), "no commit was lost");
    assert_eq!(database.column(PATIENTS).await, ["a second"]);
    assert_eq!(database.column(OUTCOMES).await, ["batch 0 superseded", "batch 1 stored"]);
}

#[tokio::test]
async fn a_server_that_falls_silent_holds_nobody_up() {
    let database = TestDatabase::postgres().await;
    database.store().await.close().await;
    let proxy = Proxy::start(&database, Fault::FallSilentAtFirstBegin).await;
    let store = open(&proxy.url);
    let limit = Duration::from_millis(300);
    let started = Instant::now();
    let rows = vec![stored(0, patient("a", "Ann", 1))];
    assert_eq!(write_within(&*store, "batch", rows, limit).await, [Written::Unavailable]);
    assert!(proxy.struck(), "the server answered");
    assert!(started.elapsed() < limit + Duration::from_millis(400), "took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_connection_that_went_dead_does_not_take_all_the_time() {
    let database = TestDatabase::postgres().await;
    database.store().await.close().await;
    let proxy = Proxy::start(&database, Fault::FallSilentAtFirstBegin).await;
    let store = open(&proxy.url);
    assert_eq!(write(&*store, "batch", vec![stored(0, patient("a", "Ann", 1))]).await, [STORED]);
    assert!(proxy.struck(), "the server answered");
}

/// What the proxy does when it sees the statement that it waits for.
#[derive(Clone, Copy)]
enum Fault {
    /// Hands the first commit on, waits for its answer, keeps it, and closes the connection.
    LoseFirstCommit,
    /// Keeps the answer to the first begin, and hands nothing on any more on that connection.
    FallSilentAtFirstBegin,
}

/// Stands between the store and the server.
struct Proxy {
    url: String,
    struck: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Proxy {
    async fn start(database: &TestDatabase, fault: Fault) -> Self {
        let options: PgConnectOptions = database.url().parse().unwrap();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let database = options.get_database().unwrap();
        let url = format!("postgres://{}@{address}/{database}", options.get_username());
        let struck = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(accept(listener, server, fault, Arc::clone(&struck)));
        Self { url, struck, task }
    }

    fn struck(&self) -> bool {
        self.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: (String, u16), fault: Fault, struck: Arc<AtomicBool>) {
    // Ended with the task that owns them.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(server.clone()).await.unwrap();
        connections.spawn(forward(client, server, fault, Arc::clone(&struck)));
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, fault: Fault, struck: Arc<AtomicBool>) {
    let statement: &[u8] = match fault {
        _ if struck.load(Ordering::SeqCst) => b"",
        Fault::LoseFirstCommit => b"COMMIT",
        Fault::FallSilentAtFirstBegin => b"BEGIN",
    };
    if statement.is_empty() {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    } else if forward_until(&mut client, &mut server, statement).await {
        // The server has done it once it has answered.
        assert!(server.read(&mut [0; 1024]).await.unwrap() > 0);
        struck.store(true, Ordering::SeqCst);
        if matches!(fault, Fault::FallSilentAtFirstBegin) {
            std::future::pending::<()>().await;
        }
    }
}

/// Hands bytes on in both directions, up to and with what holds the statement.
async fn forward_until(client: &mut TcpStream, server: &mut TcpStream, statement: &[u8]) -> bool {
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(size @ 1..) = read else { return false };
                let bytes = &from_client[..size];
                server.write_all(bytes).await.unwrap();
                if bytes.windows(statement.len()).any(|window| window == statement) {
                    return true;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(size @ 1..) = read else { return false };
                client.write_all(&from_server[..size]).await.unwrap();
            }
        }
    }
}
