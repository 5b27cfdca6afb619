-- One row a call. Blobs are protobuf messages. Texts collate by bytes: an upgrade of the system's locales, which leaves
-- indexes in another order than it expects, must not make a key look free.
CREATE TABLE calls (
    account text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    call_id text COLLATE "C" NOT NULL UNIQUE,
    request bytea NOT NULL,
    request_hash bytea NOT NULL,
    attempt integer NOT NULL,
    owner text COLLATE "C" NOT NULL,
    dispatch integer NOT NULL,
    is_free boolean NOT NULL,
    was_unknown boolean NOT NULL,
    send_deadline timestamptz NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    scheduled timestamptz,
    error bytea NOT NULL,
    reply bytea NOT NULL,
    warnings bytea NOT NULL,
    resolution bytea NOT NULL,
    stage integer NOT NULL,
    erased timestamptz,
    custom text COLLATE "C" NOT NULL,
    retain_from timestamptz NOT NULL GENERATED ALWAYS AS (greatest(updated, scheduled)) STORED,
    PRIMARY KEY (account, request_id)
);

CREATE INDEX calls_newest ON calls (account, created, call_id);
CREATE INDEX calls_by_custom ON calls (account, custom, created, call_id);

-- The few whose outcome is awaited (dispatch 2 is SENDING): what a sweep looks for.
CREATE INDEX calls_sending ON calls (send_deadline) WHERE dispatch = 2;

-- What retention looks for: all but those whose outcome is awaited or unknown (5), which are kept.
CREATE INDEX calls_due ON calls (stage, retain_from) WHERE dispatch NOT IN (2, 5);

-- Which calls a number was in, as digits.
CREATE TABLE call_numbers (
    account text COLLATE "C" NOT NULL,
    digits text COLLATE "C" NOT NULL,
    created timestamptz NOT NULL,
    call_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, digits, created, call_id)
);

-- Whether an operator has paused dialing: one row, or none.
CREATE TABLE pause (
    one integer PRIMARY KEY CHECK (one = 1),
    reason text NOT NULL,
    since timestamptz NOT NULL
);

-- What is written to learn whether anything can be written: one row, or none.
CREATE TABLE probe (
    one integer PRIMARY KEY CHECK (one = 1),
    at timestamptz NOT NULL
);
