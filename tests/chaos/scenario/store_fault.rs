//! The database answers and does not do its work: it is full, read-only, lets nobody in, or lacks a table. The
//! service says so, and works again by itself when that is over.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    batch::Batch,
    books::codes,
    finding::Finding,
    plan::Plan,
    rig::{Engine, Rig, Setup},
    support::{eventually, process::binary},
};

const RECORDS: usize = 1_000;

/// How long the callers wait whose records cannot be stored.
const DEADLINE: Duration = Duration::from_secs(3);

/// What is wrong with a database, what to run there for it to be so, and for it to be over.
struct Fault {
    name: &'static str,
    engine: Engine,
    strike: &'static [&'static str],
    lift: &'static [&'static str],
    /// What the log must say.
    logged: &'static str,
}

const FAULTS: [Fault; 5] = [
    Fault {
        name: "disk full",
        engine: Engine::Postgres,
        strike: &[
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \
             'no space left' USING ERRCODE = '53100'; END $$",
            "CREATE TRIGGER full_disk BEFORE INSERT ON patients EXECUTE FUNCTION full_disk()",
        ],
        lift: &["DROP TRIGGER full_disk ON patients", "DROP FUNCTION full_disk"],
        logged: "SQLSTATE 53100",
    },
    Fault {
        name: "read-only",
        engine: Engine::Postgres,
        strike: &["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
        lift: &["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
        logged: "SQLSTATE 25006",
    },
    Fault {
        name: "missing table",
        engine: Engine::Postgres,
        strike: &["ALTER TABLE patients RENAME TO gone"],
        lift: &["ALTER TABLE gone RENAME TO patients"],
        logged: "SQLSTATE 42P01",
    },
    Fault {
        name: "missing table",
        engine: Engine::Sqlite,
        strike: &["ALTER TABLE patients RENAME TO gone"],
        lift: &["ALTER TABLE gone RENAME TO patients"],
        logged: "SQLite result code 1",
    },
    Fault {
        name: "wrong password",
        engine: Engine::Postgres,
        strike: &[
            // Whoever is no administrator needs the password that the service does not have.
            "COPY (SELECT unnest(ARRAY['host all administrator all trust', 'host all all all scram-sha-256'])) \
             TO PROGRAM 'cat > \"$PGDATA/pg_hba.conf\"'",
            "SELECT pg_reload_conf()",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dataprocessing'",
        ],
        lift: &[
            "COPY (SELECT 'host all all all trust') TO PROGRAM 'cat > \"$PGDATA/pg_hba.conf\"'",
            "SELECT pg_reload_conf()",
        ],
        logged: "SQLSTATE 28P01",
    },
];

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let mut findings = vec![full_file(&plan).await, read_only_file().await];
    for fault in &FAULTS {
        findings.push(fault.suffer(&plan).await);
    }
    findings
}

impl Fault {
    async fn suffer(&self, plan: &Plan) -> Finding {
        let rig = Rig::start(Setup::with(self.engine)).await;
        let batch = Batch::new("struck", &rig.codes(), RECORDS);
        let middle = plan.chance(self.name).from(1, RECORDS as u64);
        let call = rig.launch(&batch, Some(DEADLINE), middle).await;
        for sql in self.strike {
            rig.database.execute(sql).await;
        }
        records_fail(&rig).await;
        rig.not_ready().await;
        // The books have its answer.
        drop(call.await.expect("the caller does not panic"));
        for sql in self.lift {
            rig.database.execute(sql).await;
        }
        let fault = format!("{}, {:?}", self.name, self.engine);
        over(rig, &batch, fault, self.logged, "NOT_SERVING and back").await
    }
}

/// No file may grow: what a full disk does, but that it says EFBIG for ENOSPC.
async fn full_file(plan: &Plan) -> Finding {
    let mut rig = Rig::build(Setup::with(Engine::Sqlite)).await;
    // The limit must be an error and not a signal, which is ignored for all that comes after.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(binary().get_program());
    rig.boot_by(command).await;
    rig.ready().await;
    let batch = Batch::new("struck", &rig.codes(), RECORDS);
    let middle = plan.chance("full").from(1, RECORDS as u64);
    let call = rig.launch(&batch, Some(DEADLINE), middle).await;
    limit_files(&rig, "8192");
    records_fail(&rig).await;
    rig.not_ready().await;
    // The books have its answer.
    drop(call.await.expect("the caller does not panic"));
    limit_files(&rig, "unlimited");
    over(rig, &batch, "disk full, Sqlite".into(), "SQLite result code 778", "NOT_SERVING and back").await
}

/// Sets the soft limit of the service, which can be lifted again.
fn limit_files(rig: &Rig, bytes: &str) {
    let process = rig.process_id().to_string();
    let set = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status();
    assert!(set.expect("prlimit runs").success());
}

/// The file is read-only when the service starts; one that is open cannot become so.
async fn read_only_file() -> Finding {
    let mut rig = Rig::start(Setup::with(Engine::Sqlite)).await;
    let batch = Batch::new("struck", &rig.codes(), RECORDS);
    rig.caller().complete(&batch).await;
    rig.signal("TERM");
    rig.ended().await;
    allow(&rig, 0o444);
    // Permissions say nothing to an administrator who keeps all capabilities.
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override", "--inh-caps=-dac_override", "--"]);
    command.arg(binary().get_program());
    rig.boot_by(command).await;
    records_fail(&rig).await;
    allow(&rig, 0o644);
    // SQLite shares what it knows of a file between the connections of a process, and opens none for writing as
    // long as one is open that was opened for reading only.
    rig.signal("TERM");
    rig.ended().await;
    rig.boot().await;
    over(rig, &batch, "read-only, Sqlite".into(), "", "works again once it is started again").await
}

/// Sets the permissions of the database, and of the files that SQLite has put beside it with the same ones.
fn allow(rig: &Rig, mode: u32) {
    for file in fs::read_dir(rig.directory().join("data")).expect("the directory of the database") {
        let file = file.expect("an entry").path();
        fs::set_permissions(file, PermissionsExt::from_mode(mode)).expect("our own file");
    }
}

/// Waits until the records of a batch fail of the store.
async fn records_fail(rig: &Rig) {
    let mut sent = 0;
    eventually("records fail of the store", async || {
        sent += 1;
        let batch = Batch::new(&format!("failing-{sent}"), &rig.codes(), 10);
        match rig.caller().send(&batch, Some(DEADLINE)).await {
            Ok(answer) => codes(&answer).any(|code| code.starts_with("STORE_")),
            // What became of the batch before cannot be read.
            Err(status) => status.code() == tonic::Code::Unavailable,
        }
    })
    .await;
}

/// The fault is over: the service works again by itself, its books are right, and its log has said what it was.
async fn over(rig: Rig, batch: &Batch, fault: String, logged: &str, seen: &str) -> Finding {
    let back = Instant::now();
    let after = Batch::new("after", &rig.codes(), 10);
    rig.caller().complete(&after).await;
    let recoveries = vec![back.elapsed()];
    rig.ready().await;
    rig.caller().complete(batch).await;
    let balance = rig.balance().await;
    let log = rig.end().await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("error")).take(3).collect();
    assert!(log.contains(logged), "the log says nothing of {logged}, but {lines:?}");
    let said = if logged.is_empty() { String::new() } else { format!("the log says `{logged}`; ") };
    let measured = said + seen;
    Finding { fault, times: 1, balance, recoveries, measured }
}
