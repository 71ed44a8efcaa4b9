#!/usr/bin/python3
"""test_link_servers.py: two sottods that pin each other's certificate: people of both become contacts, see each other, write with
OMEMO, and lose nothing when one of the servers dies."""
import asyncio
import base64
import contextlib
import json
import re
import socket
import ssl
import subprocess
import sys
import xml.etree.ElementTree as ET

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from harness.client import NS_MAM, befriend
from harness.linked import Certificate, Linked
from harness.omemo import NEW, OLD, Omemo
from harness.server import BIN
from harness.tap import Cases

case = Cases()

NS_RECEIPTS = 'urn:xmpp:receipts'
NS_JMI = 'urn:xmpp:jingle-message:0'
NS_JINGLE = 'urn:xmpp:jingle:1'
NS_RTP = 'urn:xmpp:jingle:apps:rtp:1'
NS_ICE = 'urn:xmpp:jingle:transports:ice-udp:1'
HOME_ADDRESS = '198.51.100.77'
PATIENCE_S = 30


class Two(Linked):
    """Alice of one and Bob of two, contacts with a device each."""

    async def __aenter__(self):
        await super().__aenter__()
        self.alice, self.bob = [await self.client(name, plugins=('xep_0198',)) for name in ('one', 'two')]
        await befriend(self.alice, self.bob)
        self.alices, self.bobs = [await Omemo.announce(client) for client in (self.alice, self.bob)]
        return self

    async def talk(self, sender, receiver, text, namespace):
        """One message that has to arrive as it left."""
        await sender.send(receiver.client.boundjid.bare, text, namespace)
        heard = await receiver.expect(sender.client.boundjid.bare)
        assert heard == (text, namespace), heard


@case('people of two servers are contacts and see each other come and go')
async def _(two):
    phone = await two.client('two', resource='phone')
    await two.alice.expect_presence(lambda p: p.get('from') == phone.boundjid.full and p.get('type') is None)
    await phone.close()
    await two.alice.expect_presence(
        lambda p: p.get('from') == phone.boundjid.full and p.get('type') == 'unavailable')


@case('they write with both versions of OMEMO, both ways, in order')
async def _(two):
    for namespace in OLD, NEW:
        for turn in range(3):
            await two.talk(two.alices, two.bobs, f'To the other server, {turn}.', namespace)
            await two.talk(two.bobs, two.alices, f'And back, {turn}.', namespace)


@case('a receipt comes back')
async def _(two):
    request = ET.Element('{%s}request' % NS_RECEIPTS)
    await two.alices.send(two.bob.boundjid.bare, 'Did it come?', NEW, beside=(request,))
    assert (await two.bobs.expect(two.alice.boundjid.bare))[0] == 'Did it come?'
    asked = next(m for m in reversed(two.bob.heard) if m.find('{%s}request' % NS_RECEIPTS) is not None)
    received = ET.Element('{%s}received' % NS_RECEIPTS, id=asked.get('id'))
    two.bob.say(two.alice.boundjid.bare, received)
    await two.alice.expect(lambda m: m.find('{%s}received' % NS_RECEIPTS) is not None)


def word(name, ident, *children):
    """A word of XEP-0353."""
    element = ET.Element('{%s}%s' % (NS_JMI, name), id=ident)
    element.extend(children)
    return element


def offer(action, ident, **more):
    """Sound by Opus, with an address that nobody on the other side is to learn."""
    jingle = ET.Element('{%s}jingle' % NS_JINGLE, action=action, sid=ident, **more)
    content = ET.SubElement(jingle, '{%s}content' % NS_JINGLE, creator='initiator', name='a')
    description = ET.SubElement(content, '{%s}description' % NS_RTP, media='audio')
    ET.SubElement(description, '{%s}payload-type' % NS_RTP, id='111', name='opus', clockrate='48000', channels='2')
    ET.SubElement(description, '{%s}rtcp-mux' % NS_RTP)
    transport = ET.SubElement(content, '{%s}transport' % NS_ICE, ufrag='abcd', pwd='abcdefghijklmnopqrstuvwx')
    ET.SubElement(transport, '{urn:xmpp:jingle:apps:dtls:0}fingerprint', hash='sha-256', setup='actpass' if 'initiate' in action else 'active'
                  ).text = ':'.join(['AB'] * 32)
    ET.SubElement(transport, '{%s}candidate' % NS_ICE, component='1', foundation='1', generation='0', id='1', ip=HOME_ADDRESS,
                  network='0', port='6000', priority='1', protocol='udp', type='host')
    return jingle


def requests_of(client):
    """What comes to the client as requests of Jingle, from now on; each is answered."""
    heard = []

    def hear(iq):
        heard.append(iq.xml)
        iq.reply().send()
        asyncio.ensure_future(client._wake())
    client.register_handler(Callback('Hear jingle', MatchXPath('{jabber:client}iq/{%s}jingle' % NS_JINGLE), hear))
    return heard


@case('a call passes both gates: words, offer and answer, without addresses, under names that each server makes')
async def _(two):
    ident = 'ca8e5ad2-2b1f-4b1c-9d0e-000000000001'
    to_alice, to_bob = requests_of(two.alice), requests_of(two.bob)
    two.alice.say('bob@two.test', word('propose', ident, ET.Element('{%s}description' % NS_RTP, media='audio')))
    rings = await two.bob.expect(lambda m: m.find('{%s}propose' % NS_JMI) is not None)
    caller = rings.get('from')
    assert re.fullmatch(r'alice@one\.test/r-[a-z2-7]{24}', caller), caller
    two.bob.say(caller, word('ringing', ident))
    two.bob.say(caller, word('proceed', ident))
    ringing = await two.alice.expect(lambda m: m.find('{%s}ringing' % NS_JMI) is not None)
    proceed = await two.alice.expect(lambda m: m.find('{%s}proceed' % NS_JMI) is not None)
    callee = proceed.get('from')
    assert ringing.get('from') == callee and re.fullmatch(r'bob@two\.test/r-[a-z2-7]{24}', callee), callee
    await two.alice.ask('set', offer('session-initiate', ident, initiator=two.alice.boundjid.full), callee)
    await two.bob.until(lambda: to_bob)
    await two.bob.ask('set', offer('session-accept', ident, responder=two.bob.boundjid.full), caller)
    await two.alice.until(lambda: to_alice)
    for heard, other in (to_bob[0], caller), (to_alice[0], callee):
        assert heard.get('from') == other, heard.get('from')
        text = ET.tostring(heard, encoding='unicode')
        assert HOME_ADDRESS not in text and 'candidate' in text and ':'.join(['AB'] * 32) in text, text
    two.alice.say(callee, word('finish', ident))
    for client, direction in (two.alice, 'out'), (two.bob, 'in'):
        record = await client.expect(lambda m: m.find('{urn:sotto:call:0}call') is not None)
        call = record.find('{urn:sotto:call:0}call')
        assert (call.get('id'), call.get('outcome'), call.get('direction')) == (ident, 'talked', direction), call.attrib


def sealed(word):
    """An element that looks encrypted to servers; what it says is the word."""
    encrypted = ET.Element('{%s}encrypted' % NEW)
    header = ET.SubElement(encrypted, '{%s}header' % NEW, sid='7')
    keys = ET.SubElement(header, '{%s}keys' % NEW, jid='bob@two.test')
    ET.SubElement(keys, '{%s}key' % NEW, rid='1').text = 'AAAA'
    ET.SubElement(encrypted, '{%s}payload' % NEW).text = base64.b64encode(word.encode()).decode()
    return encrypted


def words(client):
    """What the messages said that came to a client, each once, in order."""
    found = [base64.b64decode(p.text).decode('latin-1') for m in client.heard for p in m.iter('{%s}payload' % NEW)
             if m.get('type') == 'chat']
    return [w for i, w in enumerate(found) if w not in found[:i]]


async def acknowledged(client):
    """Returns when the server has acknowledged all that the client has sent."""
    await client.settled()  # slixmpp sends its <r/> past what it has not sent yet
    client['xep_0198'].request_ack()
    await client.until(lambda: not client['xep_0198'].unacked_queue)


async def archived(client):
    """What the messages in the client's archive say."""
    query = ET.Element('{%s}query' % NS_MAM, queryid='all')
    page = ET.SubElement(query, '{http://jabber.org/protocol/rsm}set')
    ET.SubElement(page, '{http://jabber.org/protocol/rsm}before')
    ET.SubElement(page, '{http://jabber.org/protocol/rsm}max').text = '250'
    client.heard.clear()
    await client.ask('set', query)
    return {base64.b64decode(p.text).decode('latin-1') for m in client.heard for p in m.iter('{%s}payload' % NEW)}


async def say_all(two, said):
    """Says them, each to be kept; returns when the server has acknowledged all (XEP-0198)."""
    for word in said:
        two.alice.say('bob@two.test', sealed(word), ET.Element('{urn:xmpp:hints}store'))
    await acknowledged(two.alice)


@case('what was said to a server that is killed is there once it has started again', timeout=120)
async def _(two):
    said = [f'while-you-were-away-{number}' for number in range(20)]
    two.servers['two'].kill()
    await say_all(two, said)
    two.servers['two'].start()
    two.bob = await two.client('two', plugins=('xep_0198',))
    await two.bob.until(lambda: set(said) <= set(words(two.bob)), timeout=PATIENCE_S)
    assert [w for w in words(two.bob) if w in said] == said


@case('what a server has taken survives that it is killed before it could pass it on', timeout=120)
async def _(two):
    said = [f'on-its-way-{number}' for number in range(20)]
    two.servers['two'].kill()
    await say_all(two, said)
    two.servers['one'].kill()
    two.servers['two'].start()
    two.servers['one'].start()
    two.alice, two.bob = [await two.client(name, plugins=('xep_0198',)) for name in ('one', 'two')]
    await two.bob.until(lambda: set(said) <= set(words(two.bob)), timeout=PATIENCE_S)
    assert [w for w in words(two.bob) if w in said] == said


@case('a server killed in the middle of a conversation loses nothing that was acknowledged', timeout=180)
async def _(two):
    said = []
    for turn in range(4):
        for number in range(25):
            said.append(f'turn-{turn}-{number}')
            two.alice.say('bob@two.test', sealed(said[-1]), ET.Element('{urn:xmpp:hints}store'))
        if turn % 2:
            await acknowledged(two.alice)
            two.servers['one'].kill()
            two.servers['one'].start()
            two.alice = await two.client('one', plugins=('xep_0198',))
        else:
            two.servers['two'].kill()
            two.servers['two'].start()
            two.bob = await two.client('two', plugins=('xep_0198',))
    await acknowledged(two.alice)
    await two.bob.until(lambda: said[-1] in words(two.bob), timeout=PATIENCE_S)
    kept = await archived(two.bob)
    assert set(said) <= kept, sorted(set(said) - kept)


def find(reason, server):
    """The server has noted an event of this reason."""
    noted = {line['reason_code'] for line in json.loads(server.ctl('--json', 'events'))}
    assert reason in noted, noted


def shake_hands(port, certificate, name='two.test'):
    """TLS as somebody with this certificate (or none); what the server then says, or the exception."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(certificate.path, certificate.key)
    with socket.create_connection(('127.0.0.1', port), 10) as plain:
        with context.wrap_socket(plain) as peer:
            peer.sendall(b"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                         b"from='%s' to='one.test' version='1.0'>" % name.encode())
            return peer.recv(65536)


@case('whoever has no pinned certificate does not get past TLS')
async def _(two):
    stranger = await asyncio.to_thread(Certificate, two.folder, 'stranger.test')
    for certificate in None, stranger:
        said = b''
        with contextlib.suppress(OSError):
            said = await asyncio.to_thread(shake_hands, two.servers['one'].s2s_port, certificate)
        assert said == b'', said
    find('certificate', two.servers['one'])
    said = await asyncio.to_thread(shake_hands, two.servers['one'].s2s_port, two.certificates['two'])
    assert b'EXTERNAL' in said, said


@case('a server is taken for none but its own domain')
async def _(two):
    for name in 'one.test', 'three.test', '':
        said = await asyncio.to_thread(shake_hands, two.servers['one'].s2s_port, two.certificates['two'], name)
        assert b'not-authorized' in said and b'EXTERNAL' not in said, said
    find('identity', two.servers['one'])


@case('--check says what a link is, and refuses what is none')
async def _(two):
    def check(*options):
        done = subprocess.run([BIN / 'sottod', '--check', '-o', f'server.data_dir={two.folder}/none',
                               *(word for o in options for word in ('-o', o))], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    pin = two.certificates['two'].pin(5269)
    assert 's2s.pin: people of these servers' in check(f's2s.pin={pin}')[1]
    assert 'not opened' in check('listen.s2s=127.0.0.1:0')[1]
    for wrong in 'two.test', pin.replace('127.0.0.1', 'two.test'), pin[:-1], pin.replace('5269', '0'):
        assert check(f's2s.pin={wrong}')[0] == 2, wrong


if __name__ == '__main__':
    sys.exit(case.run(Two(), sys.argv[1] if len(sys.argv) > 1 else None))
