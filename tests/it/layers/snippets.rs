//! The tables and the scanner on small sources: they find what is forbidden, and nothing else.

use super::*;

fn of(file: &str, source: &str) -> Vec<String> {
    let found = violations(Path::new(file), source);
    found.iter().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn an_import_from_above_is_found_with_its_line() {
    let found = violations(Path::new("model/sqlite.rs"), "//! Doc.\n\nuse crate::logic::ledger::Ledger;\n");
    assert_eq!(found, ["src/model/sqlite.rs:3: `model` may not name crate::logic::ledger::Ledger"]);
}

#[test]
fn an_import_from_below_or_of_the_own_layer_is_fine() {
    let source = "use crate::{domain::patient::Patient, model::Store};\nuse sqlx::Row as _;";
    assert_eq!(of("model/sqlite.rs", source), Vec::<String>::new());
}

#[test]
fn each_leaf_of_a_group_counts() {
    let source = "use crate::{domain::{issue::Issue, outcome}, app::{self, App}, logic::*};";
    assert_eq!(of("server/mod.rs", source), ["crate::app", "crate::app::App"]);
}

#[test]
fn paths_in_the_code_count_wherever_they_stand() {
    assert_eq!(of("pool/mod.rs", "fn f(x: Vec<cleaning::Issue>) {}"), ["cleaning::Issue"]);
    assert_eq!(of("logic/a.rs", "let s = <tonic::Status as Into<E>>::into;"), ["tonic::Status"]);
    assert_eq!(of("svc.rs", "#[sqlx::test] async fn f() {}"), ["sqlx::test"]);
    assert_eq!(of("domain/a.rs", "macro_rules! m { () => { $worker_pool::x() } }"), ["worker_pool::x"]);
    assert_eq!(of("app.rs", "::reqwest::get(url)"), ["reqwest::get"]);
}

#[test]
fn the_crates_own_name_is_the_crate() {
    assert_eq!(of("main.rs", "use dataprocessing::cli; fn main() { cli::run() }"), Vec::<String>::new());
    assert_eq!(of("main.rs", "use dataprocessing::{cli, app::App};"), ["crate::app::App"]);
}

#[test]
fn super_does_not_lead_around_the_table() {
    assert_eq!(of("pool/gate.rs", "use super::super::domain::Issue;"), ["cleaning::Issue"]);
    assert_eq!(of("svc.rs", "use super::app;"), ["crate::app"]);
    assert_eq!(of("pool/mod.rs", "mod inner { use super::super::svc; }"), ["crate::svc"]);
    assert_eq!(
        of("pool/gate.rs", "use super::Pool; mod a { use super::super::Pool; }"),
        Vec::<String>::new()
    );
}

#[test]
fn an_imported_name_is_followed() {
    assert_eq!(
        of("app.rs", "use crate::server;\nfn f() -> server::pb::Issue {}"),
        ["crate::server::pb::Issue"]
    );
    assert_eq!(
        of("app.rs", "use crate::server as s; fn f(_: s::pb::Issue) {}"),
        ["crate::server::pb::Issue"]
    );
    assert_eq!(of("cli/demo.rs", "use tonic as t; fn f(_: t::Status) {}"), ["tonic::Status"]);
}

#[test]
fn a_glob_reaches_what_it_brings_in() {
    assert_eq!(of("cli/demo.rs", "use tonic::*;"), ["tonic::*"]);
    assert_eq!(of("app.rs", "use crate::server::*;"), ["crate::server::*"]);
    assert_eq!(of("cli/demo.rs", "use tonic::transport::*;"), Vec::<String>::new());
}

#[test]
fn only_the_listed_part_of_a_layer_is_open() {
    assert_eq!(of("cli/demo.rs", "use crate::server::pb::Issue;"), Vec::<String>::new());
    assert_eq!(of("cli/demo.rs", "use crate::server::status;"), ["crate::server::status"]);
    let through_module = "use crate::server; fn f(_: server::ServerConfig, _: server::Status) {}";
    assert_eq!(of("cli/demo.rs", through_module), ["crate::server::Status"]);
}

#[test]
fn confined_crates_are_found_outside_of_their_layer() {
    for (file, source) in [
        ("logic/a.rs", "use tonic::Code;"),
        ("cli/demo.rs", "use tonic::{Request, Status};"),
        ("server/a.rs", "use sqlx::PgPool;"),
        ("sim/a.rs", "use reqwest::Client;"),
        ("server/a.rs", "use axum::Router;"),
        ("domain/a.rs", "use tokio::time::Instant;"),
    ] {
        assert_eq!(of(file, source).len(), 1, "{file}: {source}");
    }
}

#[test]
fn tests_beside_the_code_may_play_a_hospital_and_nothing_else_more() {
    let tests = "#[cfg(test)]\nmod tests { use hospital_sim::Hospital; use crate::app::App; }";
    assert_eq!(of("client/a.rs", tests), ["crate::app::App"]);
    assert_eq!(
        of("client/a.rs", "#[cfg(test)] use hospital_sim; fn f(_: hospital_sim::A) {}"),
        ["hospital_sim::A"]
    );
    assert_eq!(of("client/a.rs", "#[cfg(test)] mod t { } use hospital_sim;"), ["hospital_sim"]);
    assert_eq!(of("client/tests.rs", "use hospital_sim::Hospital; use axum::Router;"), Vec::<String>::new());
}

#[test]
fn comments_and_literals_name_nothing() {
    let source = r####"
        // use crate::app;
        /* use /* crate::app */ sqlx::x; */
        /// [`crate::app::App`]
        const A: &str = "crate::app::App \" tonic::Status";
        const B: &[u8] = br##"sqlx::query "# reqwest::get"##;
        const C: (char, char, u8) = ('"', '\'', b'"');
        fn f<'a>(x: &'a str) -> impl Iterator + use<'a> { x.chars() }
    "####;
    assert_eq!(of("pool/a.rs", source), Vec::<String>::new());
    assert_eq!(of("pool/a.rs", "const Q: char = '\"'; use crate::app;"), ["crate::app"]);
    assert_eq!(of("pool/a.rs", "fn f<'a>() {} use crate::app; fn g<'b>() {}"), ["crate::app"]);
}

#[test]
fn a_file_of_no_layer_is_found() {
    let found = violations(Path::new("utils/mod.rs"), "");
    assert_eq!(found, ["src/utils/mod.rs: `utils` has no row in the table of layers"]);
}
