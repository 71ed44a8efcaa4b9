-- Schema, from version 1 to 2: a device's two FAST tokens (XEP-0484), and keys of nobody.
-- No earlier version has written a device.

DROP TABLE device;

CREATE TABLE device (
    account          INTEGER NOT NULL,
    resource         TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    software         TEXT NOT NULL,
    name             TEXT NOT NULL,
    first_seen       INTEGER NOT NULL,
    last_seen        INTEGER NOT NULL,
    auth             TEXT NOT NULL,
    token_seed       BLOB NOT NULL,
    token_mechanism  TEXT NOT NULL,
    token_made       INTEGER NOT NULL,
    token_expires    INTEGER NOT NULL,
    token_count      INTEGER NOT NULL,
    next_seed        BLOB NOT NULL,                     -- given out, not used yet
    next_mechanism   TEXT NOT NULL,
    next_made        INTEGER NOT NULL,
    next_expires     INTEGER NOT NULL,
    next_count       INTEGER NOT NULL,
    password         INTEGER NOT NULL,                  -- it has logged in with the account's password
    app_password     INTEGER NOT NULL,
    PRIMARY KEY (account, resource)
) STRICT, WITHOUT ROWID;

-- Account 0 is nobody. A look-up of a name that nobody has finds these, so that it costs what any other does.
INSERT INTO credential (account, device, hash, iterations, salt, stored_key, server_key)
VALUES (0, '', 0, 10000, randomblob(16), zeroblob(64), zeroblob(64)),
       (0, '', 1, 10000, randomblob(16), zeroblob(64), zeroblob(64)),
       (0, '', 2, 10000, randomblob(16), zeroblob(64), zeroblob(64));
