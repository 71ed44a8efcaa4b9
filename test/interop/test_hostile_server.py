#!/usr/bin/python3
"""test_hostile_server.py: a server whose certificate is pinned, and which is hostile: what it says about calls, in whatever form, state and
place, and all else that reaches for devices. What the callee's device is sent, decrypted, holds what the server composes and nothing
that the hostile server chose, but for the id of a call and what a contact may say."""
import asyncio
import contextlib
import json
import re
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from harness import client as xmpp
from harness.hostile_server import HostileServer
from harness.linked import Certificate, LinkedServer
from harness.server import free_port, new_password
from harness.tap import Cases

case = Cases()

MARK = 'smuggled'                   # in every text of the hostile server that no device may be sent
JMI = 'urn:xmpp:jingle-message:0'
JINGLE = 'urn:xmpp:jingle:1'
RTP = 'urn:xmpp:jingle:apps:rtp:1'
ID = 'ca8e5ad2-2b1f-4b1c-9d0e-{:012d}'


class Besieged:
    """A sottod with alice, whose contact carol, and whose stranger dave, are people of a hostile server."""

    options = ()

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix='sotto-hostile-'))
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        ports = [free_port(), free_port()]
        certificates = [Certificate(self.folder, domain) for domain in ('one.test', 'evil.test')]
        self.log = self.folder / 'client.log'
        xmpp.log_stanzas(self.log)
        self.at = self.stack.enter_context(
            LinkedServer(certificates[0], ports[0], [certificates[1].pin(ports[1])],
                         ('server.workers=2', 'limits.stanzas_per_domain=600/30s', *self.options)))
        self.evil = await self.stack.enter_async_context(HostileServer(certificates[1], ports[1]))
        await self.evil.connect(self.at)
        self.alice = await self.person('alice', 'carol')
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def person(self, name, contact):
        """A new account with a device, and this contact on the hostile server, as honest people do it."""
        password = new_password()
        self.at.add_user(name, password)
        client = await xmpp.Client.open(self.at, name, password)
        self.stack.push_async_callback(client.close)
        jid, own = f'{contact}@evil.test', f'{name}@one.test'
        client.send_presence(pto=jid, ptype='subscribe')
        await self.evil.expect(own)
        await self.evil.say(f"<presence type='subscribed' from='{jid}' to='{own}'/><presence type='subscribe' from='{jid}' to='{own}'/>")
        await client.expect_presence(lambda p: p.get('type') == 'subscribe' and p.get('from') == jid)
        client.send_presence(pto=jid, ptype='subscribed')
        await self.evil.expect(f"from='{client.boundjid.full}'")
        return client

    async def say(self, *stanzas):
        """Says them, opening a new stream where the server has ended one; returns when all are handled."""
        for stanza in stanzas:
            if '(the end)' in self.evil.said:
                await self.evil.connect(self.at)
            await self.evil.say(stanza)
        if '(the end)' not in self.evil.said:
            await self.evil.handled(self.at)
        await self.alice.settled()

    def received(self):
        """What the server sent to alice's device since the start, decrypted."""
        lines = self.log.read_text().splitlines()
        return '\n'.join(line for line in lines if ' RECV: ' in line)

    def clean(self):
        """Nothing of the hostile server's choice has reached the device."""
        leaked = re.findall('[^\n]*' + MARK + '[^\n]*', self.received())
        assert not leaked, leaked[:3]

    def find(self, reason):
        """The server has noted an event of this reason."""
        noted = {line['reason_code'] for line in json.loads(self.at.ctl('--json', 'events'))}
        assert reason in noted, (reason, noted)

    async def alive(self):
        """The server goes on, and alice's connection is the same."""
        await self.alice.settled()
        assert self.alice.is_connected()


def word(name, number, who='carol@evil.test/phone', to='alice@one.test', inner='', more='', stanza=''):
    """A word of XEP-0353 with whatever else."""
    return (f"<message type='chat' from='{who}' to='{to}' {stanza}><{name} xmlns='{JMI}' id='{ID.format(number)}' {more}>"
            f"{inner}</{name}></message>")


def propose(number, who='carol@evil.test/phone', to='alice@one.test', **more):
    """A wish to call with a microphone."""
    inner = more.pop('inner', '')
    return word('propose', number, who, to, f"<description xmlns='{RTP}' media='audio'/>{inner}", **more)


def action(name, number, to, who='carol@evil.test/phone', inner=''):
    """A request of Jingle."""
    return (f"<iq type='set' id='{MARK}-{number}-{name}' from='{who}' to='{to}'><jingle xmlns='{JINGLE}' action='{name}' "
            f"sid='{ID.format(number)}' initiator='{who}'>{inner}</jingle></iq>")


WORDS = 'ringing', 'proceed', 'accept', 'reject', 'retract', 'finish'
ACTIONS = ('session-initiate', 'session-accept', 'session-info', 'session-terminate', 'transport-info', 'transport-replace',
           'transport-accept', 'transport-reject', 'content-add', 'content-accept', 'content-reject', 'content-modify',
           'content-remove', 'description-info', 'security-info', MARK)
OFFER = (f"<content creator='initiator' name='{MARK}'><description xmlns='{RTP}' media='audio'>"
         f"<payload-type id='111' name='opus' clockrate='48000' channels='2'><parameter name='{MARK}' value='1'/></payload-type>"
         f"</description><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='{MARK}' pwd='{MARK}0123456789012345'>"
         f"<candidate component='1' foundation='1' generation='0' id='1' ip='192.0.2.66' network='0' port='6666' priority='1' "
         f"protocol='udp' type='host'/></transport></content>")


@case('it speaks for its own people only: any other name ends its stream')
async def _(siege):
    for who in ('alice@one.test', 'bob@one.test/x', 'one.test', 'carol@third.test', 'carol@x.evil.test', 'evil.test.example'):
        for stanza in (f"<message type='chat' from='{who}' to='alice@one.test'><body>{MARK}</body></message>",
                       f"<presence type='subscribe' from='{who}' to='alice@one.test'><status>{MARK}</status></presence>",
                       f"<iq type='set' id='{MARK}' from='{who}' to='{siege.alice.boundjid.full}'>"
                       f"<query xmlns='jabber:iq:roster'><item jid='{MARK}@evil.test'/></query></iq>",
                       propose(1, who=who)):
            await siege.evil.connect(siege.at)
            await siege.evil.say(stanza)
            await siege.evil.heard('invalid-from')
            await siege.evil.ended()
    await siege.evil.connect(siege.at)
    siege.find('forged_from')
    siege.clean()
    assert len(siege.alice.heard) == 0, siege.alice.heard


@case('no word or action of a call that was not proposed reaches a device, from contacts, strangers or nobody', timeout=120)
async def _(siege):
    full = siege.alice.boundjid.full
    before = len(siege.received())
    for who in 'carol@evil.test/phone', 'carol@evil.test', 'dave@evil.test/x', 'evil.test':
        for to in 'alice@one.test', full, 'nobody@one.test':
            await siege.say(*(word(name, 2, who, to, stanza=f"id='{MARK}'") for name in WORDS))
            await siege.say(*(action(name, 2, to, who, OFFER) for name in ACTIONS))
    siege.clean()
    assert 'jingle' not in siege.received()[before:], siege.received()[before:][-600:]
    # Requests are all answered alike, whoever asks whom for what.
    answers = set(re.sub(r'''(from|to|id)=['"][^'"]*['"]''', '', found) for found in
                  re.findall(r'<iq[^>]*' + MARK + r'.*?</iq>', siege.evil.sent_here))
    assert len(answers) == 1 and 'unknown-session' in answers.pop(), answers
    siege.find('no_such_call')


@case('what is hidden in a propose of a contact is left behind', timeout=120)
async def _(siege):
    places = {
        'body': propose(10)[:-10] + f'<body>{MARK}</body></message>',
        'sibling': propose(11)[:-10] + f"<x xmlns='urn:{MARK}'>{MARK}</x></message>",
        'nick': propose(12)[:-10] + f"<nick xmlns='http://jabber.org/protocol/nick'>{MARK}</nick></message>",
        'thread': propose(13)[:-10] + f'<thread>{MARK}</thread></message>',
        'delay': propose(14)[:-10] + f"<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z' from='{MARK}'/></message>",
        'child': propose(15, inner=f"<{MARK} xmlns='urn:x'/>"),
        'text': propose(16, inner=MARK),
        'attribute': propose(17, more=f"{MARK}='1'"),
        'description': propose(18, inner=f"<description xmlns='{RTP}' media='video' {MARK}='1'/>"),
        'payload': propose(19, inner=f"<description xmlns='{RTP}' media='video'><payload-type id='1' name='{MARK}'/></description>"),
        'stanza id': propose(20, stanza=f"id='{MARK}'"),
        'language': propose(21, stanza=f"xml:lang='{MARK}'"),
        'resource': propose(22, who=f'carol@evil.test/{MARK}'),
        'migrated': propose(23, inner=f"<migrated xmlns='{JMI}' to='{MARK}'/>"),
        'id': propose(24).replace(ID.format(24), MARK + '"&gt;&lt;x'),
        'long id': propose(25).replace(ID.format(25), MARK * 20),
        'media': propose(26).replace("'audio'", f"'{MARK}'"),
        'to a device': propose(27, to=siege.alice.boundjid.full, stanza=f"id='{MARK}'"),
        'carbon': f"<message from='carol@evil.test/phone' to='alice@one.test'><received xmlns='urn:xmpp:carbons:2'><forwarded "
                  f"xmlns='urn:xmpp:forward:0'>{propose(28)}{MARK}</forwarded></received></message>",
    }
    for stanza in places.values():
        await siege.say(stanza)
    siege.clean()
    rung = [m for m in siege.alice.heard if m.find('{%s}propose' % JMI) is not None]
    assert rung, 'an honest propose among them rings'
    for message in rung:
        number = int(message.find('{%s}propose' % JMI).get('id')[-12:])
        assert re.fullmatch(r'carol@evil\.test/r-[a-z2-7]+', message.get('from')), message.get('from')
        wanted = (f'<ns0:message xmlns:ns0="jabber:client" xmlns:ns1="{JMI}" xmlns:ns2="{RTP}" '
                  f'xmlns:ns3="urn:xmpp:receipts" xmlns:ns4="urn:xmpp:hints" type="chat" from="{message.get("from")}" '
                  f'to="{siege.alice.boundjid.full}" id="jm-propose-{ID.format(number)}">'
                  f'<ns1:propose id="{ID.format(number)}"><ns2:description media="audio" /></ns1:propose>'
                  f'<ns3:request /><ns4:store /></ns0:message>')
        assert same(message, wanted), ET.tostring(message, encoding='unicode')


def same(message, wanted):
    """Element by element, whatever the order of attributes."""
    def form(e):
        return e.tag, sorted((k, v) for k, v in e.attrib.items() if not k.startswith('{http://www.w3.org/XML')), (e.text or ''), [form(c) for c in e]
    return form(message) == form(ET.fromstring(wanted))


@case('a ringing call hears nothing but its end, and only of who calls', timeout=120)
async def _(siege):
    bella = await siege.person('bella', 'carla')
    full = bella.boundjid.full
    await siege.say(propose(40, who='carla@evil.test/desk', to='bella@one.test'))
    rings = await bella.expect(lambda m: m.find('{%s}propose' % JMI) is not None)
    before = len(siege.received())
    for who in 'carla@evil.test/desk', 'carla@evil.test/other', 'dave@evil.test/desk':
        await siege.say(*(word(name, 40, who, to) for to in ('bella@one.test', full)
                          for name in WORDS if name != 'retract' or who != 'carla@evil.test/desk'))
        await siege.say(*(action(name, 40, full, who, OFFER) for name in ACTIONS))
    # The alias is not what it can be addressed by, nor what others can guess.
    await siege.say(word('retract', 40, rings.get('from'), 'bella@one.test'), word('retract', 40, 'carla@evil.test/other', 'bella@one.test'))
    assert 'jingle' not in siege.received()[before:], siege.received()[before:][-600:]
    await siege.say(word('retract', 40, 'carla@evil.test/desk', 'bella@one.test', inner=f"<reason xmlns='{JINGLE}'><text>{MARK}</text></reason>"))
    await bella.expect(lambda m: m.find('{%s}retract' % JMI) is not None)
    siege.clean()


@case('after a person has accepted, an offer passes without anything of it that is not known', timeout=120)
async def _(siege):
    clara = await siege.person('clara', 'celia')
    offers = []
    clara.register_handler(Callback('Keep jingle', MatchXPath('{jabber:client}iq/{%s}jingle' % JINGLE),
                                               lambda iq: offers.append(iq.xml)))
    await siege.say(propose(50, who='celia@evil.test/desk', to='clara@one.test'))
    rings = await clara.expect(lambda m: m.find('{%s}propose' % JMI) is not None)
    proceed = clara.make_message(mto=rings.get('from'), mtype='chat')
    proceed.append(ET.Element('{%s}proceed' % JMI, id=ID.format(50)))
    proceed.send()
    await siege.evil.expect('<proceed')
    assert 'celia@evil.test/desk' in siege.evil.sent_here, 'the alias is mapped back'
    assert rings.get('from') not in siege.evil.sent_here, 'and never leaves'
    await siege.say(action('session-accept', 50, clara.boundjid.full, 'celia@evil.test/desk', OFFER),
                    action('session-initiate', 50, clara.boundjid.full, 'celia@evil.test/other', OFFER),
                    action('session-initiate', 50, clara.boundjid.full, 'celia@evil.test/desk', OFFER))
    siege.clean()
    assert '192.0.2.66' not in siege.received()
    await siege.alive()


@case('copies, answers, presence and orders that nobody asked for end at the server', timeout=120)
async def _(siege):
    full = siege.alice.boundjid.full
    await siege.say(
        *(f"<iq type='{kind}' id='{ident}' from='{who}' to='{full}'><query xmlns='jabber:iq:roster'><item jid='{MARK}@x'/></query></iq>"
          for kind in ('result', 'error', 'set') for ident in ('1', MARK) for who in ('carol@evil.test/x', 'evil.test')),
        *(f"<presence from='dave@evil.test/x' to='{to}' {kind}><status>{MARK}</status></presence>"
          for to in ('alice@one.test', full) for kind in ('', "type='unavailable'", "type='error'")),
        f"<message type='error' from='dave@evil.test' to='{full}'><body>{MARK}</body></message>",
        f"<message type='error' from='carol@evil.test' to='{full}'><body>{MARK}</body><error type='{MARK}'><gone "
        f"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{MARK}</gone></error></message>",
        f"<message type='chat' from='dave@evil.test' to='alice@one.test'><body>{MARK}</body></message>",
        f"<message type='chat' from='carol@evil.test' to='alice@one.test'><body>{MARK}</body></message>",
        f"<message type='groupchat' from='carol@evil.test' to='alice@one.test'><body>{MARK}</body></message>",
        f"<message type='headline' from='dave@evil.test' to='{full}'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
        f"<items node='{MARK}'/></event></message>",
        f"<presence from='carol@evil.test/x' to='alice@one.test'><x xmlns='urn:{MARK}'>{MARK}</x></presence>")
    siege.clean()
    siege.find('unasked')
    siege.find('remote_request')
    siege.find('remote_stranger')
    await siege.alive()


@case('what it may learn of alice is what it is shown: probes and questions of strangers are as of nobody')
async def _(siege):
    siege.evil.sent_here = ''
    await siege.say(*(f"<presence type='probe' from='dave@evil.test/x' to='{who}@one.test'/>" for who in ('alice', 'nobody')),
                    *(f"<iq type='get' id='q-{who}' from='dave@evil.test/x' to='{who}@one.test'><query xmlns='{ns}'/></iq>"
                      for who in ('alice', 'nobody') for ns in ('http://jabber.org/protocol/disco#info', 'jabber:iq:last', 'vcard-temp')))
    assert '<presence' not in siege.evil.sent_here, siege.evil.sent_here
    answers = [re.sub(r'alice|nobody', 'WHO', found) for found in re.findall(r'<iq[^>]*q-.*?</iq>', siege.evil.sent_here)]
    assert len(answers) == 6 and len(set(answers)) == 1, set(answers)


@case('broken, oversized and early octets end a stream and nothing else', timeout=120)
async def _(siege):
    stanza = "<message from='carol@evil.test' to='alice@one.test'>"
    broken = ('<!-- x -->', '<!DOCTYPE x>', '<?x?>', '</message>', '<a b=c>', '&x;', b'\xff\xfe', b'<a>\xc0\xaf</a>', stanza + '\0</message>',
              stanza + '<a xmlns:b="c"><b:d/>' * 300, stanza + 'A' * 300000, '<a ' + ' '.join(f'a{i}="1"' for i in range(100)) + '/>',
              "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'/>", '<compress/>',
              "<message xmlns='jabber:client' from='carol@evil.test' to='alice@one.test'/>", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    for octets in broken:
        await siege.evil.connect(siege.at)
        with contextlib.suppress(ConnectionError):
            await siege.evil.say(octets)
        await siege.evil.ended()
    for octets in ('A' * 40000, '<auth/>' * 10, '<message/>', propose(60), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>",
                   "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>b25lLnRlc3Q=</auth>"):
        await siege.evil.connect(siege.at, authenticate=False)
        with contextlib.suppress(ConnectionError):
            await siege.evil.say(octets)
        await siege.evil.ended()
    await siege.evil.connect(siege.at)
    siege.clean()
    await siege.alive()


@case('it may open so many streams; the oldest makes room')
async def _(siege):
    streams = [HostileServer(siege.evil.certificate, 0) for _ in range(6)]
    for stream in streams:
        await stream.connect(siege.at)
    await streams[0].heard('conflict')
    await streams[1].ended()
    for stream in streams:
        await stream.hang_up()
    await siege.evil.connect(siege.at)
    await siege.alive()


@case('a server whose people call too many is not heard for an hour, and nobody learns of it', timeout=120)
async def _(siege):
    siege.alice.heard.clear()
    await siege.say(*(propose(100 + n, to=f'callee{n}@one.test', who='erin@evil.test/x') for n in range(12)))
    before = len(siege.received())
    await siege.say(propose(200, who='carol@evil.test/desk'))
    siege.find('quarantined')
    assert 'jingle' not in siege.received()[before:]
    await siege.alive()


@case('a server that sends without end is read no faster than it may send', timeout=120)
async def _(siege):
    flood = ''.join(f"<presence type='probe' from='x{n}@evil.test' to='alice@one.test'/>" for n in range(3000))
    await siege.evil.say(flood)
    await siege.alive()
    await asyncio.sleep(1)
    siege.find('remote_sending')
    rss = int(re.search(r'VmRSS:\s+(\d+)', Path(f'/proc/{siege.at.server_process()}/status').read_text())[1])
    assert rss < 200 * 1024, rss


if __name__ == '__main__':
    sys.exit(case.run(Besieged(), sys.argv[1] if len(sys.argv) > 1 else None))
