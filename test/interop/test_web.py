#!/usr/bin/python3
"""test_web.py: HTTPS from the outside: hosts, smuggling, host-meta, WebSocket, invitations, files."""
import asyncio
import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import socket
import ssl
import urllib.parse
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

from harness.client import Client
from harness.omemo import looks_sealed
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
    options = ('limits.upload_bytes=8MiB', 'limits.upload_daily_bytes=20MiB', 'limits.registrations_per_address=1000/h')

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


@case('nothing is administered over HTTP: no such path is there, whatever the method')
async def _(world):
    for path in ('/admin', '/api', '/api/users', '/control', '/metrics', '/setup', '/login', '/rest', '/http-bind',
                 '/invite', '/invite/', '/upload', '/ws/admin', '/.well-known/admin', '/users/alice', '/stats'):
        link = world.https()
        for method in 'GET', 'POST', 'PUT', 'DELETE', 'PATCH':
            link.request(method, path)
            answer = link.getresponse()
            body = answer.read()
            assert answer.status in (400, 404, 501) and len(body) < 100, (method, path, answer.status)
        link.close()


@case('extensions of WebSocket, compression above all, are not taken up (RFC 7692)')
async def _(world):
    link = connect(world.at)
    link.sendall(b'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                 b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
                 b'Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n')
    head = link.recv(65536)
    link.close()
    assert head.startswith(b'HTTP/1.1 101 ') and b'extensions' not in head.lower(), head


@case('a client that names only other protocols (ALPN) is not served')
async def _(world):
    context = ssl.create_default_context(cafile=str(world.at.ca))
    context.set_alpn_protocols(['h2'])
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


def sealed(at, to, ident):
    """A message that passes the policy: it looks like an encrypted one. The words beside it, which
    some client left there, do not."""
    hidden = ET.tostring(looks_sealed()).decode()
    words = f'The same in the clear, number {len(at.spoken)}.'
    at.spoken.append(words)
    return f"<message to='{to}' type='chat' id='{ident}'><body>{words}</body>{hidden}<store xmlns='urn:xmpp:hints'/></message>"


@case('two clients log in over WebSocket, wherever their accounts live, and talk')
async def _(world):
    for one, other in (('alice', 'bob'), ('carol', 'dave'), ('alice', 'dave')):
        a, b = login(world, one), login(world, other)
        for ident in 'm1', 'm2':
            a.send(sealed(world.at, b.jid, ident))
            assert b.until(f'{CLIENT}message').get('id') == ident
        b.send(sealed(world.at, a.jid, 'm3'))
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
    tcp.send(sealed(world.at, web.jid, 't1'))
    assert web.until(f'{CLIENT}message').get('id') == 't1'
    web.send(sealed(world.at, tcp.jid, 'w1'))
    assert tcp.until(f'{CLIENT}message').get('id') == 'w1'
    web.close()
    tcp.close()


@case('many messages in one go arrive all, in order')
async def _(world):
    a, b = login(world, 'alice'), login(world, 'bob')
    count = 300
    for i in range(count):
        a.send(sealed(world.at, b.jid, f'n{i}'))
    got = [b.until(f'{CLIENT}message').get('id') for _ in range(count)]
    assert got == [f'n{i}' for i in range(count)], got
    a.close()
    b.close()


def next_control(client):
    """The next frame that is no message."""
    while (got := client.next_frame())[0] == TEXT:
        pass
    return got


@case('pings are answered, fragments are joined')
async def _(world):
    a = login(world, 'alice')
    a.frame(FIN | PING, b'hello')
    assert next_control(a) == (PONG, b'hello')
    text = b"<iq xmlns='jabber:client' type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"
    a.frame(TEXT, text[:20])
    a.frame(FIN | PING, b'between')
    a.frame(0, text[20:40])
    a.frame(FIN, text[40:])
    assert next_control(a) == (PONG, b'between')
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
    b.send(sealed(world.at, a.jid, 'late'))
    again = WebSocket(world.at)
    again.authenticate('alice', world.passwords['alice'])
    again.send(f"<resume xmlns='urn:xmpp:sm:3' previd='{enabled.get('id')}' h='0'/>")
    again.until('{urn:xmpp:sm:3}resumed')
    assert again.until(f'{CLIENT}message').get('id') == 'late'
    b.close()
    again.close()


# ---- Invitations ---------------------------------------------------------------------------------------

FORM = {'Content-Type': 'application/x-www-form-urlencoded'}
STANZAS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'
COMMAND = '{http://jabber.org/protocol/commands}command'
DATA = '{jabber:x:data}'


def page_of(invitation):
    """Its path."""
    return urllib.parse.urlparse(invitation['page']).path


def new_name():
    """Nobody's yet."""
    return 'guest-' + secrets.token_hex(4)


def shown(body):
    """Address and password on the page of a new account."""
    return [html.unescape(value) for value in re.findall('<dd>(.*?)</dd>', body.decode())]


def condition(iq):
    """The condition of an error, or None."""
    error = iq.find(f'{CLIENT}error')
    return None if error is None else next(c.tag.removeprefix(STANZAS) for c in error if c.tag.startswith(STANZAS))


@case('an invitation: looking does not use it up, making the account does, and the account works')
async def _(world):
    path, name = page_of(world.at.invite()), new_name()
    for _ in range(3):
        status, headers, body = world.ask('GET', path)
        assert status == 200 and b'name="name"' in body and b'<svg' in body, status
        assert headers['Cache-Control'] == 'no-store'
    status, headers, body = world.ask('POST', path, f'name={name.upper()}', FORM)
    assert status == 201 and headers['Cache-Control'] == 'no-store', (status, body)
    jid, password = shown(body)
    assert jid == f'{name}@localhost' and len(password.replace('-', '')) == 24
    client = await Client.open(world.at, name, password)
    await client.close()
    assert world.ask('GET', path)[0] == 404
    assert world.ask('POST', path, f'name={new_name()}', FORM)[0] == 404
    assert password not in world.at.said()


@case('the page runs nothing and fetches nothing; its style is named by its hash')
async def _(world):
    _, headers, body = world.ask('GET', page_of(world.at.invite()))
    style = re.search(b'<style>(.*?)</style>', body, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in headers['Content-Security-Policy']
    assert b'<script' not in body and b'src=' not in body and b'style=' not in body


@case('unknown, used and mangled tokens get one and the same page')
async def _(world):
    used = world.at.invite()
    assert world.ask('POST', page_of(used), f'name={new_name()}', FORM)[0] == 201
    answers = {world.ask(method, path, body, FORM if body else None)[::2]
               for path in (page_of(used), '/invite/unknown', '/invite/%C3%A4', page_of(used).upper().replace('INVITE', 'invite'))
               for method, body in (('GET', None), ('POST', 'name=alice'), ('POST', 'name=new'))}
    assert len(answers) == 1 and next(iter(answers))[0] == 404, answers


@case('names: taken ones, roles and what is no name leave the invitation as it was')
async def _(world):
    path = page_of(world.at.invite())
    for name, want in (('alice', 409), ('ALICE', 409), ('admin', 409), ('Postmaster', 409), ('a b', 400), ('', 400),
                       ('a@b', 400), ('a%2Fb', 400), ('x' * 65, 400), ('%ff', 400), ('%00', 400),
                       ('%3Cb%3E', 400), ('%22%3E%3Cscript%3E', 400)):
        status, _, body = world.ask('POST', path, f'name={name}', FORM)
        assert status == want, (name, status)
        assert b'<script' not in body and b'<b>"' not in body, name
    assert world.ask('POST', path, f'name={new_name()}', {'Content-Type': 'text/plain'})[0] == 415
    assert world.ask('POST', path, 'name=' + 'x' * 5000, FORM)[0] == 413
    assert world.ask('POST', path, f'name={new_name()}', FORM)[0] == 201


@case('of many who use an invitation at once, one gets an account')
async def _(world):
    path = page_of(world.at.invite())
    tries = [asyncio.to_thread(world.ask, 'POST', path, f'name={new_name()}', FORM) for _ in range(12)]
    statuses = sorted(answer[0] for answer in await asyncio.gather(*tries))
    assert statuses == [201] + [404] * 11, statuses


def enrol(world):
    """A stream with TLS, not logged in."""
    stream = Raw(world.at)
    stream.start_tls()
    return stream


def ask_iq(stream, kind, payload):
    """The answer to a question before login."""
    ident = secrets.token_hex(4)
    stream.send(f"<iq type='{kind}' id='{ident}'>{payload}</iq>")
    answer = stream.until(f'{CLIENT}iq')
    assert answer.get('id') == ident
    return answer


def preauth(token):
    """XEP-0445 §3."""
    return f"<preauth xmlns='urn:xmpp:pars:0' token='{token}'/>"


def register(name, password):
    """XEP-0077 §3.1."""
    return f"<query xmlns='jabber:iq:register'><username>{name}</username><password>{password}</password></query>"


@case('in-band registration with a token: offered, used once, and the account works (XEP-0445)')
async def _(world):
    token, name, password = world.at.invite()['token'], new_name(), secrets.token_hex(12)
    stream = enrol(world)
    assert stream.features.find('{urn:xmpp:ibr-token:0}register') is not None
    assert stream.features.find('{http://jabber.org/features/iq-register}register') is not None
    assert condition(ask_iq(stream, 'get', "<query xmlns='jabber:iq:register'/>")) == 'not-allowed'
    assert condition(ask_iq(stream, 'set', register(name, password))) == 'not-allowed'
    assert ask_iq(stream, 'set', preauth(token)).get('type') == 'result'
    form = ask_iq(stream, 'get', "<query xmlns='jabber:iq:register'/>")
    assert form.find('.//{jabber:iq:register}username') is not None
    assert condition(ask_iq(stream, 'set', register('alice', password))) == 'conflict'
    assert condition(ask_iq(stream, 'set', register('a b', password))) == 'not-acceptable'
    assert ask_iq(stream, 'set', register(name, password)).get('type') == 'result'
    stream.login(name, password)
    stream.close()
    client = await Client.open(world.at, name, password)
    await client.close()
    again = enrol(world)
    assert condition(ask_iq(again, 'set', preauth(token))) == 'item-not-found'
    again.close()


@case('tokens are not guessed: a few tries, then the stream ends; in clear none is taken')
async def _(world):
    stream = enrol(world)
    for _ in range(4):
        assert condition(ask_iq(stream, 'set', preauth('x'))) == 'item-not-found'
    stream.send(f"<iq type='set' id='last'>{preauth('x')}</iq>")
    assert stream.until(f'{NS_STREAM}error') is not None
    stream.close()
    clear = Raw(world.at)
    assert clear.features.find('{urn:xmpp:ibr-token:0}register') is None
    clear.send(f"<iq type='set' id='1'>{preauth(world.at.invite()['token'])}</iq>")
    assert clear.until(f'{NS_STREAM}error') is not None
    clear.close()


@case('people invite people: an account, and a contact in both directions without a click (XEP-0401, XEP-0379)')
async def _(world):
    alice = await world.client('alice')
    answer = await alice.ask('set', ET.Element(COMMAND, node='urn:xmpp:invite#invite', action='execute'), to='localhost')
    values = {f.get('var'): f.findtext(f'{DATA}value') for f in answer.iter(f'{DATA}field')}
    assert values['uri'].startswith('xmpp:alice@localhost?roster;preauth=') and values['uri'].endswith(';ibr=y'), values
    token = re.search('preauth=([a-z2-7]+)', values['uri'])[1]
    path = urllib.parse.urlparse(values['landing-url']).path
    status, _, body = world.ask('GET', path)
    assert status == 200 and b'<bdi dir="ltr">alice@localhost</bdi> invited you' in body
    name = new_name()
    status, _, body = world.ask('POST', path, f'name={name}', FORM)
    assert status == 201 and b'<bdi dir="ltr">alice@localhost</bdi> is in your contacts already' in body
    guest = await Client.open(world.at, name, shown(body)[1])
    await guest.expect_presence(lambda p: p.get('type') is None and p.get('from') == alice.boundjid.full)
    await alice.expect_presence(lambda p: p.get('type') is None and p.get('from') == guest.boundjid.full)
    for of, other in (alice, guest), (guest, alice):
        (item,) = [i for i in (await of.ask('get', ET.Element('{jabber:iq:roster}query'))).iter('{jabber:iq:roster}item')
                   if i.get('jid') == other.boundjid.bare]
        assert item.get('subscription') == 'both' and item.get('ask') is None, item.attrib
    await guest.close()
    bob = await world.client('bob')
    bob.send_raw("<presence to='alice@localhost' type='subscribe'>" + preauth('a' * 39) + '</presence>')
    waiting = await alice.expect_presence(lambda p: p.get('type') == 'subscribe' and 'bob' in p.get('from'))
    assert waiting is not None


@case('an account has so many open invitations and no more')
async def _(world):
    dave = await world.client('dave')
    tokens = set()
    for _ in range(20):
        answer = await dave.ask('set', ET.Element(COMMAND, node='urn:xmpp:invite#invite'), to='localhost')
        tokens |= {f.findtext(f'{DATA}value') for f in answer.iter(f'{DATA}field') if f.get('var') == 'uri'}
    assert len(tokens) == 20
    try:
        await dave.ask('set', ET.Element(COMMAND, node='urn:xmpp:invite#invite'), to='localhost')
    except IqError as error:
        assert condition(error.iq.xml) == 'policy-violation', error
    else:
        raise AssertionError('no limit')


# ---- Files ---------------------------------------------------------------------------------------------

UPLOAD = '{urn:xmpp:http:upload:0}'


class Slot:
    """What a slot request brought."""

    def __init__(self, answer):
        put = answer.find(f'.//{UPLOAD}put')
        self.put = urllib.parse.urlparse(put.get('url')).path
        self.get = urllib.parse.urlparse(answer.find(f'.//{UPLOAD}get').get('url')).path
        self.headers = {h.get('name'): h.text for h in put.iter(f'{UPLOAD}header')}


async def slot(client, name, size, kind=None):
    """A slot for a file."""
    request = ET.Element(f'{UPLOAD}request', filename=name, size=str(size))
    if kind:
        request.set('content-type', kind)
    return Slot(await client.ask('get', request, to='localhost'))


async def refused_slot(client, name, size):
    """The condition with which a slot is refused, and the error."""
    try:
        await slot(client, name, size)
    except IqError as error:
        return condition(error.iq.xml), error.iq.xml
    return None, None


@case('a file goes up once and comes down, whole and in parts (XEP-0363)')
async def _(world):
    alice = await world.client('alice')
    assert UPLOAD[1:-1] in await alice.announced('localhost')
    content = secrets.token_bytes(3 * 1024 * 1024 + 17)
    s = await slot(alice, 'na\u00efve file.jpg', len(content), 'image/jpeg')
    assert world.ask('GET', s.get)[0] == 404
    status, headers, _ = world.ask('PUT', s.put, content, s.headers)
    assert status == 201 and headers['Access-Control-Allow-Origin'] == '*', status
    assert world.ask('PUT', s.put, content, s.headers)[0] == 409
    status, headers, body = world.ask('GET', s.get)
    assert status == 200 and body == content
    assert headers['Content-Type'] == 'image/jpeg' and headers['Content-Disposition'].startswith('inline')
    assert 'sandbox' in headers['Content-Security-Policy'] and 'ETag' not in headers
    status, headers, body = world.ask('HEAD', s.get)
    assert status == 200 and int(headers['Content-Length']) == len(content) and body == b''
    for field, want in (('bytes=0-9', content[:10]), ('bytes=100000-', content[100000:]), ('bytes=-5', content[-5:])):
        status, headers, body = world.ask('GET', s.get, headers={'Range': field})
        assert status == 206 and body == want, field
        assert headers['Content-Range'].endswith(f'/{len(content)}')
    status, headers, _ = world.ask('GET', s.get, headers={'Range': f'bytes={len(content)}-'})
    assert status == 416 and headers['Content-Range'] == f'bytes */{len(content)}'
    files = list((world.at.data / 'uploads').iterdir())
    assert len(files) == 1 and files[0].read_bytes() == content and files[0].stat().st_mode & 0o777 == 0o600


@case('what could act in a browser is a download of no type')
async def _(world):
    alice = await world.client('alice')
    for kind in 'text/html', 'image/svg+xml', 'application/pdf', 'IMAGE/PNG', None:
        s = await slot(alice, 'a.html', 5, kind)
        assert world.ask('PUT', s.put, b'<b>x<', {**s.headers, 'Content-Type': 'text/html'})[0] == 201
        _, headers, _ = world.ask('GET', s.get)
        assert headers['Content-Type'] == 'application/octet-stream', kind
        assert headers['Content-Disposition'] == "attachment; filename*=UTF-8''a.html", kind


@case('a slot is for its holder, its name and its size')
async def _(world):
    alice = await world.client('alice')
    s = await slot(alice, 'a.bin', 5)
    other = await slot(alice, 'a.bin', 5)
    for headers in ({}, other.headers, {'Authorization': s.headers['Authorization'] + 'x'}, {'Authorization': 'Bearer '}):
        assert world.ask('PUT', s.put, b'hello', headers)[0] == 403, headers
    assert world.ask('PUT', s.put.replace('a.bin', 'b.bin'), b'hello', s.headers)[0] == 404
    assert world.ask('PUT', s.put, b'hell', s.headers)[0] == 400
    assert world.ask('PUT', s.put, b'hello world', s.headers)[0] == 413
    assert world.ask('PUT', s.put, b'', s.headers)[0] == 411
    statuses, _ = talk(world.at, (f'PUT {s.put} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n'
                                  f"Authorization: {s.headers['Authorization']}\r\n\r\n5\r\nhello\r\n0\r\n\r\n").encode(), 2)
    assert statuses == [501], statuses
    assert world.ask('PUT', s.put, b'hello', s.headers)[0] == 201
    assert world.ask('GET', s.get.replace('a.bin', 'b.bin'))[0] == 404
    assert world.ask('GET', '/upload/' + 'a' * 26 + '/a.bin')[0] == 404
    assert world.ask('GET', '/upload/server.key/a.bin')[0] == 404
    assert world.ask('GET', '/upload/..%2fserver.key/a.bin')[0] == 400


@case('an upload that breaks off leaves nothing and can be tried again; two at once: one wins')
async def _(world):
    alice = await world.client('alice')
    size = 600000
    s = await slot(alice, 'cut.bin', size)
    head = (f'PUT {s.put} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n'
            f"Authorization: {s.headers['Authorization']}\r\n\r\n").encode()
    first, second = connect(world.at), connect(world.at)
    first.sendall(head + b'x' * 300000)
    part = world.at.data / 'uploads' / (s.put.split('/')[2] + '.part')
    await until(part.exists)
    second.sendall(head)
    answer = await asyncio.to_thread(second.recv, 65536)
    assert answer.startswith(b'HTTP/1.1 409 '), answer[:100]
    first.close()
    second.close()
    await until(lambda: not part.exists())
    assert world.ask('PUT', s.put, b'y' * size, s.headers)[0] == 201


@case('100 Continue comes when the body is wanted, not before')
async def _(world):
    alice = await world.client('alice')
    s = await slot(alice, 'big.bin', 5)
    for path, want in ((s.put, b'100'), (s.put + 'x', b'404')):
        link = connect(world.at)
        link.sendall((f'PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n'
                      f"Authorization: {s.headers['Authorization']}\r\n\r\n").encode())
        answer = await asyncio.to_thread(link.recv, 65536)
        assert answer.startswith(b'HTTP/1.1 ' + want), answer
        if want == b'100':
            link.sendall(b'hello')
            assert (await asyncio.to_thread(link.recv, 65536)).startswith(b'HTTP/1.1 201')
        link.close()


async def until(true, seconds=15):
    """Waits until it is."""
    for _ in range(seconds * 50):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError('not in time')


@case('limits: the size of a file, of a day, names that are none')
async def _(world):
    carol = await world.client('carol')
    mib = 1024 * 1024
    why, error = await refused_slot(carol, 'a.bin', 8 * mib + 1)
    assert why == 'not-acceptable' and error.findtext(f'.//{UPLOAD}max-file-size') == str(8 * mib), why
    for name, size in ('', 5), ('a/b', 5), ('..', 5), ('x' * 256, 5), ('a', 0), ('a', -1), ('a', 'x'):
        assert (await refused_slot(carol, name, size))[0] == 'bad-request', (name, size)
    for _ in range(2):
        await slot(carol, 'a.bin', 8 * mib)
    why, error = await refused_slot(carol, 'a.bin', 5 * mib)
    assert why == 'resource-constraint' and error.find(f'.//{UPLOAD}retry') is not None, why
    await slot(carol, 'a.bin', 4 * mib)


@case('files go with their account', timeout=120)
async def _(world):
    world.add_account('erin')
    erin = await world.client('erin')
    s = await slot(erin, 'a.bin', 5)
    assert world.ask('PUT', s.put, b'hello', s.headers)[0] == 201
    file = world.at.data / 'uploads' / s.put.split('/')[2]
    assert file.exists()
    world.at.delete_user('erin')
    assert world.ask('GET', s.get)[0] == 404
    await until(lambda: not file.exists(), 90)


if __name__ == '__main__':
    main(case, Web, __doc__)
