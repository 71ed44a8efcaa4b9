#!/usr/bin/python3
"""test_leak.py: the search for plaintext, which the other files end with, finds plaintext: in every spelling, and in
what a server writes that was told to let it pass.
"""
import base64
import tempfile
from pathlib import Path

from harness import leak
from harness.client import element
from harness.server import Sottod
from harness.tap import Cases
from harness.world import World, main

case = Cases()
WORDS = 'Nine keys lie under “the doormat”; take all of them.'
NEIGHBOURS = range(7)                            # how many octets come before it: all alignments of base64


class Open(World):
    """A server that lets plaintext pass, with two accounts; Bob is offline."""

    options = ('policy.e2ee=off',)
    talks = False                               # the search is to find something here

    async def begin(self):
        self.at.spoken.append(WORDS)
        self.alice = await self.client('alice')


def disguises():
    """(name, octets) of the words as they may lie in a file."""
    for n in NEIGHBOURS:
        yield f'base64 after {n} octets', base64.b64encode(b'x' * n + WORDS.encode() + b'yz'[:n % 3])
    yield 'UTF-8', b'before ' + WORDS.encode() + b' after'
    yield 'UTF-16, little-endian', WORDS.encode('utf-16-le')
    yield 'UTF-16, big-endian', WORDS.encode('utf-16-be')
    yield 'hexadecimal', WORDS.encode().hex().encode()
    yield 'hexadecimal in capitals', WORDS.encode().hex().upper().encode()
    yield 'as Python and JSON escape it', WORDS.encode('ascii', 'backslashreplace')


@case('every spelling is found, and where')
async def _(_):
    with tempfile.TemporaryDirectory() as folder:
        for name, octets in disguises():
            path = Path(folder, 'deep', 'down.bin')
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(octets)
            assert leak.find(folder, WORDS) == ['deep/down.bin'], name
            assert leak.find(path, WORDS), name
            assert not leak.find(folder, 'Ten keys lie under the flower pot.'), name


@case('a message in the clear is found when the policy is off: in the store, its log and a backup')
async def _(world):
    assert not world.at.leaks()
    world.alice.say(world.at.jid('bob'), element('body', WORDS))
    await world.alice.settled()
    # The answer to the ping may be quicker than the disk.
    await world.alice.until(world.at.leaks)
    assert any('sotto.db' in path for _, path in world.at.leaks()), world.at.leaks()
    world.at.tell_all()
    assert (WORDS, 'data/copy-of-the-store') in world.at.leaks(), world.at.leaks()
    tables = {table for _, table, _, _ in leak.find_in_sqlite(world.at.data, WORDS)}
    assert tables == {'message'}, tables


@case('what is found in the log or in an answer of the control socket counts too')
async def _(world):
    for path in (world.at.log, world.at.out, world.at.answers):
        before = path.read_bytes()
        with open(path, 'ab') as file:
            file.write(b'oops: ' + WORDS.encode('utf-16-le') + b'\n')
        assert any(file.startswith(path.name) for _, file in world.at.leaks()), (path, world.at.leaks())
        path.write_bytes(before)


@case('the same message is refused, and not found, under the policy')
async def _(_):
    strict = Closed(Sottod())
    strict.at.spoken.append(WORDS)
    async with strict:
        alice = await strict.client('alice')
        ident = alice.say(strict.at.jid('bob'), element('body', WORDS))
        await alice.expect(lambda m: m.get('id') == ident and m.get('type') == 'error')
        await strict.search()


class Closed(World):
    """A server as it comes."""


if __name__ == '__main__':
    main(case, Open, __doc__)
