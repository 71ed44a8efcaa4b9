#!/usr/bin/python3
"""test_backup.py: one file, made while the server works, gives everything back on an empty folder:
login, history, contacts, PEP, an uploaded file, invitations, the certificate."""
import asyncio
import contextlib
import http.client
import json
import os
import secrets
import ssl
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from harness.client import NS_MAM, NS_ROSTER, Client, befriend
from harness.omemo import OLD, Omemo, fetch, publish
from harness.server import BIN, Sottod, new_password
from harness.tap import Cases

case = Cases()

UPLOAD = '{urn:xmpp:http:upload:0}'
SEALED = '{eu.siacs.conversations.axolotl}encrypted'
NODE = 'urn:example:kept'
PEOPLE = ('alice', 'bob')


def ask(at, method, path, body=None, headers=None):
    """(status, body) of one HTTPS request."""
    context = ssl.create_default_context(cafile=str(at.ca))
    connection = http.client.HTTPSConnection('localhost', at.ports['https'], context=context,
                                             timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def path_of(url):
    """What follows host and port, which another server has others of."""
    return '/' + url.split('/', 3)[3]


async def upload(at, client, content):
    """The path of a file that was put there."""
    request = ET.Element(f'{UPLOAD}request', filename='kept.bin', size=str(len(content)))
    slot = (await client.ask('get', request, to='localhost')).find(f'{UPLOAD}slot')
    put = slot.find(f'{UPLOAD}put')
    headers = {h.get('name'): h.text for h in put.iter(f'{UPLOAD}header')}
    status, _ = await asyncio.to_thread(ask, at, 'PUT', path_of(put.get('url')), content, headers)
    assert status == 201, status
    return path_of(slot.find(f'{UPLOAD}get').get('url'))


async def history(client):
    """[(id in the archive, message as text)]"""
    seen = len(client.heard)
    await client.ask('set', ET.Element('{%s}query' % NS_MAM))
    found = []
    for message in client.heard[seen:]:
        for result in message.iter('{%s}result' % NS_MAM):
            sealed = result.find('.//{eu.siacs.conversations.axolotl}payload')
            found.append((result.get('id'), sealed.text if sealed is not None else None))
    return found


async def contacts(client):
    """{address: subscription}"""
    answer = await client.ask('get', ET.Element('{%s}query' % NS_ROSTER))
    return {i.get('jid'): i.get('subscription') for i in answer.iter('{%s}item' % NS_ROSTER)}


class TwoPlaces:
    """A folder for a server, and one beside it that does not exist."""

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.folder = Path(self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix='sotto-backup-')))
        self.passwords = {name: new_password() for name in PEOPLE}
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def clients(self, at):
        """Alice and Bob, logged in."""
        return [await Client.open(at, name, self.passwords[name], resource='kept')
                for name in PEOPLE]


def restore(folder, file):
    """`sottoctl restore` into the data folder of a server that was never started."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [BIN / 'sottoctl', '-s', folder / 'data/control.sock', '--json', 'restore', file],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@case('a backup of a working server gives everything back on an empty folder', timeout=120)
async def _(w):
    content = secrets.token_bytes(3 * 1024 * 1024 + 5)
    with Sottod(folder=w.folder / 'old') as old:
        for name, password in w.passwords.items():
            old.add_user(name, password)
        alice, bob = await w.clients(old)
        await befriend(alice, bob)
        sender, receiver = [await Omemo.announce(c) for c in (alice, bob)]
        await sender.send(bob.boundjid.bare, 'what must be there again', OLD)
        await receiver.expect(alice.boundjid.bare)
        kept = ET.Element('{urn:example}kept')
        kept.text = 'an item'
        await publish(alice, NODE, 'one', kept)
        file = await upload(old, alice, content)
        invitation = old.invite()
        before = [await history(c) for c in (alice, bob)], await contacts(bob)
        assert before[0][0] and before[0][1]

        # Messages go on while the copy is made.
        async def go_on():
            for n in range(40):
                await sender.send(bob.boundjid.bare, f'more {n}', OLD)
                await asyncio.sleep(0.01)
        going_on = asyncio.create_task(go_on())
        backup = w.folder / 'backup'
        said = json.loads(await asyncio.to_thread(old.ctl, '--json', 'backup', str(backup)))
        await going_on
        assert said['uploads'] == 1 and said['bytes'] == backup.stat().st_size, said
        assert backup.stat().st_mode & 0o777 == 0o600
        assert sorted(p.name for p in w.folder.iterdir()) == ['backup', 'old']
        addresses = [c.boundjid.full for c in (alice, bob)]
        certificate = old.ca.read_text()
        for client in (alice, bob):
            await client.close()

    assert restore(w.folder / 'new', backup)['uploads'] == 1
    stray = w.folder / 'new/data/uploads' / ('a' * 26)
    stray.write_bytes(b'of no slot')
    with Sottod(folder=w.folder / 'new') as new:
        assert new.ca.read_text() == certificate
        alice, bob = await w.clients(new)
        assert [c.boundjid.full for c in (alice, bob)] == addresses
        after = [await history(c) for c in (alice, bob)], await contacts(bob)
        assert after[1] == before[1] == {f'alice@{new.domain}': 'both'}, after[1]
        for mine, was in zip(after[0], before[0]):
            assert mine[:len(was)] == was
        item = await fetch(bob, alice.boundjid.bare, NODE, 'one')
        assert item is not None and item.text == 'an item'
        assert await asyncio.to_thread(ask, new, 'GET', file) == (200, content)
        status, page = await asyncio.to_thread(ask, new, 'GET', f"/invite/{invitation['token']}")
        assert status == 200 and b'localhost' in page
        await (await Omemo.announce(bob)).send(alice.boundjid.bare, 'and on it goes', OLD)
        await alice.expect(lambda m: m.get('from') == bob.boundjid.full and m.find(SEALED) is not None)
        for client in (alice, bob):
            await client.close()
        assert await gone(stray), f'a file that no row names is still there:\n{new.said()}'


async def gone(path):
    """Whether a file vanishes, in time."""
    for _ in range(200):
        if not path.exists():
            return True
        await asyncio.sleep(0.05)
    return False


@case('other tools read it')
async def _(w):
    names = subprocess.run(['tar', '-tf', w.folder / 'backup'], capture_output=True, text=True,
                           check=True).stdout.split()
    assert names[:3] == ['sotto-backup', 'sotto.db', 'server.key'] and names[-1] == 'sha256', names
    subprocess.run(['tar', '-xf', w.folder / 'backup', '-C', w.folder, 'sotto.db', 'sha256'],
                   check=True)
    octets = (w.folder / 'backup').read_bytes()
    # Behind the digest: its header, its block, two blocks of zeroes.
    digest = subprocess.run(['sha256sum'], input=octets[:-4 * 512], capture_output=True,
                            check=True).stdout.split()[0].decode()
    assert (w.folder / 'sha256').read_text() == digest + '\n'
    assert (w.folder / 'sotto.db').read_bytes().startswith(b'SQLite format 3\0')


@case('where there is no room, the old backup stays')
async def _(w):
    with Sottod(folder=w.folder / 'full') as at:
        file = w.folder / 'old-backup'
        file.write_text('the old one')
        os.mkdir(f'{file}.part')                    # so that nothing can be written there
        try:
            at.ctl('backup', str(file))
            raise AssertionError('it says that it was written')
        except Exception as error:                  # pylint: disable=broad-except
            assert 'could not be written' in str(error), error
        assert file.read_text() == 'the old one'
        assert not list((at.data / 'backup').iterdir())


if __name__ == '__main__':
    sys.exit(case.run(TwoPlaces(), sys.argv[1] if len(sys.argv) > 1 else None))
