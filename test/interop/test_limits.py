#!/usr/bin/python3
"""test_limits.py: what the server grants to one address: connections, strangers, wrong passwords, requests over HTTP,
accounts; to all of them: connections; networks that are exempt."""
import asyncio
import time
import http.client
import ssl
import sys
import urllib.parse

from harness.raw import CLIENT, NS_SASL, NS_STREAM, Closed, Raw
from harness.server import Sottod, new_password
from harness.tap import Cases
from harness.websocket import FIN, PING, PONG, WebSocket

case = Cases()
STANZAS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'


class At:
    """A server of one worker with these settings, and one account."""

    def __init__(self, *options):
        self.server = Sottod(options=('server.workers=1', *options))

    def __enter__(self):
        self.server.__enter__()
        self.password = new_password()
        self.server.add_user('alice', self.password)
        return self

    def __exit__(self, *why):
        self.server.__exit__(*why)

    def connect(self):
        """A stream that has not logged in."""
        return Raw(self.server)

    def admits(self):
        """Whether one more connection gets a stream."""
        try:
            self.connect().close()
        except Closed:
            return False
        return True

    async def admits_soon(self):
        """The same, as soon as the server has noticed that others have gone."""
        for _ in range(200):
            if self.admits():
                return True
            await asyncio.sleep(0.05)
        return False

    def https(self):
        """A connection of HTTPS, not opened yet."""
        context = ssl.create_default_context(cafile=str(self.server.ca))
        return http.client.HTTPSConnection('localhost', self.server.ports['https'], context=context, timeout=15)

    def ask(self, method='GET', path='/.well-known/host-meta', body=None):
        """One request on a connection of its own: (status, headers)."""
        link = self.https()
        form = {'Content-Type': 'application/x-www-form-urlencoded'} if body else {}
        link.request(method, path, body, form)
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status, answer.headers

    def register(self, name, token):
        """An account in band by an invitation (XEP-0077, XEP-0445): `result`, or the condition."""
        raw = self.connect()
        raw.start_tls()
        raw.send(f"<iq type='set' id='t'><preauth xmlns='urn:xmpp:pars:0' token='{token}'/></iq>")
        assert raw.until(f'{CLIENT}iq').get('type') == 'result'
        raw.send("<iq type='set' id='r'><query xmlns='jabber:iq:register'>"
                 f"<username>{name}</username><password>{new_password()}</password></query></iq>")
        answer = raw.until(f'{CLIENT}iq')
        raw.close()
        return 'result' if answer.get('type') == 'result' else answer.find('.//{*}error')[0].tag

    def log_in(self, password):
        """What the server says: the tag of its answer, or of the condition."""
        raw = self.connect()
        raw.start_tls()
        try:
            answer = raw.try_plain('alice', password)
        finally:
            raw.close()
        return answer.tag if len(answer) == 0 else answer[0].tag


class Nothing:
    """Each case has a server of its own."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


@case('an address has so many connections that have not logged in, and not one more')
async def _(_):
    with At('limits.unauthenticated_per_address=3') as at:
        open_ones = [at.connect() for _ in range(3)]
        assert not at.admits()
        open_ones.pop().close()
        assert await at.admits_soon()


@case('who has logged in does not count as a stranger')
async def _(_):
    with At('limits.unauthenticated_per_address=2') as at:
        for _ in range(4):
            raw = at.connect()
            raw.start_tls()
            raw.login('alice', at.password)
        assert at.admits()


@case('an address connects so often, and not more often')
async def _(_):
    with At('limits.connections_per_address=4/h') as at:
        assert [at.admits() for _ in range(6)] == [True] * 4 + [False] * 2


@case('after so many wrong passwords an address waits, whatever it says')
async def _(_):
    with At('limits.failed_logins_per_address=2/h', 'auth.mechanisms=PLAIN') as at:
        said = [at.log_in(p) for p in ('wrong', 'wrong', 'wrong', at.password)]
        assert said == [f'{NS_SASL}not-authorized'] * 2 + [f'{NS_SASL}temporary-auth-failure'] * 2, said


def refused(connect):
    """Whether a connection of HTTPS is ended before it is one."""
    try:
        connect()
    except (OSError, http.client.HTTPException):
        return True
    return False


@case('connections of HTTPS count like others')
async def _(_):
    with At('limits.connections_per_address=4/h') as at:
        assert at.admits() and at.ask()[0] == 200 and at.ask()[0] == 200 and at.admits()
        assert refused(at.ask) and not at.admits()


@case('connections of HTTPS are as many at a time as all of an address')
async def _(_):
    with At('limits.streams_per_address=3') as at:
        links = [at.https() for _ in range(3)]
        for link in links:
            link.connect()
            link.request('GET', '/.well-known/host-meta')
            assert link.getresponse().read()
        assert refused(at.ask) and not at.admits()
        links.pop().close()
        assert await at.admits_soon()


@case('an address asks so often over HTTP, and is told when to come back')
async def _(_):
    with At('limits.requests_per_address=3/h') as at:
        link = at.https()
        for _ in range(3):
            link.request('GET', '/.well-known/host-meta')
            answer = link.getresponse()
            assert answer.status == 200 and answer.read()
        link.request('GET', '/.well-known/host-meta')
        answer = link.getresponse()
        assert answer.status == 429 and len(answer.read()) < 100, answer.status
        assert 0 < int(answer.headers['Retry-After']) <= 1201 and answer.headers['Connection'] == 'close'
        for path in '/ws', '/nothing', '/invite/x':
            status, headers = at.ask('GET', path)
            assert status == 429 and int(headers['Retry-After']) <= 1201, status
        assert at.admits()                       # XMPP is something else


@case('an address makes so many accounts, on pages and in band together')
async def _(_):
    with At('limits.registrations_per_address=2/h') as at:
        def page():
            return urllib.parse.urlsplit(at.server.invite()['page']).path

        first = page()
        assert at.ask('POST', first, 'name=one')[0] == 201
        assert at.register('two', at.server.invite()['token']) == 'result'
        status, headers = at.ask('POST', last := page(), 'name=three')
        assert status == 429 and 0 < int(headers['Retry-After']) <= 1800, status
        assert at.register('three', at.server.invite()['token']) == f'{STANZAS}resource-constraint'
        assert at.ask('GET', last)[0] == 200     # it is good for later


@case('frames that are no messages count as bytes of the account (RFC 6455 §5.5)')
async def _(_):
    with At('limits.bytes_per_account=16KiB/s') as at:
        socket = WebSocket(at.server)
        socket.login('alice', at.password)
        start = time.monotonic()
        for _ in range(20):                      # 64 KiB, and never more than a bucket on the way
            for _ in range(30):
                socket.frame(FIN | PING, b'x' * 100)
            pongs = 0
            while pongs < 30:
                pongs += socket.next_frame()[0] == PONG
        assert time.monotonic() - start > 1.5    # two seconds at least, however slow this machine
        socket.close()


@case('all addresses together have so many connections, exactly')
async def _(_):
    with At('limits.connections=3') as at:
        open_ones = [at.connect() for _ in range(2)]
        link = at.https()
        link.connect()
        assert not at.admits() and refused(at.ask)
        open_ones.pop().close()
        assert await at.admits_soon()
        link.close()


@case('networks that are exempt have no limits')
async def _(_):
    with At('limits.failed_logins_per_address=1/h', 'limits.connections_per_address=1/h',
            'limits.unauthenticated_per_address=1', 'limits.connections=1', 'limits.requests_per_address=1/h',
            'limits.exempt=127.0.0.0/8', 'auth.mechanisms=PLAIN') as at:
        assert [at.log_in('wrong') for _ in range(3)] == [f'{NS_SASL}not-authorized'] * 3
        assert at.log_in(at.password) == f'{NS_SASL}success'
        assert [at.ask()[0] for _ in range(3)] == [200] * 3
        assert all([at.connect().features.tag == f'{NS_STREAM}features' for _ in range(3)])


if __name__ == '__main__':
    sys.exit(case.run(Nothing(), sys.argv[1] if len(sys.argv) > 1 else None))
