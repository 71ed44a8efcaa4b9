"""world.py: what the cases of one file share: a running server, accounts, clients that are closed
at the end."""
import argparse
import contextlib
import sys

from . import client as xmpp
from . import leak, server


class World:
    """A server with Alice and Bob. Files derive from it to add what their cases need."""

    names = ('alice', 'bob')
    options = ()                                # more `-o` settings for sottod
    talks = True                                # its clients send what the server must not be able to read

    def __init__(self, at):
        self.at = at
        self.passwords = {}
        self._stack = contextlib.AsyncExitStack()
        self._clients = contextlib.AsyncExitStack()

    async def __aenter__(self):
        try:
            self._stack.enter_context(self.at)
            await self._stack.enter_async_context(self._clients)
            xmpp.log_stanzas(self.at.folder / 'client.log')
            for name in self.names:
                self.add_account(name)
            await self.begin()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def begin(self):
        """What a file does before its first case."""

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def search(self):
        """The last case of a file whose clients talk: what they encrypted lies nowhere in what the
        server wrote: not while it runs, with a log that is not written back yet, and not once it has
        ended."""
        if self.at.name == 'sottod':
            assert self.at.spoken, 'nobody said anything'
            self.at.tell_all()
        for moment in 'while it runs', 'once it has ended':
            assert any(leak.find(place, self.at.domain) for place in self.at.written()), (
                'the search does not even find the name of the server')
            hits = self.at.leaks()
            assert not hits, f'{moment}: {hits}'
            await self._clients.aclose()
            self.at.stop()

    def add_account(self, name):
        """Creates an account with a password of its own."""
        self.passwords[name] = server.new_password()
        self.at.add_user(name, self.passwords[name])

    async def client(self, name, **more):
        """A logged-in client of an account."""
        client = await xmpp.Client.open(self.at, name, self.passwords[name], **more)
        self._clients.push_async_callback(client.close)
        return client


def main(cases, world, description):
    """The command line that all files share: FILE [--server sottod|prosody] [CASE]."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--server', default='sottod', choices=['sottod', 'prosody'])
    parser.add_argument('case', nargs='?', help='run only cases whose name contains this')
    arguments = parser.parse_args()
    more = {'options': world.options} if arguments.server == 'sottod' else {}
    if world.talks and not arguments.case:
        cases('nothing that was encrypted lies in what the server wrote')(world.search)
    sys.exit(
        cases.run(world(server.make(arguments.server, **more)), arguments.case, arguments.server)
    )
