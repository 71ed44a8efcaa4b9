#!/usr/bin/python3
"""test_without_udp_web.py: people who call with Chromium where no datagram gets an answer: over TCP to the anchor, for those who say that they know how; and over
TURN in TLS, with what XEP-0215 tells them. Both hear the tone of the other."""
import asyncio
import shutil
import subprocess
import sys
import time

from harness.alone import ADDRESS, SKIP, alone
from harness.browser import CHROMIUM, WEB, Driver
from harness.client import befriend, element
from harness.tap import Cases
from harness.webrtc import Phone
from harness.world import World, main

case = Cases()
DISCO, ICE = 'urn:xmpp:extdisco:2', 'urn:xmpp:jingle:transports:ice:0'
THERE = ADDRESS.rsplit('.', 1)[0] + '.9'         # said of the anchor; nobody has UDP there
LOW, HIGH = 440, 1250                            # hertz
AGAIN_S = 11


class Calls(World):
    """Alice and Bob, each with a browser."""

    talks = False
    options = (f'anchor.address={ADDRESS}={THERE}', 'listen.mux=0.0.0.0:0')

    async def begin(self):
        self.driver = await self._stack.enter_async_context(Driver('call', self.at.folder / 'browsers'))
        self.alice = Phone(await self.client('alice'), self.driver, 'alice', LOW)
        self.bob = Phone(await self.client('bob'), self.driver, 'bob', HIGH)
        await befriend(self.alice.client, self.bob.client)

    async def relay_only(self, phone):
        """From now on that phone uses nothing but TURN, as the server tells of it."""
        answer = await phone.client.ask('get', element(f'{{{DISCO}}}services', type='turns'), self.at.domain)
        told = answer.find(f'.//{{{DISCO}}}service').attrib
        url = f"turns:{told['host']}:{told['port']}?transport={told['transport']}"
        phone.options['rtc'] = {'iceTransportPolicy': 'relay',
                                'iceServers': [{'urls': url, 'username': told['username'], 'credential': told['password']}]}

    async def talk(self, caller, callee):
        """A call in which both hear each other; how long it took from the offer on."""
        for phone in (caller, callee):
            await phone.open()
        call = caller.propose(callee.client.boundjid.bare)
        await callee.rung(call)
        sign = [element(f'{{{ICE}}}transport')] if callee.knows_tcp else []
        callee.say(caller.client.boundjid.full, 'proceed', call, *sign)
        to = await caller.said('proceed', call)
        begin = time.monotonic()
        await asyncio.gather(caller.initiate(to, call), callee.answer(caller.client.boundjid.full, call))
        told = await caller.hears(callee.options['pitch']), await callee.hears(caller.options['pitch'])
        print(f'# {time.monotonic() - begin:.2f} s from the offer until both hear each other')
        await caller.do(to, 'session-terminate', call)
        await callee.done('session-terminate', call)
        return told


@case('over TCP: both say that they know it, and hear each other', timeout=120)
async def _(world):
    for phone in world.alice, world.bob:
        phone.knows_tcp = True
    for told in await world.talk(world.alice, world.bob):
        assert told['state'] == 'connected' and set(told['addresses']) == {THERE}, told
        assert any(way == 'host tcp' for way in told['ways']), told


@case('over TURN in TLS: both with nothing else', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    for phone in world.alice, world.bob:
        phone.knows_tcp = False
        await world.relay_only(phone)
    for told in await world.talk(world.bob, world.alice):
        assert told['state'] == 'connected' and set(told['ways']) == {'relay tls'}, told


@case('over TURN at one side, over TCP at the other', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    world.bob.options.pop('rtc')
    world.bob.knows_tcp = True
    await world.relay_only(world.alice)
    await world.talk(world.alice, world.bob)


if __name__ == '__main__':
    if missing := [p for p in ('node', 'unshare', 'ip') if not shutil.which(p)] + ['chromium'] * (CHROMIUM is None):
        print(f"not installed: {', '.join(missing)}")
        sys.exit(SKIP)
    subprocess.run([WEB / 'install'], check=True)
    alone('for media on an interface that is not the loopback', interface=True)
    subprocess.run(['ip', 'address', 'add', f'{THERE}/24', 'dev', 'nowhere'], check=True)
    main(case, Calls, __doc__)
