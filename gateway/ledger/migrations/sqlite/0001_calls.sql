PRAGMA application_id = 1262836039; -- "KEYG": whose file this is

-- One row a call. Times are microseconds since 1970, UTC; blobs are protobuf messages.
CREATE TABLE calls (
    account TEXT NOT NULL,
    request_id TEXT NOT NULL,
    call_id TEXT NOT NULL UNIQUE,
    request BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    owner TEXT NOT NULL,
    dispatch INTEGER NOT NULL,
    is_free INTEGER NOT NULL,
    was_unknown INTEGER NOT NULL,
    send_deadline INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    scheduled INTEGER,
    error BLOB NOT NULL,
    reply BLOB NOT NULL,
    warnings BLOB NOT NULL,
    resolution BLOB NOT NULL,
    stage INTEGER NOT NULL,
    erased INTEGER,
    custom TEXT NOT NULL,
    retain_from INTEGER NOT NULL GENERATED ALWAYS AS (max(updated, coalesce(scheduled, updated))) VIRTUAL,
    PRIMARY KEY (account, request_id)
) STRICT;

CREATE INDEX calls_newest ON calls (account, created, call_id);
CREATE INDEX calls_by_custom ON calls (account, custom, created, call_id);

-- The few whose outcome is awaited (dispatch 2 is SENDING): what a sweep looks for.
CREATE INDEX calls_sending ON calls (send_deadline) WHERE dispatch = 2;

-- What retention looks for: all but those whose outcome is awaited or unknown (5), which are kept.
CREATE INDEX calls_due ON calls (stage, retain_from) WHERE dispatch NOT IN (2, 5);

-- Which calls a number was in, as digits.
CREATE TABLE call_numbers (
    account TEXT NOT NULL,
    digits TEXT NOT NULL,
    created INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    PRIMARY KEY (account, digits, created, call_id)
) STRICT, WITHOUT ROWID;

-- Whether an operator has paused dialing: one row, or none.
CREATE TABLE pause (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

-- What is written to learn whether anything can be written: one row, or none.
CREATE TABLE probe (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL
) STRICT;
