-- Batches get a small key of their own, so that the rows of their records need not repeat their ids. What was
-- found about a record is kept as it was answered, and a digest tells whether a record is the same when its
-- batch is sent again.

-- Every batch of a record has a row already, for both were written together; this is for tables that somebody
-- has repaired by hand.
INSERT INTO batches (batch_id)
SELECT batch_id FROM outcomes UNION SELECT batch_id FROM rejects
EXCEPT SELECT batch_id FROM batches;

ALTER TABLE batches
    ADD COLUMN batch_key bigint GENERATED ALWAYS AS IDENTITY,
    -- Whose batch it is; empty as long as callers have no names.
    ADD COLUMN caller text COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT batches_pkey;
ALTER TABLE batches
    ADD PRIMARY KEY (batch_key),
    ADD CONSTRAINT batches_caller_batch_id_key UNIQUE (caller, batch_id);

-- The oldest ones are looked for to be deleted. Of a batch that runs again, finished_at is the last time that
-- it ended; while it runs, it has no completion.
CREATE INDEX batches_last_used ON batches ((coalesce(finished_at, started_at)));

ALTER TABLE outcomes RENAME TO old_outcomes;
ALTER TABLE old_outcomes RENAME CONSTRAINT outcomes_pkey TO old_outcomes_pkey;
CREATE TABLE outcomes (
    batch_key     bigint NOT NULL,
    record_index  bigint NOT NULL,
    attempts      bigint NOT NULL,
    -- Whether sending the record again may end better.
    retryable     boolean NOT NULL,
    outcome       text NOT NULL,
    record_id     text NOT NULL,
    hospital_code text NOT NULL,
    -- What was found, errors first: a JSON list with one list per issue [code, severity, field, position,
    -- source field, shape, hint], cut after its last value; empty when nothing was found. Rows from before
    -- this column hold codes only.
    issues        text NOT NULL,
    -- 16 bytes of SHA-256 over the record as it was sent; none if the batch has an id that the server made.
    digest        bytea,
    PRIMARY KEY (batch_key, record_index)
);
INSERT INTO outcomes (
    batch_key, record_index, attempts, retryable, outcome, record_id, hospital_code, issues
)
SELECT batch_key, record_index, attempts, outcome IN ('failed', 'not_attempted'), outcome, record_id,
       hospital_code, CASE codes WHEN '[]' THEN '' ELSE codes END
FROM old_outcomes JOIN batches USING (batch_id);
DROP TABLE old_outcomes;

ALTER TABLE rejects RENAME TO old_rejects;
ALTER TABLE old_rejects RENAME CONSTRAINT rejects_pkey TO old_rejects_pkey;
CREATE TABLE rejects (
    batch_key     bigint NOT NULL,
    record_index  bigint NOT NULL,
    record_id     text NOT NULL,
    hospital_code text NOT NULL,
    raw           bytea NOT NULL,
    key_id        text,
    issues        text NOT NULL,
    rejected_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (batch_key, record_index)
);
INSERT INTO rejects (batch_key, record_index, record_id, hospital_code, raw, key_id, issues, rejected_at)
SELECT batch_key, record_index, record_id, hospital_code, raw, key_id, issues, rejected_at
FROM old_rejects JOIN batches USING (batch_id);
DROP TABLE old_rejects;
