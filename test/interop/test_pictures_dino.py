#!/usr/bin/python3
"""test_pictures_dino.py: calls with pictures of a person with Dino and one with Chromium, through the gate and the anchor. Dino has no camera
here, but shows what Chromium's sees. Apart from test_calls_dino.py: a Dino 0.4.2 that has shown pictures does not take every later call."""
import asyncio
import subprocess

from harness.alone import ADDRESS
from harness.anchor import nothing_invalid
from harness.browser import CHROMIUM, WEB, Driver
from harness.client import befriend
from harness.desk import main_alone, missing
from harness.dino import WAIT_S
from harness.dino_call import CallsWithDino
from harness.tap import Cases
from harness.webrtc import Phone

case = Cases()
AGAIN_S = 11           # what would ring sooner after a call, clients may answer by themselves: docs/calls.md
LOW, HIGH = 440, 1250                           # hertz: of Bob, of Alice


class Pictures(CallsWithDino):
    """Alice has Dino, Bob a browser."""

    talks = False
    options = (*CallsWithDino.options, f'anchor.address={ADDRESS}')

    async def begin(self):
        await super().begin()
        self.watcher = await self.client('alice')
        self.driver = await self._stack.enter_async_context(Driver('call', self.at.folder / 'browsers'))
        self.bob = Phone(await self.client('bob'), self.driver, 'bob', LOW, bundlePolicy='max-compat', video=True) # Dino knows no bundles
        await self.bob.announce()
        await befriend(self.watcher, self.bob.client)
        await self.start_dino(HIGH, 'bob')
        await self.bob.client.expect_presence(self.is_dino, WAIT_S)

    async def look_and_listen(self, dino, call):
        """Both, and the end of it."""
        await self.looks()
        await self.bob.hears(HIGH)
        await self.ear(LOW)
        await self.bob.do(dino, 'session-terminate', call)


@case('a call with pictures that Alice answers: she sees Bob, and each hears the other', timeout=120)
async def _(world):
    await world.bob.open()
    call = world.bob.propose(world.at.jid('alice'), video=True)
    await world.press('accept-call')
    dino = await world.bob.said('proceed', call, 30)
    await world.bob.initiate(dino, call)
    await world.look_and_listen(dino, call)


@case('a call with pictures that Alice makes: she sees Bob, and each hears the other', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    await world.bob.open()
    call, dino = await world.dial(lambda: world.bob.rung(timeout=5), video=True)
    world.bob.say(dino, 'proceed', call)
    await world.bob.answer(dino, call)
    await world.look_and_listen(dino, call)


@case('of all that Dino sent the anchor took nothing for invalid', only='sottod')
async def _(world):
    nothing_invalid(world.at)


if __name__ == '__main__':
    missing('node', 'pulseaudio', 'pacat', 'dbus-daemon', *['chromium'] * (CHROMIUM is None))
    subprocess.run([WEB / 'install'], check=True)
    main_alone(case, Pictures, __doc__, 'dino-im', interface=True)
