#!/usr/bin/python3
"""test_dino.py: a person with Dino, on a screen that nobody sees, and OMEMO 0.3 both ways with an independent
implementation: what is sent to Dino is in its history, what is typed into it is read by the other.

Dino connects to port 5222 of its domain and trusts the system's certificate authorities only. So the test runs in a
network and a mount namespace of its own, where that port is free and one more authority is trusted.
"""
import asyncio
import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from harness.client import befriend
from harness.omemo import DEVICE_LIST, OLD, Omemo, device_lists, fetch
from harness.server import PR_SET_PDEATHSIG
from harness.tap import Cases
from harness.world import World, main

case = Cases()
DISPLAY = ':77'
AUTHORITIES = Path('/etc/ssl/certs/ca-certificates.crt')
WAIT_S = 45
SKIP = 77
WORDS = ('Under the stairs, behind the paint.', 'Found it. I bring it tonight.')
# Where things are in Dino 0.4.2 on a screen of 1200 by 800.
LOCK, OMEMO, ENTRY = (1163, 662), (1082, 777), (600, 662)
ENCRYPTED = 2                                   # OMEMO, in Dino's table of conversations


class Desk(World):
    """Alice has Dino, Bob a client of ours who watches what she announces."""

    options = ('listen.c2s=127.0.0.1:5222',)

    async def begin(self):
        self.home = self.at.folder / 'home'
        self.home.mkdir()
        self.trust()
        self.env = {**os.environ, 'HOME': str(self.home), 'XDG_RUNTIME_DIR': str(self.home), 'DISPLAY': DISPLAY,
                    'GDK_BACKEND': 'x11', 'GSETTINGS_BACKEND': 'memory', 'NO_AT_BRIDGE': '1', 'LC_ALL': 'C.UTF-8'}
        self.start('Xvfb', DISPLAY, '-screen', '0', '1200x800x24', '-nolisten', 'tcp')
        self.bob = await Omemo.announce(await self.client('bob', notify=[DEVICE_LIST[OLD]]))
        self.watcher = await self.client('alice', notify=[DEVICE_LIST[OLD]])
        await befriend(self.watcher, self.bob.client)
        self.at.spoken.append(WORDS[1])
        await self.make_account()

    def trust(self):
        """This server's certificate, in this namespace only."""
        bundle = self.at.folder / 'authorities.pem'
        bundle.write_text(AUTHORITIES.read_text() + self.at.ca.read_text())
        subprocess.run(['mount', '--bind', bundle, AUTHORITIES], check=True)

    def start(self, *argv):
        """A program that ends with the test."""
        with open(self.at.folder / f'{argv[0]}.log', 'ab') as log:
            process = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 15))

        def end():
            process.terminate()
            process.wait(10)
        self._clients.callback(end)
        return process

    async def make_account(self):
        """Dino has no command line for it: it makes its tables, we put the account into them."""
        first = self.start('dino-im')
        await self.bob.client.until(lambda: self.asks("SELECT 1 FROM sqlite_master WHERE name = 'account'"), WAIT_S)
        first.terminate()
        first.wait(10)
        base = sqlite3.connect(self.dino_file())
        with base:
            base.execute('INSERT INTO account (bare_jid, resourcepart, password, alias, enabled) VALUES (?, ?, ?, ?, 1)',
                         (self.at.jid('alice'), 'dino.test', self.passwords['alice'], 'Alice'))
        base.close()

    def dino_file(self):
        return self.home / '.local/share/dino/dino.db'

    def asks(self, question, *values):
        """The first row that Dino's database gives, or None."""
        try:
            base = sqlite3.connect(f'file:{self.dino_file()}?mode=ro', uri=True)
            try:
                return base.execute(question, values).fetchone()
            finally:
                base.close()
        except sqlite3.OperationalError:        # not made yet, or busy
            return None

    def do(self, *argv):
        """A person's hand."""
        subprocess.run(['xdotool', *map(str, argv)], env=self.env, check=True, timeout=10)

    def click(self, place):
        self.do('mousemove', *place, 'click', 1)


@case('Dino logs in and announces its keys', timeout=120)
async def _(world):
    world.start('dbus-run-session', '--', 'dino-im')
    lists = await world.watcher.expect(lambda m: any(ids for _, ids in device_lists(m)), WAIT_S)
    (device,) = next(ids for _, ids in device_lists(lists))
    for _ in range(WAIT_S):                     # the list comes first, the bundle after it
        if await fetch(world.watcher, world.at.jid('alice'), f'{OLD}.bundles:{device}') is not None:
            return
        await asyncio.sleep(1)
    raise AssertionError('no bundle')


@case('what Bob sends is in its history', timeout=120)
async def _(world):
    await world.bob.send(world.at.jid('alice'), WORDS[0], OLD)
    await world.bob.client.until(lambda: world.asks('SELECT 1 FROM message WHERE body = ?', WORDS[0]), WAIT_S)


async def turn_omemo_on(world):
    """By the lock beside the text; a window that has just come may not take a click yet."""
    def is_on():
        return world.asks('SELECT 1 FROM conversation WHERE encryption = ?', ENCRYPTED)
    for _ in range(10):
        world.click(LOCK)
        world.click(OMEMO)
        world.do('key', 'Escape')
        try:
            await world.bob.client.until(is_on, 2)
            return
        except AssertionError:
            pass
    raise AssertionError('OMEMO cannot be turned on')


@case('what is typed there, Bob reads', timeout=120)
async def _(world):
    await turn_omemo_on(world)
    world.click(ENTRY)
    world.do('type', WORDS[1])
    world.do('key', 'Return')
    assert await world.bob.expect(world.at.jid('alice'), WAIT_S) == (WORDS[1], OLD)


def alone():
    """Runs this again in namespaces of its own; does not return."""
    os.execvp('unshare', ['unshare', '--mount', '--net', sys.executable, *sys.argv])


if __name__ == '__main__':
    if missing := [p for p in ('dino-im', 'Xvfb', 'xdotool', 'dbus-run-session', 'unshare') if not shutil.which(p)]:
        print(f"not installed: {', '.join(missing)}")
        sys.exit(SKIP)
    if os.environ.get('SOTTO_ALONE') is None:
        if subprocess.run(['unshare', '--mount', '--net', 'true'], capture_output=True, check=False).returncode != 0:
            print('no namespaces of its own for Dino, which needs port 5222 and one more trusted authority')
            sys.exit(SKIP)
        os.environ['SOTTO_ALONE'] = '1'
        alone()
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    main(case, Desk, __doc__)
