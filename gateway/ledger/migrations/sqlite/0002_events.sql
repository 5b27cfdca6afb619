-- What reports told of each call, and when silence counts as stale.
ALTER TABLE calls ADD COLUMN tokens BLOB NOT NULL DEFAULT x'';
ALTER TABLE calls ADD COLUMN evidence BLOB NOT NULL DEFAULT x'';
ALTER TABLE calls ADD COLUMN outcomes BLOB NOT NULL DEFAULT x'';
ALTER TABLE calls ADD COLUMN heard INTEGER;
ALTER TABLE calls ADD COLUMN stale_at INTEGER;

CREATE INDEX calls_stale ON calls (stale_at) WHERE stale_at IS NOT NULL;

-- Whose reports bear which token; tokens are hashed.
CREATE TABLE report_tokens (
    token BLOB PRIMARY KEY,
    account TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened, in the order of an account's commits. Blobs are RecipientOutcomes without the recipient.
CREATE TABLE events (
    account TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    occurred INTEGER NOT NULL,
    type INTEGER NOT NULL,
    dispatch INTEGER NOT NULL,
    place INTEGER,
    outcome BLOB NOT NULL,
    PRIMARY KEY (account, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX events_of_calls ON events (call_id, sequence);

-- How far the numbers of an account are, and up to which its events were deleted.
CREATE TABLE sequences (
    account TEXT PRIMARY KEY,
    newest INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
