-- Schema, from version 3 to 4: where a new device meets one that has the account. Gone after minutes.

CREATE TABLE link (
    channel BLOB NOT NULL,     -- SHA-256 of its name, which only the two know
    step    INTEGER NOT NULL,  -- 1 hello, 2 answer, 3 gift
    account INTEGER NOT NULL,  -- of whoever opened it
    expires INTEGER NOT NULL,
    octets  BLOB NOT NULL,
    PRIMARY KEY (channel, step)
) STRICT;

CREATE INDEX link_account ON link (account);
CREATE INDEX link_expires ON link (expires);
