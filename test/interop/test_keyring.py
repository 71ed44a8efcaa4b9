#!/usr/bin/python3
"""test_keyring.py: what opens a store of sotto: passphrases that change, by order and when the power goes, and the keyring of
a desktop, which is GNOME Keyring on a session bus of its own."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.powercut import Disk
from harness.server import BIN
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_sotto import failed

case = Cases()

ENDS = 30                                       # at which operation of the disk the power may go


class Desktop:
    """A person's session: a bus and a keyring, which opens with a password."""

    def __init__(self, folder, keyring='secret of the desktop', unlocked=True):
        self.folder, self.keyring, self.unlocked = folder, keyring, unlocked

    def __enter__(self):
        run = self.folder / 'run'
        run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.env = {'PATH': os.environ['PATH'], 'HOME': str(self.folder), 'LANG': 'C.UTF-8',
                    'XDG_RUNTIME_DIR': str(run), 'DBUS_SESSION_BUS_ADDRESS': f'unix:path={run}/bus'}
        self.bus = self.begin('dbus-daemon', '--session', '--nofork', '--nopidfile', '--print-address=1',
                              f'--address={self.env["DBUS_SESSION_BUS_ADDRESS"]}')
        assert self.bus.stdout.readline().startswith('unix:')
        how = '--unlock' if self.unlocked else '--start'
        self.daemon = self.begin('gnome-keyring-daemon', '--foreground', '--components=secrets', how)
        if self.unlocked:
            self.daemon.stdin.write(self.keyring)
        self.daemon.stdin.close()
        self.daemon.stdout.readline()           # it is there
        return self

    def begin(self, *argv):
        """A program of the desktop."""
        return subprocess.Popen(argv, env=self.env, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __exit__(self, *_):
        for process in (self.daemon, self.bus):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            process.stdout.close()


class Locks(World):
    """Alice's store, with a passphrase, and a desktop on which she may be."""

    talks = False

    async def begin(self):
        self.secrets = self.at.folder / 'secrets'
        self.secrets.mkdir()
        self.alice = Sotto(self, 'alice')
        self.home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix='sotto-desk-')))
        self.away()
        await self.alice.login()                # opened by a key file, without anybody at a terminal

    def file(self, words):
        """A file that holds a passphrase."""
        path = self.secrets / words.replace(' ', '-')
        path.write_text(words + '\n')
        return path

    def away(self):
        """No desktop: as over SSH, or in a service."""
        self.alice.how = {'env': {'PATH': os.environ['PATH'], 'HOME': str(self.home)}}

    @contextlib.contextmanager
    def desktop(self, **more):
        """Alice sits at it."""
        with Desktop(self.home, **more) as desktop:
            self.alice.how = {'env': desktop.env}
            try:
                yield desktop
            finally:
                self.away()

    async def opens(self, *options):
        """True, or the code of what was said."""
        status, events = await self.alice.run('history', 'bob@localhost', *options)
        return status == 0 or events[-1]['code']

    async def only(self, passphrase):
        """Nothing else opens it."""
        assert await self.opens('--passphrase-file', self.file(passphrase)) is True
        for other in {'first words', 'second words', 'third words'} - {passphrase}:
            assert await self.opens('--passphrase-file', self.file(other)) == 'locked', other
        assert await self.opens() == 'locked'


@case('a store that a key file opened gets a passphrase, and the file is gone')
async def _(world):
    assert await world.opens() is True and (world.alice.folder / 'key').exists()
    failed(await world.alice.run('passphrase', '--remove'), 1, 'no-passphrase')
    failed(await world.alice.run('passphrase'), 2, 'passphrase')
    failed(await world.alice.run('keyring', 'on'), 1, 'no-passphrase')
    (event,) = await world.alice.done('passphrase', '--new-passphrase-file', world.file('first words'))
    assert event == {'event': 'passphrase', 'state': 'set'}, event
    assert not (world.alice.folder / 'key').exists()
    await world.only('first words')


@case('the passphrase changes for who knows it, and the old one opens nothing')
async def _(world):
    new = '--new-passphrase-file', world.file('second words')
    failed(await world.alice.run('passphrase', *new), 2, 'locked')
    failed(await world.alice.run('passphrase', '--passphrase-file', world.file('third words'), *new),
           2, 'locked')
    failed(await world.alice.run('passphrase', '--remove', *new), 2, 'usage')
    empty = world.secrets / 'empty'
    empty.write_text('\n')
    failed(await world.alice.run('passphrase', '--passphrase-file', world.file('first words'),
                                 '--new-passphrase-file', empty), 2, 'passphrase')
    await world.only('first words')
    (event,) = await world.alice.done(
        'passphrase', '--passphrase-file', world.file('first words'), *new)
    assert event['state'] == 'changed', event
    await world.only('second words')


@case('when the power goes meanwhile, the old or the new one opens it', timeout=300)
async def _(world):
    library = BIN.resolve().parent / 'meson/test/chaos/powercut.so'
    whole, place = world.alice.folder, world.at.folder / 'cut'
    orders = world.at.folder / 'disk'
    ended, opened = [], []
    for end in range(1, ENDS + 1):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(whole, place)
        disk = Disk(orders, seed=end)
        disk.early, disk.die_in = 30 * (end % 3), end
        world.alice.options[1] = place
        world.alice.how['env'].update(LD_PRELOAD=str(library), SOTTO_POWERCUT=str(orders))
        process = await world.alice.start(
            'passphrase', '--passphrase-file', world.file('second words'),
            '--new-passphrase-file', world.file('third words'))
        out, _ = await process.communicate()
        world.away()
        ended.append(process.returncode)
        # One record, so that not both can: only where the new one does not is the old one tried, which takes half a second.
        new = await world.opens('--passphrase-file', world.file('third words'))
        assert new is True or await world.opens('--passphrase-file', world.file('second words')) is True, (end, new)
        assert new is True or not out, (end, out)
        opened.append(new is True)
    world.alice.options[1] = whole
    assert -signal.SIGKILL in ended and 0 in ended, ended
    assert True in opened and False in opened, opened


@case('the keyring of a desktop opens the store, and asks nobody')
async def _(world):
    second = '--passphrase-file', world.file('second words')
    failed(await world.alice.run('keyring', 'on', *second), 1, 'keyring')      # there is none
    assert (await world.alice.done('keyring'))[0]['on'] is False
    with world.desktop():
        assert (await world.alice.done('keyring', 'on', *second)) == [{'event': 'keyring', 'on': True}]
        assert (await world.alice.done('keyring'))[0]['on'] is True
        assert await world.opens() is True
        assert await world.opens(*second) is True
        failed(await world.alice.run(
            'passphrase', '--new-passphrase-file', world.file('first words')), 2, 'locked')
        await world.alice.done('listen', '--timeout', '1')
    with world.desktop():                       # after the person has logged in again
        assert await world.opens() is True


@case('away from the desktop, or while the keyring is locked, the passphrase does it')
async def _(world):
    second = '--passphrase-file', world.file('second words')

    async def refused(words):
        """It says so, and the passphrase does it."""
        process = await world.alice.start('history', 'bob@localhost')
        out, err = await process.communicate()
        assert process.returncode == 2 and b'"locked"' in out and words in err, (out, err)
        assert await world.opens(*second) is True

    await refused(b'there is no keyring in this session')
    with world.desktop(unlocked=False):
        await refused(b'the keyring of this desktop stays locked')
    with tempfile.TemporaryDirectory(prefix='sotto-desk-') as other:
        home, world.home = world.home, Path(other)
        with world.desktop():
            await refused(b'has no key for this store')
        world.home = home


@case('a passphrase that changes leaves the keyring what it is; taken back, it opens nothing')
async def _(world):
    with world.desktop() as desktop:
        await world.alice.done('passphrase', '--passphrase-file', world.file('second words'),
                               '--new-passphrase-file', world.file('third words'))
        assert await world.opens() is True
        before = shutil.copytree(world.alice.folder, world.at.folder / 'copy')
        assert (await world.alice.done('keyring', 'off')) == [{'event': 'keyring', 'on': False}]
        await world.only('third words')
        # Not even a copy from before: the keyring has forgotten the key.
        world.alice.options[1] = before
        assert await world.opens() == 'locked'
        world.alice.options[1] = world.alice.folder
        assert desktop.daemon.poll() is None


@case('without a passphrase there is nothing that the keyring protects')
async def _(world):
    with world.desktop():
        await world.alice.done('keyring', 'on', '--passphrase-file', world.file('third words'))
        (event,) = await world.alice.done('passphrase', '--remove', '--passphrase-file',
                                          world.file('third words'))
        assert event['state'] == 'removed', event
        assert (await world.alice.done('keyring'))[0]['on'] is False
    assert await world.opens() is True and (world.alice.folder / 'key').exists()


if __name__ == '__main__':
    main(case, Locks, __doc__)
