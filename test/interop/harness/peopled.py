"""A server and people on it, closed with everything that was opened on it."""
import contextlib

from harness.client import Client
from harness.server import Sottod, new_password


class Peopled:
    """People whose names would stand out wherever they do not belong; a test adds options."""

    people = ('rosalind-unmistakable', 'ferdinand-unmistakable')
    options = ()

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.at = self.stack.enter_context(Sottod(options=self.options))
        self.passwords = {name: new_password() for name in self.people}
        for name, password in self.passwords.items():
            self.at.add_user(name, password)
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def client(self, name, password=None):
        """A logged-in client, closed at the end."""
        client = await Client.open(self.at, name, password or self.passwords[name])
        self.stack.push_async_callback(client.close)
        return client
