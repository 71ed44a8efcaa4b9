#!/usr/bin/python3
"""test_call.py: two sotto talk through sottod, its gate and its anchor: what one plays is in the recording of the other, both say
whether they compared keys, and a call ends on both sides however it ends."""
import asyncio
import json
import math
import struct
import wave

from harness.server import BIN
from harness.sotto import Sotto
from harness.tap import Cases, Skip
from harness.world import World, main
from test_chat_screen import Chat

case = Cases()

RATE = 48000
GRACE_S = 10.5                                  # so long after a call the same two do not ring again (docs/calls.md)
PATIENCE_S = 20


class Running:
    """A command that goes on, and what it has told so far."""

    def __init__(self, process):
        self.process, self.events = process, []

    @classmethod
    async def start(cls, sotto, *argv):
        return cls(await sotto.start(*argv))

    async def until(self, patience=PATIENCE_S, **wanted):
        """The first event, of those to come too, with these members."""
        def fits(event):
            return all(event.get(name) == value for name, value in wanted.items())

        for event in self.events:
            if fits(event):
                return event
        try:
            while line := await asyncio.wait_for(self.process.stdout.readline(), patience):
                self.events.append(json.loads(line))
                if fits(self.events[-1]):
                    return self.events[-1]
        except asyncio.TimeoutError:
            raise AssertionError(f'no {wanted}: {self.events}') from None
        errors = (await self.process.stderr.read()).decode()
        raise AssertionError(f'ended without {wanted}: {self.events} {errors}')

    async def end(self):
        """The exit status."""
        rest, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE_S)
        self.events += [json.loads(line) for line in rest.decode().splitlines()]
        return self.process.returncode


def tone(path, hertz, seconds=60):
    """A sine, as WAV."""
    with wave.open(str(path), 'wb') as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b''.join(
            struct.pack('<h', int(12000 * math.sin(2 * math.pi * hertz * i / RATE)))
            for i in range(RATE * seconds)))


def share(path, hertz):
    """How much of what was recorded is this tone, in the second half: 0 to 1. Tenths of a second count each for itself: where one
    packet came too late the tone begins anew, and is the same tone."""
    with wave.open(str(path), 'rb') as sound:
        assert sound.getnchannels() == 1 and sound.getsampwidth() == 2
        rate, n = sound.getframerate(), sound.getnframes()
        samples = struct.unpack(f'<{n}h', sound.readframes(n))[n // 2:]
    energy = sum(s * s for s in samples)
    if not samples or energy / len(samples) < 100 * 100:
        return 0.0
    w, tone, window = 2 * math.pi * hertz / rate, 0.0, rate // 10
    for at in range(0, len(samples) - window + 1, window):
        piece = samples[at:at + window]
        re = sum(s * math.cos(w * i) for i, s in enumerate(piece))
        im = sum(s * math.sin(w * i) for i, s in enumerate(piece))
        tone += 2 * (re * re + im * im) / window
    return tone / energy


class Calls(World):
    """Alice and Bob with sotto, who are contacts."""

    talks = False
    options = ('limits.exempt=127.0.0.0/8 ::1',)    # here somebody calls all the time

    async def begin(self):
        self.alice, self.bob = Sotto(self, 'alice'), Sotto(self, 'bob')
        for sotto in (self.alice, self.bob):
            await sotto.login()
        await self.alice.done('contacts', 'add', self.bob.jid)
        await self.bob.done('contacts', 'add', self.alice.jid)
        await self.bob.done('contacts', 'add', self.alice.jid)
        await self.alice.rest()
        await self.alice.send(self.bob.jid, 'shall we talk?')
        await self.bob.hear()
        await self.bob.send(self.alice.jid, 'yes')
        await self.alice.hear()
        self.high, self.low = self.at.folder / 'high.wav', self.at.folder / 'low.wav'
        tone(self.high, 880)
        tone(self.low, 440)

    def sound(self, name, play):
        """Options: what is played, and where to what is heard goes."""
        if not (BIN / 'sotto-media').exists():
            raise Skip('there is no sotto-media')
        return '--play', play, '--record', self.at.folder / f'{name}.wav'

    async def ring(self, *options, by=None):
        """Alice calls, or Bob: the run, and the id."""
        by = by or self.alice
        whom = self.bob if by is self.alice else self.alice
        run = await Running.start(by, 'call', whom.jid, *options)
        return run, (await run.until(event='call', state='calling'))['id']

    async def records(self, sotto, other):
        """The calls of a chat: (state, from)."""
        return [(e['state'], e['from']) for e in await sotto.done('history', other.jid)
                if e['event'] == 'call']


@case('wrong usage is status 2; nobody calls, and nothing waits for a ring as long as a machine could')
async def _(world):
    for argv in (['call'], ['call', 'nobody'], ['call', world.bob.jid + '/phone'],
                 ['call', world.bob.jid, '--seconds', 'long'], ['answer', '--timeout', '61'],
                 ['reject', 'one', 'two'], ['send', world.bob.jid, 'x', '--video']):
        status, events = await world.alice.run(*argv)
        assert status == 2 and events[-1]['code'] == 'usage', (argv, status, events)
    for word in 'answer', 'reject':
        status, events = await world.alice.run(word, '--timeout', '1')
        assert status == 1 and events[-1]['code'] == 'no-call', (status, events)
    status, events = await world.alice.run('answer', '0123456789abcdef', '--timeout', '1')
    assert status == 1 and events[-1]['code'] == 'no-call', (status, events)


@case('listen tells that it rings and answers nothing; a person declines; both chats have it')
async def _(world):
    listening = await Running.start(world.bob, 'listen', '--timeout', 60)
    await listening.until(event='online')
    call, name = await world.ring()
    event = await listening.until(event='call', state='ringing')
    assert event['id'] == name and event['from'] == world.alice.jid and event['media'] == ['audio'], event
    await call.until(event='call', state='rings')
    listening.process.terminate()
    assert await listening.end() == 0
    assert not [e for e in listening.events if e.get('state') == 'answered']
    await world.bob.done('reject', name)
    event = await call.until(event='call', state='ended')
    assert event['reason'] == 'They declined.', event
    assert await call.end() == 1
    assert await world.records(world.alice, world.bob) == [('declined', world.alice.jid)]
    assert await world.records(world.bob, world.alice) == [('declined', world.alice.jid)]


@case('who hangs up before anybody answers is missed by the other')
async def _(world):
    call, name = await world.ring(by=world.bob)
    listening = await Running.start(world.alice, 'listen', '--timeout', 60)
    await listening.until(event='call', state='ringing', id=name)
    call.process.terminate()
    await listening.until(event='call', state='missed', id=name)
    listening.process.terminate()
    assert await listening.end() == 0
    assert await call.end() == 1
    assert (await world.records(world.alice, world.bob))[-1] == ('missed', world.bob.jid)
    assert (await world.records(world.bob, world.alice))[-1] == ('retracted', world.bob.jid)


@case('the messenger shows that somebody calls, and declines when it is told to')
async def _(world):
    chat = Chat(world, world.alice, '--plain', name='calls')
    world._clients.callback(chat.close)
    await chat.expect('Connected')
    call, _ = await world.ring(by=world.bob)
    await chat.expect(f'{world.bob.jid} calls: /answer or /decline')
    await call.until(event='call', state='rings')
    chat.type('/decline')
    event = await call.until(event='call', state='ended')
    assert event['reason'] == 'They declined.', event
    assert await call.end() == 1
    chat.type('/decline')
    await chat.expect('Nobody calls')
    chat.type('/quit')
    await chat.expect('ended with 0')


@case('a device that is distrusted is not talked to')
async def _(world):
    theirs = [e['fingerprint'] for e in await world.bob.devices()][0]
    sounds = world.sound('alice', world.high), world.sound('bob', world.low)
    await world.alice.done('trust', world.bob.jid, theirs, '--distrust')
    call, name = await world.ring(*sounds[0])
    answer = await Running.start(world.bob, 'answer', name, *sounds[1])
    assert await call.end() == 1 and await answer.end() == 1
    assert not [e for e in call.events + answer.events if e.get('state') == 'connected']
    reason = [e for e in call.events if e.get('state') == 'ended'][0]['reason']
    assert 'distrust' in reason, reason
    await world.alice.done('trust', world.bob.jid, theirs)


@case('what cannot be played or recorded is said before it rings')
async def _(world):
    for files in (['--play', '/nonexistent'], ['--record', '/nonexistent/sound.wav']):
        status, events = await world.alice.run('call', world.bob.jid, *files)
        assert status == 1 and [e.get('code') for e in events] == ['file'], (status, events)


@case('what one plays the other records; nobody has compared keys, and that is said')
async def _(world):
    sounds = world.sound('alice', world.high), world.sound('bob', world.low)
    await asyncio.sleep(GRACE_S)
    call, name = await world.ring(*sounds[0])
    answer = await Running.start(world.bob, 'answer', name, *sounds[1])
    for run in (call, answer):
        event = await run.until(event='call', state='connected')
        assert event['trust'] == 'trusted', event
    quality = await call.until(event='quality')
    assert quality['id'] == name
    await asyncio.sleep(5)
    call.process.terminate()
    assert await call.end() == 0 and await answer.end() == 0, (call.events, answer.events)
    assert share(world.at.folder / 'bob.wav', 880) > 0.8
    assert share(world.at.folder / 'alice.wav', 440) > 0.8
    assert (await world.records(world.alice, world.bob))[-1] == ('talked', world.alice.jid)
    assert (await world.records(world.bob, world.alice))[-1] == ('talked', world.alice.jid)


@case('once they have compared keys, both are told that the call is verified')
async def _(world):
    sounds = world.sound('alice', world.high), world.sound('bob', world.low)
    await asyncio.sleep(GRACE_S)
    for one, other in ((world.alice, world.bob), (world.bob, world.alice)):
        theirs = [e['fingerprint'] for e in await other.devices() if e.get('this', True)][0]
        await one.done('verify', other.jid, theirs)
    call, name = await world.ring('--seconds', 3, *sounds[0])
    answer = await Running.start(world.bob, 'answer', *sounds[1])
    for run in (call, answer):
        event = await run.until(event='call', state='connected')
        assert event['trust'] == 'verified', event
    assert await call.end() == 0 and await answer.end() == 0, (call.events, answer.events)
    assert (await call.until(event='call', state='ended'))['trust'] == 'verified'


class Broken(Sotto):
    """Bob, whose media process is a script."""

    def __init__(self, of, script):
        self.__dict__.update(of.__dict__)
        self.programs = of.world.at.folder / 'broken'
        self.programs.mkdir(exist_ok=True)
        here = self.programs / 'sotto'
        here.unlink(missing_ok=True)
        here.symlink_to(BIN / 'sotto')          # it is looked for beside the name it was called by, too
        media = self.programs / 'sotto-media'
        media.write_text('#!/bin/sh\n' + script)
        media.chmod(0o700)

    async def start(self, *argv):
        return await asyncio.create_subprocess_exec(
            *[str(a) for a in [self.programs / 'sotto', *self.options, *argv]], stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)


@case('a media process that dies is told of: the signal, the sandbox, its last words; the other side is rid of the call', timeout=90)
async def _(world):
    for script, code, words in (('kill -SYS $$', 'signal:SIGSYS', 'sandbox'),
                                ('echo no room >&2\nexit 7', 'exit:7', 'Its last words: no room')):
        await asyncio.sleep(GRACE_S)
        call, name = await world.ring(*world.sound('alice', world.high))
        answer = await Running.start(Broken(world.bob, script), 'answer', name)
        assert await answer.end() == 1, answer.events
        error = [e for e in answer.events if e['event'] == 'error'][0]
        assert error['code'] == 'call' and error['media'] == code and words in error['text'], error
        assert await call.end() == 1
        assert [e for e in call.events if e.get('state') == 'ended'][0]['reason'], call.events


@case('who hears the goodbye by the media first lets the other one hang up; none of these calls is an event', timeout=120)
async def _(world):
    await asyncio.sleep(GRACE_S)
    call, name = await world.ring(*world.sound('alice', world.high), '--seconds', '2')
    answer = await Running.start(world.bob, 'answer', name, *world.sound('bob', world.low))
    assert await call.end() == 0 and await answer.end() == 0
    event = [e for e in answer.events if e.get('state') == 'ended'][0]
    assert event['reason'] == 'They hung up.', event
    events = json.loads(world.at.ctl('--json', 'events', '--count', '1000'))
    assert {e['reason_code'] for e in events} <= {'hung_up'}, events


if __name__ == '__main__':
    main(case, Calls, __doc__)
