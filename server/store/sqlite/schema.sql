-- Schema of the SQLite store, version 1 (later steps: schema-2.sql). Times are milliseconds since the epoch.
-- Whoever refers to an account checks that it exists when writing: there are no foreign keys.

CREATE TABLE account (
    id             INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: old entries may wait
    domain         TEXT NOT NULL,
    local          TEXT NOT NULL,
    created        INTEGER NOT NULL,
    roster_version INTEGER NOT NULL DEFAULT 0,
    cursor         INTEGER NOT NULL DEFAULT 0,     -- delivered up to this seq
    archive_seq    INTEGER NOT NULL DEFAULT 0,     -- highest reserved; the writer counts
    requests_seq   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (domain, local)
) STRICT;

CREATE TABLE credential (                          -- SCRAM keys; device '': the password
    account    INTEGER NOT NULL,
    device     TEXT NOT NULL,
    hash       INTEGER NOT NULL,
    iterations INTEGER NOT NULL,
    salt       BLOB NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (account, device, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    account          INTEGER NOT NULL,
    resource         TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    software         TEXT NOT NULL,
    name             TEXT NOT NULL,
    first_seen       INTEGER NOT NULL,
    last_seen        INTEGER NOT NULL,
    auth             TEXT NOT NULL,
    token_hash       BLOB NOT NULL,
    next_token_hash  BLOB NOT NULL,
    token_expires    INTEGER NOT NULL,
    token_mechanism  TEXT NOT NULL,
    app_password     INTEGER NOT NULL,
    PRIMARY KEY (account, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE roster (
    account      INTEGER NOT NULL,
    jid          TEXT NOT NULL,
    name         TEXT NOT NULL,
    subscription INTEGER NOT NULL,                 -- 0 none, 1 to, 2 from, 3 both
    ask          INTEGER NOT NULL,
    approved     INTEGER NOT NULL,
    pending_in   INTEGER NOT NULL,
    listed       INTEGER NOT NULL,
    request      TEXT NOT NULL,
    groups       TEXT NOT NULL,                    -- separated by U+001F: never in XML
    version      INTEGER NOT NULL,
    PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    account INTEGER NOT NULL,
    jid     TEXT NOT NULL,
    PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

CREATE TABLE pep_node (
    id               INTEGER PRIMARY KEY,
    account          INTEGER NOT NULL,
    name             TEXT NOT NULL,
    access           INTEGER NOT NULL,
    send_last        INTEGER NOT NULL,
    persist          INTEGER NOT NULL,
    deliver_payloads INTEGER NOT NULL,
    notify_retract   INTEGER NOT NULL,
    notify_delete    INTEGER NOT NULL,
    publish_open     INTEGER NOT NULL,
    max_items        INTEGER NOT NULL,             -- -1: as many as the server allows
    expire           INTEGER NOT NULL,             -- seconds; 0: never
    title            TEXT NOT NULL,
    type             TEXT NOT NULL,
    groups           TEXT NOT NULL,
    UNIQUE (account, name)
) STRICT;

CREATE INDEX pep_node_expire ON pep_node (expire) WHERE expire > 0;

CREATE TABLE pep_item (
    n         INTEGER PRIMARY KEY,                 -- grows with every publish: their order
    node      INTEGER NOT NULL,
    id        TEXT NOT NULL,
    publisher TEXT NOT NULL,
    at        INTEGER NOT NULL,
    payload   BLOB NOT NULL, -- text; as octets its length is known without reading it
    UNIQUE (node, id)
) STRICT;

CREATE INDEX pep_item_order ON pep_item (node, n);

CREATE TABLE document (                            -- private XML, vCard, preferences
    account INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    UNIQUE (account, kind, key)
) STRICT;

-- The archive. A body is stored once, in arrival order; each owner has a narrow entry that points
-- to it. `ts` never decreases along the seqs of one owner, which is why no index holds it.

CREATE TABLE message (
    id     INTEGER PRIMARY KEY,
    ts     INTEGER NOT NULL,
    sent   INTEGER,                                -- first arrival, if a move renewed ts
    refs   INTEGER NOT NULL,                       -- entries that point here
    origin BLOB,
    body   TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
    owner   INTEGER NOT NULL,                      -- account * 2 + shelf (0 archive, 1 requests)
    seq     INTEGER NOT NULL,
    peer    INTEGER NOT NULL,                      -- jid.id
    message INTEGER NOT NULL,
    flags   INTEGER NOT NULL,
    PRIMARY KEY (owner, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE jid (                                 -- peers of entries; the unused are swept
    id       INTEGER PRIMARY KEY,
    bare     TEXT NOT NULL,
    resource TEXT NOT NULL,
    UNIQUE (bare, resource)
) STRICT;

CREATE TABLE purge (                               -- entries that are gone, but not yet removed
    owner INTEGER PRIMARY KEY,
    upto  INTEGER NOT NULL                         -- this seq and all below
) STRICT;

CREATE TABLE invite (
    token_hash BLOB PRIMARY KEY,
    inviter    TEXT NOT NULL,
    domain     TEXT NOT NULL,
    account    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX invite_expires ON invite (expires);

CREATE TABLE upload (
    slot         TEXT PRIMARY KEY,
    account      INTEGER NOT NULL,                 -- 0: its account is gone, the file shall go
    filename     TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    done         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_account ON upload (account, created);
CREATE INDEX upload_expires ON upload (expires);

CREATE TABLE tally (                               -- one row, so that counting costs nothing
    accounts INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    entries  INTEGER NOT NULL
) STRICT;

INSERT INTO tally VALUES (0, 0, 0);
