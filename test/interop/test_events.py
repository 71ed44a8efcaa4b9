#!/usr/bin/python3
"""test_events.py: what the server refuses is kept as lines that name nobody: over real sockets, across
restarts, kills and storms, and as an operator sees them."""
import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

from slixmpp.exceptions import IqError

from harness import stun
from harness.calls import NS_ICE, bye, has, listen, offer, propose, say, until, word
from harness.client import Client, LoginFailed, befriend
from harness.peopled import Peopled
from harness.server import BIN
from harness.tap import Cases

case = Cases()

PATIENCE_S = 20
BROKEN = b'<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" to="localhost" version="1.0"><!--x-->'
MEMBERS = {'v', 'seq', 't', 'type', 'reason_code', 'rule', 'n', 'era', 'actor', 'target', 'net', 'cli', 'call',
           'size_bucket'}


class Noted(Peopled):
    """A server that turns away the impatient early."""

    options = ('limits.requests_per_address=12/s', 'limits.unauthenticated_per_address=3', 'server.workers=1',
               'server.domain=localhost')

    def say(self, octets):
        """What a stranger says on the port of STARTTLS; returns when the server has ended it."""
        with socket.create_connection(('127.0.0.1', self.at.port), PATIENCE_S) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(octets)
                while peer.recv(65536):
                    pass

    def ask(self, method, path, **headers):
        """The status of one request over HTTPS."""
        context = ssl.create_default_context(cafile=str(self.at.ca))
        connection = http.client.HTTPSConnection('localhost', self.at.ports['https'], context=context, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            return connection.getresponse().status

    def events(self, *options):
        return json.loads(self.at.ctl('--json', 'events', *options))

    def lines(self):
        """Of the file, every one of them whole."""
        found = []
        for path in sorted((self.at.data / 'events').glob('*.jsonl')):
            text = path.read_text()
            assert text == '' or text.endswith('\n'), path
            found += [json.loads(line) for line in text.splitlines()]
        return found

    async def find(self, reason, **more):
        """An event of this reason, with these members, once it is there."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for event in self.events('--count', '10000'):
                if event['reason_code'] == reason and all(event.get(k) == v for k, v in more.items()):
                    return event
            await asyncio.sleep(0.1)
        raise AssertionError(f'no event: {reason} {more}')


@case('what no stanza can show: connections, requests, files')
async def _(w):
    w.say(BROKEN)
    event = await w.find('malformed', rule='restricted-xml')
    assert event['type'] == 'stream' and event['cli']['transport'] == 'starttls', event
    assert w.ask('PUT', '/upload/x/y', **{'Content-Length': '1'}) in (400, 403)
    event = await w.find('upload_data')
    assert event['cli'] == {'transport': 'http'} and len(event['net']['ip24']) == 16, event
    assert w.ask('GET', '/fetch?ticket=aaaa') == 403
    await w.find('fetch_target', rule='ticket')
    assert w.ask('GET', '/invite/aaaaaaaa') == 404
    await w.find('invitation')
    while w.ask('GET', '/') != 429:
        pass
    await w.find('request')
    with contextlib.ExitStack() as waiting:
        for _ in range(8):
            with contextlib.suppress(ConnectionError):
                waiting.enter_context(socket.create_connection(('127.0.0.1', w.at.port), PATIENCE_S))
        await w.find('connection')


@case('calls: two that hang up at once are no event; forged checks are one of their side, whatever their number', timeout=120)
async def _(w):
    alice, bob = [await w.client(name) for name in w.people]
    await befriend(alice, bob)
    heard = {client: listen(client) for client in (alice, bob)}
    call = propose(alice, bob.boundjid.bare)
    await bob.expect(has('propose', call, alice.boundjid.full))
    say(bob, alice.boundjid.full, word('proceed', call))
    await alice.expect(has('proceed', call, bob.boundjid.full))
    await alice.ask('set', offer('session-initiate', call, 'actpass'), bob.boundjid.full)
    _, offered = await until(bob, heard[bob], 'session-initiate')
    await bob.ask('set', offer('session-accept', call, 'active'), alice.boundjid.full)
    _, answer = await until(alice, heard[alice], 'session-accept')
    way = answer.find(f'.//{{{NS_ICE}}}transport')
    place = way.find(f'{{{NS_ICE}}}candidate')
    anchor = place.get('ip'), int(place.get('port'))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        for _ in range(300):
            forger.sendto(stun.check(way.get('ufrag') + ':actp', 'not the password of this'), anchor)
            forger.sendto(b'\xff' * 40, anchor)
    event = await w.find('media', rule='integrity')
    assert event['n'] > 1 and event['call']['state'] == 'active' and event['call']['media'] == ['audio'], event
    assert event['actor'] != event['target'] and 'net' not in event, event
    event = await w.find('stray_media', rule='unknown')
    assert event['n'] > 1 and not event.keys() & {'actor', 'target', 'net', 'call', 'era'}, event
    await alice.ask('set', bye(call), bob.boundjid.full)
    await until(bob, heard[bob], 'session-terminate')
    with contextlib.suppress(IqError):
        await bob.ask('set', bye(call), alice.boundjid.full)
        raise AssertionError('a call ended twice')
    say(bob, alice.boundjid.full, word('finish', call))
    await alice.settled()
    await bob.settled()
    assert not [e for e in w.events() if e['reason_code'] in ('out_of_order', 'no_such_call')], w.events()
    await alice.close()
    await bob.close()
    lines = [e for e in w.lines() if e['reason_code'] in ('media', 'stray_media')]
    assert len(lines) < 10, lines


@case('one network has one name today; accounts have another than their own')
async def _(w):
    with contextlib.suppress(LoginFailed):
        await Client.open(w.at, w.people[0], 'wrong')
        raise AssertionError('logged in')
    event = await w.find('credentials')
    assert re.fullmatch('[0-9a-f]{16}', event['actor']) and 'target' not in event, event
    assert len({e['net']['ip24'] for e in w.events() if 'net' in e}) == 1
    for event in w.lines():
        assert set(event) <= MEMBERS, event


@case('no name, no address, no content in any file; keys are the owner\'s alone')
async def _(w):
    alice = await w.client(w.people[0])
    alice.send_raw(f"<message to='{w.at.jid(w.people[1])}' type='chat'><body>words-unmistakable</body></message>")
    await w.find('plaintext')
    folder = w.at.data / 'events'
    for path in [p for p in folder.rglob('*') if p.is_file()]:
        octets = path.read_bytes()
        if path.parent.name != 'keys':          # which are octets of chance
            for told in b'unmistakable', b'localhost', b'127.0', b'@':
                assert told not in octets, (path, told)
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (folder / 'keys').stat().st_mode & 0o777 == 0o700


@case('a storm is a few lines, nothing is uncounted, and people are served meanwhile', timeout=120)
async def _(w):
    before = sum(e.get('n', 1) for e in w.lines() if e['reason_code'] == 'malformed')
    for _ in range(200):
        w.say(BROKEN)
    bob = await w.client(w.people[1])
    await bob.close()
    w.at.stop()                                   # what was folded is written at the end
    lines = [e for e in w.lines() if e['reason_code'] == 'malformed']
    assert sum(e.get('n', 1) for e in lines) == before + 200, lines[-3:]
    assert len(lines) < 30, len(lines)
    w.at.start()


@case('after a restart numbers go on, networks keep their name, accounts do not')
async def _(w):
    before = await w.find('credentials')
    w.at.stop()
    w.at.start()
    with contextlib.suppress(LoginFailed):
        await Client.open(w.at, w.people[0], 'wrong')
    after = w.events('--type', 'login', '--count', '1')[0]
    assert after['seq'] > before['seq'] and after['era'] != before['era'], (before, after)
    assert after['actor'] != before['actor'] and after['net'] == before['net'], (before, after)
    numbers = [e['seq'] for e in w.lines()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@case('kill -9 leaves whole lines, and the next line follows', timeout=120)
async def _(w):
    for _ in range(3):
        storm = [asyncio.to_thread(w.say, BROKEN + b' ' * i) for i in range(3)]
        gathered = asyncio.gather(*storm, return_exceptions=True)
        await asyncio.sleep(0.02)
        os.kill(w.at.process.pid, signal.SIGKILL)
        await gathered
        w.at.process.wait()
        w.lines()
        w.at.start()
        w.say(BROKEN)
        await w.find('malformed')
        numbers = [e['seq'] for e in w.lines()]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@case('sottoctl events: a table, choices, what comes as it comes')
async def _(w):
    table = w.at.ctl('events')
    assert table.startswith('time ') and 'malformed' in table and 'restricted-xml' in table, table
    assert w.events('--count', '1') == w.events()[-1:]
    assert {e['type'] for e in w.events('--type', 'stream')} == {'stream'}
    assert w.events('--since', '2020-01-01') == w.events('--since', '1h') == w.events()
    follower = subprocess.Popen([BIN / 'sottoctl', '-s', w.at.data / 'control.sock', '--json', 'events', '--follow',
                                 '--count', '1'], stdout=subprocess.PIPE, text=True)
    try:
        first = json.loads(await asyncio.to_thread(follower.stdout.readline))
        assert first == w.events('--count', '1')[0]
        assert w.ask('PUT', '/upload/x/y', **{'Content-Length': '1'}) in (400, 403, 429)
        came = json.loads(await asyncio.wait_for(asyncio.to_thread(follower.stdout.readline), PATIENCE_S))
        assert came['seq'] > first['seq'], (first, came)
    finally:
        follower.kill()
        follower.wait()
    for wrong in (['--type', 'strem'], ['--since', 'soon'], ['--count', '0'], ['--count', '10001']):
        done = subprocess.run([BIN / 'sottoctl', '-s', w.at.data / 'control.sock', 'events', *wrong],
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 2, (wrong, done)


@case('log.events_days = off keeps no line and no key, and counts all the same')
async def _(w):
    w.at.stop()
    w.at.settings['log.events_days'] = 'off'
    w.at.start()
    w.say(BROKEN)
    assert w.events() == []
    assert not [p for p in (w.at.data / 'events').rglob('*') if p.is_file()]
    assert json.loads(w.at.ctl('--json', 'stats'))['refused']['malformed'] > 0


if __name__ == '__main__':
    sys.exit(case.run(Noted(), sys.argv[1] if len(sys.argv) > 1 else None))
