#!/usr/bin/python3
"""test_fetch.py: files of other hosts through the server (docs/fetch.md), with a host and a DNS that do everything wrong.

The other host has a public address, in a network namespace beside this one: what the server does here it does without any
exemption. Nothing may reach 127.0.0.1, where somebody listens and counts.
"""
import asyncio
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from slixmpp.exceptions import IqError

from harness.client import element
from harness.hostile_host import CLEAR, DEAF, GOOD, WRONG, body
from harness.server import ROOT, Sottod, new_password
from harness.tap import Cases
from harness.world import World, main

case = Cases()
SKIP = 77
FETCH = '{urn:sotto:fetch:0}fetch'
OURS, THEIRS = '198.20.0.1', '198.20.0.2'
HOST = f'https://shelf.example:{GOOD}'
NAMES = ('shelf', 'rebind', 'both', 'inside', 'private', 'metadata', 'own', 'zero', 'six', 'mapped', 'nat64', 'local6')
TMP = Path(tempfile.mkdtemp(prefix='sotto-fetch-')) if __name__ == '__main__' else None
MIB = 1024 * 1024


class Cat(World):
    """Alice and Bob; another host; somebody on loopback who must never be reached."""

    options = ('limits.fetch_bytes=4000000', 'limits.fetches_per_account=10000/h', 'server.workers=2',
               'limits.requests_per_address=off')
    talks = False

    async def begin(self):
        self.events = []
        self.host = subprocess.Popen(
            ['ip', 'netns', 'exec', 'peer', sys.executable, ROOT / 'test/interop/harness/hostile_host.py', THEIRS, TMP],
            stdout=subprocess.PIPE, text=True)
        self._clients.callback(lambda: (self.host.terminate(), self.host.wait(10)))
        assert self.host.stdout.readline() == 'ready\n'
        threading.Thread(target=self.listen_to_host, daemon=True).start()
        self.reached = []
        self.trap = [self.set_trap(family, address) for family, address in (
            (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'), (socket.AF_INET, OURS))]
        self.alice = await self.client('alice')
        self.bob = await self.client('bob')

    def listen_to_host(self):
        for line in self.host.stdout:
            self.events.append(line.split())

    def set_trap(self, family, address):
        """Somebody on this machine who listens where the host is said to be."""
        trap = socket.create_server((address, GOOD), family=family)

        def count():
            while True:
                try:
                    link, _ = trap.accept()
                except OSError:
                    return
                self.reached.append(address)
                link.close()
        threading.Thread(target=count, daemon=True).start()
        return trap

    def seen(self, *words):
        """How often the host saw this."""
        return sum(event[:len(words)] == list(words) for event in self.events)

    async def ticket(self, url, client=None):
        """The path of a ticket."""
        asked = element(FETCH, url=url)
        answer = (await (client or self.alice).ask('get', asked, self.at.domain)).find(FETCH)
        ours = answer.get('url')
        assert 'example' not in ours and ours.startswith('https://localhost:'), ours
        return ours[ours.index('/fetch?'):]

    def open(self, path, method='GET'):
        """The answer to a request, its body not read; and the connection."""
        context = ssl.create_default_context(cafile=str(self.at.ca))
        link = http.client.HTTPSConnection('localhost', self.at.ports['https'], context=context, timeout=60)
        link.request(method, path)
        return link.getresponse(), link

    def get(self, path, method='GET'):
        """(status, headers, body, whole) of one request."""
        answer, link = self.open(path, method)
        try:
            content, whole = answer.read(), True
        except http.client.IncompleteRead as cut:
            content, whole = cut.partial, False
        except OSError:
            content, whole = b'', False
        link.close()
        return answer.status, answer.headers, content, whole

    async def fetch(self, url):
        """The same of a file elsewhere."""
        return await asyncio.to_thread(self.get, await self.ticket(url))


# ---- What is fetched -----------------------------------------------------------------------------------


@case('a file comes as it is, as octets of no type')
async def _(world):
    for path, content in (('/ok', body(200_000)), ('/chunked', body(200_000)), ('/empty', b''), ('/interim', b'late'),
                          ('/bytes', b'byte by byte'), ('/large', body(3_000_000)), ('/limit', body(4_000_000)),
                          ('/longer', b'four')):
        status, _, got, whole = await world.fetch(HOST + path)
        assert (status, got, whole) == (200, content, True), (path, status, len(got), whole)


@case('the other host learns nothing of who asks')
async def _(world):
    await world.fetch(HOST + '/ok')
    (asked,) = {' '.join(e[2:]) for e in world.events if e[:2] == ['http', '/ok']}
    assert asked == f'Host: shelf.example:{GOOD}|Accept: */*|Accept-Encoding: identity|Connection: close||', asked


@case('what was called a page is none here, and none of its headers come along')
async def _(world):
    status, headers, got, _ = await world.fetch(HOST + '/html')
    assert (status, got) == (200, b'<script>alert(1)</script>')
    assert headers['Content-Type'] == 'application/octet-stream'
    assert headers['Content-Disposition'] == 'attachment'
    assert headers['X-Content-Type-Options'] == 'nosniff'
    assert 'sandbox' in headers['Content-Security-Policy'] and "default-src 'none'" in headers['Content-Security-Policy']
    assert headers['Cache-Control'] == 'no-store'
    for name in 'Set-Cookie', 'X-Evil', 'Refresh', 'Access-Control-Allow-Origin':
        assert name not in headers, name


@case('redirects on the same host are followed, to the address that was found first')
async def _(world):
    before = world.seen('dns', 'shelf.example')
    status, _, got, _ = await world.fetch(HOST + '/hop2')
    assert (status, got) == (200, body(200_000))
    assert world.seen('dns', 'shelf.example') == before + 1


# ---- Where nothing goes --------------------------------------------------------------------------------


@case('a redirect leads to no other host, port or scheme, and not on for ever')
async def _(world):
    for path in '/to-loopback', '/to-name', '/to-port', '/to-clear', '/to-file', '/loop':
        assert (await world.fetch(HOST + path))[0] == 502, path
    assert world.seen('http', '/loop') == 4 and world.seen('tcp', str(WRONG)) == 0
    assert not world.reached, world.reached


@case('names of private, local and own addresses lead nowhere')
async def _(world):
    for name in (*NAMES[3:], 'nobody'):
        assert (await world.fetch(f'https://{name}.example:{GOOD}/ok'))[0] == 502, name
    assert not world.reached, world.reached


@case('the same written as addresses')
async def _(world):
    for host in ('127.0.0.1', '[::1]', OURS, '10.0.0.1', '169.254.169.254', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]',
                 '[2002:7f00:1::]', '[fe80::1]', '0.0.0.0'):
        assert (await world.fetch(f'https://{host}:{GOOD}/ok'))[0] == 502, host
    assert not world.reached, world.reached


@case('of several addresses only a public one is tried')
async def _(world):
    status, _, got, _ = await world.fetch(f'https://both.example:{GOOD}/ok')
    assert (status, got) == (200, body(200_000))
    assert not world.reached, world.reached


@case('a name that changes its mind is asked once: what was checked is what is connected to')
async def _(world):
    status, _, got, _ = await world.fetch(f'https://rebind.example:{GOOD}/hop1')
    assert (status, got) == (200, body(200_000)) and world.seen('dns', 'rebind.example') == 1
    assert (await world.fetch(f'https://rebind.example:{GOOD}/ok'))[0] == 502
    assert world.seen('dns', 'rebind.example') == 2 and not world.reached


@case('the certificate must be trusted and name the host')
async def _(world):
    asked = world.seen('http')
    for port in WRONG, CLEAR:
        assert (await world.fetch(f'https://shelf.example:{port}/ok'))[0] == 502, port
    assert (await world.fetch(f'https://{THEIRS}:{GOOD}/ok'))[0] == 502
    assert world.seen('http') == asked


# ---- Lies ----------------------------------------------------------------------------------------------


@case('what cannot be an answer is none')
async def _(world):
    for path in ('/both', '/two-lengths', '/no-length', '/gzip', '/head-without-end', '/no-http', '/switch', '/nothing',
                 '/error'):
        status, _, got, _ = await world.fetch(HOST + path)
        assert status == 502 and b'secret' not in got, (path, status)
    assert (await world.fetch(HOST + '/gone'))[0] == 404


@case('what is too large is refused at its head, or cut when it becomes so')
async def _(world):
    for path in '/huge', '/over':
        assert (await world.fetch(HOST + path))[0] == 413, path
    status, _, got, whole = await world.fetch(HOST + '/endless')
    assert status == 200 and not whole and len(got) <= 4_000_000, len(got)


@case('a file that was cut is known as one')
async def _(world):
    for path in '/shorter', '/cut-chunk', '/bad-chunk':
        status, _, got, whole = await world.fetch(HOST + path)
        assert (status, got, whole) == (200, b'four', False), (path, got, whole)


@case('who says nothing is not waited for for ever; others go on meanwhile', timeout=120)
async def _(world):
    urls = [HOST + '/silent', HOST + '/drip-head', f'https://shelf.example:{DEAF}/ok', f'https://silent.example:{GOOD}/x']
    slow = [asyncio.create_task(world.fetch(url)) for url in urls]
    ticket = await world.ticket(HOST + '/stall', world.bob)
    stalled = asyncio.create_task(asyncio.to_thread(world.get, ticket))
    await asyncio.sleep(2)
    started = time.monotonic()
    for _ in range(20):
        path = await world.ticket(HOST + '/ok', world.bob)
        assert (await asyncio.to_thread(world.get, path))[0] == 200
    quick = time.monotonic() - started
    for url, task in zip(urls, slow):
        status = (await task)[0]
        assert status in (502, 504), (url, status)
    status, _, got, whole = await stalled
    assert (status, got, whole) == (200, b'four', False)
    return f'20 files in {quick:.2f} s meanwhile'


# ---- Whom it is for ------------------------------------------------------------------------------------


@case('a ticket is good once, in the form in which it was given, for a GET')
async def _(world):
    path = await world.ticket(HOST + '/ok')
    assert world.get(path, 'HEAD')[0] == 405 and world.get(path, 'POST')[0] == 405
    assert world.get(path)[0] == 200
    assert world.get(path)[0] == 403
    for wrong in ('/fetch', '/fetch?ticket=', '/fetch?ticket=0-aaaaaaaaaaaaaaaaaaaaaaaaaa', '/fetch?url=https://shelf.example/',
                  f'{path}&{path[7:]}', '/fetch?ticket=99-aaaaaaaaaaaaaaaaaaaaaaaaaa'):
        assert world.get(wrong)[0] == 403, wrong


@case('an account has four at a time; others do not wait for it')
async def _(world):
    links = []
    for _ in range(4):
        links.append(world.open(await world.ticket(HOST + '/limit')))
    path = await world.ticket(HOST + '/ok')
    assert world.get(path)[0] == 429
    assert world.get(await world.ticket(HOST + '/ok', world.bob))[0] == 200
    for answer, link in links:
        assert answer.read() == body(4_000_000)
        link.close()
    for _ in range(100):                        # the same ticket, as soon as there is room
        if world.get(path)[0] == 200:
            return
        await asyncio.sleep(0.1)
    raise AssertionError('there is no room again')


def memory(world):
    """Resident size of the server process."""
    status = Path(f'/proc/{world.at.server_process()}/status').read_text()
    return int(status.split('VmRSS:')[1].split()[0]) * 1024


@case('a person who reads slowly fills no memory', timeout=120)
async def _(world):
    links = []
    before = memory(world)
    for client in world.alice, world.bob:
        for _ in range(4):
            answer, link = world.open(await world.ticket(HOST + '/limit', client))
            assert answer.read(1000) == body(4_000_000)[:1000]
            links.append((answer, link))
    await asyncio.sleep(2)
    grown = memory(world) - before
    assert grown < 4 * MIB, grown               # of 32 MB that are on their way
    for answer, link in links:
        assert answer.read() == body(4_000_000)[1000:]
        link.close()
    return f'{grown // 1024} KiB more with 8 readers that stopped'


@case('who goes away in the middle leaves nothing behind')
async def _(world):
    for _ in range(12):
        _, link = world.open(await world.ticket(HOST + '/limit'))
        link.close()
        await asyncio.sleep(0.3)
    assert (await world.fetch(HOST + '/ok'))[0] == 200


@case('what is fetched counts, by bytes; each has a budget of its own', timeout=120)
async def _(world):
    with Sottod(options=('limits.fetched_bytes_per_account=300KiB/day',)) as at:
        small = Cat(at)
        small.passwords = {name: new_password() for name in ('alice', 'bob')}
        for name, password in small.passwords.items():
            at.add_user(name, password)
        small.alice, small.bob = await small.client('alice'), await small.client('bob')
        try:
            for _ in range(2):                  # 400,000: the second was begun in time
                assert (await small.fetch(HOST + '/ok'))[0] == 200
                await asyncio.sleep(0.2)
            try:
                await small.ticket(HOST + '/ok')
                raise AssertionError('there is a third')
            except IqError as error:
                why = error.iq.xml.find('.//{*}error')
                assert why.get('type') == 'wait' and why.find('{*}policy-violation') is not None
            await small.ticket(HOST + '/ok', small.bob)
        finally:
            await small._clients.aclose()


@case('the server ends at once, whatever is being fetched')
async def _(world):
    with Sottod() as at:
        small = Cat(at)
        small.passwords = {'alice': new_password()}
        at.add_user('alice', small.passwords['alice'])
        small.alice = await small.client('alice')
        tasks = [asyncio.create_task(small.fetch(HOST + p)) for p in ('/silent', '/stall')]
        answer, link = small.open(await small.ticket(HOST + '/limit'))
        dns = asyncio.create_task(small.fetch(f'https://silent.example:{GOOD}/x'))
        await asyncio.sleep(1)
        started = time.monotonic()
        assert await asyncio.to_thread(at.stop) == 0
        took = time.monotonic() - started
        assert took < 8, took                   # a look-up is waited for
        await asyncio.gather(*tasks, dns, return_exceptions=True)
        answer.close()
        link.close()
        await small._clients.aclose()
        return f'{took:.1f} s'


@case('switched off, the process cannot make a connection at all')
async def _(_):
    with Sottod(options=('limits.fetch_bytes=off',)) as at:
        filters = Path(f'/proc/{at.server_process()}/status').read_text()
        assert 'Seccomp:\t2' in filters, 'no filter'
        password = new_password()
        at.add_user('alice', password)
        off = Cat(at)
        off.passwords = {'alice': password}
        off.alice = await off.client('alice')
        assert 'urn:sotto:fetch:0' not in await off.alice.announced(at.domain)
        try:
            await off.ticket(HOST + '/ok')
            raise AssertionError('there is a ticket')
        except IqError as error:
            assert error.condition == 'service-unavailable', error.condition
        assert off.get('/fetch?ticket=0-aaaaaaaaaaaaaaaaaaaaaaaaaa')[0] == 404
        await off._clients.aclose()


@case('nothing of it lies in what the server wrote')
async def _(world):
    world.at.spoken += ['shelf.example', 'rebind.example', '/chunked', THEIRS, 'inside.example']
    world.at.tell_all()
    assert not world.at.leaks(), world.at.leaks()
    said = world.at.said()
    assert 'fetch' not in said, said


# ---- A network of its own ------------------------------------------------------------------------------


def run(*argv, **more):
    subprocess.run([str(a) for a in argv], check=True, capture_output=True, **more)


def certificate(name, names, issuer=None):
    """FOLDER/NAME.pem, certificate and key, for these names; its own authority if it has no issuer."""
    key, cert = TMP / f'{name}.key', TMP / f'{name}.crt'
    by = ['-CA', TMP / f'{issuer}.crt', '-CAkey', TMP / f'{issuer}.key'] if issuer else []
    alt = ['-addext', 'subjectAltName=' + ','.join(f'DNS:{n}' for n in names)] if names else []
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
        '-subj', f'/CN={name}', '-keyout', key, '-out', cert, *by, *alt)
    (TMP / f'{name}.pem').write_text(cert.read_text() + key.read_text())


def mount(name, text):
    """This text as a file of the system, here only."""
    TMP.chmod(0o755)
    file = TMP / Path(name).name
    file.write_text(text)
    file.chmod(0o644)
    run('mount', '--bind', file, name)


def build_network():
    run('ip', 'link', 'set', 'lo', 'up')
    run('mount', '-t', 'tmpfs', 'none', '/run')
    run('ip', 'netns', 'add', 'peer')
    run('ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', 'peer')
    for inside, device, address in ([], 'here', OURS), (['netns', 'exec', 'peer', 'ip'], 'there', THEIRS):
        run('ip', *inside, 'addr', 'add', f'{address}/24', 'dev', device)
        run('ip', *inside, 'link', 'set', device, 'up')
    certificate('authority', [])
    certificate('good', [f'{name}.example' for name in NAMES], 'authority')
    certificate('other', ['elsewhere.test'], 'authority')
    mount('/etc/resolv.conf', f'nameserver {THEIRS}\noptions timeout:2 attempts:2\n')
    mount('/etc/hosts', '127.0.0.1 localhost\n')
    mount('/etc/nsswitch.conf', 'hosts: files dns\npasswd: files\ngroup: files\n')
    os.environ['SSL_CERT_FILE'] = str(TMP / 'authority.crt')


if __name__ == '__main__':
    if os.environ.get('SOTTO_ALONE') is None:
        shutil.rmtree(TMP)
        if subprocess.run(['unshare', '--mount', '--net', 'true'], capture_output=True, check=False).returncode != 0:
            print('no namespaces of its own, in which another host can have a public address')
            sys.exit(SKIP)
        os.environ['SOTTO_ALONE'] = '1'
        os.execvp('unshare', ['unshare', '--mount', '--net', sys.executable, *sys.argv])
    try:
        build_network()
        main(case, Cat, __doc__)
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
