-- Schema, from version 5 to 6: what is on its way to another server and not acknowledged by it yet.

CREATE TABLE outbox (
    id     INTEGER PRIMARY KEY,  -- in the order in which it is sent
    domain TEXT NOT NULL,
    stanza TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT;
