#!/usr/bin/python3
"""test_bot.py: one run of sotto has the account open, and others do their work through it, as a bot does that listens and answers:
what they print, and how they end, is as if they had run by themselves."""
import asyncio
import json
import os
import re
import signal
import socket
import stat
import time

from harness.server import BIN, ROOT
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_chat_screen import Chat
from test_call import Running, share, tone
from test_sotto import failed

case = Cases()


class Bots(World):
    """Alice and Carol, who act by runs of their own, and Bob, whose account a listener has open."""

    names = ('alice', 'bob', 'carol')
    talks = False
    options = ('limits.exempt=127.0.0.0/8 ::1',)    # here somebody calls all the time

    async def begin(self):
        self.alice, self.bob, self.carol = (Sotto(self, name) for name in self.names)
        for sotto in (self.alice, self.bob, self.carol):
            await sotto.login()
        for friend in (self.alice, self.carol):
            await friend.done('contacts', 'add', self.bob.jid)
            await self.bob.done('contacts', 'add', friend.jid)
            await self.bob.done('contacts', 'add', friend.jid, friend.name.title())
            await friend.rest()
        await self.alice.send(self.bob.jid, 'are you a bot?')
        await self.bob.hear()
        await self.bob.send(self.alice.jid, 'not yet')
        await self.bob.send(self.carol.jid, 'you may call')
        await self.alice.hear()

    def place(self, sotto):
        """The socket of its account's folder."""
        return sotto.folder / 'commands'


class listening:
    """A listener that is there for others; at the end it ends in order."""

    def __init__(self, sotto, *argv):
        self.sotto, self.argv = sotto, argv

    async def __aenter__(self):
        self.run = await Running.start(self.sotto, 'listen', *self.argv)
        await self.run.until(event='online')
        return self.run

    async def __aexit__(self, wrong, *_):
        process = self.run.process
        if process.returncode is None:
            process.kill() if wrong else process.terminate()
        if not wrong:
            assert await self.run.end() in (0, -signal.SIGKILL), self.run.events


@case('the bot of the README answers what it hears')
async def _(world):
    loop = re.search(r'```sh\n(#!/bin/sh\n.*?listen.*?)```', (ROOT / 'README.md').read_text(), re.DOTALL)[1]
    script = world.at.folder / 'bot.sh'
    script.write_text(loop)
    bin = world.at.folder / 'bin'
    bin.mkdir()
    (bin / 'sotto').write_text('#!/bin/sh\nexec %s %s "$@"\n' % (
        BIN / 'sotto', ' '.join(f"'{o}'" for o in world.bob.options if o != '--json')))
    (bin / 'sotto').chmod(0o755)
    bot = await asyncio.create_subprocess_exec(
        'sh', script, env={**os.environ, 'PATH': f'{bin}:{os.environ["PATH"]}'}, start_new_session=True)
    try:
        for text in 'hello', 'what is the time?', "it's \"quoted\" $HOME `id`":
            await world.alice.send(world.bob.jid, text)
            (heard,) = await world.alice.hear()
            assert heard == (world.bob.jid, f'You wrote: {text}', 'omemo:2'), heard
    finally:
        os.killpg(bot.pid, signal.SIGTERM)
        await bot.wait()


@case('what is asked while it listens: send, from an argument or from standard input, and what was said')
async def _(world):
    async with listening(world.bob) as bot:
        assert stat.S_IMODE(world.place(world.bob).stat().st_mode) == 0o600
        (sent,) = await world.bob.send(world.alice.jid, 'from an argument')
        assert sent['event'] == 'sent' and sent['encryption'] == 'omemo:2', sent
        status, _ = await world.bob.run('send', world.alice.jid, stdin='--two\nlines\n')
        assert status == 0
        assert [h[1] for h in await world.alice.hear(2)] == ['from an argument', '--two\nlines']
        assert (await world.bob.history(world.alice.jid))[-1] == (world.bob.jid, '--two\nlines')
        (found,) = await world.bob.done('search', 'LINES two')
        assert found['body'] == '--two\nlines', found
        (reply,) = await world.bob.send(world.alice.jid, 'three', '--correct', sent['target'])
        assert reply['event'] == 'sent', reply
    assert not world.place(world.bob).exists()
    assert [h[1] for h in await world.bob.history(world.alice.jid)][-2:] == ['three', '--two\nlines']


@case('for people it is the same words, and errors are errors')
async def _(world):
    async def words(*argv, status=0):
        process = await plain.start(*argv)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == status, (argv, process.returncode, out, err)
        return out.decode(), err.decode()

    plain = Sotto(world, 'bob')
    plain.options = [o for o in plain.options if o != '--json']
    asked = (['history', world.alice.jid], ['history', world.alice.jid, '--limit', '0'], ['search', ' '],
             ['contacts'], ['trust', world.alice.jid], ['trust', world.alice.jid, '00', '--distrust'],
             ['send', 'nobody', 'text'], ['send', world.alice.jid, 'x', '--reply', 'none'],
             ['contacts', 'remove', 'nobody@localhost'], ['block'], ['requests'], ['file', 'list', world.alice.jid],
             ['answer', '--timeout', '1'], ['reject', 'none', '--timeout', '1'])
    usual = (0, 2, 2, 0, 0, 2, 2, 1, 1, 0, 0, 0, 1, 1)
    async def all_of_them():
        return [await words(*argv, status=status) for argv, status in zip(asked, usual)]
    apart = await all_of_them()
    async with listening(world.bob) as bot:
        together = await all_of_them()
    for argv, one, other in zip(asked, apart, together):
        if argv == ['contacts']:                        # in no order
            one, other = [sorted(out.splitlines()) for out, _ in (one, other)]
        assert one == other, (argv, one, other)


@case('people, keys, devices, invitations')
async def _(world):
    async with listening(world.bob) as bot:
        await world.bob.done('contacts', 'rename', world.alice.jid, 'Alice A.')
        (contact,) = [c for c in await world.bob.done('contacts') if c['jid'] == world.alice.jid]
        assert contact['name'] == 'Alice A.' and contact['subscription'] == 'both', contact
        key = (await world.bob.done('trust', world.alice.jid))[0]
        for word, more, want in (('trust', ['--distrust'], 'distrusted'), ('verify', [], 'verified')):
            await world.bob.done(word, world.alice.jid, key['fingerprint'], *more)
            (now,) = [k for k in await world.bob.done('trust', world.alice.jid) if k['id'] == key['id']]
            assert now['trust'] == want, (word, now)
        assert len(await world.bob.devices()) == 1
        (app,) = await world.bob.done('devices', 'add-app', 'a telephone')
        await world.bob.done('devices', 'revoke', app['id'])
        await world.bob.done('block', 'carol@elsewhere.test')
        assert [e['jid'] for e in await world.bob.done('block')] == ['carol@elsewhere.test']
        await world.bob.done('unblock', 'carol@elsewhere.test')
        assert (await world.bob.done('invite'))[0]['event'] == 'invitation'
        await world.bob.done('timer', world.alice.jid, 'off')
        await world.bob.done('read', world.alice.jid)
    (now,) = [k for k in await world.bob.done('trust', world.alice.jid) if k['id'] == key['id']]
    assert now['trust'] == 'verified', now


@case('files go by the folder of who asks')
async def _(world):
    async with listening(world.bob) as bot:
        for sotto in world.alice, world.bob:
            sotto.here = world.at.folder / f'of-{sotto.name}'
            sotto.here.mkdir()
            sotto.how = {'cwd': sotto.here}
        (world.bob.here / 'plan.txt').write_text('at noon\n')
        await world.bob.done('file', 'send', world.alice.jid, 'plan.txt')
        got = await world.alice.done('listen', '--count', 1, '--timeout', 20)
        id = next(e['id'] for e in got if e['event'] == 'message')
        await world.alice.done('file', 'get', world.bob.jid, id)
        assert (world.alice.here / 'plan.txt').read_text() == 'at noon\n'
        await world.alice.done('file', 'send', world.bob.jid, 'plan.txt', '--keep-metadata')
        heard = await bot.until(event='message', **{'from': world.alice.jid})
        await world.bob.done('file', 'get', world.alice.jid, heard['id'], '-o', 'theirs.txt')
        assert (world.bob.here / 'theirs.txt').read_text() == 'at noon\n'
        failed(await world.bob.run('file', 'send', world.alice.jid, 'missing.txt'), 1, 'file')
        for sotto in world.alice, world.bob:
            sotto.how = {}


@case('several at once, while more comes in')
async def _(world):
    async with listening(world.bob) as bot:
        texts = [f'message {i} of many' for i in range(24)]
        asked = [world.bob.send(world.alice.jid, text) for text in texts]
        asked += [world.bob.history(world.alice.jid) for _ in range(8)]
        asked += [world.alice.send(world.bob.jid, 'meanwhile')]
        await asyncio.gather(*asked)
        heard = [h[1] for h in await world.alice.hear(len(texts))]
        assert sorted(heard) == sorted(texts), heard
        assert (await bot.until(event='message', body='meanwhile'))['from'] == world.alice.jid


@case('two that begin at the same moment, with nobody there, both succeed')
async def _(world):
    await asyncio.gather(*[world.bob.send(world.alice.jid, f'{i} of two') for i in range(2)])
    assert len(await world.alice.hear(2)) == 2


# ---- Ends


@case('who is killed while it waits disturbs nobody')
async def _(world):
    async with listening(world.bob) as bot:
        for how in signal.SIGKILL, signal.SIGINT:
            waits = await world.bob.start('send', world.alice.jid, 'nobody is there', '--wait', 'delivered')
            await asyncio.sleep(1)
            waits.send_signal(how)
            status = await asyncio.wait_for(waits.wait(), 20)
            assert status == (1 if how == signal.SIGINT else -how), status
            await world.bob.send(world.alice.jid, 'still here')
        heard = [h[1] for h in await world.alice.hear(4)]
        assert heard.count('still here') == 2 and heard.count('nobody is there') == 2, heard


@case('a listener that is killed, or ends, is said with status 3; what was begun goes on with the next')
async def _(world):
    for how, code in (signal.SIGKILL, 'unreachable'), (signal.SIGTERM, 'ended'):
        async with listening(world.bob) as bot:
            text = f'begun before {how.name}'
            waits = asyncio.create_task(
                world.bob.run('send', world.alice.jid, text, '--wait', 'delivered'))
            await asyncio.sleep(1.5)
            bot.process.send_signal(how)
            failed(await waits, 3, code)
            await bot.process.wait()
            await world.bob.done('contacts')
            assert text in [h[1] for h in await world.alice.hear()]


@case('one that does not answer is said with status 3, and not waited for without end', timeout=90)
async def _(world):
    async with listening(world.bob) as bot:
        bot.process.send_signal(signal.SIGSTOP)
        try:
            status, events = await world.bob.run('history', world.alice.jid, timeout=60)
            assert status == 3 and events[-1]['code'] == 'unreachable', (status, events)
        finally:
            bot.process.send_signal(signal.SIGCONT)
        await world.bob.history(world.alice.jid)


@case('what cannot be done meanwhile is named at once')
async def _(world):
    async with listening(world.bob) as bot:
        for argv in (['listen'], ['backup', world.at.folder / 'b'], ['passphrase', '--remove'],
                     ['forget', world.alice.jid], ['devices', 'link', '1'], ['call', world.alice.jid, '--timeout', '1']):
            began = time.monotonic()
            status, events = await world.bob.run(*argv)
            if argv[0] == 'call':
                assert status == 4, (status, events)
                continue
            assert status == 1 and events[-1]['code'] == 'in-use', (argv, status, events)
            assert time.monotonic() - began < 5, argv


@case('what is no request harms nobody, nor do many who ask nothing')
async def _(world):
    async with listening(world.bob) as bot:
        path = f'/proc/self/fd/{os.open(world.bob.folder, os.O_PATH)}/commands'
        def ask(octets):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(15)
            s.connect(path)
            s.sendall(octets)
            return s
        request = lambda fields: len(fields).to_bytes(4, 'big') + fields
        for octets in (b'\xff' * 64, request(b''), request(b'command=listen\0'), request(b'command=send\0'),
                       request(b'no zero'), request(b'command=history\0later=1\0argument=a@b\0'),
                       request(b'argument=x\0' * 40), b'\0\0\1\0half'):
            s = ask(octets)
            s.shutdown(socket.SHUT_WR)
            answer = b''
            while piece := s.recv(4096):
                answer += piece
            assert not answer or answer[-1] == 1, (octets, answer)
        idle = [ask(b'') for _ in range(16)]
        assert await world.bob.history(world.alice.jid)     # as soon as those were sent away
        for s in idle:
            s.close()


# ---- Calls


@case('a call that the listener tells of is answered by another run, with sound, to its end')
async def _(world):
    async with listening(world.bob) as bot:
        high, low = world.at.folder / 'high.wav', world.at.folder / 'low.wav'
        tone(high, 880)
        tone(low, 440)
        world.bob.how = {'cwd': world.at.folder}
        theirs = await Running.start(world.alice, 'call', world.bob.jid, '--play', high, '--record',
                                     world.at.folder / 'alice.wav')
        rings = await bot.until(event='call', state='ringing')
        answer = await Running.start(world.bob, 'answer', rings['id'], '--play', 'low.wav', '--record', 'bob.wav',
                                     '--seconds', '4')
        await answer.until(event='call', state='connected')
        await world.bob.send(world.alice.jid, 'in the call')
        assert await answer.end() == 0, answer.events
        assert await theirs.end() == 0, theirs.events
        await bot.until(event='call', state='ended', id=rings['id'])
        world.bob.how = {}
        assert share(world.at.folder / 'alice.wav', 440) > 0.7
        assert share(world.at.folder / 'bob.wav', 880) > 0.7
        (record,) = [e for e in await world.bob.done('history', world.alice.jid)
                     if e['event'] == 'call' and e['state'] == 'talked']
        assert record['seconds'] >= 3, record


@case('a call is rejected; who answered another, and goes, hangs up')
async def _(world):
    async with listening(world.bob) as bot:
        other = await Running.start(world.carol, 'call', world.bob.jid)
        rings = await bot.until(event='call', state='ringing')
        await world.bob.done('reject', rings['id'])
        assert await other.end() == 1, other.events
        bot.events.clear()
        await asyncio.sleep(9)                      # docs/calls.md: so long they do not ring again
        play = '--play', world.at.folder / 'high.wav', '--record', world.at.folder / 'cut.wav'
        theirs = await Running.start(world.alice, 'call', world.bob.jid, *play)
        await bot.until(event='call', state='ringing')
        answer = await Running.start(world.bob, 'answer', *play[:2], '--record', world.at.folder / 'cut2.wav')
        await answer.until(event='call', state='connected')
        answer.process.kill()
        await answer.process.wait()
        assert await theirs.end() == 0, theirs.events
        await world.bob.history(world.alice.jid)


@case('the messenger does what is asked meanwhile, too, and shows it')
async def _(world):
    chat = Chat(world, world.bob, name='guests')
    try:
        await chat.expect('Alice')
        await world.bob.send(world.alice.jid, 'written beside the messenger')
        assert 'written beside the messenger' in [h[1] for h in await world.alice.hear(2)]
        await chat.expect('You: written beside')
        assert (await world.bob.history(world.alice.jid))[-1][1] == 'written beside the messenger'
        chat.press('C-q')
        await chat.restored()
    finally:
        chat.close()


if __name__ == '__main__':
    main(case, Bots, __doc__)
