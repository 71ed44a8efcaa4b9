#!/usr/bin/python3
"""test_link.py: who may log in: passwords for other clients, tried with slixmpp and Profanity, and taken back; a new device
that gets the account of an old one."""
import asyncio
import json

from harness.client import Client, LoginFailed
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_profanity import Profanity

case = Cases()

MECHANISMS = ('SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512')
WORDS = ('The left shoe is the heavier one.', 'Three lamps by the harbour wall.',
         'While both were away.')
NEW_NAME = 'omemo:2'


class Link(World):
    """Alice and Bob with sotto; Alice's other clients come and go."""

    options = ('limits.password_changes_per_account=100/h',)

    async def begin(self):
        self.at.spoken += WORDS
        self.alice = Sotto(self, 'alice')
        self.bob = Sotto(self, 'bob')
        await self.alice.login()
        await self.bob.login()

    async def access(self, who=None):
        """What `sotto devices` lists: {id: event}."""
        events = await (who or self.alice).done('devices')
        return {e['id']: e for e in events if e['event'] == 'access'}

    async def add_app(self, name):
        """A new password: its event."""
        (made,) = await self.alice.done('devices', 'add-app', name)
        assert made['event'] == 'password' and made['jid'] == self.alice.jid, made
        return made

    async def begin_link(self, folder, *options):
        """A new device of Alice's that shows a code: its Sotto, its process, the code."""
        new = Sotto(self, 'alice', folder=folder)
        process = await new.start('link', 'localhost', 'Laptop', '--yes', '--timeout', '60', *options)
        code = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert code['event'] == 'link-code', code
        return new, process, code['code']

    async def unlink(self):
        """Takes every linked device's password back; an account has eight: their ids."""
        linked = [e['id'] for e in (await self.access()).values() if e['kind'] == 'device']
        for one in linked:
            await self.alice.done('devices', 'revoke', one)
        return linked

    async def link(self, folder, *options):
        """A new device of Alice's, from code to login: its Sotto, what it and the old one printed."""
        new, process, code = await self.begin_link(folder, *options)
        told = await self.alice.run('devices', 'link', code, '--yes', *options)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        heard = [json.loads(line) for line in out.decode().splitlines()]
        return new, (process.returncode, heard), told


@case('an app logs in with its own password, by every mechanism')
async def _(world):
    app = await world.add_app('Robot')
    listed = (await world.access())[app['id']]
    assert listed['kind'] == 'app' and listed['name'] == 'Robot' and listed['last'] == 0, listed
    for mechanism in MECHANISMS:
        client = Client(world.at, 'alice', app['password'])
        client['feature_mechanisms'].use_mech = mechanism
        await client.login()
        clients = await world.access()
        assert clients[app['id']]['connected'] and clients[app['id']]['last'] > 0, clients
        assert any(e['via'] == app['id'] and e['limited'] for e in clients.values()), clients
        await client.close()
    await (await world.client('alice')).close()


@case('taken back, it opens nothing, and whoever came by it is out')
async def _(world):
    app = await world.add_app('Lost telephone')
    client = await Client.open(world.at, 'alice', app['password'])
    gone = asyncio.get_running_loop().create_future()
    client.add_event_handler('disconnected', lambda _: gone.done() or gone.set_result(True))
    await world.alice.done('devices', 'revoke', app['id'])
    await asyncio.wait_for(gone, 15)
    client.abort()
    assert app['id'] not in await world.access()
    try:
        await Client.open(world.at, 'alice', app['password'])
    except LoginFailed:
        pass
    else:
        raise AssertionError('it came back')
    status, events = await world.alice.run('devices', 'revoke', app['id'])
    assert status == 1 and events[-1]['code'] == 'refused', events


@case('Profanity logs in with one; sotto by it may not list the others', timeout=120)
async def _(world):
    app = await world.add_app('Profanity')
    password, world.passwords['alice'] = world.passwords['alice'], app['password']
    terminal = Profanity(world, 'alice')
    world._clients.callback(terminal.close)
    await terminal.expect('logged in successfully')
    other = Sotto(world, 'alice', folder='sotto-by-app')
    await other.login()
    world.passwords['alice'] = password
    events = await other.done('devices')
    assert events[0]['event'] == 'own-device' and events[-1]['event'] == 'access-unknown', events
    status, events = await other.run('devices', 'add-app', 'another')
    assert status == 1 and events[-1]['code'] == 'refused', events
    await world.alice.done('devices', 'revoke', app['id'])
    terminal.type('/who')
    assert app['id'] not in await world.access()


@case('a new device is linked: both trust each other and read what comes', timeout=120)
async def _(world):
    new, (status, heard), (old_status, told) = await world.link('sotto-laptop')
    assert status == 0 and old_status == 0, (status, heard, told)
    digits = [e['digits'] for e in (*heard, *told) if e['event'] == 'link-digits']
    assert len(digits) == 2 and len(set(digits)) == 1 and len(digits[0]) == 6, (heard, told)
    assert heard[-1] == {'event': 'linked', 'jid': world.alice.jid}, heard
    devices = await world.access(new)
    assert any(e['kind'] == 'device' and e['name'] == 'Laptop' for e in devices.values()), devices
    for one in world.alice, new:
        keys = await one.done('trust', world.alice.jid)
        assert keys and all(k['trust'] == 'trusted' for k in keys), keys
    await world.bob.send(world.alice.jid, WORDS[0])
    for one in world.alice, new:
        assert (world.bob.jid, WORDS[0], NEW_NAME) in await one.hear(), one.folder
    await new.send(world.bob.jid, WORDS[1])
    assert (world.alice.jid, WORDS[1], NEW_NAME) in await world.bob.hear()


async def until(process, event):
    """What a running program prints up to this event."""
    heard = []
    while not heard or heard[-1]['event'] != event:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line, heard
        heard.append(json.loads(line))
    return heard


@case('with its history: what was said before is there, once, and is no news', timeout=180)
async def _(world):
    for i in range(3):
        await world.alice.send(world.bob.jid, f'{WORDS[1]} ({i})')
    said = await world.alice.history(world.bob.jid)
    assert len(said) > 3, said
    new, (status, heard), (old_status, told) = await world.link('sotto-archive', '--history')
    assert status == 0 and old_status == 0, (status, heard, told)
    assert told[-1] == {'event': 'history-given'}, told
    assert any(e['event'] == 'link-digits' and e['asks-history'] for e in told), told
    history = heard[-1]
    assert history['event'] == 'history' and history['complete'], heard
    assert history['entries'] == history['total'] > 3, history
    assert await new.history(world.bob.jid) == said
    assert await new.rest() == []
    await world.bob.send(world.alice.jid, WORDS[0] + ' And so on.')
    assert (world.bob.jid, WORDS[0] + ' And so on.', NEW_NAME) in await new.hear()
    assert (await new.history(world.bob.jid))[:-1] == said
    found = [e['body'] for e in await new.done('search', 'harbour') if e['event'] == 'message']
    assert f'{WORDS[1]} (2)' in found, found
    await world.alice.hear()


@case('what one device compares the others need not, and the contact hears of all of them', timeout=180)
async def _(world):
    first, (status, _heard), _told = await world.link('sotto-first')
    assert status == 0
    second, (status, _heard), _told = await world.link('sotto-second')
    assert status == 0
    await world.bob.send(world.alice.jid, WORDS[0])
    for one in world.alice, first, second:
        await one.hear()
        await one.send(world.bob.jid, WORDS[1])
    await world.bob.done('listen', '--timeout', '2')
    key = (await world.bob.devices())[0]['fingerprint']
    await second.done('verify', world.bob.jid, key)
    await second.done('listen', '--timeout', '2')
    for one in world.alice, first:
        heard = await one.done('listen', '--timeout', '2')
        told = [e for e in heard if e['event'] == 'trust']
        assert told and told[0]['from'] == world.bob.jid and told[0]['on'], heard
        keys = await one.done('trust', world.bob.jid)
        assert [k['trust'] for k in keys] == ['verified'], keys
    await world.bob.done('listen', '--timeout', '2')
    own = (await second.devices())[0]['fingerprint']
    await world.bob.done('verify', world.alice.jid, own)
    keys = await world.bob.done('trust', world.alice.jid)
    assert sum(k['trust'] == 'verified' for k in keys) >= 3, keys


@case('a device that is removed gets nothing to read any more', timeout=180)
async def _(world):
    gone, (status, _heard), _told = await world.link('sotto-gone')
    assert status == 0
    await world.alice.done('listen', '--timeout', '2')
    (number,) = [e['id'] for e in await gone.devices() if e['this']]
    status, events = await gone.run('devices', 'remove', str(number))
    assert status == 1 and events[-1]['code'] == 'this-device', events
    status, events = await world.alice.run('devices', 'remove', '1')
    assert status == 1 and events[-1]['code'] == 'unknown-device', events
    await world.alice.done('devices', 'remove', str(number))
    assert number not in [e['id'] for e in await world.alice.devices()]
    await world.bob.send(world.alice.jid, WORDS[0] + ' Not for it.')
    assert (world.bob.jid, WORDS[0] + ' Not for it.', NEW_NAME) in await world.alice.hear()
    assert not [text for text in await gone.rest() if text and 'Not for it' in text]
    await world.unlink()


@case('asked for and not granted, it stays where it is', timeout=120)
async def _(world):
    new, process, code = await world.begin_link('sotto-modest', '--history')
    status, told = await world.alice.run('devices', 'link', code, '--yes')
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert status == 0 and process.returncode == 0, (told, out)
    assert json.loads(out.splitlines()[-1])['event'] == 'linked', out
    assert await new.history(world.bob.jid) == []


@case('either side is killed in the middle of it, and goes on', timeout=240)
async def _(world):
    said = await world.alice.history(world.bob.jid)
    new, process, code = await world.begin_link('sotto-broken', '--history')
    old = await world.alice.start('devices', 'link', code, '--yes', '--history')
    await until(old, 'linked')
    old.kill()
    await old.wait()
    await until(process, 'linked')
    process.kill()
    await process.wait()
    await world.alice.done('listen', '--timeout', '6')  # tells bob of it, if it had not yet
    await world.bob.send(world.alice.jid, WORDS[2])
    await world.alice.done('listen', '--timeout', '6')
    await new.done('listen', '--timeout', '6')
    there = await new.history(world.bob.jid)
    assert there == said + [(world.bob.jid, WORDS[2])], there


@case('a linked device is sent away by the other', timeout=120)
async def _(world):
    new, (status, _heard), _told = await world.link('sotto-tablet')
    assert status == 0
    linked = await world.unlink()
    assert linked
    assert not set(linked) & set(await world.access())
    status, events = await new.run('devices')
    assert status == 1 and events[-1]['code'] == 'refused', events


@case('codes that are none, mistyped, or for another server')
async def _(world):
    for code in ('nonsense', 'sotto-link:localhost/aaaa', 'sotto-link:localhost/' + 'a' * 56):
        status, events = await world.alice.run('devices', 'link', code, '--yes')
        assert status == 1 and events[-1]['code'] == 'usage', (code, events)
    new = Sotto(world, 'alice', folder='sotto-nobody')
    status, events = await new.run('link', 'localhost', '--yes', '--timeout', '3')
    assert status == 4 and events[-1]['code'] == 'timeout', events
    assert not list(new.folder.iterdir())
    status, events = await world.alice.run('link', 'localhost', '--yes')
    assert status == 1 and events[-1]['code'] == 'other-account', events


if __name__ == '__main__':
    main(case, Link, __doc__)
