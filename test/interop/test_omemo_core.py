#!/usr/bin/python3
"""test_omemo_core.py: lib/omemo against independent implementations, message by message, without a
server: python3-oldmemo (0.3), python3-twomemo (2) and libomemo-c (both), and against itself.

Each device is a program behind a pipe (omemo/pipe.h) or an object with the same four methods. What
is sent is key material; payloads are sealed elsewhere.
"""
import argparse
import asyncio
import random
import subprocess
import sys
from pathlib import Path

import oldmemo.oldmemo
import twomemo.twomemo
import xeddsa
import x3dh
from omemo.storage import Just, Nothing, Storage

from harness.tap import Cases, Skip

ROOT = Path(__file__).resolve().parent.parent.parent
PIPES = ROOT / 'build/meson/test/interop/omemo'
VERSIONS = ('03', '2')
PLAIN_SIZE = {'03': 32, '2': 48}
EMPTY = {'03': bytes(16), '2': bytes(32)}      # of an empty message; in 0.3 without a tag
SIGN = 0x80

case = Cases()


class Refused(Exception):
    """A device could not do what it was asked, and why."""


class Pipe:
    """A program behind a pipe."""

    def __init__(self, *argv):
        if not Path(argv[0]).exists():
            raise Skip(f'{argv[0]} is not built')
        self._process = subprocess.Popen(
            list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self):
        """Ends the program; it must end well."""
        self._process.stdin.close()
        assert self._process.wait(10) == 0
        self._process.stdout.close()

    async def ask(self, *words):
        """One line, and the words of the answer."""
        self._process.stdin.write(' '.join(words) + '\n')
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        assert answer, 'the program ended'
        if answer[0] == 'error':
            raise Refused(' '.join(answer[1:]))
        return answer

    async def bundle(self):
        """Six words."""
        return await self.ask('bundle')

    async def forget(self):
        """All that it knows of the other device."""
        await self.ask('forget')

    async def start(self, bundle):
        """Begins a session with the owner of the bundle."""
        await self.ask('start', *bundle)

    async def send(self, plain):
        """What kind of message it became, and its octets."""
        kind, octets = await self.ask('send', plain.hex())
        return kind, bytes.fromhex(octets)

    async def receive(self, kind, octets):
        """The plaintext."""
        return bytes.fromhex((await self.ask(kind, octets.hex()))[1])


class Memory(Storage):
    """What a backend stores, for as long as the test runs."""

    def __init__(self):
        super().__init__(True)
        self._values = {}

    async def _load(self, key):
        return Just(self._values[key]) if key in self._values else Nothing()

    async def _store(self, key, value):
        self._values[key] = value

    async def _delete(self, key):
        self._values.pop(key, None)


class Backend:
    """A backend of python-omemo. It holds one session, as its session manager does per device."""

    PEER = ('peer@sotto.test', 7)

    def __init__(self, version):
        self.old = version == '03'
        self.module = oldmemo.oldmemo if self.old else twomemo.twomemo
        self.backend = (self.module.Oldmemo if self.old else self.module.Twomemo)(Memory())
        self.key_size = 16 if self.old else 32
        self.session = self.first = None

    def close(self):
        """Nothing to be closed."""

    async def forget(self):
        """The session."""
        self.session = self.first = None

    async def bundle(self):
        """Six words. In 0.3 the identity is in the other form, with its sign in the signature."""
        if not await self.backend.get_num_visible_pre_keys():
            await self.backend.generate_pre_keys(100)
        b = await self.backend.get_bundle('self@sotto.test', 1)
        identity, signature = b.identity_key, bytearray(b.bundle.signed_pre_key_sig)
        if self.old:
            signature[63] |= identity[31] & SIGN
            identity = xeddsa.ed25519_pub_to_curve25519_pub(identity)
        prekey = random.choice(sorted(b.bundle.pre_keys))
        return [
            identity.hex(),
            str(b.signed_pre_key_id),
            b.bundle.signed_pre_key.hex(),
            bytes(signature).hex(),
            str(b.pre_key_ids[prekey]),
            prekey.hex(),
        ]

    async def start(self, bundle):
        """The session is made with the first message, so only the bundle is kept."""
        identity, signature = bytes.fromhex(bundle[0]), bytearray.fromhex(bundle[3])
        if self.old:
            identity = xeddsa.curve25519_pub_to_ed25519_pub(identity, bool(signature[63] & SIGN))
            signature[63] &= ~SIGN & 0xFF
        prekey = bytes.fromhex(bundle[5])
        self.first = self.module.BundleImpl(
            *self.PEER,
            x3dh.Bundle(
                identity, bytes.fromhex(bundle[2]), bytes(signature), frozenset({prekey})
            ),
            int(bundle[1]),
            {prekey: int(bundle[4])},
        )

    async def send(self, plain):
        """An exchange until the session is confirmed."""
        plain = self.module.PlainKeyMaterialImpl(plain[: self.key_size], plain[self.key_size :])
        if self.first:
            self.session, sealed = await self.backend.build_session_active(
                *self.PEER, self.first, plain
            )
            self.first = None
        else:
            sealed = await self.backend.encrypt_key_material(self.session, plain)
        octets = sealed.serialize()
        if self.session.confirmed or self.session.initiation.name == 'PASSIVE':
            return 'message', octets
        exchange = self.session.key_exchange.serialize(octets)
        return 'exchange', exchange[0] if self.old else exchange

    async def receive(self, kind, octets):
        """The plaintext."""
        try:
            plain = await self._receive(kind, octets)
        except Exception as error:
            raise Refused(repr(error)) from error
        return plain.key + plain.auth_tag

    async def _receive(self, kind, octets):
        exchange = None
        if kind == 'exchange':
            more = (False,) if self.old else ()
            exchange, octets = self.module.KeyExchangeImpl.parse(octets, *more)
        sealed = self.module.EncryptedKeyMaterialImpl.parse(octets, *self.PEER)
        if exchange and not (
            self.session and self._same(self.session.key_exchange, exchange)
        ):
            self.session, plain = await self.backend.build_session_passive(
                *self.PEER, exchange, sealed
            )
            return plain
        return await self.backend.decrypt_key_material(self.session, sealed)

    @staticmethod
    def _same(known, come):
        return known.header.ephemeral_key == come.header.ephemeral_key


def ours(version, seed):
    """lib/omemo."""
    return Pipe(PIPES / 'omemo_pipe', version, str(seed))


def libomemo(version):
    """libomemo-c."""
    return Pipe(PIPES / 'libomemo_pipe', version)


class Pair:
    """Two devices, and what one of them says to the other."""

    def __init__(self, version, one, two):
        self.version, self.one, self.two = version, one, two

    async def __aenter__(self):
        await self.one.start(await self.two.bundle())
        return self

    async def __aexit__(self, *error):
        if error[0] is None:
            self.one.close()
            self.two.close()

    def words(self):
        """Key material."""
        return random.randbytes(PLAIN_SIZE[self.version])

    async def write(self, sender, plain=None):
        """A message under way: (plaintext, kind, octets)."""
        plain = plain or self.words()
        return plain, *(await sender.send(plain))

    @staticmethod
    async def read(receiver, written):
        """It arrives, and is what was written."""
        plain, kind, octets = written
        assert await receiver.receive(kind, octets) == plain

    async def say(self, sender, count=1, plain=None):
        """Messages that arrive in order; returns their kinds."""
        receiver = self.two if sender is self.one else self.one
        kinds = []
        for _ in range(count):
            written = await self.write(sender, plain)
            await self.read(receiver, written)
            kinds.append(written[1])
        return kinds


async def turns(pair):
    """The first messages repeat the exchange until an answer came; then the ratchets turn."""
    assert await pair.say(pair.one, 3) == ['exchange'] * 3
    assert await pair.say(pair.two, 2) == ['message'] * 2
    for turn in range(6):
        assert set(await pair.say(pair.one, 1 + turn % 3)) == {'message'}
        assert set(await pair.say(pair.two, 1 + (turn + 1) % 3)) == {'message'}


async def out_of_order(pair):
    """Messages of one chain in any order, and late ones of the chains before."""
    first = [await pair.write(pair.one) for _ in range(5)]
    for place in (2, 0, 4, 1, 3):
        await pair.read(pair.two, first[place])
    late = []
    for turn in range(4):
        for sender, receiver in ((pair.two, pair.one), (pair.one, pair.two)):
            burst = [await pair.write(sender) for _ in range(2 + turn)]
            held = burst.pop(turn % 2)
            random.shuffle(burst)
            for written in burst:
                await pair.read(receiver, written)
            late.append((receiver, held))
    for receiver, written in late:              # the oldest belongs to the fourth chain before
        await pair.read(receiver, written)


async def late_by_five_chains(pair):
    """The last message of each of five chains comes when the fifth is in use. Those that tell us
    too small a number of messages must not lose them."""
    await pair.say(pair.one)
    await pair.say(pair.two)
    late = []
    for _ in range(5):
        await pair.say(pair.two)
        late.append(await pair.write(pair.two))
        await pair.say(pair.one)
    for written in late[1:]:
        await pair.read(pair.one, written)


async def jumps(pair):
    """A thousand messages lost, then found."""
    await pair.say(pair.one)
    await pair.say(pair.two)
    for sender, receiver in ((pair.one, pair.two), (pair.two, pair.one)):
        lost = [await pair.write(sender) for _ in range(900)]
        await pair.say(sender)
        for place in random.sample(range(900), 30):
            await pair.read(receiver, lost[place])


async def empty(pair):
    """Empty messages, which move the ratchet."""
    nothing = EMPTY[pair.version]
    await pair.say(pair.one, 1, nothing)
    await pair.say(pair.two, 1, nothing)
    await pair.say(pair.one, 2)
    await pair.say(pair.two, 2)


async def refuse(device, written):
    """It must not be read."""
    try:
        await device.receive(*written[1:])
    except Refused:
        return
    raise AssertionError('was read')


async def tampered(pair):
    """Each octet changed, and a message twice, are refused; the session goes on."""
    await pair.say(pair.one)
    await pair.say(pair.two)
    written = await pair.write(pair.one)
    for at in range(0, len(written[2]), 7):
        octets = bytearray(written[2])
        octets[at] ^= 0x10
        await refuse(pair.two, (None, written[1], bytes(octets)))
    await pair.read(pair.two, written)
    await refuse(pair.two, written)
    await pair.say(pair.two)


async def both_begin(pair):
    """Both began a session before they heard of each other; they find together, nothing is lost."""
    await pair.two.start(await pair.one.bundle())
    crossed = [(pair.two, await pair.write(pair.one)), (pair.one, await pair.write(pair.two)),
               (pair.two, await pair.write(pair.one)), (pair.one, await pair.write(pair.two))]
    for receiver, written in crossed:
        await pair.read(receiver, written)
    kinds = []
    for _ in range(3):
        kinds += await pair.say(pair.one)
        kinds += await pair.say(pair.two)
    assert kinds[-1] == kinds[-2] == 'message', kinds


async def begins_anew(pair):
    """One has lost all sessions: what it is sent it cannot read; it begins anew, and both go on."""
    await pair.say(pair.one)
    await pair.say(pair.two)
    for loser, other in ((pair.two, pair.one), (pair.one, pair.two)):
        late = await pair.write(loser)
        await loser.forget()
        await refuse(loser, await pair.write(other))
        await loser.start(await other.bundle())
        assert await pair.say(loser) == ['exchange']
        assert await pair.say(other) == ['message']
        if isinstance(other, Pipe):
            await pair.read(other, late)        # of the session before
            await pair.say(loser)
        await pair.say(loser)
        await pair.say(other)


async def schedules(pair):
    """A thousand steps of chance: bursts, shuffled, a few lost, a few late, a few twice."""
    await pair.say(pair.one)
    await pair.say(pair.two)
    late = []
    for _ in range(100):
        sender, receiver = random.choice(((pair.one, pair.two), (pair.two, pair.one)))
        burst = [await pair.write(sender) for _ in range(random.randint(1, 10))]
        random.shuffle(burst)
        for written in burst:
            fate = random.random()
            if fate < 0.1:
                late.append((receiver, written))
            elif fate < 0.95:
                await pair.read(receiver, written)
                if fate < 0.2:
                    await refuse(receiver, written)
        if len(late) > 3:
            for holder, written in late:
                await pair.read(holder, written)
            late.clear()


PEERS = {
    'itself': lambda version: ours(version, 2),
    'python-omemo': Backend,
    'libomemo-c': libomemo,
}
TALKS = {
    'in turns': turns,
    'out of order': out_of_order,
    'late by five chains': late_by_five_chains,
    'a thousand skipped': jumps,
    'empty messages': empty,
    'tampered and repeated': tampered,
    'both begin at once': both_begin,
    'begins anew': begins_anew,
    'by chance': schedules,
}
# python-omemo's backends hold one session: which one is current is its manager's matter.
LEFT_OUT = {('python-omemo', 'both begin at once')}


def register(version, peer, talk, we_begin):
    """One case."""
    title = f"{version} with {peer}, {'we' if we_begin else 'they'} begin: {talk}"

    @case(title, timeout=120)
    async def _(_world):
        random.seed(title)
        devices = [ours(version, 1), PEERS[peer](version)]
        async with Pair(version, *(devices if we_begin else reversed(devices))) as pair:
            await TALKS[talk](pair)


for _version in VERSIONS:
    for _peer in PEERS:
        for _talk in TALKS:
            for _we_begin in (True, False) if _peer != 'itself' else (True,):
                if (_peer, _talk) not in LEFT_OUT:
                    register(_version, _peer, _talk, _we_begin)


class NoWorld:
    """These cases need no server."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('part', nargs='?')
    sys.exit(case.run(NoWorld(), parser.parse_args().part))
