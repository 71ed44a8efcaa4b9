#!/usr/bin/python3
"""test_sotto.py: our terminal client, driven as a script drives it: two accounts with each other, with
python-omemo and with Profanity; what goes wrong and what is killed; what a thief of any file reads."""
import asyncio
import json
import random

from harness import leak
from harness.client import befriend
from harness.omemo import DEVICE_LIST, NEW, OLD, Omemo, device_lists
from harness.server import free_port
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


@case('wrong usage is status 2')
async def _(world):
    for argv in (
        ['send'],
        ['send', 'not an address', 'text'],
        ['send', world.bob.jid, 'text', '--wait', 'long'],
        ['send', world.bob.jid, 'text', '--count', '1'],
        ['listen', '--count', 'many'],
        ['login', world.alice.jid],
        ['login', 'localhost', '--password-stdin'],
        ['history'],
        ['nothing'],
    ):
        status, events = await world.alice.run(*argv, stdin='x\n')
        assert status == 2, (argv, status, events)


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


@case('text from standard input; the store needs its passphrase')
async def _(world):
    text = 'From standard input,\nin two lines.'
    world.spoken.append(text.splitlines()[0])
    await world.alice.done('send', world.bob.jid, stdin=text + '\n')
    assert [t for _, t, _ in await world.bob.hear()] == [text]
    locked = Sotto(world, 'alice')
    failed(await locked.run('history', world.bob.jid), 2, 'locked')
    guess = Sotto(world, 'alice', secret='open for alic')
    failed(await guess.run('history', world.bob.jid), 1, 'store')
    Sotto(world, 'alice', secret='open for alice')  # the file as it was


@case('history is the same on both sides')
async def _(world):
    ours = await world.alice.history(world.bob.jid)
    theirs = await world.bob.history(world.alice.jid)
    assert ours == theirs and len(ours) == 11, (ours, theirs)
    assert await world.alice.history(world.bob.jid, '--limit', 2) == ours[-2:]


@case('a second process on the same folder is refused')
async def _(world):
    listener = await world.bob.start('listen', '--timeout', '30')
    assert json.loads(await listener.stdout.readline()) == {'event': 'online'}
    failed(await world.bob.run('contacts'), 1, 'in-use')
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
    await second.login()
    (one,) = [d for d in await second.done('devices') if d['this']]
    assert len(one['fingerprint'].split()) == 8, one
    await world.say(world.alice, world.bob, 'For both of your devices.')
    assert [t for _, t, _ in await second.hear()] == ['For both of your devices.']
    ids = {d['id'] for d in await world.bob.done('devices')}
    assert len(ids) == 2 and one['id'] in ids, ids
    world.second = second


@case('who was compared is verified; a device of theirs that is new then waits for trust')
async def _(world):
    keys = await world.alice.done('trust', world.bob.jid)
    assert len(keys) == 2 and {k['trust'] for k in keys} == {'trusted'}, keys
    (own,) = [d for d in await world.bob.done('devices') if d['this']]
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
    status, _ = await world.alice.run('send', world.bob.jid, text, '--timeout', '2')
    assert status == 4, status
    (new,) = [k for k in await world.alice.done('trust', world.bob.jid) if k['trust'] == 'undecided']
    await world.alice.done('trust', world.bob.jid, new['fingerprint'], '--distrust')
    await world.alice.done('contacts')
    assert [t for _, t, _ in await world.bob.hear()] == [text]
    assert not await third.rest()


@case('killed while sending, again and again: nothing is lost, nothing comes twice', timeout=180)
async def _(world):
    dice = random.Random(7)
    await world.bob.rest()
    for number in range(KILLS):
        text = f'This one was killed, number {number}.'
        world.spoken.append(text)
        process = await world.alice.start('send', world.bob.jid, text)
        await asyncio.sleep(dice.uniform(0.15, 0.5))
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


# ---- Others


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


@case('Profanity and sotto read each other in OMEMO 0.3', timeout=120)
async def _(world):
    watcher = await world.client('dave', notify=[DEVICE_LIST[OLD]])
    dave = Profanity(world, 'dave')
    world._stack.callback(dave.close)
    await dave.expect('logged in successfully')
    dave.type('/omemo gen')
    await dave.expect('OMEMO crytographic materials generated')  # (sic)
    await watcher.expect(lambda m: any(ids for _, ids in device_lists(m)))
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
    assert await world.alice.hear() == [(world.at.jid('dave'), theirs, OLD_NAME)]


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
