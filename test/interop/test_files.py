#!/usr/bin/python3
"""test_files.py: files and voice messages with our terminal client: from sotto to sotto, to and from python-omemo and Profanity;
what is cut, killed, altered, too large, or called what no file may be called."""
import asyncio
import atexit
import json
import os
import re
import resource
import secrets
import shutil
import signal
import ssl
import struct
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harness import leak
from harness.client import element
from harness.omemo import DEVICE_LIST, NEW, OLD, Omemo, keys_announced
from harness.server import free_port
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_profanity import Profanity

case = Cases()

UPLOAD = '{urn:xmpp:http:upload:0}'
PROXY = free_port()
MB = 1 << 20


class Proxy:
    """Between sotto and the server's HTTPS: passes on, until it is told to cut or to stall after so
    many bytes of an upload."""

    def __init__(self, world):
        self.world, self.cut, self.stall, self.cuts = world, None, None, 0
        self.cut_back, self.back = [], 0         # answers end after so many bytes, one after the other; bytes of all
        self.stalled = asyncio.Event()

    async def serve(self, reader, writer):
        """One connection."""
        back_reader, back = await asyncio.open_connection('127.0.0.1', self.world.at.ports['https'])
        answers = asyncio.create_task(self.copy(back_reader, writer))
        seen = 0
        try:
            while data := await reader.read(65536):
                seen += len(data)
                if self.stall is not None and seen > self.stall:
                    self.stalled.set()
                    await asyncio.sleep(3600)
                if self.cut is not None and seen > self.cut:
                    self.cut, self.cuts = None, self.cuts + 1
                    break
                back.write(data)
                await back.drain()
        except ConnectionError:
            pass
        back.close()
        answers.cancel()
        writer.close()

    async def copy(self, reader, writer):
        """What the server says."""
        seen = 0
        try:
            while data := await reader.read(65536):
                seen += len(data)
                self.back += len(data)
                if self.cut_back and seen > self.cut_back[0]:
                    self.cut_back.pop(0)
                    break
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


class Files(World):
    """Alice and Bob with sotto, Carol with python-omemo, Dave with Profanity and sotto."""

    names = ('alice', 'bob', 'carol', 'dave')
    options = (
        f'web.url=https://localhost:{PROXY}', f'limits.upload_bytes={16 * MB}', 'limits.fetch_exempt=127.0.0.0/8',
    )

    async def begin(self):
        self.proxy = Proxy(self)
        server = await asyncio.start_server(self.proxy.serve, '127.0.0.1', PROXY)
        self._stack.callback(server.close)
        self.alice, self.bob = Sotto(self, 'alice', secret='open for alice'), Sotto(self, 'bob')
        for sotto in (self.alice, self.bob):
            await sotto.login()
        self.place = self.at.folder / 'files'
        self.place.mkdir()
        self.got = self.at.folder / 'got'
        self.got.mkdir()
        self.secrets = []

    def make(self, name, content):
        """A file to send."""
        path = self.place / name
        path.write_bytes(content)
        return path

    def stored(self):
        """Files that lie with the server, the newest last."""
        return sorted((self.at.data / 'uploads').iterdir(), key=lambda p: p.stat().st_mtime_ns)

    def trusting(self):
        """TLS for Python."""
        return ssl.create_default_context(cafile=self.at.ca)


def words(size):
    """A content that nobody else has, in words that a search finds."""
    word = f'confidential-{secrets.token_hex(8)} '.encode()
    return (word * (size // len(word) + 1))[:size]


async def hear(sotto):
    """The next message's event."""
    events = await sotto.done('listen', '--count', '1', '--timeout', '60')
    return [e for e in events if e['event'] == 'message'][-1]


async def get(world, sotto, event, *options):
    """Fetches: the path."""
    (file,) = await sotto.done('file', 'get', event['from'], event['id'], *(options or ('-o', world.got)))
    assert file['event'] == 'file', file
    return world.at.folder / file['path']


def failed(run, status, code):
    """Whether a run ended with this status and said this."""
    got, events = run
    assert got == status and events[-1]['event'] == 'error', run
    assert events[-1]['code'] == code and events[-1]['text'], run


# ---- From sotto to sotto


@case('a file arrives as it left, in OMEMO 2, under its name, for its reader alone')
async def _(world):
    content = words(3 * MB)
    world.secrets.append(content[:29])
    path = world.make('Plan of the pier.txt', content)
    (sent,) = await world.alice.done('file', 'send', world.bob.jid, path)
    assert sent['event'] == 'sent' and sent['encryption'] == 'omemo:2', sent
    event = await hear(world.bob)
    assert event['attachment'] == {
        'name': 'Plan of the pier.txt', 'type': 'text/plain', 'size': 3 * MB,
        'host': f'localhost:{PROXY}', 'voice': False,
    }, event
    assert event['body'] == '' and event['id'] == sent['target']
    file = await get(world, world.bob, event)
    assert file == world.got / 'Plan of the pier.txt' and file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list((world.alice.folder / 'outgoing').iterdir())
    world.event = event


@case('nothing is ever overwritten')
async def _(world):
    (world.got / 'Plan of the pier.txt').write_text('mine')
    file = await get(world, world.bob, world.event)
    assert file.name == 'Plan of the pier-2.txt'
    assert (world.got / 'Plan of the pier.txt').read_text() == 'mine'
    failed(
        await world.bob.run('file', 'get', world.alice.jid, world.event['id'], '-o', world.got / 'Plan of the pier.txt'),
        1, 'exists',
    )
    (world.got / 'link').symlink_to(world.got / 'elsewhere')
    failed(
        await world.bob.run('file', 'get', world.alice.jid, world.event['id'], '-o', world.got / 'link'), 1, 'exists'
    )
    file = await get(world, world.bob, world.event, '-o', world.got / 'as I say')
    assert file.name == 'as I say' and len(file.read_bytes()) == 3 * MB
    assert sorted(p.name for p in world.got.iterdir()) == [
        'Plan of the pier-2.txt', 'Plan of the pier.txt', 'as I say', 'link',
    ]


@case('they are listed on both sides')
async def _(world):
    (ours,) = await world.alice.done('file', 'list', world.bob.jid)
    (theirs,) = await world.bob.done('file', 'list', world.alice.jid)
    assert ours['id'] == theirs['id'] and theirs['attachment'] == world.event['attachment'], theirs
    failed(await world.bob.run('file', 'get', world.alice.jid, 'nothing'), 1, 'missing')


@case('an export has the names and sizes of files, and nothing that opens them')
async def _(world):
    ((name, file),) = [(e['id'], e['attachment']) for e in await world.bob.done('file', 'list', world.alice.jid)]
    for form in 'text', 'json':
        await world.bob.done('export', world.alice.jid, '--format', form, '-o', world.got / f'export.{form}')
    text, data = ((world.got / f'export.{form}').read_text() for form in ('text', 'json'))
    assert f'(with a file: {file["name"]}, ' in text, text
    (chat,) = json.loads(data)['chats']
    files = {m['id']: m['attachment'] for m in chat['messages'] if 'attachment' in m}
    assert files == {name: file}, files
    assert 'aesgcm:' not in text + data and 'https:' not in text + data


@case('names from the other side cannot leave the folder, hide or lie')
async def _(world):
    for name, wanted in (
        ('-rf\u202egpj.exe', 'rfgpj.exe'), ('.hidden\x1b[31m', 'hidden[31m'), ('a' * 200 + '.pdf', 'a' * 116 + '.pdf'),
        ('..\\..\\up', 'up'), ('...', 'file'),
    ):
        path = world.make(name, words(100))
        await world.alice.done('file', 'send', world.bob.jid, path, '--keep-metadata')
        file = await get(world, world.bob, await hear(world.bob), '-o', world.got / '')
        assert file.name == wanted and file.parent == world.got, (name, file)


@case('pictures leave without what tells where they were taken')
async def _(world):
    picture, clean = jpeg(b'N 59 20 E 18 04 somewhere')
    path = world.make('photo.jpg', picture)
    await world.alice.done('file', 'send', world.bob.jid, path)
    event = await hear(world.bob)
    assert event['attachment']['type'] == 'image/jpeg' and event['attachment']['size'] == len(clean), event
    assert (await get(world, world.bob, event)).read_bytes() == clean
    await world.alice.done('file', 'send', world.bob.jid, path, '--keep-metadata')
    assert (await get(world, world.bob, await hear(world.bob))).read_bytes() == picture
    broken = world.make('broken.jpg', picture[:-40])
    failed(await world.alice.run('file', 'send', world.bob.jid, broken), 1, 'metadata')
    assert not list((world.alice.folder / 'outgoing').iterdir())


def jpeg(secret):
    """One with Exif, a comment, and more behind its end; and what is to stay of it."""
    def segment(marker, content):
        return bytes([0xff, marker]) + struct.pack('>H', len(content) + 2) + content

    tiff = b'II*\0\x08\0\0\0\x01\0' + struct.pack('<HHIHH', 0x112, 3, 1, 6, 0) + b'\0\0\0\0' + secret
    turned = b'MM\0*\0\0\0\x08\0\x01' + struct.pack('>HHIHH', 0x112, 3, 1, 6, 0) + b'\0\0\0\0'
    body = segment(0xdb, b'\0' + bytes(64)) + segment(0xc0, b'\x08\0\x10\0\x10\x01\x01\x11\0')
    body += segment(0xda, b'\x01\x01\0\0?\0') + b'scan\xff\0scan' * 100 + b'\xff\xd9'
    return (
        b'\xff\xd8' + segment(0xe1, b'Exif\0\0' + tiff) + segment(0xfe, secret) + body + secret,
        b'\xff\xd8' + segment(0xe1, b'Exif\0\0' + turned) + body,
    )


# ---- Voice


def page(flags, granule, number, content):
    """One of Ogg (RFC 3533)."""
    head = b'OggS\0' + struct.pack('<BqII', flags, granule, 77, number)
    tail = bytes([1, len(content)]) + content
    crc = 0
    for octet in head + b'\0\0\0\0' + tail:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04c11db7 if crc >> 31 else 0)) & 0xffffffff
    return head + struct.pack('<I', crc) + tail


def voice(seconds):
    """A voice message of so many seconds, of which nobody hears anything."""
    out = page(2, 0, 0, b'OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0') + page(0, 0, 1, b'OpusTags\x04\0\0\0test\0\0\0\0')
    for n in range(1, seconds + 1):
        out += page(4 if n == seconds else 0, 312 + n * 48000, n + 1, b'\xfc' + bytes(100))
    return out


@case('a voice message says how long it is, and is one')
async def _(world):
    path = world.make('note.ogg', voice(63))
    await world.alice.done('file', 'send', world.bob.jid, path, '--voice')
    event = await hear(world.bob)
    assert event['attachment']['voice'] and event['attachment']['duration'] == 63, event
    assert event['attachment']['type'] == 'audio/ogg'
    assert (await get(world, world.bob, event)).read_bytes() == voice(63)
    (told,) = [e for e in await world.bob.done('history', world.alice.jid) if e['id'] == event['id']]
    assert told['attachment'] == event['attachment'], told
    for content in (voice(3)[:-1], voice(3)[:60] + b'x' + voice(3)[61:], b'RIFF', b''):
        path = world.make('no.ogg', content)
        status, events = await world.alice.run('file', 'send', world.bob.jid, path, '--voice')
        assert status == 1 and events[-1]['code'] in ('voice', 'file'), events


RECORDER = '''#!/usr/bin/python3
import os, signal, sys
assert sys.argv[-2:] == ['fdsink', 'fd=3'] and '-e' in sys.argv
def end(*_):
    os.write(3, open({path!r}, 'rb').read())
    sys.exit(0)
signal.signal(signal.SIGINT, end)
while True:
    signal.pause()
'''


@case('recording ends after its time; without a recorder it is said what is missing')
async def _(world):
    recorder = world.at.folder / 'bin/gst-launch-1.0'
    recorder.parent.mkdir()
    world.alice.how = {'env': {**os.environ, 'PATH': str(recorder.parent)}}
    try:
        run = await world.alice.run('file', 'send', world.bob.jid, '--record', '1')
        failed(run, 1, 'recorder')
        assert 'gstreamer1.0-tools' in run[1][-1]['text'], run
        recorder.write_text(RECORDER.format(path=str(world.make('spoken.ogg', voice(2)))))
        recorder.chmod(0o755)
        await world.alice.done('file', 'send', world.bob.jid, '--record', '1')
    finally:
        world.alice.how = {}
    event = await hear(world.bob)
    assert event['attachment']['voice'] and event['attachment']['duration'] == 2, event


# ---- What goes wrong


@case('an upload that is cut in the middle begins again, and the message comes once', timeout=120)
async def _(world):
    content = words(2 * MB)
    world.proxy.cut = MB
    path = world.make('cut.txt', content)
    (sent,) = await world.alice.done('file', 'send', world.bob.jid, path)
    assert world.proxy.cuts == 1, 'nothing was cut'
    event = await hear(world.bob)
    assert event['id'] == sent['target']
    assert (await get(world, world.bob, event)).read_bytes() == content
    assert not await world.bob.rest()


@case('a download that is cut goes on where it was, and is what was sent', timeout=120)
async def _(world):
    content = words(3 * MB)
    await world.alice.done('file', 'send', world.bob.jid, world.make('cut-back.txt', content))
    event = await hear(world.bob)
    world.proxy.cut_back, world.proxy.back = [MB, MB], 0
    assert (await get(world, world.bob, event)).read_bytes() == content
    assert not world.proxy.cut_back, 'nothing was cut'
    assert world.proxy.back < 4 * MB, world.proxy.back      # else it began again


@case('killed in the middle of an upload: the next command goes on', timeout=120)
async def _(world):
    content = words(2 * MB)
    world.proxy.stall = MB
    path = world.make('killed.txt', content)
    process = await world.alice.start('file', 'send', world.bob.jid, path)
    await asyncio.wait_for(world.proxy.stalled.wait(), 30)
    process.kill()
    await process.communicate()
    world.proxy.stall = None
    path.unlink()                               # what is sealed is enough
    assert len(list((world.alice.folder / 'outgoing').iterdir())) == 1
    (waiting,) = [e for e in await world.alice.done('file', 'list', world.bob.jid)
                  if e['attachment'].get('name') == 'killed.txt']
    assert 'host' not in waiting['attachment'], waiting
    assert not await world.bob.rest()
    listening = asyncio.create_task(world.alice.done('listen', '--timeout', '8'))
    event = await hear(world.bob)
    assert event['id'] == waiting['id'], event
    await listening
    assert (await get(world, world.bob, event)).read_bytes() == content
    assert not list((world.alice.folder / 'outgoing').iterdir())


@case('what is altered with the server is refused, and nothing of it is left', timeout=120)
async def _(world):
    content = words(MB)
    await world.alice.done('file', 'send', world.bob.jid, world.make('altered.txt', content))
    event = await hear(world.bob)
    place = world.at.folder / 'empty'
    place.mkdir()
    stored = world.stored()[-1]
    sealed = stored.read_bytes()
    assert len(sealed) == MB + 16
    for wrong in (
        sealed[:500] + bytes([sealed[500] ^ 1]) + sealed[501:], sealed[:-1], sealed[:-17] + sealed[-16:],
        sealed + b'x', sealed[:-1] + bytes([sealed[-1] ^ 1]), b'x', sealed + bytes(4 * MB),
    ):
        stored.write_bytes(wrong)
        failed(await world.bob.run('file', 'get', world.alice.jid, event['id'], '-o', place), 1, 'altered')
        assert not list(place.iterdir())
    stored.write_bytes(sealed)
    assert (await get(world, world.bob, event, '-o', place)).read_bytes() == content
    stored.unlink()
    failed(await world.bob.run('file', 'get', world.alice.jid, event['id'], '-o', place), 1, 'missing')


def small_disk():
    """No file may grow past a megabyte, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MB, MB))


@case('a full disk is said to be one, and nothing is left', timeout=120)
async def _(world):
    path = world.make('large.txt', words(3 * MB))
    world.alice.how = world.bob.how = {'preexec_fn': small_disk}
    try:
        failed(await world.alice.run('file', 'send', world.bob.jid, path), 1, 'disk')
        assert not list((world.alice.folder / 'outgoing').iterdir())
        place = world.at.folder / 'full'
        place.mkdir()
        failed(await world.bob.run('file', 'get', world.alice.jid, world.event['id'], '-o', place), 1, 'disk')
        assert not list(place.iterdir())
    finally:
        world.alice.how, world.bob.how = {}, {}


@case('too large for the server, no file, empty, nobody: refused')
async def _(world):
    large = world.make('large.txt', b'')
    os.truncate(large, 16 * MB)
    failed(await world.alice.run('file', 'send', world.bob.jid, large), 1, 'failed')
    failed(await world.alice.run('file', 'send', world.bob.jid, world.place / 'nothing'), 1, 'file')
    failed(await world.alice.run('file', 'send', world.bob.jid, world.place), 1, 'file')
    failed(await world.alice.run('file', 'send', world.bob.jid, world.make('empty', b'')), 1, 'file')
    assert not list((world.alice.folder / 'outgoing').iterdir())
    for argv in (
        ['file'], ['file', 'send', world.bob.jid], ['file', 'send', 'nobody', 'x'], ['file', 'get', world.bob.jid],
        ['file', 'send', world.bob.jid, 'x', '--record'], ['file', 'list', world.bob.jid, 'x'],
        ['file', 'get', world.bob.jid, 'x', '--voice'], ['send', world.bob.jid, 'x', '--voice'],
    ):
        status, events = await world.alice.run(*argv)
        assert status == 2, (argv, events)


# ---- Others


def fetch(request, context):
    """All of an answer, on another thread: the proxy on the way lives on this one's loop."""
    with urllib.request.urlopen(request, context=context) as answer:
        return answer.read()


async def put(world, client, content, name):
    """Uploads with slixmpp and Python: the address."""
    request = element(f'{UPLOAD}request', filename=name, size=str(len(content)))
    slot = (await client.ask('get', request, world.at.domain)).find(f'{UPLOAD}slot')
    target = slot.find(f'{UPLOAD}put')
    sending = urllib.request.Request(target.get('url'), data=content, method='PUT')
    for header in target:
        sending.add_header(header.get('name'), header.text)
    sending.add_header('Content-Type', 'application/octet-stream')
    await asyncio.to_thread(fetch, sending, world.trusting())
    return slot.find(f'{UPLOAD}get').get('url')


@case('python-omemo: an aesgcm address from it and to it, with nonces of 12 and of 16', timeout=120)
async def _(world):
    client = await world.client('carol')
    world.carol = carol = await Omemo.announce(client)
    for nonce_n, namespace in ((12, OLD), (16, OLD), (12, NEW)):
        content, key, nonce = words(5000), secrets.token_bytes(32), secrets.token_bytes(nonce_n)
        url = await put(world, client, AESGCM(key).encrypt(nonce, content, None), 'from carol.txt')
        address = f'aesgcm{url[5:]}#{nonce.hex()}{key.hex()}'
        world.at.spoken.append(address)
        await carol.send(world.alice.jid, address, namespace)
        event = await hear(world.alice)
        assert event['body'] == '' and event['attachment']['name'] == 'from carol.txt', event
        assert (await get(world, world.alice, event)).read_bytes() == content
    content = words(5000)
    await world.alice.done('file', 'send', world.at.jid('carol'), world.make('to carol.txt', content))
    address, _ = await carol.expect(world.alice.jid)
    place, secret = address.split('#')
    assert place.startswith('aesgcm://') and len(secret) == 88 and place.endswith('.txt'), address
    sealed = await asyncio.to_thread(fetch, f'https{place[6:]}', world.trusting())
    key = AESGCM(bytes.fromhex(secret[24:]))
    assert key.decrypt(bytes.fromhex(secret[:24]), sealed, None) == content


class Elsewhere:
    """A server of files on another host, which says what it likes."""

    def __init__(self, world):
        self.world, self.body, self.asked, self.says_length = world, b'', 0, True
        self.port = free_port()

    async def serve(self, reader, writer):
        """One request."""
        try:
            await reader.readuntil(b'\r\n\r\n')
            self.asked += 1
            length = f'Content-Length: {sum(map(len, self.body))}\r\n' if self.says_length else ''
            writer.write(f'HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n'.encode())
            for piece in self.body:
                writer.write(piece)
                await writer.drain()
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass

    async def begin(self):
        """The file of authorities that holds its certificate and our server's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(KEYS / 'elsewhere.pem', KEYS / 'elsewhere.key')
        server = await asyncio.start_server(self.serve, '127.0.0.1', self.port, ssl=context)
        self.world._stack.callback(server.close)
        ca = self.world.at.folder / 'both.pem'
        ca.write_bytes(self.world.at.ca.read_bytes() + (KEYS / 'elsewhere.pem').read_bytes())
        return ca


@case('a file elsewhere comes by command only, through our server or --direct, and nobody is believed', timeout=120)
async def _(world):
    elsewhere = Elsewhere(world)
    ca = await elsewhere.begin()
    reader = Sotto(world, 'alice', secret='open for alice', ca=ca)
    content, key, nonce = words(5000), secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, content, None)
    address = f'aesgcm://127.0.0.1:{elsewhere.port}/%2e%2e%2fname.txt#{nonce.hex()}{key.hex()}'
    world.at.spoken.append(address)
    await world.carol.send(world.alice.jid, address, OLD)
    event = await hear(world.alice)
    assert event['attachment']['host'] == f'127.0.0.1:{elsewhere.port}' and 'name' not in event['attachment'], event
    assert elsewhere.asked == 0
    place = world.at.folder / 'elsewhere'
    place.mkdir()
    relayed = ['file', 'get', event['from'], event['id'], '-o', place]
    direct = [*relayed, '--direct']
    failed(await world.alice.run(*direct), 1, 'distrusted')
    for wrong in ([sealed[:-1]], [sealed, b'x'], [b'x'], [secrets.token_bytes(MB)] * 8):
        elsewhere.body = wrong
        failed(await world.alice.run(*relayed), 1, 'altered')
        for elsewhere.says_length in (False, True):
            failed(await reader.run(*direct), 1, 'altered')
        assert not list(place.iterdir())
    elsewhere.body, before = [sealed], elsewhere.asked
    assert (await get(world, world.alice, event)).read_bytes() == content
    assert elsewhere.asked == before + 1
    assert (await get(world, reader, event, '--direct', '-o', place)).read_bytes() == content
    assert [p.name for p in place.iterdir()] == ['file']


def make_certificate():
    """Of the other host; our server has to know it from the beginning."""
    folder = Path(tempfile.mkdtemp(prefix='sotto-elsewhere-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(
        'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=elsewhere '
        '-addext subjectAltName=IP:127.0.0.1 -keyout elsewhere.key -out elsewhere.pem'.split(),
        cwd=folder, check=True, capture_output=True,
    )
    os.environ['SSL_CERT_FILE'] = str(folder / 'elsewhere.pem')
    return folder


@case('Profanity: files both ways in OMEMO 0.3, which a sotto beside it reads as well', timeout=180)
async def _(world):
    watcher = await world.client('dave', notify=[DEVICE_LIST[OLD]])
    dave = Profanity(world, 'dave')
    world._stack.callback(dave.close)
    await dave.expect('logged in successfully')
    dave.type('/omemo gen')
    await dave.expect('OMEMO crytographic materials generated')  # (sic)
    await keys_announced(watcher)
    beside = Sotto(world, 'dave')
    await beside.login()
    content = words(20000)
    (sent,) = await world.alice.done('file', 'send', world.at.jid('dave'), world.make('to dave.txt', content))
    assert sent['encryption'] == 'omemo:0.3', sent
    event = await hear(beside)
    assert event['encryption'] == 'omemo:0.3' and (await get(world, beside, event)).read_bytes() == content
    await dave.expect('win 2')
    dave.type('/win 2')
    saved, address = world.at.folder / 'saved-by-dave', ''
    for _ in range(300):
        if address := shown_address(dave.screen()):
            break
        await asyncio.sleep(0.1)
    assert address, dave.screen()
    dave.type(f'/url save {address} {saved}')
    while not saved.exists() or len(saved.read_bytes()) < len(content):
        await asyncio.sleep(0.1)
    assert saved.read_bytes() == content
    dave.type('/omemo start')
    await dave.expect('[OMEMO]')
    content = words(30000)
    dave.type(f"/sendfile {world.make('from-dave.txt', content)}")
    event = await hear(world.alice)
    assert event['encryption'] == 'omemo:0.3' and event['attachment']['name'].endswith('.txt'), event
    assert (await get(world, world.alice, event)).read_bytes() == content


def shown_address(screen):
    """The aesgcm address on a screen, which breaks it over lines; empty as long as it is not whole."""
    found = re.search(r'aesgcm://\S+(\n +[0-9A-Za-z#./]+)*', screen)
    address = re.sub(r'\s', '', found[0]) if found else ''
    return address if re.search('#[0-9a-f]{88}$', address) else ''


# ---- Thieves


@case('nothing of a file lies in the clients\' folders')
async def _(world):
    for place in (world.alice.folder, world.bob.folder):
        for content in world.secrets:
            assert not leak.find(place, content.decode()), place


if __name__ == '__main__':
    KEYS = make_certificate()
    main(case, Files, __doc__)
