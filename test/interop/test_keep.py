#!/usr/bin/python3
"""test_keep.py: what sotto keeps, carried to another machine: backups that restore, and that do not; what is in them."""
import ctypes
import hmac
import json
import os
import random
import stat
import struct

from harness import leak
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_sotto import failed

case = Cases()

HEADER, CHUNK = 90, 64 * 1024 + 17
TURNS = 3

# Tables of lib/client/book.h: trust; and what belongs to one device: identity, prekeys, device lists, sessions, kept keys, outbox.
TRUST = 9
ONE_DEVICE = {3, 4, 5, 6, 7, 8, 10}

CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'


def hkdf(salt, secret, info):
    """RFC 5869, one block."""
    key = hmac.digest(salt, secret, 'sha256')
    return hmac.digest(key, info + b'\1', 'sha256')


def read_backup(data, code):
    """Records of a backup that a recovery code opens, as docs/backup.md has it: (kind, table, number, key, value)."""
    sodium = ctypes.CDLL('libsodium.so.23')
    name = 'crypto_secretstream_xchacha20poly1305_'
    number = 0
    for letter in code.replace('-', ''):
        number = number << 5 | CROCKFORD.index(letter)
    secret = (number >> 22).to_bytes(16, 'big')
    header, salt, start = data[:HEADER], data[18:34], data[34:58]
    assert header[:10] == b'SOTTO-BK\1\2', header
    state = ctypes.create_string_buffer(52)
    key = hkdf(salt, secret, b'sotto backup stream')
    assert getattr(sodium, name + 'init_pull')(state, start, key) == 0
    plain, tag = b'', ctypes.create_string_buffer(1)
    for at in range(HEADER, len(data), CHUNK):
        out = ctypes.create_string_buffer(CHUNK - 17)
        result = getattr(sodium, name + 'pull')(
            state, out, None, tag, data[at : at + CHUNK], ctypes.c_ulonglong(CHUNK),
            header, ctypes.c_ulonglong(HEADER)
        )
        assert result == 0, at
        plain += out.raw
    assert tag.raw == b'\3', tag.raw  # the last one says so
    while plain[0] != 0:
        kind, length = struct.unpack('>BI', plain[:5])
        body, plain = plain[5 : 5 + length], plain[5 + length :]
        table, count, key_length = struct.unpack('>BQI', body[:13])
        yield kind, table, count, body[13 : 13 + key_length], body[13 + key_length :]
    assert not plain.strip(b'\0')


class Keep(World):
    """Alice, who moves to other machines, and Bob."""

    names = ('alice', 'bob')

    async def begin(self):
        self.alice = Sotto(self, 'alice')
        self.bob = Sotto(self, 'bob')
        self.backup = self.at.folder / 'backup'
        self.secret = self.at.folder / 'secret'
        self.secret.write_text('a long way to the harbour\n')
        self.spoken = self.at.spoken

    async def talk(self, one, two, word):
        """Each side says something that the other must read."""
        for sender, receiver in ((one, two), (two, one)):
            text = f'{word}, says {sender.name} to {receiver.name}.'
            self.spoken.append(text)
            await sender.send(receiver.jid, text)
            assert [t for _, t, _ in await receiver.hear()] == [text]

    def place(self, folder):
        """Alice on a machine that has nothing yet."""
        return Sotto(self, 'alice', folder=folder)


@case('two talk; one knows the other by a name and has compared fingerprints')
async def _(world):
    for sotto in (world.alice, world.bob):
        await sotto.login()
    for turn in range(TURNS):
        await world.talk(world.alice, world.bob, f'Turn {turn}')
    (own,) = [d for d in await world.bob.devices() if d['this']]
    await world.alice.done('verify', world.bob.jid, own['fingerprint'])


@case('an export is text, a page without scripts, or JSON, with what others wrote as text')
async def _(world):
    nasty = '<script>alert("&")</script> \u202e'
    world.spoken.append('<script>alert("&")</script>')
    await world.bob.send(world.alice.jid, nasty)
    await world.alice.hear()
    out = world.at.folder
    for form in ('text', 'html', 'json'):
        await world.alice.done('export', '--all', '--format', form, '-o', out / f'chats.{form}')
        assert stat.S_IMODE(os.stat(out / f'chats.{form}').st_mode) == 0o600
    text, page = (out / 'chats.text').read_text(), (out / 'chats.html').read_text()
    for words in world.spoken[:-1]:
        assert words in text and words in page, words
    assert 'not encrypted' in text.splitlines()[0] and 'not encrypted' in page
    assert '<script' not in page and '&lt;script&gt;alert(&quot;&amp;&quot;)' in page
    assert '\u202e' not in text + page
    (chat,) = json.loads((out / 'chats.json').read_text())['chats']
    assert [m['text'] for m in chat['messages'] if 'device' not in m] == world.spoken[:-1] + [nasty], chat
    failed(await world.alice.run('export', '--all', '-o', out / 'chats.text'), 1, 'file')
    failed(await world.alice.run('export', '--all', world.bob.jid), 2, 'usage')
    failed(await world.alice.run('export', world.bob.jid, '--format', 'doc'), 2, 'usage')


@case('a backup is one file for its owner, of a size that says little, and replaces nothing')
async def _(world):
    (event,) = await world.alice.done(
        'backup', world.backup, '--passphrase-file', world.secret, timeout=120
    )
    assert event['event'] == 'backup' and 'code' not in event, event
    about = os.stat(world.backup)
    assert stat.S_IMODE(about.st_mode) == 0o600, oct(about.st_mode)
    assert about.st_size == HEADER + 16 * CHUNK, about.st_size
    failed(
        await world.alice.run('backup', world.backup, '--passphrase-file', world.secret), 1, 'file'
    )
    assert os.stat(world.backup).st_mtime_ns == about.st_mtime_ns
    failed(await world.alice.run('backup', world.at.folder / 'other'), 2, 'passphrase')
    for words in world.spoken + [world.passwords['alice'], world.bob.jid, world.alice.jid]:
        assert not leak.find(world.backup.parent / 'backup', words), words


@case('what was cut, altered or locked with another passphrase is told apart, and leaves nothing')
async def _(world):
    whole = world.backup.read_bytes()
    other = world.at.folder / 'other-secret'
    other.write_text('another passphrase\n')
    dice = random.Random(3)
    broken = world.at.folder / 'broken'
    for data, secret, code in (
        (whole, other, 'wrong-passphrase'),
        (whole[: HEADER + 3 * CHUNK], world.secret, 'cut'),
        (whole[:-1], world.secret, 'cut'),
        (whole[:HEADER], world.secret, 'cut'),
        (whole[:40], world.secret, 'backup'),
        (b'something else altogether', world.secret, 'backup'),
        (whole[:8] + b'\7' + whole[9:], world.secret, 'backup'),
        (flip(whole, 20), world.secret, 'backup'),
        (flip(whole, dice.randrange(HEADER, len(whole))), world.secret, 'altered'),
        (whole + whole[-CHUNK:], world.secret, 'altered'),
    ):
        broken.write_bytes(data)
        machine = world.place('sotto-broken')
        failed(
            await machine.run('restore', broken, '--passphrase-file', secret, timeout=120), 1, code
        )
        assert not machine.folder.exists() or not list(machine.folder.iterdir())
    failed(await world.alice.run('restore', world.at.folder / 'nowhere'), 1, 'file')


def flip(data, at):
    """With one bit changed."""
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


@case('an account is not overwritten by a restore')
async def _(world):
    failed(
        await world.alice.run('restore', world.backup, '--passphrase-file', world.secret),
        1,
        'other-account',
    )
    assert len(await world.alice.history(world.bob.jid)) == 2 * TURNS + 1


@case('a new machine has the history, the trust and an identity of its own, and talks on')
async def _(world):
    machine = world.machine = world.place('sotto-new')
    machine.options += ['--passphrase-file', world.secret]
    (event,) = await machine.done('restore', world.backup, timeout=120)
    assert event['event'] == 'restored' and event['jid'] == world.alice.jid, event
    assert await machine.history(world.bob.jid) == await world.alice.history(world.bob.jid)
    found = await machine.done('search', 'turn 1')
    assert len(found) == 2, found
    (old,) = [d for d in await world.alice.devices() if d['this']]
    devices = await machine.devices()
    (new,) = [d for d in devices if d['this']]
    assert new['id'] != old['id'] and new['fingerprint'] != old['fingerprint'], (old, new)
    assert {d['id'] for d in devices} == {old['id'], new['id']}
    trusts = {k['trust'] for k in await machine.done('trust', world.bob.jid)}
    assert trusts == {'verified'}, trusts
    assert not await machine.rest()  # nothing of the history is heard again
    await world.talk(machine, world.bob, 'From the new machine')
    assert await world.alice.rest() == [world.spoken[-1]]  # the old one is there still


@case('a recovery code opens a backup, also with a slip of the pen; another program reads it')
async def _(world):
    path = world.at.folder / 'coded'
    (event,) = await world.machine.done('backup', path, '--recovery-code')
    code = event['code']
    assert [len(g) for g in code.split('-')] == [5] * 6, code
    records = list(read_backup(path.read_bytes(), code))
    kinds = {(kind, table) for kind, table, *_ in records}
    # About, settings, entries, chats; of the rows contacts, trust, people, chats' timers and what is about the account.
    assert {(1, 0), (2, 0), (4, 0), (5, 0), (3, TRUST)} <= kinds, kinds
    assert not {table for kind, table in kinds if kind == 3} & ONE_DEVICE, kinds
    assert not [r for r in records if b'token' in r[3] or b'agent' in r[3]]
    bodies = b''.join(value for *_, value in records)
    assert all(words.encode() in bodies for words in world.spoken)
    assert world.passwords['alice'].encode() in bodies
    slip = code[:7].lower() + ('0' if code[7] != '0' else '1') + code[8:].replace('-', ' ')
    third = world.place('sotto-third')
    wrong = 'A' * 30
    failed(await third.run('restore', path, stdin=wrong + '\n'), 1, 'wrong-code')
    await third.done('restore', path, stdin=slip + '\n')
    assert await third.history(world.bob.jid) == await world.machine.history(world.bob.jid)


@case('an account whose password was changed restores its history, and says what is missing')
async def _(world):
    world.at.ctl('user', 'delete', world.alice.jid)
    world.at.ctl('user', 'add', world.alice.jid, '--password-stdin', stdin='another one\n')
    late = world.place('sotto-late')
    status, events = await late.run('restore', world.backup, '--passphrase-file', world.secret)
    assert status == 1 and events[0]['event'] == 'restored', (status, events)
    assert events[-1]['code'] == 'refused', events
    late.options += ['--passphrase-file', world.secret]
    assert await late.history(world.bob.jid)


if __name__ == '__main__':
    main(case, Keep, __doc__)
