#!/usr/bin/python3
"""test_calls_direct.py: clients that do not ask first (without XEP-0353) call somebody: the server asks in their place, a person
answers or declines, and the caller goes on speaking to whom he called.

The offers are those of Dino (encrypted) and of Gajim 1.7.3 (its jingle_rtp.py and jingle_transport.py: in clear).
"""
import uuid
import xml.etree.ElementTree as ET

from harness.calls import DIGEST, NS_ICE, NS_JINGLE, NS_RTP, has, listen, offer, record, say, silent, until, word
from harness.client import befriend
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_call import Running

case = Cases()


class Direct(World):
    """Alice with a client that does not ask, Bob with another of that kind, one that waits to be asked, and
    sotto; Mallory, whom nobody knows."""

    names = ('alice', 'bob', 'mallory')
    options = ('limits.exempt=127.0.0.0/8', 'policy.calls_direct=adapt')
    talks = False

    async def begin(self):
        self.alice, self.bob, self.mallory = [await self.client(name) for name in self.names]
        self.asked = await self.client('bob', resource='asked')
        await befriend(self.alice, self.bob)
        self.sotto = Sotto(self, 'bob')
        await self.sotto.login()
        self.heard = {c: listen(c) for c in (self.alice, self.bob, self.asked, self.mallory)}


def encrypted(call):
    """What Dino sends, as far as it matters here."""
    jingle = offer('session-initiate', call, 'actpass')
    next(jingle.iter('{%s}payload-type' % NS_RTP)).set('channels', '2')
    return jingle


def in_clear(client, call):
    """What Gajim sends."""
    jingle = ET.Element('{%s}jingle' % NS_JINGLE, action='session-initiate', sid=call,
                        initiator=client.boundjid.full)
    content = ET.SubElement(jingle, '{%s}content' % NS_JINGLE, name='voice', creator='initiator', senders='both')
    described = ET.SubElement(content, '{%s}description' % NS_RTP, media='audio')
    for number, name, rate, channels in ('96', 'OPUS', '48000', '2'), ('8', 'PCMA', '8000', '1'):
        ET.SubElement(described, '{%s}payload-type' % NS_RTP, name=name, id=number, channels=channels, clockrate=rate)
    way = ET.SubElement(content, '{%s}transport' % NS_ICE, ufrag='gajim', pwd='asd88fgpdd777uzjYhagZg')
    for component in '12':
        ET.SubElement(way, '{%s}candidate' % NS_ICE, component=component, foundation='1', generation='0',
                      ip='198.51.100.77', network='0', port='8998', priority='1', id=str(uuid.uuid4()), type='host',
                      protocol='udp')
    return jingle


def reason_of(jingle):
    return [n.tag.split('}')[1] for n in jingle.find('{%s}reason' % NS_JINGLE)]


@case('an encrypted offer to one device is answered by a person at another', timeout=60)
async def _(world):
    call = str(uuid.uuid4())
    await world.alice.ask('set', encrypted(call), world.bob.boundjid.full)
    for device in (world.bob, world.asked):
        await device.expect(has('propose', call, world.alice.boundjid.full))
    assert not world.heard[world.asked] and not world.heard[world.bob]
    say(world.asked, world.alice.boundjid.full, word('proceed', call))
    sender, offered = await until(world.asked, world.heard[world.asked], 'session-initiate')
    text = ET.tostring(offered, encoding='unicode')
    assert sender == world.alice.boundjid.full and DIGEST in text and '198.51.100.77' not in text, text
    await world.asked.ask('set', offer('session-accept', call, 'active'), world.alice.boundjid.full)
    sender, accepted = await until(world.alice, world.heard[world.alice], 'session-accept')
    text = ET.tostring(accepted, encoding='unicode')
    way = next(accepted.iter('{%s}transport' % NS_ICE))
    assert sender == world.bob.boundjid.full and accepted.get('responder') == sender, text
    assert list(way.iter('{%s}candidate' % NS_ICE)) and '198.51.100.77' not in text, text
    assert not world.heard[world.bob], 'an offer reached a device whose person had not accepted'
    done = ET.Element('{%s}jingle' % NS_JINGLE, action='session-terminate', sid=call)
    ET.SubElement(ET.SubElement(done, '{%s}reason' % NS_JINGLE), '{%s}success' % NS_JINGLE)
    await world.alice.ask('set', done, world.bob.boundjid.full)
    await world.alice.expect(record(call, 'talked', 'out'))
    world.heard[world.alice].clear()


@case('the caller takes it back; the devices stop ringing')
async def _(world):
    call = str(uuid.uuid4())
    await world.alice.ask('set', encrypted(call), world.bob.boundjid.full)
    await world.bob.expect(has('propose', call))
    done = ET.Element('{%s}jingle' % NS_JINGLE, action='session-terminate', sid=call)
    ET.SubElement(ET.SubElement(done, '{%s}reason' % NS_JINGLE), '{%s}cancel' % NS_JINGLE)
    await world.alice.ask('set', done, world.bob.boundjid.full)
    await world.bob.expect(has('retract', call, world.alice.boundjid.full))
    await world.alice.expect(record(call, 'retracted', 'out'))


@case('a person declines at sotto: the caller hears it in words of a session')
async def _(world):
    call = str(uuid.uuid4())
    listening = await Running.start(world.sotto, 'listen', '--timeout', '20')
    await world.alice.ask('set', encrypted(call), world.bob.boundjid.full)
    await listening.until(event='call', id=call)
    listening.process.terminate()
    await listening.process.communicate()
    await world.sotto.done('reject', call)
    sender, ended = await until(world.alice, world.heard[world.alice], 'session-terminate')
    assert sender == world.bob.boundjid.full and reason_of(ended) == ['decline'], ET.tostring(ended)
    world.heard[world.alice].clear()


@case('the offer that Gajim makes is in clear: it hears why, and nothing rings')
async def _(world):
    for to in (world.bob.boundjid.full, 'nobody@%s/x' % world.at.domain):
        call = str(uuid.uuid4())
        await world.alice.ask('set', in_clear(world.alice, call), to)
        sender, ended = await until(world.alice, world.heard[world.alice], 'session-terminate')
        assert sender == to and reason_of(ended) == ['security-error', 'text'], ET.tostring(ended)
        await silent([world.bob, world.mallory], call)
        world.heard[world.alice].clear()


@case('a stranger sees of somebody what he sees of nobody: his offer is taken, and that is all')
async def _(world):
    for to in (world.bob.boundjid.full, 'nobody@%s/x' % world.at.domain):
        call = str(uuid.uuid4())
        answer = await world.mallory.ask('set', encrypted(call), to)
        assert answer.get('from') == to and answer.get('type') == 'result'
        await silent([world.bob, world.mallory], call)
        assert not world.heard[world.mallory] and not world.heard[world.bob]


main(case, Direct, __doc__)
