#!/usr/bin/python3
"""test_push.py: telephones that sleep are woken through app servers (XEP-0357), which are components (XEP-0114): slixmpp on both
sides, and one that is nothing but a socket and sees every octet. Then components that are none, or say what they may not.

What takes time is shown by the scripts with a clock of their own (test/script/xep0357-*.chat, calls-push*.chat).
"""
import asyncio
import hashlib
import re
import time
import uuid
import xml.etree.ElementTree as ET

from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from harness.client import TIMEOUT_S, befriend
from harness.omemo import NS_HINTS, looks_sealed
from harness.server import Sottod
from harness.tap import Cases
from harness.world import World, main

NS_COMPONENT = 'jabber:component:accept'
NS_DATA = 'jabber:x:data'
NS_DISCO = 'http://jabber.org/protocol/disco#info'
NS_PUBSUB = 'http://jabber.org/protocol/pubsub'
NS_PUSH = 'urn:xmpp:push:0'
NS_RTP = 'urn:xmpp:jingle:apps:rtp:1'
NS_WORD = 'urn:xmpp:jingle-message:0'
NS_STREAMS = 'urn:ietf:params:xml:ns:xmpp-streams'
PRIORITY = '{tigase:push:priority:0}priority'
SLOW_RATE = 5           # a second
SECRET = 'a-secret-of-the-test-0123456789'
OPTIONS = f'{NS_PUBSUB}#publish-options'

case = Cases()


class AppServer(ComponentXMPP):
    """Keeps the pushes that come, and answers them."""

    def __init__(self, at):
        super().__init__('push.test', SECRET, '127.0.0.1', at.ports['component'])
        self.register_plugin('xep_0030')
        self.pushes = []
        self.gone = set()                       # nodes that it does not know any more
        self.register_handler(Callback(
            'push', MatchXPath('{%s}iq/{%s}pubsub' % (NS_COMPONENT, NS_PUBSUB)), self.pushed))

    def pushed(self, iq):
        node = iq.xml.find('.//{%s}publish' % NS_PUBSUB).get('node')
        self.pushes.append((node, iq.xml))
        answer = iq.reply()
        if node in self.gone:
            answer['type'] = 'error'
            answer['error']['condition'] = 'item-not-found'
        answer.send()

    async def begin(self):
        started = asyncio.get_event_loop().create_future()
        self.add_event_handler('session_start', lambda _: started.done() or started.set_result(None))
        self.connect()
        await asyncio.wait_for(started, TIMEOUT_S)
        return self

    async def until(self, count):
        """The last push, once there are so many."""
        for _ in range(TIMEOUT_S * 50):
            if len(self.pushes) >= count:
                break
            await asyncio.sleep(0.02)
        assert len(self.pushes) == count, [ET.tostring(p) for _, p in self.pushes]
        return self.pushes[-1]


class RawComponent:
    """A component that is a socket: what it is sent, octet by octet."""

    @classmethod
    async def open(cls, at, domain, secret=SECRET, shake=True):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection('127.0.0.1', at.ports['component'])
        self.write(f"<?xml version='1.0'?><stream:stream xmlns='{NS_COMPONENT}' "
                   f"xmlns:stream='http://etherx.jabber.org/streams' to='{domain}'>")
        header = await self.until(b'>')
        if shake and (found := re.search(rb" id='([a-z0-9]+)'", header)):
            digest = hashlib.sha1(found[1] + secret.encode()).hexdigest()
            self.write(f'<handshake>{digest}</handshake>')
        return self

    def write(self, text):
        self.writer.write(text.encode())

    async def until(self, end):
        """All up to what ends so."""
        got = b''
        while not got.endswith(end) or got.endswith(b'?>'):
            octet = await asyncio.wait_for(self.reader.read(1), TIMEOUT_S)
            if not octet:
                break
            got += octet
        return got

    async def rest(self):
        """All until the server ends the connection."""
        return await asyncio.wait_for(self.reader.read(), TIMEOUT_S)


class Push(World):
    """Bob and Alice know each other; Bob's telephone sleeps from time to time."""

    names = ('alice', 'bob')
    options = ('limits.exempt=127.0.0.0/8', 'listen.component=127.0.0.1:0',
               f'component.secret=push.test={SECRET} raw.test={SECRET}')
    talks = False

    async def begin(self):
        self.slow = self._stack.enter_context(Sottod(options=[
            'listen.component=127.0.0.1:0', f'component.secret=raw.test={SECRET}', f'limits.stanzas_per_component={SLOW_RATE}/s']))
        self.app = await AppServer(self.at).begin()
        self.alice = await self.client('alice')
        bob = await self.phone()
        await befriend(self.alice, bob)
        await bob.close()

    async def phone(self):
        return await self.client('bob', resource='phone')


async def enable(phone, node, jid='push.test', **options):
    asked = ET.Element('{%s}enable' % NS_PUSH, jid=jid, node=node)
    if options:
        form = ET.SubElement(asked, '{%s}x' % NS_DATA, type='submit')
        for name, value in {'FORM_TYPE': OPTIONS, **options}.items():
            ET.SubElement(ET.SubElement(form, '{%s}field' % NS_DATA, var=name), '{%s}value' % NS_DATA).text = value
    await phone.ask('set', asked)


async def disable(phone, jid, **node):
    await phone.ask('set', ET.Element('{%s}disable' % NS_PUSH, jid=jid, **node))


def call(client, to):
    ident = str(uuid.uuid4())
    propose = ET.Element('{%s}propose' % NS_WORD, id=ident)
    ET.SubElement(propose, '{%s}description' % NS_RTP, media='audio')
    message = client.make_message(mto=to, mtype='chat')
    message.append(propose)
    message.send()
    return ident


def sealed(client, to):
    client.say(to, looks_sealed(), ET.Element('{%s}store' % NS_HINTS))


def rings(ident):
    return lambda m: (found := m.find('{%s}propose' % NS_WORD)) is not None and found.get('id') == ident


@case('a message and a call wake a telephone once each; it comes, rings once, and can answer')
async def _(world):
    bob = world.at.jid('bob')
    phone = await world.phone()
    assert NS_PUSH in await phone.announced(bob)
    await enable(phone, 'n1', secret='eruio234vzxc2kla-91')
    sealed(world.alice, bob)
    await phone.settled()
    assert not world.app.pushes, 'it is awake'
    await phone.close()
    sealed(world.alice, bob)
    node, push = await world.app.until(1)
    assert node == 'n1' and push.find(f'.//{PRIORITY}') is None and push.get('from') == world.at.domain
    assert [v.text for v in push.iter('{jabber:x:data}value')] == [OPTIONS, 'eruio234vzxc2kla-91']
    ident = call(world.alice, bob)
    node, push = await world.app.until(2)
    assert push.find(f'.//{PRIORITY}').text == 'high'
    assert ident not in ET.tostring(push, encoding='unicode') and 'alice' not in ET.tostring(push, encoding='unicode')
    phone = await world.phone()
    rung = await phone.expect(rings(ident))
    assert rung.find('{urn:xmpp:delay}delay') is not None
    await phone.settled()
    assert sum(rings(ident)(m) for m in phone.heard) <= 1
    proceed = phone.make_message(mto=rung.get('from'), mtype='chat')
    proceed.append(ET.Element('{%s}proceed' % NS_WORD, id=ident))
    proceed.send()
    await world.alice.expect(lambda m: m.find('{%s}proceed' % NS_WORD) is not None)
    await disable(phone, 'push.test', node='n1')
    await phone.close()
    sealed(world.alice, bob)
    await world.alice.settled()
    await world.app.until(2)


@case('a push is these octets and no others')
async def _(world):
    bob = world.at.jid('bob')
    raw = await RawComponent.open(world.at, 'raw.test')
    assert await raw.until(b'>') == b'<handshake/>'
    phone = await world.phone()
    await enable(phone, 'opaque', 'raw.test')
    await phone.close()
    about = b''
    for wake, inside in ((sealed, b''), (call, b"<priority xmlns='tigase:push:priority:0'>high</priority>")):
        wake(world.alice, bob)
        got = await raw.until(b'</iq>')
        notification = (b"<notification xmlns='urn:xmpp:push:0'>" + inside + b'</notification>' if inside
                        else b"<notification xmlns='urn:xmpp:push:0'/>")
        template = (b"<iq from='" + world.at.domain.encode() + b"' to='raw.test' id='ID' type='set'>"
                    b"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='opaque'><item>"
                    + notification + b'</item></publish></pubsub></iq>')
        ident = re.search(rb" id='(push-[0-9]+-[a-z2-7]{26})'", got)
        assert ident and got == template.replace(b'ID', ident[1]), got
        assert ident[1] not in about
        about += ident[1]
        raw.write(f"<iq type='result' from='raw.test' to='{world.at.domain}' id='{ident[1].decode()}'/>")
    phone = await world.phone()
    await disable(phone, 'raw.test')
    await phone.close()
    raw.writer.close()


@case('an app server that does not know the node is not asked again')
async def _(world):
    bob = world.at.jid('bob')
    before = len(world.app.pushes)
    phone = await world.phone()
    await enable(phone, 'old')
    await phone.close()
    world.app.gone.add('old')
    sealed(world.alice, bob)
    await world.app.until(before + 1)
    for _ in range(100):                         # until it is noted: then nothing is sent for a call either
        await asyncio.sleep(0.02)
    call(world.alice, bob)
    await world.alice.settled()
    phone = await world.phone()
    await phone.settled()
    await phone.close()
    await world.app.until(before + 1)


@case('people and components ask each other, through the gate for strangers')
async def _(world):
    answer = await world.alice.ask('get', ET.Element('{%s}query' % NS_DISCO), 'push.test')
    assert answer.find('{%s}query' % NS_DISCO) is not None or answer.tag.endswith('query')
    items = await world.alice.ask('get', ET.Element('{http://jabber.org/protocol/disco#items}query'), world.at.domain)
    assert {i.get('jid') for i in items.iter('{http://jabber.org/protocol/disco#items}item')} == {'push.test', 'raw.test'}
    message = world.app.make_message(mfrom='somebody@push.test', mto=world.at.jid('alice'), mtype='chat')
    message.append(looks_sealed())
    message.send()
    ping = world.app.make_iq_get(ifrom='push.test', ito=world.at.domain)
    ping.append(ET.Element('{urn:xmpp:ping}ping'))
    assert (await ping.send(timeout=TIMEOUT_S))['type'] == 'result'
    await world.alice.settled()
    assert not any(m.get('from', '').startswith('somebody@push.test') for m in world.alice.heard)


@case('an answer that nobody asked for reaches no device')
async def _(world):
    """One that somebody did ask for, which comes after it, does."""
    def answer(ident):
        iq = world.app.make_iq_result(ident, ito=world.alice.boundjid.full, ifrom='push.test')
        iq.append(ET.Element('{%s}query' % NS_DISCO))
        return iq

    came = []
    world.alice.add_filter('in', lambda s: came.append(s) or s)
    answer('never-asked').send()
    await world.alice.ask('get', ET.Element('{%s}query' % NS_DISCO), 'push.test')
    await world.alice.settled()
    idents = [s['id'] for s in came if s.name == 'iq' and str(s['from']) == 'push.test']
    assert len(idents) == 1 and idents != ['never-asked'], idents


@case('a component is read no faster than it may write')
async def _(world):
    raw = await RawComponent.open(world.slow, 'raw.test')
    assert await raw.until(b'>') == b'<handshake/>'
    start = time.monotonic()
    for number in range(SLOW_RATE * 2 + 2):     # a bucketful at once, the rest at the rate
        raw.write(f"<iq type='get' id='n{number}' from='raw.test' to='{world.slow.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert f"id='n{SLOW_RATE * 2 + 1}'".encode() in await raw.until(f"n{SLOW_RATE * 2 + 1}'".encode())
    assert time.monotonic() - start > 0.9, 'it is not slowed'      # a second at least, however slow this machine
    raw.writer.close()


REFUSED = [
    ('host-unknown', 'other.test', SECRET, ''),
    ('host-unknown', 'localhost', SECRET, ''),
    ('not-authorized', 'raw.test', SECRET + 'x', ''),
    ('not-authorized', 'raw.test', None, "<message from='raw.test' to='alice@localhost'/>"),
    ('not-authorized', 'raw.test', None, '<handshake/>'),
    ('not-authorized', 'raw.test', None, f"<handshake>{'0' * 40}</handshake>"),
    ('policy-violation', 'raw.test', None, f"<handshake>{'a' * 70000}</handshake>"),
    ('invalid-from', 'raw.test', SECRET, "<message from='alice@localhost' to='bob@localhost'><body>x</body></message>"),
    ('invalid-from', 'raw.test', SECRET, "<message from='push.test' to='bob@localhost'><body>x</body></message>"),
    ('improper-addressing', 'raw.test', SECRET, "<message to='bob@localhost'><body>x</body></message>"),
    ('host-unknown', 'raw.test', SECRET, "<message from='raw.test' to='bob@far.test'><body>x</body></message>"),
    ('unsupported-stanza-type', 'raw.test', SECRET, '<wrong/>'),
    ('not-well-formed', 'raw.test', SECRET, '<a></b>'),
]


@case('who is no component, or says what it may not, is sent away')
async def _(world):
    for condition, domain, secret, says in REFUSED:
        raw = await RawComponent.open(world.at, domain, secret or '', shake=secret is not None)
        raw.write(says)
        got = await raw.rest()
        assert f'<{condition} xmlns='.encode() in got, (condition, domain, says[:60], got)
        raw.writer.close()


@case('a new stream of a domain takes the place of the old one')
async def _(world):
    first = await RawComponent.open(world.at, 'raw.test')
    assert await first.until(b'>') == b'<handshake/>'
    second = await RawComponent.open(world.at, 'raw.test')
    assert await second.until(b'>') == b'<handshake/>'
    assert b'<conflict xmlns=' in await first.rest()
    second.write(f"<iq type='get' id='1' from='raw.test' to='{world.at.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert b"id='1'" in await second.until(b'>')
    first.writer.close()
    second.writer.close()


@case('the log knows nothing of it')
async def _(world):
    assert SECRET not in world.at.said() and 'eruio' not in world.at.said() and 'opaque' not in world.at.said()


main(case, Push, __doc__)
