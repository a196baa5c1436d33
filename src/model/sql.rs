//! The store over any SQL engine: connections, transactions, the tables and the statements that engines share.

mod batch_reads;
mod chunk_write;
mod classify;
pub(super) mod connection;
mod content_version;
pub(super) mod dialect;
mod driver;
pub(super) mod engine;
mod finish_batch;
mod identity_change;
mod issue_column;
mod json_list;
pub(super) mod migration;
mod prepared_row;
mod reject_reads;
mod retention;
pub(super) mod shared_sql;
pub(super) mod statements;
pub(super) mod store;
pub(super) mod table;
mod time_limit;
mod transact;
mod transaction;

pub(super) use classify::StoredVersion;
pub use identity_change::Overwritten;
