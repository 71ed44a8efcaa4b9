#!/usr/bin/python3
"""test_calls.py: people call each other with clients that are not ours (slixmpp, two devices each): it rings everywhere, the first
that accepts has it, the others stop; calls that are declined, given up, missed; offers and answers on their way; strangers.

What needs a minute to pass is shown by the scripts with a clock of their own (test/script/calls-*.chat).
"""
import asyncio
import json
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

from harness.calls import DIGEST, NS_CALL, NS_ICE, NS_WORD, bye, has, listen, offer, propose, record, say, silent, until, word
from harness.client import CLIENT, NS_FORWARD, NS_MAM, Client, befriend, element
from harness.server import ServerError
from harness.tap import Cases
from harness.world import World, main

NS_ERRORS = 'urn:xmpp:jingle:errors:1'
NS_DELAY = 'urn:xmpp:delay'

case = Cases()


class Calls(World):
    """Alice and Bob with two devices each, who know each other, and Mallory whom nobody knows."""

    names = ('alice', 'bob', 'mallory')
    options = ('limits.exempt=127.0.0.0/8',)    # four rings a minute are enough for people, not for tests
    talks = False

    async def begin(self):
        self.alice, self.alice2 = [await self.client('alice', resource=r) for r in 'ab']
        self.bob, self.bob2 = [await self.client('bob', resource=r) for r in 'ab']
        self.mallory = await self.client('mallory')
        await befriend(self.alice, self.bob)
        self.everybody = [self.alice, self.alice2, self.bob, self.bob2, self.mallory]


@case('it rings on every device, one accepts, the others stop')
async def _(world):
    call = propose(world.alice, 'bob@' + world.at.domain, video=True)
    for device in (world.bob, world.bob2):
        rung = await device.expect(has('propose', call, world.alice.boundjid.full))
        assert rung.get('to') == device.boundjid.full
        assert [c.tag for c in rung] == ['{%s}propose' % NS_WORD, '{urn:xmpp:receipts}request',
                                         '{urn:xmpp:hints}store'], ET.tostring(rung)
    say(world.bob, world.alice.boundjid.full, word('ringing', call))
    await world.alice.expect(has('ringing', call, world.bob.boundjid.full))
    say(world.bob, world.alice.boundjid.full, word('proceed', call))
    await world.alice.expect(has('proceed', call, world.bob.boundjid.full))
    await world.bob2.expect(has('accept', call, world.bob.boundjid.full))
    await silent([world.mallory], call)
    say(world.bob, world.alice.boundjid.full, word('finish', call))
    await world.alice.expect(record(call, 'failed', 'out'))


@case('one device declines for all, and both find it in their history')
async def _(world):
    call = propose(world.alice, 'bob@' + world.at.domain)
    for device in (world.bob, world.bob2):
        await device.expect(has('propose', call))
    say(world.bob2, world.alice.boundjid.full, word('reject', call))
    await world.alice.expect(has('reject', call, world.bob2.boundjid.full))
    await world.bob.expect(has('reject', call, world.bob2.boundjid.full))
    await world.alice2.expect(record(call, 'rejected', 'out'))
    await world.bob.expect(record(call, 'rejected', 'in'))


@case('a call that is given up is missed everywhere, and stays in the history')
async def _(world):
    call = propose(world.alice, 'bob@' + world.at.domain)
    for device in (world.bob, world.bob2):
        await device.expect(has('propose', call))
    say(world.alice, 'bob@' + world.at.domain, word('retract', call))
    for device in (world.bob, world.bob2):
        await device.expect(has('retract', call, world.alice.boundjid.full))
    await world.bob.expect(record(call, 'retracted', 'in'))
    await world.alice.expect(record(call, 'retracted', 'out'))
    late = await world.client('bob', resource='c')
    start = len(late.heard)
    await late.ask('set', ET.Element('{%s}query' % NS_MAM))
    kept = [m for r in late.heard[start:] for m in r.iter(CLIENT + 'message')]
    assert any(has('propose', call)(m) for m in kept)
    assert any(record(call, 'retracted', 'in')(m) for m in kept)
    assert not any(has('propose', call)(m) for m in late.heard), 'it rang too late'
    await late.close()


@case('a device that connects while it rings, rings')
async def _(world):
    call = propose(world.alice, 'bob@' + world.at.domain)
    await world.bob.expect(has('propose', call))
    late = await world.client('bob', resource='d')
    rung = await late.expect(has('propose', call, world.alice.boundjid.full))
    assert rung.find('{%s}delay' % NS_DELAY) is not None
    say(late, world.alice.boundjid.full, word('proceed', call))
    await world.alice.expect(has('proceed', call, late.boundjid.full))
    await world.bob.expect(has('accept', call, late.boundjid.full))
    await late.close()
    await world.alice.expect(has('finish', call))


@case('offers and answers pass between the two devices, without their addresses')
async def _(world):
    heard = {c: listen(c) for c in world.everybody}
    call = propose(world.alice, 'bob@' + world.at.domain)
    await world.bob2.expect(has('propose', call))
    say(world.bob2, world.alice.boundjid.full, word('proceed', call))
    await world.alice.expect(has('proceed', call))
    await world.alice.ask('set', offer('session-initiate', call, 'actpass'), world.bob2.boundjid.full)
    sender, offered = await until(world.bob2, heard[world.bob2], 'session-initiate')
    assert sender == world.alice.boundjid.full
    await world.bob2.ask('set', offer('session-accept', call, 'active'), world.alice.boundjid.full)
    sender, answer = await until(world.alice, heard[world.alice], 'session-accept')
    assert sender == world.bob2.boundjid.full
    for jingle in (offered, answer):
        text = ET.tostring(jingle, encoding='unicode')
        way = next(jingle.iter('{%s}transport' % NS_ICE))
        assert '198.51.100.77' not in text and DIGEST in text, text
        assert way.get('ufrag') not in ('actp', 'acti'), text
        assert list(way.iter('{%s}candidate' % NS_ICE)), text
    await world.alice.ask('set', offer('transport-info', call, 'actpass'), world.bob2.boundjid.full)
    await world.alice.ask('set', bye(call), world.bob2.boundjid.full)
    await until(world.bob2, heard[world.bob2], 'session-terminate')
    await world.alice.expect(record(call, 'talked', 'out'))
    for client in (world.alice2, world.bob, world.mallory):
        assert not heard[client], client.boundjid
    assert [j.get('action') for _, j in heard[world.bob2]] == ['session-initiate', 'session-terminate']


@case('a stranger rings nowhere, and sees what he sees of nobody')
async def _(world):
    calls = [propose(world.mallory, name + '@' + world.at.domain) for name in ('bob', 'nobody')]
    errors = []
    for to in (world.bob.boundjid.full, 'nobody@%s/x' % world.at.domain):
        try:
            await world.mallory.ask('set', offer('session-initiate', calls[0], 'actpass'), to)
        except IqError as e:
            errors.append((e.condition, e.iq.xml.find('.//{%s}unknown-session' % NS_ERRORS) is not None))
    assert errors == [('item-not-found', True)] * 2, errors
    for call in calls:
        await silent([world.bob, world.bob2, world.mallory], call)
    start = len(world.bob.heard)

    async def rows():
        await world.bob.ask('set', ET.Element('{%s}query' % NS_MAM, node='urn:sotto:requests:0'))
        return [s.get('jid') for m in world.bob.heard[start:] for s in m.iter('{%s}stranger' % NS_CALL)]

    while 'mallory@' + world.at.domain not in await rows():
        await asyncio.sleep(0.2)


@case('who is not one of the two devices has no part in a call')
async def _(world):
    call = propose(world.alice, 'bob@' + world.at.domain)
    await world.bob.expect(has('propose', call))
    for intruder in (world.mallory, world.alice2):
        for name in ('proceed', 'reject', 'retract', 'finish', 'ringing'):
            say(intruder, world.bob.boundjid.full, word(name, call))
            say(intruder, world.alice.boundjid.full, word(name, call))
        await intruder.settled()
    await world.alice.settled()
    assert not any(has(n, call)(m) for m in world.alice.heard for n in ('proceed', 'reject', 'ringing'))
    say(world.bob, world.alice.boundjid.full, word('proceed', call))
    await world.alice.expect(has('proceed', call, world.bob.boundjid.full))
    say(world.alice, world.bob.boundjid.full, word('finish', call))
    await world.bob.expect(has('finish', call, world.alice.boundjid.full))


def told(world, *argv):
    """What `sottoctl call` answers."""
    return json.loads(world.at.ctl('--json', 'call', *argv))


@case('the operator lets a stranger ring, and takes it back')
async def _(world):
    bob, mallory = 'bob@' + world.at.domain, 'mallory@' + world.at.domain
    assert told(world, 'allow', bob, mallory) == {'jid': bob, 'peer': mallory, 'allowed': True}
    assert told(world, 'list', bob) == {'jid': bob, 'allowed': [mallory], 'suspended': False, 'until': None}
    call = propose(world.mallory, bob)
    await world.bob.expect(has('propose', call, world.mallory.boundjid.full))
    say(world.mallory, bob, word('retract', call))
    await world.bob.expect(record(call, 'retracted', 'in'))
    assert not told(world, 'disallow', bob, mallory)['allowed']
    assert told(world, 'list', bob)['allowed'] == []
    call = propose(world.mallory, bob)
    await silent([world.bob, world.bob2, world.mallory], call)


@case('an account that the operator has suspended rings nowhere, until it is resumed')
async def _(world):
    alice = 'alice@' + world.at.domain
    assert told(world, 'suspend', alice)['until'] is None
    assert told(world, 'suspend', alice, '--hours', '2')['until'] > '2026'
    assert told(world, 'list', alice)['suspended']
    call = propose(world.alice, 'bob@' + world.at.domain)
    await silent([world.bob, world.bob2, world.alice], call)
    assert not told(world, 'resume', alice)['suspended']
    call = propose(world.alice, 'bob@' + world.at.domain)
    await world.bob.expect(has('propose', call))
    say(world.bob, world.alice.boundjid.full, word('reject', call))
    await world.alice.expect(has('reject', call))


@case('what sottoctl cannot do it says')
async def _(world):
    for argv in (('allow', 'nobody@' + world.at.domain, 'a@b.example'), ('resume', 'nobody@' + world.at.domain),
                 ('allow', 'bob@' + world.at.domain, 'no address'), ('suspend', 'bob@elsewhere.example'),
                 ('suspend', 'bob@' + world.at.domain, '--hours', '0')):
        try:
            world.at.ctl('call', *argv)
        except ServerError:
            continue
        raise AssertionError(argv)


if __name__ == '__main__':
    main(case, Calls, __doc__)
