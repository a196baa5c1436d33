//! Whatever a hospital sends, every shipped profile answers it, and the invariants hold.

#![no_main]

#[path = "../invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| invariants::hold_for(payload));
