-- Schema, from version 4 to 5: where devices that sleep ask to be woken (XEP-0357).

CREATE TABLE push (
    account  INTEGER NOT NULL,
    service  TEXT NOT NULL,     -- address of the app server
    node     TEXT NOT NULL,     -- its name for the device; means nothing to us
    device   TEXT NOT NULL,     -- the resource that asked; it may have no row in device
    via      TEXT NOT NULL,     -- the password beside the account's by which it came; '': none
    options  TEXT NOT NULL,     -- what is sent along, as the device gave it, or ''
    since    INTEGER NOT NULL,
    failures INTEGER NOT NULL,  -- errors in a row
    retry    INTEGER NOT NULL,  -- nothing is sent before; 0: it works
    PRIMARY KEY (account, service, node)
) STRICT, WITHOUT ROWID;

-- In whatever way a device goes, sent away or as the one used longest ago, nobody is woken for it any more.
CREATE TRIGGER device_push AFTER DELETE ON device
BEGIN
    DELETE FROM push WHERE account = old.account AND device = old.resource;
END;
