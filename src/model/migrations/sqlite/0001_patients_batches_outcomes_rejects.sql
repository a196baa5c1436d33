-- Times are ISO 8601 text in UTC, lists are JSON text. Tables are STRICT: SQLite would otherwise take a
-- text where an integer belongs.

-- One row per patient: the newest content that was accepted.
CREATE TABLE patients (
    hospital_code  TEXT NOT NULL,
    patient_id     TEXT NOT NULL,
    name           TEXT,
    family_name    TEXT,
    given_name     TEXT,
    gender         TEXT,
    -- A partial ISO 8601 date (year, month or day): a missing day is never invented, so no date type.
    birth_date     TEXT,
    -- 'no', 'yes', or the (partial) date of death.
    deceased       TEXT,
    phones         TEXT NOT NULL,
    addresses      TEXT NOT NULL,
    contacts       TEXT NOT NULL,
    nationality    TEXT,
    ethnicity      TEXT,
    marital_status TEXT,
    -- Bytes, not text: both may later be stored encrypted, under the key that key_id names.
    identifiers    BLOB NOT NULL,
    raw            BLOB NOT NULL,
    key_id         TEXT,
    -- Covers the canonical content and the order. The version tells how it was computed: hashes of
    -- different versions say nothing about each other.
    content_hash   BLOB NOT NULL,
    hash_version   INTEGER NOT NULL,
    -- Decides which of two records is newer: 0 arrival, 1 version, 2 microseconds since 1970.
    order_kind     INTEGER NOT NULL,
    order_value    INTEGER NOT NULL,
    -- Who wrote the row: of two equally new records of one batch the higher index wins.
    batch_id       TEXT NOT NULL,
    batch_index    INTEGER NOT NULL,
    issues         TEXT NOT NULL,
    stored_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (hospital_code, patient_id)
) STRICT;

-- One row per batch. It appears with the batch's first chunk and is completed when the batch ends: a row
-- without finished_at belongs to a batch that runs, or whose process died.
CREATE TABLE batches (
    batch_id       TEXT NOT NULL PRIMARY KEY,
    started_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    finished_at    TEXT,
    completion     TEXT,
    elapsed_micros INTEGER,
    received       INTEGER,
    stored         INTEGER,
    unchanged      INTEGER,
    stale          INTEGER,
    superseded     INTEGER,
    valid          INTEGER,
    rejected       INTEGER,
    failed         INTEGER,
    not_attempted  INTEGER,
    warnings       INTEGER
) STRICT, WITHOUT ROWID;

-- What became of each record, written in the transaction that made it so. No foreign key to batches: the
-- same transaction writes that row first, and checking it once per record would buy nothing.
CREATE TABLE outcomes (
    batch_id      TEXT NOT NULL,
    record_index  INTEGER NOT NULL,
    record_id     TEXT NOT NULL,
    hospital_code TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    codes         TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    PRIMARY KEY (batch_id, record_index)
) STRICT, WITHOUT ROWID;

-- The records whose outcome is 'rejected', as they came: somebody has to be able to look at them.
CREATE TABLE rejects (
    batch_id      TEXT NOT NULL,
    record_index  INTEGER NOT NULL,
    record_id     TEXT NOT NULL,
    hospital_code TEXT NOT NULL,
    raw           BLOB NOT NULL,
    key_id        TEXT,
    issues        TEXT NOT NULL,
    rejected_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (batch_id, record_index)
) STRICT;
