#!/usr/bin/python3
"""test_memory.py: what is in the memory of sotto while it is connected, and what it leaves when it crashes: no passphrase, the
account's password only in pages that are locked and left out of dumps, no core file; and what opening its store takes, and gives back.
Memory of others is root's to read."""
import asyncio
import json
import os
import re
import resource
import signal
from pathlib import Path

from harness import memory
from harness.sotto import Sotto
from harness.tap import Cases, Skip
from harness.world import World, main

case = Cases()

PASSPHRASE = 'seven herons over the weir'
LITTLE = 200 << 20                              # octets of address space
RESTING_MIB = 20                                # the goal, 15 (docs/performance.md), is measured by bench/catchup
WORDS = 'We meet under the railway bridge.'


class Memory(World):
    """Alice, whose store a passphrase opens, and Bob."""

    names = ('alice', 'bob')

    async def begin(self):
        self.alice = Sotto(self, 'alice', secret=PASSPHRASE)
        self.bob = Sotto(self, 'bob')
        self.at.spoken.append(WORDS)

    async def listen(self, **how):
        """Alice, connected."""
        self.alice.how = how
        process = await self.alice.start('listen')
        assert json.loads(await process.stdout.readline()) == {'event': 'online'}
        return process


async def end(process, how=signal.SIGTERM):
    """Ends it; its status."""
    process.send_signal(how)
    await asyncio.wait_for(process.communicate(), 30)
    return process.returncode


def look(world, pid, where):
    """The passphrase is nowhere, the password where no dump and no swap takes it."""
    if os.geteuid() != 0:
        raise Skip('only root reads the memory of sotto')
    password = world.passwords['alice']
    hits = memory.places(pid, [PASSPHRASE, password, world.alice.jid])
    assert any(text == world.alice.jid for text, _ in hits), 'the search does not even find the address'
    assert not [text for text, _ in hits if text == PASSPHRASE], f'{where}: the passphrase'
    kept = [flags for text, flags in hits if text == password]
    assert kept, f'{where}: the password is to be there for the next login'
    assert all({'dd', 'lo'} <= flags for flags in kept), f'{where}: {len(kept)} times the password: {kept}'


@case('two who know each other')
async def _(world):
    for sotto in (world.alice, world.bob):
        await sotto.login()
    await world.bob.send(world.alice.jid, WORDS)
    await world.alice.hear()


@case('of a client that is connected no memory holds the passphrase, and none that is dumped or swapped the password')
async def _(world):
    process = await world.listen()
    try:
        look(world, process.pid, 'after login')
        await world.bob.send(world.alice.jid, WORDS)
        while json.loads(await process.stdout.readline())['event'] != 'message':
            pass
        look(world, process.pid, 'after a message')
    finally:
        assert await end(process) == 0


@case('the same after a login with the password, since the server has forgotten the token')
async def _(world):
    await world.alice.login()
    process = await world.listen()
    try:
        look(world, process.pid, 'after another login')
    finally:
        assert await end(process) == 0


def allow_cores(folder):
    """In a child: as large as the system lets them be, here."""
    def prepare():
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
        os.chdir(folder)
    return prepare


@case('a crash leaves no core file, whatever the system allows')
async def _(world):
    folder = Path(world.at.folder) / 'cores'
    folder.mkdir()
    process = await world.listen(preexec_fn=allow_cores(folder))
    limits = Path(f'/proc/{process.pid}/limits').read_text(encoding='ascii')
    assert 'Max core file size        0                    0 ' in limits, limits
    # Files below /proc of a process that cannot be dumped are root's: of whoever is not root this tells more.
    assert os.stat(f'/proc/{process.pid}/mem').st_uid == 0
    assert await end(process, signal.SIGABRT) == -signal.SIGABRT
    assert not list(folder.iterdir())
    world.alice.how = {}


def mebibytes(pid, field):
    """Such as VmRSS."""
    return int(re.search(rf'^{field}:\s+(\d+) kB', Path(f'/proc/{pid}/status').read_text(), re.M)[1]) / 1024


@case('opening the store takes 256 MiB for a moment, and gives them back')
async def _(world):
    process = await world.listen()
    most, rest = (mebibytes(process.pid, field) for field in ('VmHWM', 'VmRSS'))
    assert await end(process) == 0
    assert most > 256 and rest < RESTING_MIB, (most, rest)


@case('where there is no memory for it, it is said how much was wanted')
async def _(world):
    world.alice.how = {'preexec_fn': lambda: resource.setrlimit(resource.RLIMIT_AS, (LITTLE, LITTLE))}
    status, events = await world.alice.run('history', world.bob.jid)
    world.alice.how = {}
    assert status == 1 and events[-1]['code'] == 'store' and '256 MiB' in events[-1]['text'], (status, events)
    assert await world.alice.history(world.bob.jid)


if __name__ == '__main__':
    main(case, Memory, __doc__)
