//! Start-up.

fn main() {}
