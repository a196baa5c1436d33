//! One file per call, the record pipeline, the ledger.
