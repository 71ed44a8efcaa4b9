#!/usr/bin/python3
"""test_hostile.py [part of a name]: what no client sends: streams that break every rule, too big,
too deep, too slow. Each is ended with the right stream error (RFC 6120 §4.9), or just ended where
no stream was open, and somebody else's connection goes on working.

Those who are too slow begin first, and are looked after while the others have their turn.
"""
import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings

from harness import server, tap
from harness.raw import CLIENT, Closed, Raw
from harness.websocket import FIN, PING, TEXT, WebSocket, connect

case = tap.Cases()
PASSWORD = server.new_password()
MIB = 1024 * 1024
LOGIN_S = 10                                     # of this server; most cases are done with it by far
END_TIMEOUT_S = 60                               # for what ends by itself; nothing waits for its end
HEADER = (b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
          b"xmlns:stream='http://etherx.jabber.org/streams'>")


class World:
    """A server, and somebody who is logged in all the time."""

    def __init__(self, at):
        self.at = at
        self.healthy = self.logged_in('alice')
        self.slow = {name: Slow(self, begin) for name, begin in SLOW.items()}

    def logged_in(self, name='mallory'):
        """A connection with a resource."""
        raw = self.encrypted()
        raw.login(name, PASSWORD)
        return raw

    def encrypted(self):
        """A stream after STARTTLS, before login."""
        raw = Raw(self.at)
        raw.start_tls()
        return raw

    def tcp(self, port='c2s'):
        """A bare socket."""
        return socket.create_connection((self.at.host, self.at.ports[port]), 15)

    def check(self):
        """Somebody else is served as ever, on the connection that he has had all the time."""
        self.healthy.send("<iq type='get' id='still' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        while (element := self.healthy.next()) is not None:
            if element.tag == f'{CLIENT}iq' and element.get('id') == 'still':
                return
        raise AssertionError('somebody else is not served any more')


@contextlib.asynccontextmanager
async def world():
    """The world of all cases of this file."""
    with server.Sottod(options=[f'limits.login_s={LOGIN_S}']) as at:
        for name in ('alice', 'mallory'):
            at.add_user(name, PASSWORD)
        yield World(at)


class Slow(threading.Thread):
    """Somebody who takes his time, until the other side has had enough: `came` is what it said."""

    def __init__(self, here, behave):
        super().__init__(daemon=True)
        self._here, self._behave = here, behave
        self._came = self._wrong = None
        self.start()

    def run(self):
        try:
            self._came = self._behave(self._here)
        except BaseException as error:           # of another thread: told to the case
            self._wrong = error

    def came(self):
        """Waits for the end of it."""
        self.join(2 * END_TIMEOUT_S)
        if self._wrong is not None:
            raise self._wrong
        assert self._came is not None, 'not ended'
        return self._came


def octet_by_octet(here):
    """Blanks on a stream that never logs in."""
    sock = here.encrypted().socket
    sock.settimeout(0.2)
    deadline = time.monotonic() + END_TIMEOUT_S
    came = b''
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            sock.sendall(b' ')
            try:
                octets = sock.recv(4096)
            except TimeoutError:
                continue
            if not octets:
                break
            came += octets
    return came


def half_a_handshake(here):
    """The first octets of TLS, and no more."""
    with here.tcp('c2s_tls') as sock:
        sock.sendall(b'\x16\x03\x01\x02\x00\x01')
        return rest(sock)


def half_a_head(here):
    """An HTTP request whose head does not end."""
    with connect(here.at) as sock:
        sock.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n')
        return rest(sock)


def nothing(port):
    """A connection, and not an octet."""
    def behave(here):
        with here.tcp(port) as sock:
            return rest(sock)
    return behave


def silent_websocket(here):
    """A stream over WebSocket that pings and never logs in."""
    socket_ = WebSocket(here.at)
    deadline = time.monotonic() + END_TIMEOUT_S
    with contextlib.suppress(Closed):
        while time.monotonic() < deadline:
            socket_.frame(FIN | PING, b'still here')
            socket_.next_frame(0.2)
    assert time.monotonic() < deadline
    return b''


SLOW = {
    'octet by octet': octet_by_octet,
    'half a TLS handshake': half_a_handshake,
    'half an HTTP head': half_a_head,
    'nothing': nothing('c2s'),
    'nothing at the port of TLS': nothing('c2s_tls'),
    'nothing at the port of HTTPS': nothing('https'),
    'a WebSocket that only pings': silent_websocket,
}


def pour(sock, octets):
    """Sends as much as the other side takes; `octets` may be a sequence of pieces."""
    sock.settimeout(END_TIMEOUT_S)
    try:
        for piece in [octets] if isinstance(octets, bytes) else octets:
            sock.sendall(piece)
    except OSError:
        pass                                     # it has ended the connection: rest() says how


def rest(sock):
    """All that comes until the other side ends the connection."""
    came = b''
    deadline = time.monotonic() + END_TIMEOUT_S
    while time.monotonic() < deadline:
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            octets = sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return came
        except TimeoutError:
            break
        if not octets:
            return came
        came += octets
    raise AssertionError(f'not ended: {came[-200:]!r}')


def ends_with(came, *conditions):
    """The last thing said was a stream error of one of these conditions, and the end of the stream."""
    text = came.decode()
    assert text.endswith('</stream:stream>'), text[-300:]
    assert text.count('<stream:error>') == 1, text[-300:]
    assert any(f'<{c} xmlns=' in text.split('<stream:error>')[1] for c in conditions), text[-300:]


def attributes(count):
    """An element of so many attributes, in pieces."""
    yield b'<message'
    for first in range(0, count, 10000):
        yield b''.join(b" a%d='x'" % n for n in range(first, first + 10000))


def endless(begin, count, what=b'x'):
    """Something that does not end, of so many MiB."""
    yield begin
    for _ in range(count):
        yield what * (MIB // len(what))


LAUGHS = (b'<!DOCTYPE lolz [<!ENTITY lol "lol">'
          + b''.join(b'<!ENTITY lol%d "%s">' % (n + 1, b'&lol%d;' % n * 10) for n in range(1, 9))
          + b']><lolz>&lol9;</lolz>')

# Name, octets, conditions. After a header, encrypted, before login: RFC 6120 §4.9.3, §13.12.
ANYWHERE = [
    ('a document type', b'<!DOCTYPE a [<!ENTITY b "c">]>', ['restricted-xml']),
    ('a comment', b'<!-- x -->', ['restricted-xml']),
    ('a processing instruction', b'<?php x ?>', ['restricted-xml']),
    ('a document type from elsewhere', b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd">', ['restricted-xml']),
    ('an entity that reads a file', b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
     ['restricted-xml']),
    ('entities of entities', LAUGHS, ['restricted-xml']),
    ('an entity of its own', b'<message><body>&lol;</body></message>',
     ['restricted-xml', 'not-well-formed']),
    ('a closing tag of another name', b'<message></iq>', ['not-well-formed']),
    ('an undeclared prefix', b'<x:message/>', ['not-well-formed', 'bad-namespace-prefix']),
    ('an attribute twice', b"<message a='1' a='2'/>", ['not-well-formed']),
    ('an attribute twice by two prefixes', b"<message xmlns:a='u' xmlns:b='u' a:q='1' b:q='2'/>",
     ['not-well-formed']),
    ('the prefix xml for something else', b"<message xmlns:xml='u'/>", ['not-well-formed']),
    ('the prefix xmlns', b"<message xmlns:xmlns='u'/>", ['not-well-formed']),
    ('a prefix for nothing', b"<message xmlns:a=''/>", ['not-well-formed']),
    ('a separator in a namespace', b"<message xmlns:a='u|message'/>", ['restricted-xml']),
    ('ten thousand namespaces', b'<message' + b''.join(b" xmlns:a%d='u'" % n for n in range(10000)) + b'/>',
     ['policy-violation']),
    ('overlong UTF-8', b'<message><body>\xc0\xbc</body></message>', ['not-well-formed', 'bad-format']),
    ('half a surrogate', b'<message><body>\xed\xa0\x80</body></message>',
     ['not-well-formed', 'bad-format']),
    ('UTF-8 of five octets', b'<message><body>\xf8\x88\x80\x80\x80</body></message>',
     ['not-well-formed', 'bad-format']),
    ('U+0000', b'<message><body>\0</body></message>', ['not-well-formed', 'bad-format']),
    ('U+FFFE', b'<message><body>\xef\xbf\xbe</body></message>', ['not-well-formed', 'bad-format']),
    ('a control character', b'<message><body>\x01</body></message>',
     ['not-well-formed', 'bad-format']),
    ('a control character as a reference', b'<message><body>&#1;</body></message>',
     ['not-well-formed', 'bad-format']),
    ('a surrogate as a reference', b'<message><body>&#xD800;</body></message>',
     ['not-well-formed', 'bad-format']),
    ('a reference beyond all characters', b'<message><body>&#4294967361;</body></message>',
     ['not-well-formed', 'bad-format']),
    ('text between elements', b'hello?', ['not-well-formed', 'bad-format', 'invalid-xml']),
    ('a million attributes', list(attributes(1000000)), ['policy-violation']),
    ('elements a hundred thousand deep', b'<a>' * 100000, ['policy-violation']),
    ('an element that does not end', list(endless(b'<message><body>', 16)), ['policy-violation']),
    ('CDATA that does not end', list(endless(b'<message><body><![CDATA[', 16)), ['policy-violation']),
    ('an attribute that does not end', list(endless(b"<message to='", 16)), ['policy-violation']),
    ('a tag that does not end', list(endless(b'<message', 16, b' ')), ['policy-violation']),
    ('closing tags only', list(endless(b'', 1, b'</message>')), ['not-well-formed']),
    ('references without end', list(endless(b'<message><body>', 1, b'&amp;')), ['policy-violation']),
    ('a name of a mebibyte', b'<' + b'a' * MIB, ['policy-violation', 'not-well-formed']),
    ('a stream in the stream', HEADER + b'</stream:stream>',
     ['not-authorized', 'unsupported-stanza-type', 'invalid-namespace']),
    ('random octets', bytes(range(255, 0, -1)) * 40, ['not-well-formed', 'bad-format']),
]
BEFORE_LOGIN = ANYWHERE + [
    ('an element of five kibibytes', b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
     + b'A' * 5000 + b'</auth>', ['policy-violation']),
    ('blanks without end', b' ' * MIB, ['policy-violation']),
    ('a message before login', b"<message to='alice@localhost'><body>x</body></message>", ['not-authorized']),
    ('compression', b"<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
     ['not-authorized', 'unsupported-stanza-type']),
]
AFTER_LOGIN = ANYWHERE + [
    ('a stanza of a mebibyte', b'<message><body>' + b'x' * MIB + b'</body></message>', ['policy-violation']),
    ('a hundred thousand children', b'<message>' + b'<a/>' * 100000 + b'</message>', ['policy-violation']),
    ('an element that is no stanza', b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
     ['unsupported-stanza-type']),
    ('compression', b"<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
     ['unsupported-stanza-type']),
    ('a stanza in the name of somebody else', b"<message from='alice@localhost' to='alice@localhost'/>",
     ['invalid-from']),
]
# Instead of a header, encrypted.
INSTEAD = [
    ('HTTP', b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', ['not-well-formed', 'bad-format', 'invalid-xml']),
    ('UTF-16', ('<?xml version="1.0"?>' + HEADER.decode()).encode('utf-16'),
     ['not-well-formed', 'bad-format', 'unsupported-encoding']),
    ('another encoding', b"<?xml version='1.0' encoding='ISO-8859-1'?>" + HEADER,
     ['unsupported-encoding', 'not-well-formed', 'restricted-xml']),
    ('another namespace', HEADER.replace(b'/streams', b'/other'), ['invalid-namespace']),
    ('somebody else\'s domain', HEADER.replace(b'localhost', b'other.example'), ['host-unknown']),
    ('a header of a mebibyte', HEADER[:-1] + b" x='" + b'a' * MIB + b"'>", ['policy-violation']),
]


def hostile(stage, name, octets, conditions):
    """One case of the tables."""
    @case(f'{stage}: {name}')
    async def _(here):
        if stage == 'instead of a header':
            raw = here.tcp()
            sock = start_tls(here, raw)
        else:
            sock = (here.logged_in() if stage == 'after login' else here.encrypted()).socket
        pour(sock, octets)
        ends_with(rest(sock), *conditions)
        sock.close()
        here.check()


def start_tls(here, raw):
    """STARTTLS by hand; nothing is sent in TLS."""
    raw.sendall(HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    came = b''
    while b'<proceed' not in came:
        came += raw.recv(4096)
    context = ssl.create_default_context(cafile=str(here.at.ca))
    return context.wrap_socket(raw, server_hostname='localhost')


for stage, table in (('before login', BEFORE_LOGIN), ('after login', AFTER_LOGIN),
                     ('instead of a header', INSTEAD)):
    for row in table:
        hostile(stage, *row)


@case('plain text where TLS is expected')
async def _(here):
    for octets in (HEADER, b'\0' * 1000, b'\x16\x03\x01\xff\xff' + b'x' * 70000):
        with here.tcp('c2s_tls') as sock:
            pour(sock, octets)
            assert b'<stream' not in rest(sock)
    here.check()


@case('plain text after proceed')
async def _(here):
    with here.tcp() as sock:
        sock.sendall(HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        came = b''
        while b'<proceed' not in came:
            came += sock.recv(4096)
        pour(sock, b'<auth/>' * 1000)
        assert b'<' not in rest(sock)
    here.check()


@case('TLS is not negotiated anew')
async def _(here):
    client = subprocess.run(
        ['openssl', 's_client', '-tls1_2', '-connect', f"{here.at.host}:{here.at.ports['c2s_tls']}"],
        input=b'R\n', capture_output=True, timeout=60, check=False)
    said = client.stdout + client.stderr
    assert b'RENEGOTIATING' in said, said[-500:]
    assert b'no renegotiation' in said or b'handshake failure' in said, said[-500:]
    here.check()


@case('old TLS is refused')
async def _(here):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers('ALL:@SECLEVEL=0')
        with warnings.catch_warnings():          # it is old: that is what this is about
            warnings.simplefilter('ignore', DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        with here.tcp('c2s_tls') as sock:
            try:
                context.wrap_socket(sock)
            except (ssl.SSLError, ConnectionError):
                continue
            raise AssertionError(f'{version} was accepted')
    here.check()


@case('octet by octet, a whole login works')
async def _(here):
    class Slow:
        """A socket that sends octet by octet."""

        def __init__(self, sock):
            self._sock = sock

        def sendall(self, octets):
            """One at a time, each in a TLS record of its own."""
            for n in range(len(octets)):
                self._sock.sendall(octets[n:n + 1])

        def __getattr__(self, name):
            return getattr(self._sock, name)

    raw = here.encrypted()
    raw.socket = Slow(raw.socket)
    raw.login('mallory', PASSWORD)
    assert raw.jid.startswith('mallory@')
    raw.close()
    here.check()


@case('a thousand that come and go')
async def _(here):
    for _ in range(200):                         # no more a minute from one address
        with contextlib.suppress(OSError):
            here.tcp().close()
    here.check()


def masked(first, length, payload):
    """A WebSocket frame whose length says what it likes."""
    return bytes([first]) + length + b'\1\2\3\4' + payload


# Octets after the stream's header over WebSocket.
FRAMES = [
    ('fragments without end', masked(TEXT, b'\x80', b'') + masked(0, b'\x80', b'') * 100000),
    ('a message of an exbibyte', masked(FIN | TEXT, b'\xff' + struct.pack('!Q', 1 << 60), b'x' * 1000)),
    ('a length with its highest bit', masked(FIN | TEXT, b'\xff' + struct.pack('!Q', 1 << 63), b'')),
    ('a ping of 126 octets', masked(FIN | PING, b'\xfe\x00\x7e', b'x' * 126)),
    ('half a ping', masked(PING, b'\x81', b'x')),
    ('a frame that is not masked', bytes([FIN | TEXT, 5]) + b'Hello'),
    ('reserved bits', masked(FIN | 0x70 | TEXT, b'\x81', b'x')),
    ('an unknown frame', masked(FIN | 0xf, b'\x80', b'')),
    ('a continuation of nothing', masked(FIN, b'\x81', b'x')),
    ('blanks without end', masked(FIN | TEXT, b'\xfe\x0f\xa0', bytes(b' '[0] ^ n for n in (1, 2, 3, 4)) * 1000) * 100),
    ('no frames at all', b'<message/>' * 1000),
]


def hostile_frames(name, octets):
    """One row of the table."""
    @case(f'WebSocket: {name}')
    async def _(here):
        client = WebSocket(here.at)
        pour(client.socket, octets)
        rest(client.socket)
        client.close()
        here.check()


for row in FRAMES:
    hostile_frames(*row)


# Octets in TLS at the port of HTTPS, and the statuses of all answers before the end.
REQUESTS = [
    ('a head without end', list(endless(b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', 4)), [b'431']),
    ('fields without end', list(endless(b'GET / HTTP/1.1\r\nHost: localhost\r\n', 4, b'X: y\r\n')), [b'431']),
    ('a path without end', list(endless(b'GET /', 4)), [b'414']),
    ('random octets', bytes(range(255, 0, -1)) * 40, [b'400']),
    ('two lengths', b'PUT /upload/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 0\r\n\r\n'
     b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', [b'400']),
    ('a length and a coding', b'PUT /upload/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n'
     b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n', [b'400']),
    ('a stream', HEADER + b'\r\n\r\n', [b'400']),
]


def hostile_request(name, octets, statuses):
    """One row of the table."""
    @case(f'HTTPS: {name}')
    async def _(here):
        with connect(here.at) as sock:
            pour(sock, octets)
            came = rest(sock)
        # A flood may be cut off before it was read, and its answer be lost with it.
        said = [part[:3] for part in came.split(b'HTTP/1.1 ')[1:]]
        assert said == statuses or (isinstance(octets, list) and not said), came[:200]
        here.check()


for row in REQUESTS:
    hostile_request(*row)


@case('octet by octet for ever ends in time')
async def _(here):
    ends_with(here.slow['octet by octet'].came(), 'connection-timeout')
    here.check()


@case('half a TLS handshake ends in time')
async def _(here):
    assert b'<' not in here.slow['half a TLS handshake'].came()


@case('half an HTTP head ends in time')
async def _(here):
    assert here.slow['half an HTTP head'].came().startswith(b'HTTP/1.1 408 ')


@case('who says nothing at all is gone in time, at every port')
async def _(here):
    for name in 'nothing', 'nothing at the port of TLS', 'nothing at the port of HTTPS':
        assert b'HTTP' not in here.slow[name].came(), name


@case('pings do not make up for a login')
async def _(here):
    here.slow['a WebSocket that only pings'].came()
    here.check()


def main():
    """One argument: only cases whose name contains it."""
    sys.exit(case.run(world(), *sys.argv[1:2]))


if __name__ == '__main__':
    main()
