#!/usr/bin/python3
"""test_sotto.py: our terminal client, driven as a script drives it: two accounts with each other, with
python-omemo and with Profanity; what goes wrong and what is killed; what a thief of any file reads."""
import asyncio
import json
import os
import random
import socket
import time
import xml.etree.ElementTree as ET

from harness import leak
from harness.client import befriend
from harness.omemo import DEVICE_LIST, NEW, OLD, Omemo, keys_announced
from harness.server import BIN, free_port
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_profanity import Profanity

case = Cases()

NEW_NAME, OLD_NAME = 'omemo:2', 'omemo:0.3'
KILLS = 12


class Talk(World):
    """Alice and Bob with sotto, Carol with python-omemo, Dave with Profanity."""

    names = ('alice', 'bob', 'carol', 'dave')

    async def begin(self):
        self.alice = Sotto(self, 'alice', secret='open for alice')
        self.bob = Sotto(self, 'bob', direct=True)
        self.spoken = []

    async def say(self, sender, receiver, text):
        """One message from sotto to sotto that must arrive as it left."""
        self.spoken.append(text)
        (sent,) = await sender.send(receiver.jid, text)
        assert sent['event'] == 'sent' and sent['encryption'] == NEW_NAME, sent
        heard = await receiver.hear()
        assert heard == [(sender.jid, text, NEW_NAME)], heard


def failed(run, status, code):
    """Whether a run ended with this status and said this."""
    got, events = run
    assert got == status and events[-1]['event'] == 'error', run
    assert events[-1]['code'] == code and events[-1]['text'], run


# ---- What goes wrong at the beginning


@case('a wrong password is refused and leaves nothing behind')
async def _(world):
    wrong = Sotto(world, 'alice', folder='sotto-wrong')
    failed(
        await wrong.run('login', wrong.jid, '--password-stdin', stdin='not the password\n'),
        1,
        'refused',
    )
    assert not list(wrong.folder.iterdir())
    failed(await wrong.run('send', world.bob.jid, 'hello'), 1, 'no-account')


@case('a certificate that is not trusted ends it before anything is said')
async def _(world):
    for more in ({'ca': '/etc/ssl/certs/ca-certificates.crt'}, {'direct': True}):
        ca = world.at.folder / 'other.pem'
        if not ca.exists():
            await make_certificate(ca)
        other = Sotto(world, 'alice', folder='sotto-wrong', **{'ca': ca, **more})
        failed(
            await other.run(
                'login', other.jid, '--password-stdin', stdin=world.passwords['alice'] + '\n'
            ),
            1,
            'distrusted' if ca.exists() else 'tls',
        )


async def make_certificate(path):
    """One that signed itself, of another server with the same name."""
    process = await asyncio.create_subprocess_exec(
        *'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(),
        *'-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout /dev/null -out'.split(),
        str(path),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


@case('a server that is not there is told from one that refuses')
async def _(world):
    nobody = Sotto(world, 'alice', folder='sotto-wrong', connect=f'127.0.0.1:{free_port()}')
    failed(
        await nobody.run('login', nobody.jid, '--password-stdin', stdin='any\n'), 3, 'unreachable'
    )
    failed(await nobody.run('login', nobody.jid, stdin='any\n'), 2, 'usage')  # nobody sits there
    failed(await nobody.run('login', nobody.jid, '--password-stdin', '--name', 'a\x1b[31m', stdin='any\n'), 2, 'usage')


@case('a password is typed where somebody sits, and not shown')
async def _(world):
    typed = Sotto(world, 'alice', folder='sotto-typed', secret='open for alice')
    parent, child = os.openpty()
    options = [str(o) for o in typed.options if o != '--json']
    process = await asyncio.create_subprocess_exec(
        BIN / 'sotto', *options, 'login', typed.jid, stdin=child, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    assert await asyncio.wait_for(process.stderr.readexactly(10), 30) == b'Password: '
    os.write(parent, world.passwords['alice'].encode() + b'\n')
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    os.write(child, b'the end')
    shown = os.read(parent, 1000)
    os.close(child)
    os.close(parent)
    assert process.returncode == 0 and b'logged in' in out, (process.returncode, out)
    assert world.passwords['alice'].encode() not in shown, shown


@case('wrong usage is status 2')
async def _(world):
    for argv in (
        ['send'],
        ['send', 'not an address', 'text'],
        ['send', world.bob.jid, 'text', '--wait', 'long'],
        ['send', world.bob.jid, 'text', '--count', '1'],
        ['send', world.bob.jid, 'text', '--reply', 'a', '--correct', 'b'],
        ['react', world.bob.jid],
        ['retract', world.bob.jid, 'a', 'b'],
        ['read'],
        ['listen', '--count', 'many'],
        ['login', world.alice.jid],
        ['login', 'localhost', '--password-stdin'],
        ['history'],
        ['nothing'],
        ['listen', '--bogus'],
        ['listen', '-x'],
        ['listen', '--timeout'],
        [],
    ):
        failed(await world.alice.run(*argv, stdin='x\n'), 2, 'usage')


# ---- Invitations


@case('an invitation makes an account with a password that nobody chose, once')
async def _(world):
    for number, key in enumerate(('uri', 'token')):
        invitation = world.at.invite()[key]
        guest = Sotto(world, f'guest{number}')
        name = guest.jid if key == 'token' else guest.name
        (registered,) = await guest.done('register', invitation, name)
        assert registered['jid'] == guest.jid and len(registered['password']) == 32, registered
        again = Sotto(world, 'late', folder='sotto-late')
        failed(await again.run('register', invitation, again.jid), 1, 'refused')
        assert not list(again.folder.iterdir())
        other = Sotto(world, guest.name, folder=f'sotto-{guest.name}-again')
        await other.login(registered['password'])


@case('a name that is taken is refused; without a name there is one by chance')
async def _(world):
    guest = Sotto(world, 'guest', folder='sotto-chance')
    away = Sotto(world, 'guest', folder='sotto-chance', connect=f'127.0.0.1:{free_port()}')
    failed(await away.run('register', world.at.invite()['uri']), 3, 'unreachable')
    assert not list(guest.folder.iterdir())     # it can be tried again
    failed(await guest.run('register', world.at.invite()['uri'], 'alice'), 1, 'refused')
    (registered,) = await guest.done('register', world.at.invite()['page'])
    assert registered['jid'].endswith('@localhost'), registered
    failed(await guest.run('register', world.at.invite()['uri']), 1, 'other-account')


# ---- Two of ours


@case('both log in, over STARTTLS and over direct TLS')
async def _(world):
    for sotto in (world.alice, world.bob):
        (event,) = await sotto.login()
        assert event == {'event': 'login', 'jid': sotto.jid}, event


@case('a wrong password does not replace the right one')
async def _(world):
    failed(
        await world.bob.run('login', world.bob.jid, '--password-stdin', stdin='wrong\n'),
        1,
        'refused',
    )
    await world.bob.done('contacts')
    await world.bob.login()
    failed(
        await world.bob.run('login', world.alice.jid, '--password-stdin', stdin='x\n'),
        1,
        'other-account',
    )


@case('they talk both ways')
async def _(world):
    for turn in range(3):
        await world.say(world.alice, world.bob, f'The ferry leaves from pier {turn}, be early.')
        await world.say(world.bob, world.alice, f'Then I bring “both” lamps & {turn} <blankets>.')


@case('what came while another command was connected is still heard, once and in order')
async def _(world):
    words = [f'Bring the map, page {n}.' for n in range(4)]
    world.spoken += words
    for text in words[:2]:
        await world.alice.send(world.bob.jid, text)
    await world.bob.done('contacts')
    for text in words[2:]:
        await world.alice.send(world.bob.jid, text)
    assert [t for _, t, _ in await world.bob.hear(1)] == words[:1]
    assert [t for _, t, _ in await world.bob.hear(3)] == words[1:]
    assert not await world.bob.rest()


@case('what cannot be printed is a failure, and is heard by the next listener')
async def _(world):
    text = 'On paper, if need be.'
    world.spoken.append(text)
    await world.alice.send(world.bob.jid, text)
    for options in ((), ('--json',)):
        for argv in (['listen', '--timeout', '5'], ['history', world.alice.jid], ['export', world.alice.jid],
                     ['devices'], ['--version']):
            with open('/dev/full', 'wb') as full:
                process = await asyncio.create_subprocess_exec(
                    BIN / 'sotto', *[o for o in map(str, world.bob.options) if o != '--json'], *options, *argv,
                    stdin=asyncio.subprocess.DEVNULL, stdout=full, stderr=asyncio.subprocess.PIPE)
            _, said = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 1, (argv, process.returncode, said)
            assert b'written' in said and len(said.splitlines()) == 1, (argv, said)
    assert [t for _, t, _ in await world.bob.hear()] == [text]
    assert not await world.bob.rest()


@case('why a message did not leave is said as it is')
async def _(world):
    failed(await world.bob.run('send', world.alice.jid, stdin='red \x1b[31m alert'), 2, 'usage')
    assert 'control characters' in world.bob.said, world.bob.said
    failed(await world.bob.run('send', 'anna@nowhere.invalid', 'Hello?'), 1, 'refused')
    assert 'cannot be reached' in world.bob.said, world.bob.said


@case('text from standard input; the store needs its passphrase')
async def _(world):
    text = 'From standard input,\nin two lines.'
    world.spoken.append(text.splitlines()[0])
    await world.alice.done('send', world.bob.jid, stdin=text + '\n')
    assert [t for _, t, _ in await world.bob.hear()] == [text]
    locked = Sotto(world, 'alice')
    failed(await locked.run('history', world.bob.jid), 2, 'locked')
    guess = Sotto(world, 'alice', secret='open for alic')
    failed(await guess.run('history', world.bob.jid), 2, 'locked')
    Sotto(world, 'alice', secret='open for alice')  # the file as it was


@case('history is the same on both sides')
async def _(world):
    ours = await world.alice.history(world.bob.jid)
    theirs = await world.bob.history(world.alice.jid)
    assert ours == theirs and len(ours) == 12, (ours, theirs)
    assert await world.alice.history(world.bob.jid, '--limit', 2) == ours[-2:]


@case('an export is JSON, in one line, where JSON is wanted')
async def _(world):
    (export,) = await world.alice.done('export', world.bob.jid)
    (chat,) = export['chats']
    texts = [m['text'] for m in chat['messages'] if 'device' not in m]
    assert texts == [t for _, t in await world.alice.history(world.bob.jid)], texts
    failed(await world.alice.run('export', world.bob.jid, '--format', 'text'), 2, 'usage')
    file = world.at.folder / 'chat.txt'
    assert await world.alice.done('export', world.bob.jid, '-o', file) == [{'event': 'export', 'file': str(file)}]
    file.unlink()


@case('what was written is found again, in one chat or in all, in either case')
async def _(world):
    find = lambda sotto, *argv: sotto.done('search', *argv)
    events = await find(world.alice, 'LEAVES pier')
    assert [e['body'][-15:] for e in events] == [f'pier {n}, be early.'[-15:] for n in range(3)]
    assert {e['from'] for e in events} == {world.alice.jid}
    assert await find(world.alice, 'leaves pier', '--chat', world.bob.jid) == events
    assert (await find(world.bob, 'ferry', '--limit', 1))[0]['body'] == events[-1]['body']
    assert not await find(world.alice, 'pier', '--chat', world.alice.jid)
    assert not await find(world.alice, 'zeppelin')
    failed(await world.alice.run('search', '  '), 2, 'usage')


@case('how one’s own messages were sealed is the same wherever they are shown, and nothing before they leave')
async def _(world):
    alice, bob = world.alice, world.bob
    worth = lambda e: (e['body'], e['encryption'], e['trust'])
    for event in await alice.done('history', bob.jid):
        if event['event'] == 'message':
            assert worth(event)[1:] == (NEW_NAME, 'trusted'), event
    text = 'Nobody has sealed this zebra yet.'
    world.spoken.append(text)
    away = Sotto(world, 'alice', secret='open for alice', connect=f'127.0.0.1:{free_port()}')
    failed(await away.run('send', bob.jid, text, '--timeout', '1'), 3, 'unreachable')
    failed(await away.run('listen', '--timeout', '1'), 3, 'unreachable')

    async def shown():
        last = (await alice.done('history', bob.jid, '--limit', 1))[0]
        (found,) = await alice.done('search', 'zebra')
        assert worth(last) == worth(found) and last['body'] == text, (last, found)
        return last['delivery'], *worth(last)[1:]
    assert await shown() == ('waiting', 'unsent', 'undecided')
    await alice.done('contacts')
    assert await shown() == ('sent', NEW_NAME, 'trusted')
    assert [t for _, t, _ in await bob.hear()] == [text]


@case('a second listener on the same folder is refused')
async def _(world):
    listener = await world.bob.start('listen', '--timeout', '30')
    assert json.loads(await listener.stdout.readline()) == {'event': 'online'}
    failed(await world.bob.run('listen'), 1, 'in-use')
    listener.terminate()
    assert await listener.wait() == 0


@case('--wait delivered ends when a contact has it, and only then')
async def _(world):
    one, two = await world.client('alice'), await world.client('bob')
    await befriend(one, two)
    await one.close()
    await two.close()
    text = 'Tell me when you have it.'
    world.spoken.append(text)
    status, _ = await world.alice.run(
        'send', world.bob.jid, text, '--wait', 'delivered', '--timeout', '2'
    )
    assert status == 4, status
    listening = asyncio.create_task(world.bob.hear(2))
    events = await world.alice.send(world.bob.jid, text, '--wait', 'delivered')
    assert events[-1]['event'] == 'delivered', events
    await listening
    (contact,) = await world.alice.done('contacts')
    assert contact['jid'] == world.bob.jid and contact['subscription'] == 'both', contact


@case('devices have fingerprints; a second one reads what the first one sends')
async def _(world):
    second = Sotto(world, 'bob', folder='sotto-bob-2')
    await second.done('login', second.jid, '--password-stdin', '--name', 'the lamp', stdin=world.passwords['bob'] + '\n')
    (one,) = [d for d in await second.devices() if d['this']]
    assert len(one['fingerprint'].split()) == 8, one
    await world.alice.rest()
    await world.say(world.alice, world.bob, 'For both of your devices.')
    (told,) = world.alice.new_devices
    assert (told['from'], told['fingerprint']) == (world.bob.jid, one['fingerprint']), told
    assert (told['device'], told['trust']) == (one['id'], 'trusted'), told
    assert world.bob.jid in world.alice.said and one['fingerprint'] in world.alice.said
    assert [t for _, t, _ in await second.hear()] == ['For both of your devices.']
    ids = {d['id'] for d in await world.bob.devices()}
    assert len(ids) == 2 and one['id'] in ids, ids
    world.second = second
    # Who logs in is told apart, by the name that was given, else by the machine's.
    names = {e['name'] for e in await world.bob.done('devices') if e['event'] == 'access'}
    assert names >= {'the lamp', f'sotto on {socket.gethostname()}'}, names
    failed(await world.bob.run('devices', 'revoke', 'nosuch'), 1, 'refused')
    assert 'no' in world.bob.said and 'refused' not in world.bob.said, world.bob.said
    # Whatever became of that command: who looks later sees it, once in a listener.
    await world.alice.done('history', world.bob.jid)
    assert world.alice.new_devices[-1] == told, world.alice.new_devices
    await world.alice.rest()
    assert world.alice.new_devices == [told], world.alice.new_devices
    await world.alice.rest()
    assert not world.alice.new_devices


@case('a new device of one’s own account is told by whichever command meets it, and kept')
async def _(world):
    second = world.second
    (one,) = [d for d in await second.devices() if d['this']]
    await world.bob.rest()
    await world.bob.send(world.alice.jid, 'My other device reads this, too.')
    await world.alice.hear()
    (told,) = world.bob.new_devices
    assert (told['from'], told['fingerprint']) == (world.bob.jid, one['fingerprint']), told
    assert f'sotto devices remove {one["id"]}' in world.bob.said, world.bob.said
    await world.bob.done('history', world.bob.jid)
    assert world.bob.new_devices == [told]
    await world.bob.rest()
    assert world.bob.new_devices == [told]


@case('who was compared is verified; a device of theirs that is new then waits for trust')
async def _(world):
    keys = await world.alice.done('trust', world.bob.jid)
    assert len(keys) == 2 and {k['trust'] for k in keys} == {'trusted'}, keys
    (own,) = [d for d in await world.bob.devices() if d['this']]
    failed(await world.alice.run('verify', world.bob.jid, 'ab' * 32), 1, 'unknown-key')
    failed(await world.alice.run('verify', world.bob.jid, 'no digits'), 2, 'usage')
    keys = await world.alice.done('verify', world.bob.jid, own['fingerprint'].upper())
    assert {k['fingerprint']: k['trust'] for k in keys}[own['fingerprint']] == 'verified', keys
    await world.bob.send(world.alice.jid, 'From the device that you know.')
    events = await world.alice.done('listen', '--count', '1', '--timeout', '30')
    assert events[-1]['trust'] == 'verified', events
    third = Sotto(world, 'bob', folder='sotto-bob-3')
    await third.login()
    text = 'Not before somebody has decided.'
    world.spoken.append(text)
    failed(await world.alice.run('send', world.bob.jid, text), 4, 'undecided')  # without a --timeout
    note = world.at.folder / 'held.txt'
    words = 'A file that waits, too.'
    note.write_text(words)
    world.spoken.append(words)
    failed(await world.alice.run('file', 'send', world.bob.jid, note, '--timeout', '2'), 4, 'undecided')
    (new,) = [k for k in await world.alice.done('trust', world.bob.jid) if k['trust'] == 'undecided']
    await world.alice.done('trust', world.bob.jid, new['fingerprint'], '--distrust')
    await world.alice.done('contacts')
    assert [t for _, t, _ in await world.bob.hear()] == [text]
    assert not await third.rest()
    # As good as the device that is known least.
    last = lambda events: [e for e in events if e['event'] == 'message'][-1]['trust']
    assert last(await world.alice.done('history', world.bob.jid)) == 'trusted'
    assert [f['trust'] for f in await world.alice.done('file', 'list', world.bob.jid)] == ['trusted']
    (other,) = [k for k in keys if k['trust'] == 'trusted']
    await world.alice.done('verify', world.bob.jid, other['fingerprint'])
    text = 'Both of your devices were compared now.'
    world.spoken.append(text)
    (sent,) = await world.alice.send(world.bob.jid, text)
    assert sent['trust'] == 'verified', sent
    assert last(await world.alice.done('history', world.bob.jid)) == 'verified'
    assert (await world.alice.done('search', 'compared now'))[0]['trust'] == 'verified'


@case('killed while sending, again and again: nothing is lost, nothing comes twice', timeout=180)
async def _(world):
    dice = random.Random(7)
    await world.bob.rest()
    began = time.monotonic()
    await world.alice.history(world.bob.jid)
    opening = time.monotonic() - began  # Argon2id takes its time, and nothing is sent meanwhile
    for number in range(KILLS):
        text = f'This one was killed, number {number}.'
        world.spoken.append(text)
        process = await world.alice.start('send', world.bob.jid, text)
        await asyncio.sleep(opening + dice.uniform(0, 1.2))
        if process.returncode is None:
            process.kill()
        await process.communicate()
        if number % 4 == 3:
            await world.alice.done('contacts')  # connects: what is kept leaves
    await world.alice.send(world.bob.jid, 'The last one.')
    kept = [t for _, t in await world.alice.history(world.bob.jid, '--limit', 100)]
    heard = [t for _, t, _ in await world.bob.hear(len(kept) - kept.index(world.spoken[-KILLS])
                                                   if world.spoken[-KILLS] in kept else 1)]
    heard += await world.bob.rest()
    wanted = [t for t in kept if t in world.spoken[-KILLS:] or t == 'The last one.']
    assert sorted(heard) == sorted(wanted), (heard, wanted)
    assert len(wanted) > 1, 'nothing was sent at all'


@case('a listener outlives a restart of the server')
async def _(world):
    listener = await world.bob.start('listen', '--count', '1', '--timeout', '60')
    assert json.loads(await listener.stdout.readline()) == {'event': 'online'}
    ports = dict(world.at.ports)
    world.at.stop()
    for key, name in (('listen.c2s', 'c2s'), ('listen.c2s_tls', 'c2s_tls')):
        world.at.settings[key] = f'127.0.0.1:{ports[name]}'
    world.at.start()
    await world.alice.send(world.bob.jid, 'After the restart.')
    world.spoken.append('After the restart.')
    out, _ = await asyncio.wait_for(listener.communicate(), 60)
    events = [json.loads(line) for line in out.decode().splitlines()]
    assert events[0]['event'] == 'offline' and events[-1]['body'] == 'After the restart.', events


@case('messages are answered, corrected, reacted to, taken back, read')
async def _(world):
    alice, bob = world.alice, world.bob
    await bob.rest()
    await alice.rest()
    first, better = 'We meat at the brigde.', 'We meet at the bridge.'
    answer, gone = 'I am there at noon.', 'Forget that I said this.'
    world.spoken += [first, better, answer, gone]

    async def spoken_of(sotto, other):
        events = await sotto.done('history', other.jid, '--limit', 3)
        return [e for e in events if e['event'] == 'message']

    await alice.send(bob.jid, first)
    (heard,) = [e for e in await bob.done('listen', '--count', 1) if e['event'] == 'message']
    await alice.send(bob.jid, better, '--correct', heard['id'])
    await bob.done('contacts')
    await bob.done('react', alice.jid, heard['id'], '👍', '🎉')
    await bob.send(alice.jid, answer, '--reply', heard['id'])
    await bob.send(alice.jid, gone)
    (last,) = (await spoken_of(bob, alice))[-1:]
    await bob.done('retract', alice.jid, last['id'])
    events = {e['event']: e for e in await alice.done('listen', '--timeout', 1)}
    assert events['reactions']['body'] == '👍 🎉' and events['retraction']['target'] == last['id']
    await bob.done('read', alice.jid)
    await alice.done('contacts')
    for sotto, other in ((alice, bob), (bob, alice)):
        one, two, three = await spoken_of(sotto, other)
        assert one['body'] == better and one['edited'], one
        assert one['reactions'] == {bob.jid: ['👍', '🎉']}, one
        assert two['body'] == answer and two['target'] == one['id'], two
        assert two['quote'] == better, two
        assert three['body'] == '' and three['retracted'], three
        assert one['delivery'] == 'read' or sotto is bob, one
    failed(await alice.run('retract', bob.jid, two['id']), 1, 'not-yours')
    failed(await alice.run('send', bob.jid, 'x', '--correct', two['id']), 1, 'not-yours')
    failed(await alice.run('react', bob.jid, 'nothing', '👍'), 1, 'unknown-message')
    failed(await alice.run('react', bob.jid, one['id'], 'words'), 2, 'usage')
    await bob.done('react', alice.jid, one['id'])
    await alice.done('contacts')
    assert 'reactions' not in (await spoken_of(alice, bob))[0]


@case('messages disappear on both sides after they were read')
async def _(world):
    alice, bob = world.alice, world.bob
    await bob.rest()
    text = 'Burn this when you have read it.'
    world.spoken.append(text)
    failed(await alice.run('timer', bob.jid, 'soon'), 2, 'usage')
    await alice.done('timer', bob.jid, '1')
    await alice.send(bob.jid, text)
    heard = [e for e in await bob.done('listen', '--count', 1) if e['event'] in ('timer', 'message')]
    assert [e['expires'] for e in heard] == [1, 1] and heard[1]['body'] == text, heard
    await bob.done('read', alice.jid)
    await asyncio.sleep(1.1)
    for sotto, other in ((alice, bob), (bob, alice)):
        assert text not in [t for _, t in await sotto.history(other.jid)]
        assert not await sotto.done('search', 'burn this')
    await bob.done('timer', alice.jid, 'off')
    await alice.done('contacts')
    await alice.send(bob.jid, 'This one stays.')
    await bob.hear()


# ---- Others


@case('a chat that is forgotten is gone here, and goes on')
async def _(world):
    assert await world.second.history(world.alice.jid)
    await world.second.done('forget', world.alice.jid)
    assert not await world.second.history(world.alice.jid)
    assert not await world.second.done('search', 'devices')
    assert await world.bob.history(world.alice.jid)
    await world.say(world.alice, world.bob, 'Is the other one empty?')
    assert 'Is the other one empty?' in await world.second.rest()


@case('python-omemo reads what sotto sends, and sotto reads both of its versions')
async def _(world):
    carol = await Omemo.announce(await world.client('carol'))
    jid = world.at.jid('carol')
    for namespace, name in ((OLD, OLD_NAME), (NEW, NEW_NAME), (OLD, OLD_NAME)):
        text = f'Carol writes in {name}, as it happens.'
        world.spoken.append(text)
        await carol.send(world.alice.jid, text, namespace)
        assert await world.alice.hear() == [(jid, text, name)]
        answer = f'Alice answers to that of {name}.'
        world.spoken.append(answer)
        await world.alice.send(jid, answer)
        heard = await carol.expect(world.alice.jid)
        assert heard == (answer, NEW), heard


@case('of what is sealed in both versions sotto reads the one that has a key for it')
async def _(world):
    carol = await Omemo.announce(await world.client('carol'))
    other = ET.fromstring(f"<encrypted xmlns='{NEW}'><header sid='7'><keys jid='{world.at.jid('carol')}'>"
                          f"<key rid='8'>CBUQARog</key></keys></header><payload>aGVsbG8=</payload></encrypted>")
    text = 'Sealed twice, once for others.'
    world.spoken.append(text)
    await carol.send(world.alice.jid, text, OLD, [other])
    assert await world.alice.hear() == [(world.at.jid('carol'), text, OLD_NAME)]


@case('Profanity and sotto read each other in OMEMO 0.3', timeout=120)
async def _(world):
    watcher = await world.client('dave', notify=[DEVICE_LIST[OLD]])
    dave = Profanity(world, 'dave')
    world._stack.callback(dave.close)
    await dave.expect('logged in successfully')
    dave.type('/omemo gen')
    await dave.expect('OMEMO crytographic materials generated')  # (sic)
    await keys_announced(watcher)
    ours, theirs = 'Was the parcel in the usual place?', 'It was, and it is still dry inside.'
    world.spoken += [ours, theirs]
    (sent,) = await world.alice.send(world.at.jid('dave'), ours)
    assert sent['encryption'] == OLD_NAME, sent
    await dave.expect('win 2')
    dave.type('/win 2')
    await dave.expect(ours)
    dave.type('/omemo start')
    await dave.expect('[OMEMO]')
    dave.type(theirs)
    jid = world.at.jid('dave')
    assert await world.alice.hear() == [(jid, theirs, OLD_NAME)]
    better, theirs_too = 'Was the parcel in the new place?', 'It was, and it is quite wet.'
    world.spoken += [better, theirs_too]
    (own,) = [e for e in await world.alice.done('history', jid) if e.get('body') == ours]
    await world.alice.send(jid, better, '--correct', own['id'])
    await dave.expect(better)
    dave.type('/correction on')
    dave.type(f'/correct {theirs_too}')
    correction = (await world.alice.done('listen', '--timeout', 3))[-1]
    assert correction['event'] == 'correction' and correction['body'] == theirs_too, correction
    shown = [e for e in await world.alice.done('history', jid) if e['event'] == 'message']
    assert [e['body'] for e in shown] == [better, theirs_too], shown
    assert all(e['edited'] for e in shown), shown
    failed(await world.alice.run('react', jid, shown[1]['id'], '👍'), 1, 'refused')


# ---- Thieves


@case('no word lies in what the server wrote, nor in the clients\' folders')
async def _(world):
    assert leak.find(world.at.data, 'urn:xmpp:omemo:2'), 'the search finds nothing at all'
    places = [world.at.data, world.at.log.parent]
    places += [s.folder for s in (world.alice, world.bob, world.second)]
    for words in world.spoken + [world.passwords['alice'], world.bob.jid]:
        for place in places[2:]:
            hits = leak.find(place, words)
            assert not hits, f'{words!r} lies in {hits}'
    for words in world.spoken:
        hits = leak.find(world.at.data, words) + (
            [str(world.at.log)] if words in world.at.said() else []
        )
        assert not hits, f'{words!r} lies in {hits}'


if __name__ == '__main__':
    main(case, Talk, __doc__)
