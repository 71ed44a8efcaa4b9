"""dino.py: a person with Dino on a desktop that nobody sees (desk.py)."""
import sqlite3

from .desk import Desk

WAIT_S = 45
HEARD = 'SELECT 1 FROM message WHERE body = ?'
# Where things are in Dino 0.4.2 on a screen of 1200 by 800.
LOCK, OMEMO, ENTRY, FIRST, SECOND = (1163, 662), (1082, 777), (600, 662), (150, 90), (150, 140)
RESOURCE = 'dino.7e57da7e'                       # like one that it draws, so that the server keeps it
ENCRYPTED = 2                                   # OMEMO, in Dino's table of conversations


class WithDino(Desk):
    """Alice has Dino. `watcher`, which a file makes, is a client whose clock we wait by."""

    async def make_account(self):
        """Dino has no command line for it: it makes its tables, we put the account into them."""
        self.file = self.home / '.local/share/dino/dino.db'
        end = self.start('dino-im')
        await self.until("SELECT 1 FROM sqlite_master WHERE name = 'account'")
        end()
        base = sqlite3.connect(self.file)
        with base:
            base.execute('INSERT INTO account (bare_jid, resourcepart, password, alias, enabled) VALUES (?, ?, ?, ?, 1)',
                         (self.at.jid('alice'), RESOURCE, self.passwords['alice'], 'Alice'))
        base.close()

    def make_chats(self, people):
        """Chats with these, which Dino shows when it is started next."""
        base = sqlite3.connect(self.file)
        with base:
            for name in people:
                base.execute('INSERT OR IGNORE INTO jid (bare_jid) VALUES (?)', (self.at.jid(name),))
                base.execute('INSERT INTO conversation (account_id, jid_id, active, type, encryption, notification, send_typing, '
                             'send_marker) SELECT account.id, jid.id, 1, 0, ?, 0, 0, 0 FROM account, jid WHERE jid.bare_jid = ?',
                             (ENCRYPTED, self.at.jid(name)))
        base.close()

    async def type(self, text):
        """In the chat that is open."""
        await self.say([ENTRY], text, lambda: self.asks(self.file, HEARD, text))

    async def until(self, question, *values, row=(1,), timeout=WAIT_S):
        """Until Dino's database answers so."""
        await self.watcher.until(lambda: self.asks(self.file, question, *values) == row, timeout)

    async def turn_omemo_on(self, chats=1):
        """By the lock beside the text, so that it is on in so many chats. A window that has just come may not take a click yet, and of
        two chats in which something was said in the same second either may be on top: the first two are tried in turn."""
        for place in (FIRST, SECOND) * 5:
            self.click(place)
            self.click(LOCK)
            self.click(OMEMO)
            self.do('key', 'Escape')
            try:
                await self.until('SELECT count(*) FROM conversation WHERE encryption = ?', ENCRYPTED, row=(chats,), timeout=2)
                return
            except AssertionError:
                pass
        raise AssertionError('OMEMO cannot be turned on')
