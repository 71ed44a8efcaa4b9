#!/usr/bin/python3
"""test_calls_dino.py: a person with Dino calls and is called: Dino's media on one side, Chromium's or those of sotto on the other, the gate
and the anchor between them. What one says, the other hears; of a call that is declined, nothing. With sotto each proves by OMEMO who it is, if they have a session."""
import asyncio
import subprocess

from harness.alone import ADDRESS
from harness.anchor import nothing_invalid
from harness.browser import CHROMIUM, WEB, Driver
from harness.client import befriend
from harness.desk import main_alone, missing
from harness.dino import HEARD, WAIT_S
from harness.dino_call import CallsWithDino
from harness.media import read_wav, write_wav
from harness.omemo import DEVICE_LIST, OLD, keys_announced
from harness.sotto import Sotto
from harness.tap import Cases
from harness.tones import beeps, share_of_beeps
from harness.webrtc import Phone
from test_call import Running

case = Cases()
SOUND_S = 5
HELLO = 'Are you there?'
UNPROVEN = 'Nothing proves who is calling'
STATE = 'SELECT state FROM call ORDER BY id DESC'    # of the newest one, as Dino keeps it
MISSED = 6
AGAIN_S = 11           # what would ring sooner after a call, clients may answer by themselves: docs/calls.md
LOW, HIGH = 440, 1250                           # hertz: of Bob, of Alice


class Calls(CallsWithDino):
    """Alice has Dino, Bob a browser."""

    talks = False
    names = ('alice', 'bob', 'carol', 'dave')
    options = (*CallsWithDino.options, f'anchor.address={ADDRESS}')

    async def begin(self):
        await super().begin()
        self.watcher = await self.client('alice', notify=[DEVICE_LIST[OLD]])
        self.driver = await self._stack.enter_async_context(Driver('call', self.at.folder / 'browsers'))
        self.bob = Phone(await self.client('bob'), self.driver, 'bob', LOW, bundlePolicy='max-compat') # Dino knows no bundles
        await self.bob.announce()
        await befriend(self.watcher, self.bob.client)
        self.carol = Sotto(self, 'carol')
        self.dave = Sotto(self, 'dave')         # nobody has written to him
        for sotto in self.carol, self.dave:
            await sotto.login()
            await self.befriend_sotto(sotto)
        write_wav(self.at.folder / 'low.wav', beeps(LOW, 120, every_s=0.7))
        await self.start_dino(HIGH, 'bob', 'carol', 'dave')
        await self.bob.client.expect_presence(self.is_dino, WAIT_S)
        await keys_announced(self.watcher, WAIT_S)
        await self.carol.send(self.at.jid('alice'), HELLO)  # Dino proves itself only where it has a session
        await self.until(HEARD, HELLO)

    async def befriend_sotto(self, sotto):
        """It and Alice's other client know each other."""
        await sotto.done('contacts', 'add', self.at.jid('alice'))
        self.watcher.send_presence(pto=sotto.jid, ptype='subscribed')
        self.watcher.send_presence(pto=sotto.jid, ptype='subscribe')
        await sotto.done('contacts', 'add', self.at.jid('alice'))

    async def sotto_begins(self, *argv, name, by=None):
        """A run of sotto that plays its tone and records."""
        return await Running.start(by or self.carol, *argv, '--play', self.at.folder / 'low.wav', '--record', self.at.folder / f'{name}.wav')


@case('a call that Alice declines ends for Bob', timeout=90)
async def _(world):
    call = world.bob.propose(world.at.jid('alice'))
    await world.press('reject-call')
    await world.bob.said('reject', call)


@case('a call that Alice answers: each hears the other', timeout=120)
async def _(world):
    await world.bob.open()
    call = world.bob.propose(world.at.jid('alice'))
    await world.press('accept-call')
    dino = await world.bob.said('proceed', call, 30)
    await world.bob.initiate(dino, call)
    told = await world.bob.hears(HIGH)
    assert set(told['addresses']) == {ADDRESS}, told
    await world.ear(LOW)
    await world.bob.do(dino, 'session-terminate', call)


@case('a call that Alice makes: each hears the other', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    await world.bob.open()
    call, dino = await world.dial(lambda: world.bob.rung(timeout=5))
    world.bob.say(dino, 'ringing', call)
    world.bob.say(dino, 'proceed', call)
    await world.bob.answer(dino, call)
    told = await world.bob.hears(HIGH)
    assert set(told['addresses']) == {ADDRESS}, told
    await world.ear(LOW)
    await world.bob.do(dino, 'session-terminate', call)


@case('a call that Bob gives up once Alice has answered is over for Dino', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    call = world.bob.propose(world.at.jid('alice'))
    await world.press('accept-call')
    dino = await world.bob.said('proceed', call, 30)
    world.bob.say(dino, 'finish', call)
    await world.until(STATE, row=(MISSED,))


# ---- Carol has sotto, and so has Dave


async def sotto_talks(world, run):
    """Until Carol is connected and Alice hears her; what Carol was told."""
    told = await run.until(event='call', state='connected')
    await world.ear(LOW)
    return told


async def sotto_ends(world, run, name):
    """She hangs up; what she heard is in her recording."""
    run.process.terminate()
    assert await run.end() == 0, run.events
    heard = read_wav(world.at.folder / f'{name}.wav')
    share = share_of_beeps(heard[len(heard) // 2:], HIGH)
    assert share > 0.5, share


@case('sotto calls Dino: each hears the other, and Dino is who its keys say', timeout=120)
async def _(world):
    run = await world.sotto_begins('call', world.at.jid('alice'), name='called')
    await world.press('accept-call', 'carol')
    assert (await sotto_talks(world, run))['trust'] == 'trusted'
    await asyncio.sleep(SOUND_S)
    await sotto_ends(world, run, 'called')


@case('Dino calls sotto: each hears the other, and Dino is who its keys say', timeout=120)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    run = await world.sotto_begins('answer', '--timeout', 60, name='answered')
    await world.dial(lambda: run.until(event='call', state='ringing', patience=5), 'carol')
    assert (await sotto_talks(world, run))['trust'] == 'trusted'
    await asyncio.sleep(SOUND_S)
    await sotto_ends(world, run, 'answered')


@case('Dino calls a sotto that it has no session with: nothing proves who it is, so the call ends with a sentence', timeout=120)
async def _(world):
    run = await world.sotto_begins('answer', '--timeout', 60, name='unproven', by=world.dave)
    await world.dial(lambda: run.until(event='call', state='ringing', patience=5), 'dave')
    told = await run.until(event='call', state='ended')
    assert UNPROVEN in told['reason'], told
    await run.end()


@case('Dave calls back: the call is proven, and so is the next one that Dino makes', timeout=150)
async def _(world):
    await asyncio.sleep(AGAIN_S)
    run = await world.sotto_begins('call', world.at.jid('alice'), name='back', by=world.dave)
    await world.press('accept-call', 'dave')
    assert (await sotto_talks(world, run))['trust'] == 'trusted'
    await asyncio.sleep(SOUND_S)
    await sotto_ends(world, run, 'back')
    await asyncio.sleep(AGAIN_S)
    run = await world.sotto_begins('answer', '--timeout', 60, name='again', by=world.dave)
    await world.dial(lambda: run.until(event='call', state='ringing', patience=5), 'dave')
    assert (await sotto_talks(world, run))['trust'] == 'trusted'
    await asyncio.sleep(SOUND_S)
    await sotto_ends(world, run, 'again')


@case('of all that Dino sent the anchor took nothing for invalid', only='sottod')
async def _(world):
    nothing_invalid(world.at)


if __name__ == '__main__':
    missing('node', 'pulseaudio', 'pacat', 'dbus-daemon', *['chromium'] * (CHROMIUM is None))
    subprocess.run([WEB / 'install'], check=True)
    main_alone(case, Calls, __doc__, 'dino-im', interface=True)
