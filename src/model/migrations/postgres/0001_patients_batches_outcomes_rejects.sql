-- Lists are JSON in text columns: they are read as a whole, and text keeps them byte for byte as they
-- were hashed. Keys are COLLATE "C": every writer locks rows in the order of their bytes, whatever the
-- database's locale is, so that two writers cannot deadlock.

-- One row per patient: the newest content that was accepted.
CREATE TABLE patients (
    hospital_code  text COLLATE "C" NOT NULL,
    patient_id     text COLLATE "C" NOT NULL,
    name           text,
    family_name    text,
    given_name     text,
    gender         text,
    -- A partial ISO 8601 date (year, month or day): a missing day is never invented, so no date type.
    birth_date     text,
    -- 'no', 'yes', or the (partial) date of death.
    deceased       text,
    phones         text NOT NULL,
    addresses      text NOT NULL,
    contacts       text NOT NULL,
    nationality    text,
    ethnicity      text,
    marital_status text,
    -- Bytes, not text: both may later be stored encrypted, under the key that key_id names.
    identifiers    bytea NOT NULL,
    raw            bytea NOT NULL,
    key_id         text,
    -- Covers the canonical content and the order. The version tells how it was computed: hashes of
    -- different versions say nothing about each other.
    content_hash   bytea NOT NULL,
    hash_version   smallint NOT NULL,
    -- Decides which of two records is newer: 0 arrival, 1 version, 2 microseconds since 1970.
    order_kind     smallint NOT NULL,
    order_value    bigint NOT NULL,
    -- Who wrote the row: of two equally new records of one batch the higher index wins.
    batch_id       text COLLATE "C" NOT NULL,
    batch_index    bigint NOT NULL,
    issues         text NOT NULL,
    stored_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hospital_code, patient_id)
);

-- One row per batch. It appears with the batch's first chunk and is completed when the batch ends: a row
-- without finished_at belongs to a batch that runs, or whose process died.
CREATE TABLE batches (
    batch_id       text COLLATE "C" NOT NULL PRIMARY KEY,
    started_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    completion     text,
    elapsed_micros bigint,
    received       bigint,
    stored         bigint,
    unchanged      bigint,
    stale          bigint,
    superseded     bigint,
    valid          bigint,
    rejected       bigint,
    failed         bigint,
    not_attempted  bigint,
    warnings       bigint
);

-- What became of each record, written in the transaction that made it so. No foreign key to batches: the
-- same transaction writes that row first, and checking it once per record would buy nothing.
CREATE TABLE outcomes (
    batch_id      text COLLATE "C" NOT NULL,
    record_index  bigint NOT NULL,
    record_id     text NOT NULL,
    hospital_code text NOT NULL,
    outcome       text NOT NULL,
    codes         text NOT NULL,
    attempts      bigint NOT NULL,
    PRIMARY KEY (batch_id, record_index)
);

-- The records whose outcome is 'rejected', as they came: somebody has to be able to look at them.
CREATE TABLE rejects (
    batch_id      text COLLATE "C" NOT NULL,
    record_index  bigint NOT NULL,
    record_id     text NOT NULL,
    hospital_code text NOT NULL,
    raw           bytea NOT NULL,
    key_id        text,
    issues        text NOT NULL,
    rejected_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (batch_id, record_index)
);
