#!/usr/bin/python3
"""test_calls_web.py: people who call with a browser: Chromium's media, slixmpp's words, and a conversion between SDP and Jingle that
is not ours. Both hear the tone of the other."""
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import jingle
from harness.alone import ADDRESS, SKIP, alone
from harness.browser import CHROMIUM, WEB, Driver
from harness.client import befriend
from harness.tap import Cases
from harness.webrtc import Phone
from harness.world import World, main
from slixmpp.exceptions import IqError

case = Cases()
OFFER = f"""v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=fingerprint:sha-256 {':'.join(['AB'] * 32)}
a=setup:actpass
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=candidate:1 1 udp 2130706431 198.51.100.7 40000 typ host
"""
LOW, HIGH = 440, 1250                           # hertz


class Calls(World):
    """Alice and Bob, each with a browser."""

    talks = False
    options = (f'anchor.address={ADDRESS}',)

    async def begin(self):
        self.driver = await self._stack.enter_async_context(Driver('call', self.at.folder / 'browsers'))
        self.alice = Phone(await self.client('alice'), self.driver, 'alice', LOW)
        self.bob = Phone(await self.client('bob'), self.driver, 'bob', HIGH)
        await befriend(self.alice.client, self.bob.client)

    async def connect(self, caller, callee, video=False):
        """A call that is accepted; its id, and the full JIDs of both as they see each other."""
        for phone in (caller, callee):
            phone.options['video'] = video
            await phone.open()
        call = caller.propose(callee.client.boundjid.bare, video)
        assert (await callee.rung(call)) == (call, caller.client.boundjid.full)
        callee.say(caller.client.boundjid.full, 'proceed', call)
        to = await caller.said('proceed', call)
        assert to == callee.client.boundjid.full, to
        await asyncio.gather(caller.initiate(to, call), callee.answer(caller.client.boundjid.full, call))
        return call


@case('a device that is told of a call opens nothing before somebody accepts', timeout=60)
async def _(world):
    call = world.alice.propose(world.bob.client.boundjid.bare)
    await world.bob.rung(call)
    try:
        await world.alice.do(world.bob.client.boundjid.full, None, call, jingle.from_sdp(OFFER, 'session-initiate', call))
        raise AssertionError('the offer was taken')
    except IqError as error:
        assert error.condition == 'item-not-found', error
    world.bob.say(world.alice.client.boundjid.full, 'reject', call)
    await world.alice.said('reject', call)
    assert not any(iq.find(f'{{{jingle.JINGLE}}}jingle').get('sid') == call for iq in world.bob.asked)


@case('both hear each other', timeout=180)
async def _(world):
    call = await world.connect(world.alice, world.bob)
    told = await world.alice.hears(HIGH)
    assert told['state'] == 'connected' and set(told['addresses']) == {ADDRESS}, told
    await world.bob.hears(LOW)
    await world.alice.do(world.bob.client.boundjid.full, 'session-terminate', call)
    await world.bob.done('session-terminate', call)


@case('both see each other', timeout=180)
async def _(world):
    call = await world.connect(world.bob, world.alice, video=True)
    for phone, pitch in ((world.alice, HIGH), (world.bob, LOW)):
        told = await phone.hears(pitch)
        for _ in range(40):
            if told['inbound']['video']['frames'] > 5:
                break
            await asyncio.sleep(0.25)
            told = await phone.media('state')
        assert told['inbound']['video']['frames'] > 5, told
    await world.bob.do(world.alice.client.boundjid.full, 'session-terminate', call)
    await world.alice.done('session-terminate', call)


AGAIN_S = 11           # what would ring sooner after a call, clients may answer by themselves: docs/calls.md


async def more(phone, packets, seconds=20):
    """Until so much more sound has come; in how many seconds."""
    start, before = time.monotonic(), None
    while time.monotonic() - start < seconds:
        told = (await phone.media('state'))['inbound'].get('audio', {'packets': 0})['packets']
        before = told if before is None else before
        if told >= before + packets:
            return time.monotonic() - start
        await asyncio.sleep(0.25)
    raise AssertionError(f'{phone.name}: {before}, then {told} packets in {seconds} s')


def kill(world, name):
    """A process that sottod started: SIGKILL."""
    pid = world.at.process.pid
    for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
        if Path(f'/proc/{child}/cmdline').read_bytes().startswith(name):
            os.kill(int(child), signal.SIGKILL)
            return
    raise AssertionError(f'there is no {name}')


@case('the anchor dies: they hear each other again', timeout=180, only='sottod')
async def _(world):
    await asyncio.sleep(AGAIN_S)
    call = await world.connect(world.alice, world.bob)
    for phone in world.alice, world.bob:
        await more(phone, 50)
    kill(world, b'sotto-anchor')
    for phone in world.alice, world.bob:
        print(f'# {await more(phone, 50):.1f} s until a second of sound')
    await world.alice.do(world.bob.client.boundjid.full, 'session-terminate', call)
    await world.bob.done('session-terminate', call)


@case('the server dies: they go on hearing each other', timeout=180, only='sottod')
async def _(world):
    await asyncio.sleep(AGAIN_S)
    await world.connect(world.alice, world.bob)
    for phone in world.alice, world.bob:
        await more(phone, 50)
    kill(world, b'sottod: server')
    for phone in world.alice, world.bob:
        await more(phone, 250)
        assert (await phone.media('state'))['state'] == 'connected'


@case('all of that went through the anchor', only='sottod')
async def _(world):
    for _ in range(60):
        told = json.loads(world.at.ctl('--json', 'stats'))['anchor']
        if told['forwarded'] > 200:
            break
        await asyncio.sleep(0.25)
    assert told['up'] and told['forwarded'] > 200, told


if __name__ == '__main__':
    if missing := [p for p in ('node', 'unshare', 'ip') if not shutil.which(p)] + ['chromium'] * (CHROMIUM is None):
        print(f"not installed: {', '.join(missing)}")
        sys.exit(SKIP)
    subprocess.run([WEB / 'install'], check=True)
    alone('for media on an interface that is not the loopback', interface=True)
    main(case, Calls, __doc__)
