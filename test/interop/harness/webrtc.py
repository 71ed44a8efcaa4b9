"""webrtc.py: a device that calls: slixmpp says what XEP-0353 and Jingle ask for, a browser has the media (browser.py, call_person.mjs).

    bob.rings = await bob.rung()                 # (id, caller's full JID) of a propose
    await bob.proceed(*bob.rings)
"""
import asyncio
import uuid
import xml.etree.ElementTree as ET

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from . import jingle
from .client import CLIENT, TIMEOUT_S, element

NS = 'urn:xmpp:jingle-message:0'
HINTS = 'urn:xmpp:hints'


def word(message, name):
    """The element of XEP-0353 of this name in a message, or None."""
    return message.find(f'{{{NS}}}{name}')


class Phone:
    """One device of one account. `pitch` is what its microphone hears, in hertz."""

    def __init__(self, client, driver, name, pitch, **options):
        self.client, self.driver, self.name = client, driver, name
        self.options = {'pitch': pitch, **options}
        self.has_browser = self.knows_tcp = False
        self.asked = []                         # every <iq/> of Jingle so far
        self.candidates = client.at.name != 'sottod'
        client.register_handler(Callback('Jingle', MatchXPath(f'{CLIENT}iq/{{{jingle.JINGLE}}}jingle'), self.take))
        for feature in (NS, jingle.JINGLE, jingle.RTP, f'{jingle.RTP[:-1]}audio', f'{jingle.RTP[:-1]}video', jingle.ICE, jingle.DTLS):
            client['xep_0030'].add_feature(feature)

    async def announce(self):
        """Presence that says what it can (XEP-0115): without it Dino shows no telephone."""
        await self.client['xep_0115'].update_caps(broadcast=True)

    def take(self, iq):
        if iq['type'] in ('set', 'get'):
            self.asked.append(iq.xml)
            iq.reply().send()
            asyncio.ensure_future(self.client._wake())

    # ---- XEP-0353

    def say(self, to, name, call, *children):
        made = element(f'{{{NS}}}{name}', id=call)
        made.extend(children)
        self.client.say(to, made, element(f'{{{HINTS}}}store'))

    def propose(self, to, video=False):
        """Returns the id of the call."""
        call = str(uuid.uuid4())
        self.say(to, 'propose', call, *(element(f'{{{jingle.RTP}}}description', media=m) for m in ['audio'] + ['video'] * video))
        return call

    async def rung(self, call=None, timeout=TIMEOUT_S):
        """The propose that has come: (id, full JID of the caller)."""
        def wanted(m):
            found = word(m, 'propose')
            return found is not None and call in (None, found.get('id'))
        message = await self.client.expect(wanted, timeout)
        return word(message, 'propose').get('id'), message.get('from')

    async def said(self, name, call, timeout=TIMEOUT_S):
        """Who said this of that call: a full JID."""
        message = await self.client.expect(lambda m: word(m, name) is not None and word(m, name).get('id') == call, timeout)
        return message.get('from')

    # ---- Jingle

    async def do(self, to, what, call, inside=None):
        """Sends an action; the server's answer may raise IqError."""
        made = inside if inside is not None else element(f'{{{jingle.JINGLE}}}jingle', action=what, sid=call)
        await self.client.ask('set', made, to)

    async def done(self, what, call, timeout=TIMEOUT_S):
        """The <jingle/> of an action that has come."""
        def of(iq):
            found = iq.find(f'{{{jingle.JINGLE}}}jingle')
            return found.get('action') == what and found.get('sid') == call
        return (await self.client.expect(of, timeout, self.asked)).find(f'{{{jingle.JINGLE}}}jingle')

    async def media(self, what, *more):
        return await self.driver.do(self.name, what, *more)

    async def open(self):
        """A page with a microphone, for one call."""
        if not self.has_browser:
            await self.media('new', self.name)
        self.has_browser = True
        await self.media('open', self.options)

    async def initiate(self, to, call):
        offer = await self.media('offer')
        await self.do(to, None, call, jingle.from_sdp(offer, 'session-initiate', call, self.candidates, self.knows_tcp, initiator=self.client.boundjid.full))
        answer = await self.done('session-accept', call, 30)
        await self.media('accept', jingle.to_sdp(answer))

    async def answer(self, to, call):
        offer = await self.done('session-initiate', call, 30)
        answer = await self.media('answer', jingle.to_sdp(offer))
        await self.do(to, None, call, jingle.from_sdp(answer, 'session-accept', call, self.candidates, self.knows_tcp, responder=self.client.boundjid.full))

    async def hears(self, hertz, timeout=30):
        """Until that pitch is heard; what the browser tells of the connection then."""
        for _ in range(timeout * 4):
            told = await self.media('state')
            if abs(told['pitch'] - hertz) < 15:
                return told
            await asyncio.sleep(0.25)
        raise AssertionError(f'{self.name} does not hear {hertz} Hz: {told} {ET.tostring(self.asked[-1])[:600] if self.asked else None}')
