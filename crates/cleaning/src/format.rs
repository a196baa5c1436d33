//! Formatting: raw texts into canonical values. Every formatter is total and idempotent: it takes any text,
//! and what it made once it leaves alone.

pub mod address;
pub mod age;
pub mod catalogue;
pub mod code;
pub mod date;
pub mod deceased;
pub mod document;
pub mod flaw;
pub mod gender;
pub mod identifier;
pub mod name;
pub mod null_token;
pub mod parsed;
pub mod patient_id;
pub mod phone;
pub mod resident_id;
pub mod text;
pub mod version;
