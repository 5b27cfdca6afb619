-- What reports told of each call, and when silence counts as stale.
ALTER TABLE calls
    ADD COLUMN tokens bytea NOT NULL DEFAULT '',
    ADD COLUMN evidence bytea NOT NULL DEFAULT '',
    ADD COLUMN outcomes bytea NOT NULL DEFAULT '',
    ADD COLUMN heard timestamptz,
    ADD COLUMN stale_at timestamptz;

CREATE INDEX calls_stale ON calls (stale_at) WHERE stale_at IS NOT NULL;

-- Whose reports bear which token; tokens are hashed.
CREATE TABLE report_tokens (
    token bytea PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL
);

-- What happened and has no number yet: a number that is taken inside a transaction can become visible after a higher
-- one, so whoever holds a lock gives numbers to what is committed. Rows come and go: they are vacuumed often.
CREATE TABLE unnumbered_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    occurred timestamptz NOT NULL,
    type integer NOT NULL,
    dispatch integer NOT NULL,
    place integer,
    outcome bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The same, numbered. Blobs are RecipientOutcomes without the recipient.
CREATE TABLE events (
    account text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    occurred timestamptz NOT NULL,
    type integer NOT NULL,
    dispatch integer NOT NULL,
    place integer,
    outcome bytea NOT NULL,
    PRIMARY KEY (account, sequence)
);

CREATE INDEX events_of_calls ON events (call_id, sequence);

-- How far the numbers of an account are, and up to which its events were deleted.
CREATE TABLE sequences (
    account text COLLATE "C" PRIMARY KEY,
    newest bigint NOT NULL,
    forgotten bigint NOT NULL
);
