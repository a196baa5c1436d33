-- Batches get a small key of their own, so that the rows of their records need not repeat their ids. What was
-- found about a record is kept as it was answered, and a digest tells whether a record is the same when its
-- batch is sent again.

ALTER TABLE batches RENAME TO old_batches;
CREATE TABLE batches (
    -- Never used again, also after the batch was deleted.
    batch_key      INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Whose batch it is; empty as long as callers have no names.
    caller         TEXT NOT NULL DEFAULT '',
    batch_id       TEXT NOT NULL,
    started_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    -- Of a batch that runs again, the last time that it ended; while it runs, it has no completion.
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
    warnings       INTEGER,
    UNIQUE (caller, batch_id)
) STRICT;
INSERT INTO batches (
    batch_id, started_at, finished_at, completion, elapsed_micros, received, stored, unchanged, stale,
    superseded, valid, rejected, failed, not_attempted, warnings
)
SELECT batch_id, started_at, finished_at, completion, elapsed_micros, received, stored, unchanged, stale,
       superseded, valid, rejected, failed, not_attempted, warnings
FROM old_batches;
DROP TABLE old_batches;

-- Every batch of a record has a row already, for both were written together; this is for tables that somebody
-- has repaired by hand.
INSERT INTO batches (batch_id)
SELECT batch_id FROM outcomes UNION SELECT batch_id FROM rejects
EXCEPT SELECT batch_id FROM batches;

-- The oldest ones are looked for to be deleted.
CREATE INDEX batches_last_used ON batches (coalesce(finished_at, started_at));

ALTER TABLE outcomes RENAME TO old_outcomes;
CREATE TABLE outcomes (
    batch_key     INTEGER NOT NULL,
    record_index  INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    -- Whether sending the record again may end better: 0 or 1.
    retryable     INTEGER NOT NULL,
    outcome       TEXT NOT NULL,
    record_id     TEXT NOT NULL,
    hospital_code TEXT NOT NULL,
    -- What was found, errors first: a JSON list with one list per issue [code, severity, field, position,
    -- source field, shape, hint], cut after its last value; empty when nothing was found. Rows from before
    -- this column hold codes only.
    issues        TEXT NOT NULL,
    -- 16 bytes of SHA-256 over the record as it was sent; none if the batch has an id that the server made.
    digest        BLOB,
    PRIMARY KEY (batch_key, record_index)
) STRICT, WITHOUT ROWID;
INSERT INTO outcomes (
    batch_key, record_index, attempts, retryable, outcome, record_id, hospital_code, issues
)
SELECT batch_key, record_index, attempts, outcome IN ('failed', 'not_attempted'), outcome, record_id,
       hospital_code, CASE codes WHEN '[]' THEN '' ELSE codes END
FROM old_outcomes JOIN batches USING (batch_id)
ORDER BY batch_key, record_index;
DROP TABLE old_outcomes;

ALTER TABLE rejects RENAME TO old_rejects;
CREATE TABLE rejects (
    batch_key     INTEGER NOT NULL,
    record_index  INTEGER NOT NULL,
    record_id     TEXT NOT NULL,
    hospital_code TEXT NOT NULL,
    raw           BLOB NOT NULL,
    key_id        TEXT,
    issues        TEXT NOT NULL,
    rejected_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (batch_key, record_index)
) STRICT;
INSERT INTO rejects (batch_key, record_index, record_id, hospital_code, raw, key_id, issues, rejected_at)
SELECT batch_key, record_index, record_id, hospital_code, raw, key_id, issues, rejected_at
FROM old_rejects JOIN batches USING (batch_id);
DROP TABLE old_rejects;
