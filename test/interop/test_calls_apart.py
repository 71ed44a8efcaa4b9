#!/usr/bin/python3
"""test_calls_apart.py: the person who calls and the one who is called in networks of their own, each with nothing but the server at the
other end of its wire: sotto with Chromium, sotto with Firefox, Firefox with Chromium. What one plays the other hears, the browsers'
counts agree, nothing reaches the callee before somebody accepts, and neither ever has the other's address.

    caller, 10.71.0.2  --veth--  10.71.0.1  server and anchor  10.72.0.1  --veth--  callee, 10.72.0.2           nothing is routed
"""
import asyncio
import sys
import xml.etree.ElementTree as ET

from harness import anchor as at
from harness.client import befriend
from harness.firefox import NAME as FIREFOX
from harness.media import read_wav, share_of_tone
from harness.sotto import Sotto
from harness.tap import Cases
from harness.webrtc import Phone
from harness.world import World, main
from test_call import Running, tone

case = Cases()
SKIP = 77
LOW, HIGH = 440, 1250                           # hertz: of who calls, of who answers
FIREFOX_SAYS = 1000                             # its pretended microphone; without a device to play on it has no AudioContext
AGAIN_S = 11                                    # what would ring sooner after a call, clients may answer by themselves
WATCHED_S = 2                                   # so long it rings, and nothing may come
SOUND_S = 5


class FarPhone(Phone):
    """A device whose media are in another network than its words."""

    def __init__(self, client, world, side):
        super().__init__(client, None, side, 0)
        self.world, self.side, self.page = world, side, None

    async def open(self, browser):
        """A new one for each call."""
        self.close()
        self.whistles = browser is not at.firefox
        self.pitch = (LOW if self.side == 'a' else HIGH) if self.whistles else FIREFOX_SAYS
        self.page = await asyncio.to_thread(browser, self.world.networks, self.side,
                                            self.world.at.folder / f'{browser.__name__}-{self.world.next()}')

    async def media(self, what, *sdp):
        if what == 'state':
            return await asyncio.to_thread(self.page.do, 'count')
        order = {'sdp': sdp[0]} if sdp else {}
        if what in ('offer', 'answer') and self.whistles:
            order['pitch'] = self.pitch
        return (await asyncio.to_thread(lambda: self.page.do(what, **order))).get('sdp')

    async def connected(self):
        for _ in range(120):
            told = await self.media('state')
            if told['state'] == 'connected':
                break
            await asyncio.sleep(0.25)
        return told

    def close(self):
        if self.page is not None:
            self.page.kill()
        self.page = None


class Apart(World):
    """Alice calls from one network, Bob answers in another; each has sotto there, and a browser."""

    talks = False
    options = (f"listen.c2s=127.0.0.1:0 {at.PLACES['a']}:5222 {at.PLACES['b']}:5222",
               f"anchor.address={at.PLACES['a']} {at.PLACES['b']}", 'limits.exempt=127.0.0.0/8 10.0.0.0/8')
    networks = None                             # before there is one of these
    names = ('alice', 'bob', 'anna', 'bert')    # the last two have sotto
    number = 0

    def next(self):
        self.number += 1
        return self.number

    async def begin(self):
        self.alice = FarPhone(await self.client('alice'), self, 'a')
        self.bob = FarPhone(await self.client('bob'), self, 'b')
        for phone in self.alice, self.bob:
            self._stack.callback(phone.close)
        await befriend(self.alice.client, self.bob.client)
        self.anna, self.bert = self.sotto('anna', 'a'), self.sotto('bert', 'b')
        await self.anna.login()
        await self.bert.login()
        await self.acquaint(self.anna, self.bob.client)
        await self.acquaint(self.bert, self.alice.client)
        tone(self.at.folder / f'{LOW}.wav', LOW)
        tone(self.at.folder / f'{HIGH}.wav', HIGH)

    def sotto(self, name, side):
        made = Sotto(self, name, connect=f'{at.PLACES[side]}:5222')
        made.within = ('ip', 'netns', 'exec', self.networks.names[side])
        return made

    async def acquaint(self, sotto, client):
        """Both show each other their presence."""
        await sotto.done('contacts', 'add', client.boundjid.bare)
        client.send_presence(pto=sotto.jid, ptype='subscribed')
        client.send_presence(pto=sotto.jid, ptype='subscribe')
        await sotto.done('contacts', 'add', client.boundjid.bare)

    async def run(self, sotto, *argv, play):
        return await Running.start(sotto, *argv, '--play', self.at.folder / f'{play}.wav', '--record', self.at.folder / 'heard.wav')

    async def recorded(self, run, hertz):
        """Sotto hangs up; its record."""
        run.process.terminate()
        assert await run.end() == 0, run.events
        heard = read_wav(self.at.folder / 'heard.wav')
        share = share_of_tone(heard[len(heard) // 2:], hertz)
        assert share > 0.8, share


class Wires:
    """What passes on both wires during a call."""

    def __init__(self, world):
        self.world = world

    def __enter__(self):
        self.wires = {side: at.Wire(self.world.networks, side) for side in 'ab'}
        return self

    def __exit__(self, kind, *_):
        for wire in self.wires.values():
            wire.close()
        if kind is None:
            self.judge()

    def nothing_came(self, side):
        """Before somebody accepts: not one datagram."""
        assert self.wires[side].udp_in == 0, self.wires[side].udp_in

    def judge(self):
        """Neither the other's address nor that of the other's wire, in any form, nor anything that names them among the words."""
        for side, other in ('a', 'b'), ('b', 'a'):
            wire = self.wires[side]
            assert len(wire.frames) > 200, len(wire.frames)
            assert wire.mentions(at.HOSTS[other]) == 0, (side, other)
        for phone in self.world.alice, self.world.bob:
            other = at.HOSTS['b' if phone.side == 'a' else 'a']
            assert not any(other in ET.tostring(iq, encoding='unicode') for iq in phone.asked)


async def hears(phone, hertz):
    """Until the browser hears that tone, as far as it can tell; its counts."""
    told = await (phone.hears(hertz) if phone.whistles else phone.connected())
    assert told['state'] == 'connected' and set(told['addresses']) <= set(at.PLACES.values()), told
    before = told['audio']
    for _ in range(80):
        told = await phone.media('state')
        if told['audio'] > before + 100:
            break
        await asyncio.sleep(0.1)
    assert told['audio'] > before + 100 and told['lost'] == 0, told


for browser in at.chromium, at.firefox:
    @case(f'sotto calls {browser.__name__}: each hears the other, neither knows where the other is', timeout=150)
    async def _(world, browser=browser):
        await world.bob.open(browser)
        with Wires(world) as wires:
            run = await world.run(world.anna, 'call', world.bob.client.boundjid.bare, play=LOW)
            call, caller = await world.bob.rung((await run.until(event='call', state='calling'))['id'])
            await asyncio.sleep(WATCHED_S)
            wires.nothing_came('b')
            world.bob.say(caller, 'proceed', call)
            await world.bob.answer(caller, call)
            await run.until(event='call', state='connected')
            await hears(world.bob, LOW)
            await asyncio.sleep(SOUND_S)
            await world.recorded(run, world.bob.pitch)
            at.nothing_invalid(world.at)

    @case(f'{browser.__name__} calls sotto: each hears the other, neither knows where the other is', timeout=150)
    async def _(world, browser=browser):
        await world.alice.open(browser)
        with Wires(world) as wires:
            call = world.alice.propose(world.bert.jid)
            await asyncio.sleep(WATCHED_S)
            wires.nothing_came('b')
            run = await world.run(world.bert, 'answer', play=HIGH)
            to = await world.alice.said('proceed', call)
            await world.alice.initiate(to, call)
            await run.until(event='call', state='connected')
            await hears(world.alice, HIGH)
            await asyncio.sleep(SOUND_S)
            await world.recorded(run, world.alice.pitch)
            at.nothing_invalid(world.at)


for calling, answering in (at.firefox, at.chromium), (at.chromium, at.firefox):
    @case(f'{calling.__name__} calls {answering.__name__}: each hears the other, neither knows where the other is', timeout=150)
    async def _(world, calling=calling, answering=answering):
        await asyncio.sleep(AGAIN_S)
        await asyncio.gather(world.alice.open(calling), world.bob.open(answering))
        with Wires(world) as wires:
            call = world.alice.propose(world.bob.client.boundjid.bare)
            _, caller = await world.bob.rung(call)
            await asyncio.sleep(WATCHED_S)
            wires.nothing_came('b')
            world.bob.say(caller, 'proceed', call)
            to = await world.alice.said('proceed', call)
            await asyncio.gather(world.alice.initiate(to, call), world.bob.answer(caller, call))
            await asyncio.gather(hears(world.alice, world.bob.pitch), hears(world.bob, world.alice.pitch))
            await world.alice.do(to, 'session-terminate', call)
            await world.bob.done('session-terminate', call)
            at.nothing_invalid(world.at)


if __name__ == '__main__':
    if why := at.can('node', 'chromium', FIREFOX):
        print(why)
        sys.exit(SKIP)
    at.run(at.ROOT / 'test/web/install')
    with at.Networks() as networks, networks.inside('s'):
        Apart.networks = networks
        main(case, Apart, __doc__)
