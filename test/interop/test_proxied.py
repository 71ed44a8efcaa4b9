#!/usr/bin/python3
"""test_proxied.py: clients who come through a proxy of the operator's: HAProxy says who they are (PROXY protocol, both versions), and they are
served and limited as such; nobody else is believed."""
import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import time

from harness import server, tap
from harness.raw import Raw, until_ended

case = tap.Cases()
PASSWORD = server.new_password()
STREAMS = 4
WAIT_S = 5
SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'
HEADER = (b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
          b"xmlns:stream='http://etherx.jabber.org/streams'>")
REQUEST = b'GET /.well-known/host-meta HTTP/1.1\r\nHost: localhost\r\n\r\n'
CONFIGURATION = """
global
    maxconn 200
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""
FRONT = """
listen {name}
    bind 127.0.0.1:{front}
    server sotto 127.0.0.1:{back} {how} source 127.0.0.4 check inter 300ms
"""


class World:
    """A server behind HAProxy, which comes to it from 127.0.0.4; everybody else comes from elsewhere."""

    def __init__(self, at):
        self.at, self.fronts = at, {}
        text = CONFIGURATION
        for door in 'c2s', 'c2s_tls', 'https', 'mux':
            for version, how in (1, 'send-proxy'), (2, 'send-proxy-v2'):
                front = self.fronts[door, version] = server.free_port()
                text += FRONT.format(name=f'{door}_{version}', front=front, back=at.ports[door], how=how)
        file = at.folder / 'haproxy.cfg'
        file.write_text(text)
        self.proxy = subprocess.Popen(['haproxy', '-db', '-f', file], stdout=subprocess.DEVNULL,
                                      stderr=(at.folder / 'haproxy.log').open('w'))
        for front in self.fronts.values():
            until(lambda: reachable(front))

    def front(self, door, version, source='127.0.0.2'):
        """A connection to HAProxy, from somewhere."""
        return socket.create_connection(('127.0.0.1', self.fronts[door, version]), 15, (source, 0))

    def bare(self, door='c2s', source='127.0.0.4'):
        """One to the server itself: as a proxy, or as somebody."""
        return socket.create_connection(('127.0.0.1', self.at.ports[door]), 15, (source, 0))

    def tls(self, s):
        """After the handshake."""
        return ssl.create_default_context(cafile=self.at.ca).wrap_socket(s, server_hostname='localhost')


def until(what):
    """It comes true, soon."""
    for _ in range(100):
        if what():
            return
        time.sleep(0.1)
    raise AssertionError('it did not come true')


def reachable(port):
    """Whether somebody listens there."""
    try:
        socket.create_connection(('127.0.0.1', port), 5, ('127.0.0.99', 0)).close()
    except ConnectionRefusedError:
        return False
    return True


def answer(s, text=HEADER, sign=b'<features'):
    """What the server says to it, up to a sign; what it said if it ends before."""
    said = b''
    s.sendall(text)
    with contextlib.suppress(ConnectionResetError):
        while sign not in said and (piece := s.recv(65536)):
            said += piece
    return said


def serves(s):
    """Whether a stream begins there."""
    return b'features>' in answer(s, sign=b'features>')


def header_v2(family, addresses, command=0x21, tlvs=b''):
    """As a proxy writes it."""
    rest = addresses + tlvs
    return SIGNATURE + struct.pack('!BBH', command, family, len(rest)) + rest


def ip4(source):
    """Addresses and ports of a header of version 2."""
    return socket.inet_aton(source) + socket.inet_aton('127.0.0.1') + struct.pack('!HH', 40123, 5222)


@contextlib.asynccontextmanager
async def world():
    """Of all cases. One worker, so that limits are exact."""
    options = ['listen.proxy_from=127.0.0.4/32', 'listen.mux=127.0.0.1:0', 'server.workers=1',
               f'limits.streams_per_address={STREAMS}', f'limits.unauthenticated_per_address={STREAMS}']
    with server.Sottod(options=options) as at:
        at.add_user('alice', PASSWORD)
        w = World(at)
        try:
            yield w
        finally:
            w.proxy.kill()
            w.proxy.wait()


@case('behind HAProxy every door serves, by both versions of the header, and its checks of ours are no trouble')
async def _(w):
    for version in 1, 2:
        class Here:
            host, port, ca, domain = '127.0.0.1', w.fronts['c2s', version], w.at.ca, w.at.domain

        raw = Raw(Here)
        raw.start_tls()
        raw.login('alice', PASSWORD)
        raw.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        raw.until('{jabber:client}iq')
        raw.close()
        for door, text, sign in (('c2s_tls', HEADER, b'<mechanisms'), ('https', REQUEST, b'HTTP/1.1 200'),
                                 ('mux', HEADER, b'<mechanisms'), ('mux', REQUEST, b'HTTP/1.1 200')):
            with w.tls(w.front(door, version)) as s:
                assert sign in answer(s, text, sign), (door, version)
        with w.front('mux', version) as s:
            assert serves(s)
    time.sleep(1)                                # some checks
    assert 'proxy.refused' not in w.at.said()


@case('who comes through a proxy is limited by the own address, not by that of the proxy')
async def _(w):
    for version in 1, 2:
        crowded, other = f'127.0.{version}.5', f'127.0.{version}.6'
        with contextlib.ExitStack() as stack:
            for _ in range(STREAMS):
                assert serves(stack.enter_context(w.front('c2s', version, crowded)))
            with contextlib.suppress(ConnectionResetError):
                assert not serves(stack.enter_context(w.front('c2s', version, crowded)))
            with contextlib.suppress(ConnectionResetError):
                assert not serves(stack.enter_context(w.bare(source=crowded)))
            assert serves(stack.enter_context(w.front('c2s', version, other)))
            assert serves(stack.enter_context(w.bare(source=other)))


@case('a header of anybody else is not believed: it is what he says, and no XML')
async def _(w):
    for text in b'PROXY TCP4 127.0.0.9 127.0.0.1 40123 5222\r\n', header_v2(0x11, ip4('127.0.0.9')):
        with w.bare(source='127.0.0.7') as s:
            assert b'not-well-formed' in answer(s, text + HEADER, b'</stream:stream>')
        with w.bare('c2s_tls', '127.0.0.7') as s:
            s.sendall(text)
            assert b'xml' not in until_ended(s, WAIT_S + 3)[1]
    with w.bare(source='127.0.0.7') as s:
        assert serves(s)


@case('a header comes octet by octet, or with what follows it, with TLVs, for IPv6, for nobody')
async def _(w):
    ip6 = socket.inet_pton(socket.AF_INET6, '2001:db8::7') * 2 + struct.pack('!HH', 40123, 5222)
    for text in (b'PROXY TCP4 127.0.0.9 127.0.0.1 40123 5222\r\n', b'PROXY TCP6 2001:db8::7 ::1 40123 5222\r\n',
                 b'PROXY UNKNOWN\r\n', header_v2(0x11, ip4('127.0.0.9')), header_v2(0x21, ip6),
                 header_v2(0x11, ip4('127.0.0.9'), tlvs=b'\x04\x01\x00' + b'-' * 256), header_v2(0, b'', 0x20)):
        with w.bare() as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(text)):
                s.sendall(text[at:at + 1])
            assert serves(s), text
        with w.bare() as s:
            assert b'features>' in answer(s, text + HEADER, b'features>'), text


@case('a proxy that does not say it is not let in, and the operator reads why, once')
async def _(w):
    slow = [w.bare() for _ in range(3)]
    slow[1].sendall(b'PROXY TCP4 127.0')
    slow[2].sendall(SIGNATURE)
    for text in (HEADER, b'\x16\x03\x01\x02\x00\x01', b'PROXY TCP4 127.0.0.9\r\n', header_v2(0x11, b'short'),
                 header_v2(0x11, ip4('127.0.0.9'), tlvs=b'\0' * 4000), SIGNATURE[:5] + b'<'):
        with w.bare() as s:
            s.sendall(text)
            took, said = until_ended(s, WAIT_S + 3)
            assert took < WAIT_S / 2 and not said, (text, took, said)
    with w.bare() as s:                          # not a loop that asks for ever after more
        s.sendall(b'PROXY TCP4 ')
        s.shutdown(socket.SHUT_WR)
        assert until_ended(s, WAIT_S + 3)[0] < WAIT_S / 2
    for s in slow:
        took, said = until_ended(s, WAIT_S + 3)
        assert took < WAIT_S + 2 and not said, (took, said)
        s.close()
    assert w.at.said().count('proxy.refused') == 1, w.at.said()
    assert 'listen.proxy_from' in w.at.said()


@case('a drain does not wait for a proxy that has said nothing yet')
async def _(w):
    waiting = [w.bare() for _ in range(5)]
    begin = time.monotonic()
    assert w.at.stop() == 0
    assert time.monotonic() - begin < WAIT_S - 1
    for s in waiting:
        s.close()


if __name__ == '__main__':
    sys.exit(case.run(world(), sys.argv[1] if len(sys.argv) > 1 else None))
