-- Schema, from version 6 to 7: whether this file is a copy that no server has opened yet.
-- A backup carries the mark; what was written before this version may have been one, so it begins with it.

CREATE TABLE copy (
    mark INTEGER NOT NULL
) STRICT;

INSERT INTO copy VALUES (1);
