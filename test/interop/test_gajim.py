#!/usr/bin/python3
"""test_gajim.py: a person with Gajim and its OMEMO plugin, on a screen that nobody sees: what both devices of somebody with sotto
send is in its history, what is typed into it both of them read."""
import json
import os
import sqlite3
import tempfile
from pathlib import Path

from harness.desk import Desk, main_alone
from harness.omemo import DEVICE_LIST, OLD, keys_announced
from harness.sotto import Sotto
from harness.tap import Cases

case = Cases()
WAIT_S = 60
FROM_SOTTO = ('The ladder is behind the hedge.', 'Bring gloves, it is blackthorn.')
TO_SOTTO = 'Nobody has gloves any more.'
NOBODY = 65534
FIRST, ENTRY = (240, 166), (690, 476)           # chat of the list, its text, in Gajim 1.7.3 on a screen of 1200 by 800
HEARD = 'SELECT 1 FROM logs WHERE message = ?'


class WithGajim(Desk):
    """Alice has Gajim, Bob sotto on two devices."""

    names = ('alice', 'bob')

    async def begin(self):
        await super().begin()
        self.leave_root()
        self.watcher = await self.client('alice', notify=[DEVICE_LIST[OLD]])
        self.at.spoken += [*FROM_SOTTO, TO_SOTTO]
        await self.make_account()

    def leave_root(self):
        """Gajim does not start as root: its home is then another's, where he can reach it."""
        self.home = Path(self._clients.enter_context(tempfile.TemporaryDirectory(prefix='gajim-')))
        self.file = self.home / '.local/share/gajim/logs.db'
        self.env.update(HOME=str(self.home), XDG_RUNTIME_DIR=str(self.home))
        self.gajim = ('dbus-run-session', '--', 'gajim')
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)
            self.gajim = ('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', *self.gajim)

    async def make_account(self):
        """Gajim has no command line for it: it makes its tables, we put into them what its dialogues would."""
        settings = self.home / '.config/gajim/settings.sqlite'
        end = self.start(*self.gajim)
        await self.watcher.until(lambda: self.asks(settings, "SELECT 1 FROM settings WHERE name = 'workspaces'"), WAIT_S)
        end()
        account = {'name': 'alice', 'hostname': self.at.domain, 'password': self.passwords['alice'], 'savepass': True, 'active': True,
                   'account_label': 'Alice', 'use_custom_host': True, 'custom_host': self.at.host,
                   'custom_port': 5222, 'custom_type': 'START TLS'}
        chats = {self.at.jid('bob'): {'encryption': 'OMEMO'}}
        base = sqlite3.connect(settings)
        with base:
            for name, more in (('app', {'use_keyring': False}), ('plugins', {'omemo': {'active': True}})):
                (old,) = base.execute('SELECT settings FROM settings WHERE name = ?', (name,)).fetchone()
                base.execute('UPDATE settings SET settings = ? WHERE name = ?', (json.dumps({**json.loads(old), **more}), name))
            base.execute('INSERT INTO account_settings VALUES (?, ?)',
                         ('alice', json.dumps({'account': account, 'contact': chats, 'group_chat': {}})))
        base.close()


    async def until(self, question, *values, row=(1,), timeout=WAIT_S):
        """Until Gajim's history answers so."""
        await self.watcher.until(lambda: self.asks(self.file, question, *values) == row, timeout)


@case('Gajim logs in and announces its keys', timeout=120)
async def _(world):
    world.start(*world.gajim, '-v')
    await keys_announced(world.watcher, WAIT_S)


@case('what both devices of somebody with sotto send is in its history', timeout=120)
async def _(world):
    world.bob = [Sotto(world, 'bob', folder=f'sotto-bob-{n}') for n in range(2)]
    for sotto in world.bob:
        await sotto.login()
    for sotto, words in zip(world.bob, FROM_SOTTO):
        (sent,) = await sotto.send(world.at.jid('alice'), words)
        assert sent['encryption'] == 'omemo:0.3', sent
        await world.until(HEARD, words)


@case('what is typed there, both of these devices read', timeout=120)
async def _(world):
    await world.say([FIRST, ENTRY], TO_SOTTO, lambda: world.asks(world.file, HEARD, TO_SOTTO))
    for sotto in world.bob:
        await sotto.hear_of((world.at.jid('alice'), TO_SOTTO, 'omemo:0.3'))


if __name__ == '__main__':
    main_alone(case, WithGajim, __doc__, 'gajim')
