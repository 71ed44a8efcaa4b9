#!/usr/bin/python3
"""far.py: a hostile server behind a pinned link (docs/federation.md), driven by lines of JSON as crowd.py is: a certificate and the people
it has, some of whom are contacts of the one who is called. It says what its people could not, in forms that no client could: in the
name of others, of other domains, of servers, of nobody; longer and deeper than a stream takes; as a server that is somebody else.

A line {"say": [...]} is said as it stands; {"scene": ..., "share": n, "progress": 0..1} is a share of all of it.
"""
import asyncio
import collections
import json
import random
import re
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'test/interop'))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness.hostile_server import HostileServer                             # noqa: E402
from stanzas import MARK, NS_WORD, Hostile, Scene, media                     # noqa: E402

BATCH = 25                                      # so many before it waits until they were handled
RINGS_A_MINUTE = 20                             # of the 30 after which none of a domain's calls rings for an hour (docs/calls.md)
FORGED, BROKEN = 0.01, 0.004                    # of the stanzas: each costs a stream
OCTETS = ['<!-- x -->', '<!DOCTYPE a [<!ENTITY b "c">]>', '<?x y?>', '</message>', '<a b=c>', '&x;', b'\xff\xfe', b'<a>\xc0\xaf</a>', '<message>\0</message>',
          '<message>' + '<a>' * 400, '<message>' + 'A' * 400000, "<compress xmlns='http://jabber.org/protocol/compress'/>",
          "<message xmlns='jabber:client'/>", "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'/>"]
SERVER = '{jabber:server}'
ROOT = "<root xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>"
PATIENCE_S = 60


class Far:
    """The server, and each of its people who is told apart."""

    def __init__(self, begin):
        self.at = SimpleNamespace(host=begin['host'], s2s_port=begin['port'], domain=begin['domain'])
        certificate = SimpleNamespace(domain=begin['own'], path=begin['certificate'], key=begin['key'])
        self.server = HostileServer(certificate, begin['listen'], host=begin['address'])
        self.contacts, self.stranger = begin['contacts'], begin['stranger']
        self.random = random.Random(f"{begin['seed']}-{begin['own']}")
        self.sources = {name: Hostile(self.random) for name in (*self.contacts, self.stranger)}
        self.begun, self.rings, self.asked = set(), collections.deque(), {}
        self.sent = self.ended = self.forged = self.pings = 0
        self.heard = {name: collections.Counter() for name in (*self.contacts, self.stranger, 'others')}
        self.words, self.refusals = collections.Counter(), collections.Counter()
        self.parser = ET.XMLPullParser(['end'])
        self.parser.feed(ROOT)
        self.answered = set()

    # ---- What comes back

    def take(self):
        """All that the other side has sent here since."""
        text, self.server.sent_here = self.server.sent_here, ''
        self.parser.feed(text.replace('</stream:stream>', ''))
        for _, element in self.parser.read_events():
            if element.tag in (SERVER + 'iq', SERVER + 'message', SERVER + 'presence'):
                self.hear(element)
                element.clear()

    def hear(self, element):
        """One stanza, counted for whom it is."""
        tag, name = element.tag.split('}')[1], element.get('to', '').split('@')[0]
        if '@' not in element.get('to', '') and element.get('id', '').startswith('settled-'):
            self.answered.add(element.get('id'))
            return
        whom = name if name in self.heard else 'others'
        self.heard[whom][f'{tag} {element.get("type", "")}'.strip()] += 1
        for n in element.iter():
            if n.tag.startswith('{%s}' % NS_WORD):
                self.words[f"{whom}: {n.tag.split('}')[1]}"] += 1
        if tag == 'iq' and element.get('type') == 'error' and (asked := self.asked.pop((name, element.get('id')), None)):
            error = ET.tostring(element.find(SERVER + 'error'), encoding='unicode')
            self.refusals[f"{asked}: {error.replace('jabber:server', 'jabber:client')}"] += 1

    async def settle(self):
        """All that was said has been dealt with; False: the stream was ended first."""
        self.pings += 1
        ident = f'settled-{self.pings}'
        end = time.monotonic() + PATIENCE_S
        await self.server.say(f"<iq type='get' id='{ident}' from='{self.server.domain}' to='{self.at.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
        while ident not in self.answered:
            if '(the end)' in self.server.said:
                return False
            if time.monotonic() > end:
                raise AssertionError(f'no answer; {self.server.said[-300:]}')
            await asyncio.sleep(0.005)
            self.take()
        return True

    # ---- What is said

    async def again(self):
        """A new stream, where the last one was ended."""
        self.ended += 1
        self.take()
        await self.server.connect(self.at)

    async def say(self, texts):
        """These; what was behind an end of the stream is lost, as the sender of it deserves."""
        try:
            for text in texts:
                await self.server.say(text)
            if await self.settle():
                return
        except ConnectionError:
            pass
        await self.again()

    def opening(self, name, callee):
        """What a contact begins with: calls as they have to be, with a load beside them, and taken back."""
        self.begun.add(name)
        texts = []
        for beside in (f'<body>{MARK}</body>', f"<nick xmlns='http://jabber.org/protocol/nick'>{MARK}</nick>"):
            call = self.sources[name].fresh()
            texts += [f"<message type='chat' to='{callee}' id='{MARK}'><propose xmlns='{NS_WORD}' id='{call}'>{media('audio')}</propose>{beside}</message>",
                      f"<message type='chat' to='{callee}'><retract xmlns='{NS_WORD}' id='{call}'/></message>"]
        return [self.signed(text, f'{name}@{self.server.domain}/{MARK}') for text in texts]

    @staticmethod
    def signed(text, who):
        """With the name of a sender, as servers write it."""
        return re.sub(r'^<(message|iq|presence)', lambda m: f'<{m[1]} from={quoteattr(who)}', text)

    def forger(self, scene):
        """Somebody who is not of this server: ours, a third one's, almost ours, nobody."""
        own = self.server.domain
        return self.random.choice([scene.caller, scene.callee, *scene.devices, scene.domain, f'admin@{scene.domain}', f'carol@x.{own}', f'carol@{own}.example',
                                   'carol@third.test', f'third.test/{own}', f'carol@{own[1:]}', f'{own}@{scene.domain}', '@', ''])

    def may_ring(self):
        """Not so often that the whole domain is shut out."""
        now = time.monotonic()
        while self.rings and self.rings[0] < now - 60:
            self.rings.popleft()
        if len(self.rings) >= RINGS_A_MINUTE:
            return False
        self.rings.append(now)
        return True

    def note(self, text, name, scene):
        """Which requests they are whose answers are compared: those to the callee and those to nobody."""
        if found := re.match(r"<iq type='set' to=(['\"])(.*?)\1 id='(i\d+)'><jingle xmlns='urn:xmpp:jingle:1'", text):
            if len(text) < 8000 and found[2].startswith((scene.callee, scene.nobody + '@')):
                self.asked[name, found[3]] = 'callee' if found[2].startswith(scene.callee) else 'nobody'

    def texts(self, name, scene, count):
        """So many of somebody's, in his own name; now and then in that of his server or without a device."""
        own, made = self.server.domain, []
        who = [f'{name}@{own}/phone'] * 6 + [f'{name}@{own}/{MARK}', f'{name}@{own}', own, f'{own}/{MARK}']
        while len(made) < count:
            for text in self.sources[name].next(scene):
                if '<propose' in text and not self.may_ring():
                    continue
                signer = self.random.choice(who)
                if '@' in signer:
                    self.note(text, name, scene)
                made.append(self.signed(text, signer))
        return made[:count]

    async def attack(self, order):
        """A share: half of a contact, half of a stranger."""
        active = self.contacts[min(int(order['progress'] * len(self.contacts)), len(self.contacts) - 1)]
        plain = Scene(**order['scene'], contact=True)
        if active not in self.begun:
            await self.say(self.opening(active, plain.callee))
            self.sent += 4
        end, name = self.sent + order['share'], active
        while self.sent < end:
            scene = Scene(**order['scene'], contact=name in self.contacts)
            count = min(BATCH, end - self.sent)
            await self.say(self.texts(name, scene, count))
            self.sent += count
            if self.random.random() < FORGED * BATCH:
                await self.ruin(self.signed(self.texts(name, scene, 1)[0].replace(' from=', ' load=', 1), self.forger(scene)))
                self.forged += 1
            if self.random.random() < BROKEN * BATCH:
                await self.ruin(self.random.choice(OCTETS))
            name = self.stranger if name == active else active

    async def ruin(self, octets):
        """What has to cost the stream."""
        self.sent += 1
        try:
            await self.server.say(octets)
            await self.server.ended()
        except ConnectionError:
            pass
        await self.again()

    def report(self):
        """What each of its people heard."""
        common = {'sent': self.sent, 'streams_ended': self.ended, 'forged': self.forged}
        return [{'name': f'{name}@{self.server.domain}', 'heard': dict(heard), 'refusals': dict(self.refusals) if name == self.stranger else {},
                 'words': {k: n for k, n in self.words.items() if k.startswith(name + ':')}, **common} for name, heard in self.heard.items()]


async def main():
    lines = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    far = Far(json.loads(await lines.readline()))
    async with far.server:
        await far.server.connect(far.at)
        print(json.dumps({'ready': {}}), flush=True)
        while line := await lines.readline():
            order, wrong = json.loads(line), []
            try:
                await (far.say(order['say']) if 'say' in order else far.attack(order))
            except Exception as error:           # told to who drives this
                wrong.append(f'{far.server.domain}: {error!r}')
            print(json.dumps({'sent': far.sent, 'wrong': wrong}), flush=True)
        far.take()
        print(json.dumps({'report': far.report()}), flush=True)


if __name__ == '__main__':
    asyncio.run(main())
