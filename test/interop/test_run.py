#!/usr/bin/python3
"""test_run.py: what docs promise of `make run`: the proof, the invitations, Ctrl-C, a busy port
that is named."""
import asyncio
import contextlib
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import leak
from harness.server import ROOT, free_port
from harness.tap import Cases

case = Cases()
START_S = 120


class Run:
    """A folder for one `make run`, its ports, and what it printed."""

    async def __aenter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='sotto-run-'))
        return self

    async def __aexit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def argv(self, name, *more, ports=None):
        """The command line; every port is one that was free a moment ago."""
        ports = ports or [free_port() for _ in range(3)]
        arguments = ' '.join(f'-o listen.{key}=127.0.0.1:{port}'
                             for key, port in zip(('c2s', 'c2s_tls', 'https'), ports))
        return [
            'make',
            '--no-print-directory',
            'run',
            f'RUN={self.folder / name}',
            f'ARGS={arguments}',
            *more,
        ]


def environment():
    """Ours, without what a make above us set."""
    return {
        k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS', 'CI')
    }


async def output_of(argv):
    """(status, standard output, standard error)."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), START_S)
    return process.returncode, out.decode(), err.decode()


@case('ONCE=1 proves, invites and ends well', timeout=START_S)
async def _(world):
    status, out, err = await output_of(world.argv('once', 'ONCE=1'))
    assert status == 0, (status, out, err)
    lines = out.splitlines()
    assert 'sotto: proved' in lines, out
    wrote, read = (
        re.findall(rf'^ *(?:Alice|Bob) {verb} +(.*?)(?: {{4}}\(.*)?$', out, re.M)
        for verb in ('wrote', 'read')
    )
    assert len(wrote) == 2 and wrote == read, (wrote, read)
    assert len(re.findall(r'^ +xmpp:\S+$', out, re.M)) == 2, out
    assert leak.find(world.folder / 'once', 'localhost'), 'the search finds nothing at all'
    held = leak.find_each(world.folder / 'once', wrote)
    assert not held, held


@case('LAN=1 serves the network nearby and draws an invitation', timeout=START_S)
async def _(world):
    ports = [free_port() for _ in range(3)]
    status, out, err = await output_of(world.argv('lan', 'ONCE=1', 'LAN=127.0.0.1', ports=ports))
    assert status == 0 and 'sotto: proved' in out.splitlines(), (status, out, err)
    assert f'NAME@127.0.0.1, host 127.0.0.1, port {ports[0]}' in out, out
    assert len(re.findall(r'^ *xmpp:127\.0\.0\.1\?register;preauth=\S+$', out, re.M)) == 3, out
    assert '\u2588' in out and 'scan the code' in out, out


@case('a second run with the same data proves again', timeout=START_S)
async def _(world):
    status, out, err = await output_of(world.argv('once', 'ONCE=1'))
    assert status == 0 and 'sotto: proved' in out.splitlines(), (status, out, err)


@case('a busy port is named with the key that changes it', timeout=START_S)
async def _(world):
    with socket.socket() as busy:
        busy.bind(('127.0.0.1', 0))
        busy.listen()
        port = busy.getsockname()[1]
        status, out, err = await output_of(
            world.argv('busy', 'ONCE=1', ports=[port, free_port(), free_port()])
        )
    assert status != 0
    assert 'listen.c2s' in out + err and str(port) in out + err, (out, err)


def prove(world, name, *options):
    """Without make: what it would have built is there."""
    arguments = [f'listen.{key}=127.0.0.1:0' for key in ('c2s', 'c2s_tls', 'https')]
    return [str(ROOT / 'tools/prove'), '--folder', str(world.folder / name), '--',
            *(part for option in (*arguments, *options) for part in ('-o', option))]


def issue(folder):
    """A certificate that another one has signed, with that one behind it, and its key."""
    def openssl(*argv):
        subprocess.run(['openssl', *argv], cwd=folder, check=True, capture_output=True)

    key = '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'
    openssl('req', '-x509', *key, '-subj', '/CN=authority', '-days', '30', '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', *key, '-subj', '/CN=localhost', '-keyout', 'own.key', '-out', 'own.csr')
    (folder / 'ext').write_text('subjectAltName=DNS:localhost\n')
    openssl('x509', '-req', '-in', 'own.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30',
            '-extfile', 'ext', '-out', 'own.pem')
    (folder / 'chain.pem').write_text((folder / 'own.pem').read_text() + (folder / 'ca.pem').read_text())
    return f'tls.certificate={folder}/chain.pem', f'tls.key={folder}/own.key'


@case('whatever is configured is proved, as far as it can be', timeout=START_S)
async def _(world):
    (world.folder / 'elsewhere').mkdir()
    for name, options, found in (
        ('tls', issue(world.folder), 'found'),
        ('store', (f'store.url=sqlite:{world.folder}/elsewhere/a.db', 'auth.mechanisms=PLAIN'), 'found'),
        ('memory', ('store.url=sqlite::memory:',), 'not looked for (store.url=sqlite::memory: keeps nothing on disk)'),
        ('off', ('archive.mode=off',), 'not looked for (archive.mode=off keeps nothing of what is delivered at once)'),
    ):
        argv = prove(world, name, *options)
        status, out, err = await output_of([argv[0], '--once', *argv[1:]])
        assert status == 0 and 'sotto: proved' in out.splitlines() and not err, (name, status, out, err)
        assert f'Ciphertext: {found}. What they wrote: not found.' in out, (name, out)


@case('what cannot be proved is said in a sentence', timeout=START_S)
async def _(world):
    for option in 'listen.proxy_from=10.0.0.1 127.0.0.0/8', 'auth.mechanisms=FAST':
        status, out, err = await output_of(prove(world, 'not', option))
        assert status == 1 and not out, (option, status, out)
        assert err.startswith(f'prove: {option.split("=")[0]}=') and err.count('\n') == 1, err


@case('SIGTERM and SIGINT after the proof end it with 0, before it with their number', timeout=START_S)
async def _(world):
    for number in signal.SIGTERM, signal.SIGINT:
        for proved in True, False:
            process = await asyncio.create_subprocess_exec(*prove(world, 'ends'), cwd=ROOT, env=environment(),
                                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            async for line in process.stdout:
                if line.startswith(b'sotto: proved' if proved else b'Sotto runs on'):
                    break
            process.send_signal(number)
            await asyncio.wait_for(process.communicate(), START_S)
            assert process.returncode == (0 if proved else 128 + number), (number, proved, process.returncode)


@case('it stays until Ctrl-C in a terminal and then ends with 0', timeout=START_S)
async def _(world):
    argv = world.argv('stay')
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execvpe(argv[0], argv, environment())
    try:
        seen = await until(terminal, 'Ctrl-C ends the server')
        assert 'sotto: proved' in seen, seen
        os.write(terminal, b'\x03')
        assert await ended(child, terminal) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


async def until(terminal, text):
    """Reads a terminal until the text was there; returns all of it."""
    os.set_blocking(terminal, False)
    seen, deadline = '', time.monotonic() + START_S
    while text not in seen:
        assert time.monotonic() < deadline, seen
        try:
            seen += os.read(terminal, 65536).decode(errors='replace')
        except BlockingIOError:
            await asyncio.sleep(0.1)
        except OSError:
            raise AssertionError(f'it ended: {seen}') from None
    return seen


async def ended(child, terminal):
    """The exit status of a child, whose terminal is read meanwhile so that it can end."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            os.read(terminal, 65536)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        await asyncio.sleep(0.1)
    raise AssertionError('it did not end after Ctrl-C')


if __name__ == '__main__':
    sys.exit(case.run(Run(), sys.argv[1] if len(sys.argv) > 1 else None))
