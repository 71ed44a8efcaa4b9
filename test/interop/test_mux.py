#!/usr/bin/python3
"""test_mux.py: one port for everything: what somebody speaks is told by his first octets and by ALPN, and who says nothing that is
known gets nothing."""
import contextlib
import socket
import ssl
import struct
import sys
import time

from harness import server, stun, tap
from harness.raw import Raw, until_ended

case = tap.Cases()
PASSWORD = server.new_password()
HEADER = (b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
          b"xmlns:stream='http://etherx.jabber.org/streams'>")
REQUEST = b'GET /.well-known/host-meta HTTP/1.1\r\nHost: localhost\r\n\r\n'
DECIDE_S = 5


class World:
    """A server whose only other door is that for STARTTLS."""

    def __init__(self, at):
        self.at = at
        self.place = (at.host, at.ports['mux'])

    def tcp(self):
        """A bare socket."""
        return socket.create_connection(self.place, 15)

    def tls(self, *protocols, chunks=None):
        """After the handshake, in which these were asked for."""
        context = ssl.create_default_context(cafile=self.at.ca)
        if protocols:
            context.set_alpn_protocols(protocols)
        if chunks is None:
            return context.wrap_socket(self.tcp(), server_hostname='localhost')
        return slow_handshake(context, self.tcp())


class slow_handshake:
    """A handshake whose flights come octet by octet at first."""

    def __init__(self, context, s):
        self.socket, self.to_us, self.to_them = s, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.to_us, self.to_them, server_hostname='localhost')
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.do(self.tls.do_handshake)

    def do(self, what, *arguments):
        """Until it is done."""
        while True:
            try:
                result = what(*arguments)
            except ssl.SSLWantReadError:
                result = None
            out = self.to_them.read()
            for at in range(min(len(out), 8)):
                self.socket.sendall(out[at:at + 1])
                time.sleep(0.01)
            self.socket.sendall(out[8:])
            if result is not None or what == self.tls.do_handshake and self.tls.version() and self.tls.cipher():
                return result
            self.to_us.write(self.socket.recv(65536))

    def exchange(self, text):
        """What comes back for it, a piece."""
        self.do(self.tls.write, text)
        return self.do(self.tls.read, 65536)


@contextlib.asynccontextmanager
async def world():
    """Of all cases."""
    with server.Sottod(options=['listen.mux=127.0.0.1:0', 'listen.https=', 'limits.exempt=127.0.0.0/8']) as at:
        at.add_user('alice', PASSWORD)
        yield World(at)


@case('ALPN: xmpp-client is a stream in TLS, http/1.1 is HTTP, another is refused')
async def _(w):
    with w.tls('xmpp-client') as s:
        assert s.selected_alpn_protocol() == 'xmpp-client'
        s.sendall(HEADER)
        assert b'<mechanisms' in s.recv(65536)
    with w.tls('h2', 'http/1.1') as s:
        assert s.selected_alpn_protocol() == 'http/1.1'
        s.sendall(REQUEST)
        assert s.recv(65536).startswith(b'HTTP/1.1 200')
    try:
        w.tls('h2', 'imap')
    except ssl.SSLError:
        return
    raise AssertionError('it spoke something else')


@case('a protocol that was agreed on is kept to: HTTP is no stream, a stream is no HTTP')
async def _(w):
    for protocol, text in ('xmpp-client', REQUEST), ('http/1.1', HEADER + b'\r\n\r\n'):
        with w.tls(protocol) as s:
            s.sendall(text)
            said = until_ended(s, DECIDE_S + 3)[1]
            assert b'<mechanisms' not in said and b'200 OK' not in said, said


@case('without ALPN the first octets inside of TLS tell')
async def _(w):
    for text, answer in (HEADER, b'<mechanisms'), (REQUEST, b'HTTP/1.1 200'):
        with w.tls() as s:
            s.sendall(text)
            assert answer in s.recv(65536)
    with w.tls() as s:
        s.sendall(b'\x05\x01\x00')
        assert until_ended(s, DECIDE_S + 3)[1] == b''


@case('a handshake that comes octet by octet is a handshake')
async def _(w):
    assert b'<mechanisms' in w.tls('xmpp-client', chunks=1).exchange(HEADER)


@case('a stream in clear is told to begin TLS; somebody logs in and is served')
async def _(w):
    class Here:                                  # the same server by its other door
        host, port, ca, domain = w.place[0], w.place[1], w.at.ca, w.at.domain

    raw = Raw(Here)
    raw.start_tls()
    raw.login('alice', PASSWORD)
    raw.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    raw.until('{jabber:client}iq')
    raw.close()


@case('what nobody knows is ended at once and without a word; who says too little, after five seconds')
async def _(w):
    slow = []
    for begin in b'', b'\x16', b'\x00\x64\x00', b'\x16\x03\x01\x02\x00\x01':
        slow.append(w.tcp())
        slow[-1].sendall(begin)
    for garbage in b'GET / HTTP/1.1\r\n\r\n', b'\x80\x46\x01\x03\x01', b'\x00' * 20, b'\x16\x02', b'\x05\x01\x00':
        with w.tcp() as s:
            s.sendall(garbage)
            took, said = until_ended(s, DECIDE_S + 3)
            assert took < DECIDE_S / 2 and not said, (garbage, took, said)
    with w.tcp() as s:                           # not a loop that asks for ever after more
        s.sendall(b'\x16')
        s.shutdown(socket.SHUT_WR)
        assert until_ended(s, DECIDE_S + 3)[0] < DECIDE_S / 2
    for s in slow:
        took, said = until_ended(s, DECIDE_S + 3)
        assert took < DECIDE_S + 2 and not said, (took, said)
        s.close()


@case('what begins as a check in a frame is the anchor\'s: it has five seconds for an authentic one, and no answer')
async def _(w):
    packet = stun.check('abcdefghijklmnop:wxyz', 'no such password at all')
    with w.tcp() as s:
        s.sendall(struct.pack('!H', len(packet)) + packet)
        took, said = until_ended(s, DECIDE_S + 3)
        assert DECIDE_S - 1 < took < DECIDE_S + 2 and not said, (took, said)
    with w.tcp() as s:
        s.sendall((struct.pack('!H', len(packet)) + packet) * 30)
        took, said = until_ended(s, DECIDE_S + 3)
        assert took < DECIDE_S / 2 and not said, (took, said)


@case('a drain does not wait for those who have not said what they are')
async def _(w):
    waiting = [w.tcp() for _ in range(5)]
    waiting[1].sendall(b'\x16\x03')
    begin = time.monotonic()
    assert w.at.stop() == 0
    assert time.monotonic() - begin < DECIDE_S - 1
    for s in waiting:
        s.close()


if __name__ == '__main__':
    sys.exit(case.run(world(), sys.argv[1] if len(sys.argv) > 1 else None))
