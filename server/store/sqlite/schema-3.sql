-- Schema, from version 2 to 3: passwords of an account beside its own, which a login reads all at once.

ALTER TABLE device RENAME COLUMN app_password TO granted;           -- a password beside the account's, not a client
ALTER TABLE device ADD COLUMN via TEXT NOT NULL DEFAULT '';         -- the one that this client came by; '': the account's
ALTER TABLE device ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;   -- of one that nobody has used yet; 0: never

ALTER TABLE credential RENAME TO credential_2;

CREATE TABLE credential (                          -- SCRAM keys; device '': the account's password
    account    INTEGER NOT NULL,
    hash       INTEGER NOT NULL,
    device     TEXT NOT NULL,
    iterations INTEGER NOT NULL,
    salt       BLOB NOT NULL,                      -- the same in all of (account, hash)
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (account, hash, device)
) STRICT, WITHOUT ROWID;

INSERT INTO credential
SELECT account, hash, device, iterations, salt, stored_key, server_key FROM credential_2;

DROP TABLE credential_2;

-- Account 0 is nobody. A login reads as many keys for everybody: those of the name, then of nobody.
INSERT INTO credential
SELECT 0, hash, 'nobody-' || n || '-aaaaaaa', 10000, randomblob(16), zeroblob(64), zeroblob(64)
FROM credential, (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8)
WHERE account = 0 AND device = '';
