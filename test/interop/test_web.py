#!/usr/bin/python3
"""test_web.py: HTTPS from the outside: hosts, smuggling, WebSocket, host-meta."""
import asyncio
import http.client
import json
import ssl
import xml.etree.ElementTree as ET

from harness.raw import CLIENT, NS_STREAM, Closed, Raw
from harness.tap import Cases
from harness.websocket import CLOSE, FIN, NS_FRAMING, PING, PONG, TEXT, WebSocket, connect
from harness.world import World, main

case = Cases()

GOOD = b'GET /.well-known/host-meta HTTP/1.1\r\nHost: localhost\r\n'
PUT = b'PUT /.well-known/host-meta HTTP/1.1\r\nHost: localhost\r\n'
BAR = 'urn:xmpp:alt-connections:websocket'


class Web(World):
    """A server with accounts and HTTPS."""

    names = ('alice', 'bob', 'carol', 'dave')

    def https(self):
        """A connection of Python's own HTTP client."""
        context = ssl.create_default_context(cafile=str(self.at.ca))
        return http.client.HTTPSConnection('localhost', self.at.ports['https'], context=context, timeout=15)

    def ask(self, method, path, body=None, headers=None):
        """One request on a connection of its own: (status, headers, body)."""
        link = self.https()
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        content = answer.read()
        link.close()
        return answer.status, answer.headers, content


def talk(at, octets, count=1):
    """Sends octets on a new connection; returns the status codes of all answers until the server hangs up, or of the
    first `count`."""
    link = connect(at)
    link.sendall(octets)
    got = b''
    while got.count(b'HTTP/1.1 ') < count or b'\r\n\r\n' not in got:
        more = link.recv(65536)
        if not more:
            break
        got += more
    link.close()
    return [int(part[:3]) for part in got.split(b'HTTP/1.1 ')[1:]], got


def hangs_up(link):
    """True if the server ends the connection."""
    try:
        return link.recv(65536) == b''
    except OSError:
        return True


# ---- HTTP ----------------------------------------------------------------------------------------------


@case('host-meta names the WebSocket, in XML and in JSON, for pages of any origin (XEP-0156)')
async def _(world):
    url = f"wss://localhost:{world.at.ports['https']}/ws"
    status, headers, body = world.ask('GET', '/.well-known/host-meta')
    assert status == 200 and headers['Content-Type'].startswith('application/xrd+xml'), (status, headers)
    assert headers['Access-Control-Allow-Origin'] == '*'
    links = ET.fromstring(body).findall('{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link')
    assert [(link.get('rel'), link.get('href')) for link in links] == [(BAR, url)], body
    status, headers, body = world.ask('GET', '/.well-known/host-meta.json')
    assert status == 200 and json.loads(body) == {'links': [{'rel': BAR, 'href': url}]}, body


@case('every answer carries the protective headers and none says what runs here')
async def _(world):
    for path in '/', '/.well-known/host-meta', '/ws', '/invite/x', '/upload/x/y':
        _, headers, _ = world.ask('GET', path)
        assert headers['X-Content-Type-Options'] == 'nosniff', path
        assert headers['X-Frame-Options'] == 'DENY', path
        assert headers['Referrer-Policy'] == 'no-referrer', path
        assert "default-src 'none'" in headers['Content-Security-Policy'], path
        assert 'Cross-Origin-Resource-Policy' in headers, path
        assert 'Server' not in headers, path


@case('HEAD answers like GET without the body, and the connection stays usable')
async def _(world):
    link = world.https()
    link.request('HEAD', '/.well-known/host-meta')
    head = link.getresponse()
    assert head.read() == b'' and int(head.headers['Content-Length']) > 100
    link.request('GET', '/.well-known/host-meta')
    full = link.getresponse()
    assert len(full.read()) == int(head.headers['Content-Length'])
    link.close()


@case('requests on one connection are answered in order, one after the other')
async def _(world):
    pipelined = (GOOD + b'\r\n') * 20 + b'GET /no HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    statuses, _ = talk(world.at, pipelined, 22)
    assert statuses == [200] * 20 + [404], statuses


@case('whatever two readers could understand in two ways is refused, and the connection ends')
async def _(world):
    smuggled = GOOD + b'\r\n'
    for what, octets, want in (
            ('two lengths', PUT + b'Content-Length: 4\r\nContent-Length: 0\r\n\r\n', 400),
            ('chunked', PUT + b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 501),
            ('chunked with a length', PUT + b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
            ('a hidden coding', PUT + b'Content-Length: 4\r\nTransfer-Encoding : chunked\r\n\r\n', 400),
            ('a folded line', GOOD + b'X: a\r\n b\r\n\r\n', 400),
            ('a bare line feed', GOOD + b'X: a\n\r\n', 400),
            ('a bare carriage return', GOOD + b'X: a\rb\r\n\r\n', 400),
            ('NUL', GOOD + b'X: a\0b\r\n\r\n', 400),
            ('two hosts', GOOD + b'Host: localhost\r\n\r\n', 400),
            ('no host', b'GET / HTTP/1.1\r\n\r\n', 400),
            ('a body on GET', GOOD + b'Content-Length: 5\r\n\r\nhello', 400),
            ('HTTP/0.9', b'GET /\r\n\r\n', 400),
            ('HTTP/1.0', b'GET / HTTP/1.0\r\n\r\n', 505),
            ('another host', b'GET http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
            ('a path upwards', b'GET /upload/%2e%2e/server.key HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
            ('a long head', GOOD + b'X: ' + b'x' * 9000 + b'\r\n\r\n', 431),
            ('many fields', GOOD + b'X: y\r\n' * 70 + b'\r\n', 431)):
        statuses, _ = talk(world.at, octets + smuggled, 2)
        assert statuses == [want], f'{what}: {statuses}'


@case('a body that nobody wants is not taken for the next request')
async def _(world):
    inner = GOOD + b'\r\n'
    statuses, _ = talk(world.at, b'PUT /no HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n' % len(inner) + inner, 2)
    assert statuses == [404], statuses


@case('names that are not ours are misdirected; addresses and our domains are served')
async def _(world):
    for host, want in (('localhost', 200), ('LocalHost:1', 200), ('127.0.0.1', 200), ('[::1]:5443', 200),
                       ('evil.test', 421), ('localhost.evil.test', 421)):
        statuses, _ = talk(world.at, f'GET /.well-known/host-meta HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode())
        assert statuses == [want], (host, statuses)


@case('methods: OPTIONS tells, others are refused')
async def _(world):
    status, headers, _ = world.ask('OPTIONS', '/.well-known/host-meta')
    assert status == 204 and 'GET' in headers['Access-Control-Allow-Methods'], (status, headers)
    for method, want in ('POST', 405), ('DELETE', 501), ('TRACE', 501), ('BREW', 501):
        status, _, _ = world.ask(method, '/.well-known/host-meta', body=None)
        assert status == want, (method, status)


@case('a client that names only other protocols (ALPN) is not served')
async def _(world):
    context = ssl.create_default_context(cafile=str(world.at.ca))
    context.set_alpn_protocols(['h2'])
    import socket
    try:
        context.wrap_socket(socket.create_connection(('127.0.0.1', world.at.ports['https'])), server_hostname='localhost')
    except ssl.SSLError as error:
        assert 'APPLICATION_PROTOCOL' in str(error).upper().replace(' ', '_'), error
    else:
        raise AssertionError('h2 was accepted')


@case('a head that does not come to its end is answered 408', timeout=40)
async def _(world):
    def slowly():
        link = connect(world.at, 30)
        link.sendall(GOOD)
        got = link.recv(65536)
        link.close()
        return got
    got = await asyncio.to_thread(slowly)
    assert got.startswith(b'HTTP/1.1 408 '), got


# ---- WebSocket -----------------------------------------------------------------------------------------


def login(world, name):
    """A WebSocket client with a bound resource."""
    client = WebSocket(world.at, headers=['Origin: https://elsewhere.test'])
    client.login(name, world.passwords[name])
    client.send("<presence/>")
    client.until(f'{CLIENT}presence')
    return client


def sealed(to, ident):
    """A message that passes the policy."""
    return (f"<message to='{to}' type='chat' id='{ident}'>"
            "<received xmlns='urn:xmpp:receipts' id='x'/><store xmlns='urn:xmpp:hints'/></message>")


@case('two clients log in over WebSocket, wherever their accounts live, and talk')
async def _(world):
    for one, other in (('alice', 'bob'), ('carol', 'dave'), ('alice', 'dave')):
        a, b = login(world, one), login(world, other)
        for ident in 'm1', 'm2':
            a.send(sealed(b.jid, ident))
            assert b.until(f'{CLIENT}message').get('id') == ident
        b.send(sealed(a.jid, 'm3'))
        assert a.until(f'{CLIENT}message').get('from') == b.jid
        a.close()
        b.close()


@case('WebSocket and TCP meet')
async def _(world):
    tcp, web = Raw(world.at), login(world, 'bob')
    tcp.start_tls()
    tcp.login('alice', world.passwords['alice'])
    tcp.send('<presence/>')
    tcp.until(f'{CLIENT}presence')
    tcp.send(sealed(web.jid, 't1'))
    assert web.until(f'{CLIENT}message').get('id') == 't1'
    web.send(sealed(tcp.jid, 'w1'))
    assert tcp.until(f'{CLIENT}message').get('id') == 'w1'
    web.close()
    tcp.close()


@case('many messages in one go arrive all, in order')
async def _(world):
    a, b = login(world, 'alice'), login(world, 'bob')
    count = 300
    for i in range(count):
        a.send(sealed(b.jid, f'n{i}'))
    got = [b.until(f'{CLIENT}message').get('id') for _ in range(count)]
    assert got == [f'n{i}' for i in range(count)], got
    a.close()
    b.close()


@case('pings are answered, fragments are joined')
async def _(world):
    a = login(world, 'alice')
    a.frame(FIN | PING, b'hello')
    assert a.next_frame() == (PONG, b'hello')
    text = b"<iq xmlns='jabber:client' type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"
    a.frame(TEXT, text[:20])
    a.frame(FIN | PING, b'between')
    a.frame(0, text[20:40])
    a.frame(FIN, text[40:])
    assert a.next_frame() == (PONG, b'between')
    assert a.until(f'{CLIENT}iq').get('id') == 'p1'
    a.close()


@case('the stream is closed as RFC 7395 says: <close/>, then the closing frame')
async def _(world):
    a = login(world, 'alice')
    a.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    assert a.until(f'{NS_FRAMING}close') is not None
    try:
        a.next()
    except Closed:
        pass
    assert a.closed_with == 1000, a.closed_with


@case('a message that is no document ends the stream with an error')
async def _(world):
    for text in '<presence xmlns="jabber:client">', '<a/><b/>', '<!DOCTYPE a>', 'hello':
        a = WebSocket(world.at)
        a.send(text)
        assert a.until(f'{NS_STREAM}error') is not None, text
        a.close()


@case('what is no text, not masked or too big ends the connection with its code')
async def _(world):
    for first, payload, code in (FIN | 2, b'x', 1003), (FIN | TEXT, b'\xff', 1007), (FIN | TEXT, b'x' * 5000, 1009), \
            (0xc1, b'x', 1002):
        a = WebSocket(world.at)
        a.frame(first, payload)
        try:
            while a.next() is not None:
                pass
        except Closed:
            pass
        assert a.closed_with == code, (first, a.closed_with)
        a.close()


@case('a handshake without subprotocol, version or key is refused')
async def _(world):
    whole = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
             'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': 'xmpp'}
    for missing, want in (('Upgrade', 426), ('Sec-WebSocket-Version', 426), ('Sec-WebSocket-Key', 400),
                          ('Sec-WebSocket-Protocol', 400)):
        status, _, _ = world.ask('GET', '/ws', headers={k: v for k, v in whole.items() if k != missing})
        assert status == want, (missing, status)


@case('a cut WebSocket session can be resumed (XEP-0198)')
async def _(world):
    a = login(world, 'alice')
    a.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    enabled = a.until('{urn:xmpp:sm:3}enabled')
    a.close()
    b = login(world, 'bob')
    b.send(sealed(a.jid, 'late'))
    again = WebSocket(world.at)
    again.authenticate('alice', world.passwords['alice'])
    again.send(f"<resume xmlns='urn:xmpp:sm:3' previd='{enabled.get('id')}' h='0'/>")
    again.until('{urn:xmpp:sm:3}resumed')
    assert again.until(f'{CLIENT}message').get('id') == 'late'
    b.close()
    again.close()


if __name__ == '__main__':
    main(case, Web, __doc__)
