"""sotto.py: our terminal client as a script drives it: one account in a folder of its own."""
import asyncio
import json

from .server import BIN

TIMEOUT_S = 60


class Sotto:
    """An account of a world. `secret`: a passphrase for the store; without it a key file is made.
    `direct`: TLS from the first byte."""

    def __init__(self, world, name, folder=None, secret=None, direct=False, ca=None, connect=None):
        self.world, self.name = world, name
        self.jid = world.at.jid(name)
        self.folder = world.at.folder / (folder or f'sotto-{name}')
        place = f'tls://{world.at.host}:{world.at.ports["c2s_tls"]}' if direct else None
        self.options = [
            '--data', self.folder, '--json', '--ca', ca or world.at.ca,
            '--connect', connect or place or f'{world.at.host}:{world.at.port}',
        ]
        if secret is not None:
            file = world.at.folder / f'passphrase-{name}'
            file.write_text(secret + '\n')
            self.options += ['--passphrase-file', file]
        self.how = {}                           # more for the process: env, preexec_fn
        self.within = ()                        # what runs it: `ip netns exec …`
        self.new_devices, self.said = [], ''    # told by the last command, beside its events; on standard error

    async def start(self, *argv):
        """The running program."""
        return await asyncio.create_subprocess_exec(
            *[str(a) for a in [*self.within, BIN / 'sotto', *self.options, *argv]],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **self.how,
        )

    async def run(self, *argv, stdin='', timeout=TIMEOUT_S):
        """Runs a command to its end: (status, events). New devices, which any command may tell of, are kept apart."""
        process = await self.start(*argv)
        try:
            out, said = await asyncio.wait_for(process.communicate(stdin.encode()), timeout)
        except asyncio.TimeoutError:
            process.kill()
            raise
        events = [json.loads(line) for line in out.decode().splitlines()]
        self.new_devices = [e for e in events if e['event'] == 'device']
        self.said = said.decode()
        return process.returncode, [e for e in events if e['event'] != 'device']

    async def done(self, *argv, **more):
        """Runs a command that must succeed: its events."""
        status, events = await self.run(*argv, **more)
        assert status == 0, (argv, status, events)
        return events

    async def login(self, password=None):
        """Makes this a device of the account."""
        password = password or self.world.passwords[self.name]
        return await self.done('login', self.jid, '--password-stdin', stdin=password + '\n')

    async def send(self, to, text, *options):
        """Sends; returns the events."""
        return await self.done('send', to, text, *options)

    async def hear(self, count=1, timeout=30):
        """The next messages: (author, text, encryption) of each."""
        events = await self.done('listen', '--count', count, '--timeout', timeout)
        return [
            (e['from'], e['body'], e['encryption']) for e in events if e['event'] == 'message'
        ]

    async def hear_of(self, wanted, tries=5):
        """Until this message has come; what another device of the account has sent may come before it."""
        heard = []
        while wanted not in heard:
            assert tries > 0, (self.folder, heard)
            tries -= 1
            heard += await self.hear(timeout=10)

    async def rest(self, seconds=1):
        """What comes within this time, to see that nothing does."""
        events = await self.done('listen', '--timeout', seconds)
        return [e['body'] for e in events if e['event'] == 'message']

    async def history(self, other, *options):
        """The chat, as (author, text)."""
        events = await self.done('history', other, *options)
        return [(e['from'], e['body']) for e in events if e['event'] == 'message']

    async def devices(self):
        """The account's devices, without who else may log in."""
        return [e for e in await self.done('devices') if e['event'] == 'own-device']
