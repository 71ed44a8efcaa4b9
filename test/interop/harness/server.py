"""server.py: a server for one test run, in a folder of its own that goes away with it.

Sottod is the program under test. Prosody is the reference: a test that has not passed against it
proves nothing about Sotto. Both listen on loopback, on a port of the system's choice, with
STARTTLS.
"""
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import leak

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get('SOTTO_BIN', ROOT / 'build/bin'))
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
PR_SET_PDEATHSIG = 1


class ServerError(Exception):
    """A server did not start, or refused a command; the text says what it said."""


def _die_with_parent():
    """A killed test leaves no server behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port():
    """A port that was free a moment ago, for servers that cannot report the one they got."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """What both servers share: the process, its log, the folder. `ca` is the file to trust in
    TLS."""

    domain = 'localhost'
    host = '127.0.0.1'

    def __init__(self, folder=None):
        self._temporary = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix='sotto-interop-')).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / 'data'
        self.log = self.folder / 'server.log'
        self.process = None
        self.port = None
        self.ca = None
        self.mechanisms = None      # that clients may use; None: SCRAM
        self.spoken = []            # what clients sent encrypted, or were refused: nobody may write it

    def written(self):
        """Files and folders that the server wrote, and nobody else."""
        return [place for place in (self.data, self.log) if place.exists()]

    def leaks(self):
        """(words, file) for each of the texts of `spoken` that lies in what the server wrote, in
        whatever spelling."""
        return [(words, f'{place.name}/{path}') for place in self.written()
                for words, path in leak.find_each(place, self.spoken)]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self._temporary and not os.environ.get('SOTTO_KEEP'):
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        """SIGTERM, then SIGKILL; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        self.process = None
        return status

    def said(self):
        """The log so far."""
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    def _spawn(self, argv, **more):
        return subprocess.Popen(
            [str(a) for a in argv],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            **more,
        )

    def jid(self, name):
        """The bare JID of an account here."""
        return f'{name}@{self.domain}'


class Sottod(Server):
    """sottod with its data in the folder. `options` are `-o` settings, `section.key=value`;
    `arguments` come last on its command line as they are; `environment` is added to ours."""

    name = 'sottod'
    LISTENING = re.compile(r'^sotto: listening (\S+) (\S+):(\d+)$')

    def __init__(self, folder=None, options=(), arguments=(), any_port=True, environment=None):
        super().__init__(folder)
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.settings = {'server.data_dir': self.data}
        if any_port:
            self.settings |= {
                'listen.c2s': '127.0.0.1:0',
                'listen.c2s_tls': '127.0.0.1:0',
                'listen.https': '127.0.0.1:0',
            }
        # A list that is given twice is one longer list, so each key is given once.
        self.settings |= dict(option.split('=', 1) for option in options)
        self.ports = {}
        self.certificate = None     # where it is not the server's own
        self.out = self.folder / 'server.out'        # standard output, which says nothing
        self.answers = self.folder / 'control.log'   # of the control socket
        self._ready = threading.Event()
        self._reader = None

    def start(self):
        """Returns once the server said `sotto: ready`."""
        self._ready.clear()
        self.ports.clear()
        argv = [BIN / 'sottod']
        for key, value in self.settings.items():
            argv += ['-o', f'{key}={value}']
        argv += self.arguments
        try:
            with open(self.out, 'ab') as out:
                self.process = self._spawn(argv, stdout=out, stderr=subprocess.PIPE,
                                           env=os.environ | self.environment)
        except OSError as error:
            raise ServerError(
                f'cannot start {argv[0]}: {error.strerror}; run `make` first'
            ) from error
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready.wait(0.02):
            if self.process.poll() is not None:
                self._reader.join(5)
                raise ServerError(
                    f'sottod ended with status {self.process.returncode}:\n{self.said()[-2000:]}'
                )
            if time.monotonic() > deadline:
                raise ServerError(
                    f'sottod was not ready after {START_TIMEOUT_S} s:\n{self.said()[-2000:]}'
                )
        self.port = self.ports.get('c2s')
        self.ca = self._certificate()

    def _read(self, pipe):
        with open(self.log, 'a', encoding='utf-8') as log:
            for raw in pipe:
                line = raw.decode(errors='replace').rstrip('\n')
                log.write(line + '\n')
                log.flush()
                if found := self.LISTENING.match(line):
                    self.ports.setdefault(found[1], int(found[3]))
                elif line == 'sotto: ready':
                    self._ready.set()

    def _certificate(self):
        if self.certificate is not None:
            return self.certificate
        for path in sorted((self.data / 'tls').iterdir()):
            if '-----BEGIN CERTIFICATE-----' in path.read_text(errors='replace'):
                return path
        raise ServerError(f'no certificate in {self.data}/tls')

    def ctl(self, *argv, stdin=''):
        """Runs sottoctl; returns what it printed."""
        done = subprocess.run(
            [BIN / 'sottoctl', '-s', self.data / 'control.sock', *argv],
            input=stdin,
            text=True,
            capture_output=True,
            timeout=30,
            check=False,
        )
        with open(self.answers, 'a', encoding='utf-8') as answers:
            answers.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise ServerError(
                f"sottoctl {' '.join(argv)}: status {done.returncode}: {done.stderr.strip()}"
            )
        return done.stdout

    def add_user(self, name, password):
        """Creates an account."""
        self.ctl('user', 'add', self.jid(name), '--password-stdin', stdin=password + '\n')

    def written(self):
        return super().written() + [p for p in (self.out, self.answers) if p.exists()]

    def websocket(self):
        """Where browsers connect."""
        return f"wss://localhost:{self.ports['https']}/ws"

    def tell_all(self):
        """Asks the control socket all that changes nothing; the answers are kept, and a backup of
        the store with them."""
        for question in 'user list', 'stats', 'check':
            for form in [], ['--json']:
                self.ctl(*form, *question.split())
        self.ctl('backup', str(self.data / 'copy-of-the-store'))

    def delete_user(self, name):
        """Removes an account."""
        self.ctl('user', 'delete', self.jid(name))

    def invite(self):
        """A new invitation: {"uri", "page", "token", "expires"}."""
        return json.loads(self.ctl('--json', 'invite', 'create'))

    def server_process(self):
        """Process id of `sottod: server`, which the supervisor started and starts again."""
        pid = self.process.pid
        for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
            if Path(f'/proc/{child}/cmdline').read_bytes().startswith(b'sottod: server'):
                return int(child)
        raise ServerError(f'{pid} has no server process')


PROSODY_CONFIG = '''
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ debug = "{folder}/server.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
http_ports = {{ {http} }}
http_interfaces = {{ "127.0.0.1" }}
consider_websocket_secure = true
cross_domain_websocket = true
https_ports = {{ }}
component_ports = {{ }}
modules_enabled = {{ "tls"; "roster"; "saslauth"; "disco"; "pep"; "carbons"; "mam"; "posix"; "ping";
    "smacks"; "csi_simple"; "bookmarks"; "vcard4"; "vcard_legacy"; "blocklist"; "offline"; "version";
    "time"; "private"; "websocket" }}
modules_disabled = {{ "s2s" }}
authentication = "internal_plain"
c2s_require_encryption = true
VirtualHost "localhost"
    ssl = {{ certificate = "{folder}/localhost.crt"; key = "{folder}/localhost.key" }}
'''


class Prosody(Server):
    """Debian's Prosody with a generated configuration."""

    name = 'prosody'

    def start(self):
        if shutil.which('prosody') is None:
            raise ServerError('prosody is not installed')
        self.port = free_port()
        self.http = free_port()
        self.data.mkdir(exist_ok=True)
        self._make_certificate()
        config = self.folder / 'prosody.cfg.lua'
        config.write_text(PROSODY_CONFIG.format(folder=self.folder, port=self.port, http=self.http))
        with open(self.folder / 'prosody.out', 'ab') as out:
            self.process = self._spawn(
                ['prosody', '--config', config, '-F'], stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise ServerError(f'prosody did not start:\n{self.said()[-2000:]}') from None
                time.sleep(0.05)

    def _make_certificate(self):
        self.ca = self.folder / 'localhost.crt'
        if self.ca.exists():
            return
        command = (
            'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 '
            '-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout localhost.key '
            '-out localhost.crt')
        subprocess.run(command.split(), cwd=self.folder, check=True, capture_output=True)

    def websocket(self):
        """In clear, which is what a browser without this certificate needs."""
        return f'ws://localhost:{self.http}/xmpp-websocket'

    def add_user(self, name, password):
        """Writes the account's file as mod_auth_internal_plain reads it."""
        accounts = self.data / 'localhost/accounts'
        accounts.mkdir(parents=True, exist_ok=True)
        (accounts / f'{name}.dat').write_text('return {\n\t["password"] = "%s";\n};\n' % password)


def new_password():
    """160 random bits, like those that our own clients make."""
    return secrets.token_hex(20)


def make(name, **more):
    """The server called `name` on a test's command line."""
    return {'sottod': Sottod, 'prosody': Prosody}[name](**more)
