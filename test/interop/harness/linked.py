"""linked.py: servers that pin each other's certificate, on loopback: sottods, or one and an actor that plays the other.

    async with Linked() as linked:                      # two sottods
        alice = await linked.client('one', 'alice')
"""
import contextlib
import hashlib
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

from . import client as xmpp
from .server import Sottod, free_port, new_password


class Certificate:
    """A self-signed one for a domain, made in a folder."""

    def __init__(self, folder, domain):
        self.domain = domain
        self.path, self.key = folder / f'{domain}.crt', folder / f'{domain}.key'
        command = ('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 '
                   f'-subj /CN={domain} -addext subjectAltName=DNS:{domain} -keyout {self.key} -out {self.path}')
        subprocess.run(command.split(), check=True, capture_output=True)
        self.sha256 = hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.path.read_text())).hexdigest()

    def pin(self, port, host='127.0.0.1'):
        """The item of s2s.pin for the server that has it and listens there."""
        return f'{self.domain}={host}:{port}={self.sha256}'


class LinkedServer(Sottod):
    """A sottod of a domain, linked with others: `pins` are items of s2s.pin."""

    def __init__(self, certificate, port, pins, options=()):
        super().__init__(options=(f'server.domain={certificate.domain}', f'listen.s2s=127.0.0.1:{port}',
                                  f'tls.certificate={certificate.path}', f'tls.key={certificate.key}',
                                  f's2s.pin={" ".join(pins)}', *options))
        self.domain = certificate.domain
        self.certificate = certificate
        self.s2s_port = port

    def _certificate(self):
        return self.certificate.path

    def kill(self):
        """The whole of it, without a word, as when the machine loses its power but for the disk."""
        self.process.kill()
        self.process.wait()
        self.process = None


class Linked:
    """Two of them, `one` with alice and `two` with bob."""

    people = {'one': 'alice', 'two': 'bob'}
    options = ()

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix='sotto-linked-'))
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        ports = {name: free_port() for name in self.people}
        self.certificates = {name: Certificate(self.folder, f'{name}.test') for name in self.people}
        self.servers, self.passwords = {}, {}
        for name, person in self.people.items():
            (other,) = set(self.people) - {name}
            self.servers[name] = self.stack.enter_context(LinkedServer(
                self.certificates[name], ports[name], [self.certificates[other].pin(ports[other])], self.options))
            self.passwords[person] = new_password()
            self.servers[name].add_user(person, self.passwords[person])
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    async def client(self, name, **more):
        """A logged-in client of the person of this server, closed at the end."""
        person = self.people[name]
        client = await xmpp.Client.open(self.servers[name], person, self.passwords[person], **more)
        self.stack.push_async_callback(client.close)
        return client
