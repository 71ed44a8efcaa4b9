#!/usr/bin/python3
"""test_calls_restart.py: two people talk while the server process is killed, and while the whole server is: media goes on, either side
can end the call afterwards, and its record says how long they talked. Signalling by slixmpp, media by harness/talker.py.
"""
import asyncio
import json
import os
import signal
import time
from contextlib import asynccontextmanager

from harness.calls import DIGEST, NS_ICE, PWD, bye, has, listen, offer, propose, record, say, until, word
from harness.client import befriend
from harness.talker import Talker, udp
from harness.tap import Cases
from harness.world import World, main

case = Cases()
# The anchor keeps calls that no server knows of for a minute: SOTTO_PATIENT=1 waits for it to pass.
WAIT_S = 65 if os.environ.get('SOTTO_PATIENT') else 5


def free_pair():
    """Two neighbouring ports of UDP."""
    for port in range(21000, 29000, 2):
        try:
            for each in port, port + 1:
                udp(port=each).close()
            return port
        except OSError:
            continue
    raise RuntimeError('no two ports')


class Talking(World):
    """Alice and Bob, who know each other."""

    options = ('limits.exempt=127.0.0.0/8', f'anchor.port={free_pair()}')
    talks = False

    async def begin(self):
        await self.log_in()
        await befriend(self.alice, self.bob)

    async def log_in(self):
        """After a restart they are the same devices: a resource is made of what the client says of itself."""
        self.alice, self.bob = [await self.client(name, resource='phone') for name in ('alice', 'bob')]
        self.actions = {c: listen(c) for c in (self.alice, self.bob)}

    async def log_in_again(self):
        """As clients do that were cut off."""
        before = self.alice.boundjid.full, self.bob.boundjid.full
        for client in self.alice, self.bob:
            client.abort()
        deadline = time.monotonic() + 30
        while True:
            try:
                await self.log_in()
                break
            except Exception:                    # not back yet
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)
        assert (self.alice.boundjid.full, self.bob.boundjid.full) == before


def way_of(jingle):
    """Where the anchor is for who got this, and its credentials there."""
    way = next(jingle.iter('{%s}transport' % NS_ICE))
    place = next(way.iter('{%s}candidate' % NS_ICE))
    return (place.get('ip'), int(place.get('port'))), (way.get('ufrag'), way.get('pwd'))


@asynccontextmanager
async def call_of(world):
    """The two talk."""
    alice, bob = world.alice, world.bob
    call = propose(alice, 'bob@' + world.at.domain)
    await bob.expect(has('propose', call))
    say(bob, alice.boundjid.full, word('proceed', call))
    await alice.expect(has('proceed', call))
    await alice.ask('set', offer('session-initiate', call, 'actpass'), bob.boundjid.full)
    _, offered = await until(bob, world.actions[bob], 'session-initiate')
    await bob.ask('set', offer('session-accept', call, 'active'), alice.boundjid.full)
    _, answered = await until(alice, world.actions[alice], 'session-accept')
    assert DIGEST in next(answered.iter('{urn:xmpp:jingle:apps:dtls:0}fingerprint')).text
    talkers = [Talker(udp(), *way_of(answered), ('actp', PWD), True, 7), Talker(udp(), *way_of(offered), ('acti', PWD), False, 8)]
    try:
        await heard(talkers)
        yield call, talkers
    finally:
        for t in talkers:
            t.close()


async def heard(talkers, packets=100, seconds=20):
    """Each hears so much more."""
    await asyncio.gather(*(asyncio.to_thread(t.hears, packets, seconds) for t in talkers))


async def ended(world, call, talkers, by, seconds):
    """One side hangs up: the other hears it, nobody hears anybody any more, and both have a record."""
    other = world.bob if by is world.alice else world.alice
    await by.ask('set', bye(call), other.boundjid.full)
    await until(other, world.actions[other], 'session-terminate')
    for client, direction in (world.alice, 'out'), (world.bob, 'in'):
        kept = await client.expect(record(call, 'talked', direction))
        talked = int(kept.find('{urn:sotto:call:0}call').get('seconds'))
        assert seconds - 2 <= talked <= seconds + 2, (talked, seconds)
    await asyncio.sleep(0.5)
    counts = [len(t.heard) for t in talkers]
    await asyncio.sleep(1)
    assert [len(t.heard) for t in talkers] == counts, 'media goes on after the end'


def known_calls(world):
    """How many the anchor knows of."""
    return json.loads(world.at.ctl('--json', 'stats'))['anchor']['calls']


@case('the server process dies: they talk on, without a gap; then the callee hangs up', timeout=150)
async def _(world):
    async with call_of(world) as (call, talkers):
        begin = time.monotonic()
        os.kill(world.at.server_process(), signal.SIGKILL)
        killed = time.monotonic()
        await world.log_in_again()
        await asyncio.sleep(max(0, killed + WAIT_S - time.monotonic()))
        await heard(talkers)
        for t in talkers:
            assert t.gap(killed) < 0.5, t.gap(killed)
            came = t.since(killed)
            assert len(came) > 0.95 * (came[-1] - came[0]), 'media was lost'
        await ended(world, call, talkers, world.bob, time.monotonic() - begin + 2)


@case('the server process dies twice, and ICE is begun anew between; then the caller hangs up', timeout=120)
async def _(world):
    async with call_of(world) as (call, talkers):
        begin = time.monotonic()
        for round_ in range(2):
            os.kill(world.at.server_process(), signal.SIGKILL)
            await world.log_in_again()
            await heard(talkers)
            if round_ == 0:
                again = offer('transport-info', call, 'actpass')
                next(again.iter('{%s}transport' % NS_ICE)).set('ufrag', 'anew')
                await world.alice.ask('set', again, world.bob.boundjid.full)
                _, answer = await until(world.alice, world.actions[world.alice], 'transport-info')
                talkers[0].anew(way_of(answer)[1], ('anew', PWD))
                await heard(talkers)
                await asyncio.sleep(1)           # what is written goes along with the next commit
        await ended(world, call, talkers, world.alice, time.monotonic() - begin + 2)


@case('supervisor, server and anchor die together and are started again on the same ports: they hear each other again', timeout=120)
async def _(world):
    async with call_of(world) as (call, talkers):
        begin = time.monotonic()
        await asyncio.sleep(1)
        world.at.process.kill()
        world.at.process.wait()
        world.at.start()
        await world.log_in_again()
        await heard(talkers)
        await ended(world, call, talkers, world.alice, time.monotonic() - begin + 2)


@case('both sides are gone when the server is back: the call ends by itself, and the record is written', timeout=120)
async def _(world):
    async with call_of(world) as (call, talkers):
        os.kill(world.at.server_process(), signal.SIGKILL)
        for t in talkers:
            t.speaks = t.checks = t.answers = False
        await world.log_in_again()
        for client, direction in (world.alice, 'out'), (world.bob, 'in'):
            await client.expect(record(call, 'talked', direction), timeout=60)
        await asyncio.sleep(0.5)
        await world.alice.until(lambda: known_calls(world) == 0)


main(case, Talking, __doc__)
