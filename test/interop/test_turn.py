#!/usr/bin/python3
"""test_turn.py: TURN over TLS on the port for everything: it is for accounts, reaches the anchor and nobody else, and until a call of its account was
accepted it is silent. The rows of attacks on relays that test_turn.c cannot have, because they need the world around."""
import asyncio
import json
import shutil
import socket
import subprocess
import sys

from harness import stun, turn
from harness.client import element
from harness.server import free_port
from harness.tap import Cases, Skip
from harness.world import World, main

case = Cases()
DISCO = 'urn:xmpp:extdisco:2'
ALLOCATIONS = 8                                  # of an account
ANCHOR = free_port() & ~1


class Relays(World):
    """Alice and Bob, and what XEP-0215 tells them."""

    talks = False
    options = ('listen.mux=127.0.0.1:0', f'anchor.port={ANCHOR}', 'server.workers=1', 'limits.unauthenticated_per_address=64',
               'limits.connections_per_address=1000/min')

    async def begin(self):
        self.alice, self.bob = await self.client('alice'), await self.client('bob')
        self.open = []

    async def service(self, client):
        """What is told of TURN."""
        answer = await client.ask('get', element(f'{{{DISCO}}}services', type='turns'), self.at.domain)
        return answer.find(f'.//{{{DISCO}}}service').attrib

    async def relay(self, client, **more):
        """A connection with that account's credentials."""
        told = await self.service(client)
        self.open.append(turn.Turn(self.at, int(told['port']), told['username'], told['password'], **more))
        return self.open[-1]

    def end(self):
        """Of all connections."""
        for one in self.open:
            one.close()
        self.open.clear()


@case('whoever is told of it allocates, with ALPN and without; the relayed address is the anchor\'s')
async def _(world):
    told = await world.service(world.alice)
    assert (told['type'], told['transport'], told['host'], told['restricted']) == ('turns', 'tcp', 'localhost', 'true'), told
    assert int(told['port']) == world.at.ports['mux']
    for alpn in 'stun.turn', None:
        relay = await world.relay(world.alice, alpn=alpn)
        error, got = relay.allocate()
        assert error == 0 and turn.unmasked(got[turn.RELAYED])[0] == '127.0.0.1', (error, got)
        assert turn.unmasked(got[turn.MAPPED]) == relay.socket.getsockname()
        assert relay.ask(turn.REFRESH, (turn.LIFETIME, bytes(4)))[0] == 0
    world.end()


@case('nobody but the anchor is reached: other hosts, other ports, TCP; not an octet leaves')
async def _(world):
    relay = await world.relay(world.alice)
    assert relay.allocate()[0] == 0
    came = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening, socket.create_server(('127.0.0.1', 0)) as tcp:
        listening.bind(('127.0.0.1', 0))
        listening.settimeout(0.5)
        tcp.settimeout(0.5)
        port = listening.getsockname()[1]
        assert relay.permit('127.0.0.1', port) == 0             # the anchor's host: permissions have no ports
        assert relay.bind(0x4000, '127.0.0.1', port) == 403
        for host in '127.0.0.2', '0.0.0.0', '169.254.169.254', '10.0.0.1', '224.0.0.1', '255.255.255.255':
            assert relay.permit(host, port) == 403, host
            assert relay.bind(0x4000, host, port) == 403, host
        assert relay.ask(turn.CONNECT, (turn.PEER, turn.address('127.0.0.1', tcp.getsockname()[1])))[0] == 400
        relay.send(0x4000, b'hello')
        indication = turn.attribute(turn.PEER, turn.address('127.0.0.1', port)) + turn.attribute(turn.PAYLOAD, b'hello')
        relay.socket.sendall(bytes([0, 0x16]) + len(indication).to_bytes(2, 'big') + bytes.fromhex('2112a442') + bytes(12) + indication)
        for wait in (lambda: came.append(listening.recv(100))), (lambda: came.append(tcp.accept())):
            try:
                wait()
            except TimeoutError:
                pass
    assert not came, came
    world.end()


@case('without a call that somebody accepted nothing comes back from the anchor, whatever is sent to it')
async def _(world):
    relay = await world.relay(world.alice)
    assert relay.allocate()[0] == 0 and relay.bind(0x4000, '127.0.0.1', ANCHOR) == 0
    for packet in stun.check('abcdefghijklmnop:wxyz', 'no such password at all'), b'\x80' + bytes(99), b'\x16\xfe\xfd' + bytes(40), b'x':
        for _ in range(20):
            relay.send(0x4000, packet)
    assert relay.read(1) is None
    for _ in range(40):
        if (came := json.loads(world.at.ctl('--json', 'stats'))['anchor'])['received'] >= 20:
            break
        await asyncio.sleep(0.25)
    # Twenty checks are what a stranger has; then the anchor hangs up, and the relay goes on.
    assert came['received'] >= 20 and came['forwarded'] == 0, came
    assert relay.permit('127.0.0.1', ANCHOR) == 0              # it goes on all the same: a client that is early makes no mistake
    world.end()


@case('an account has so many relays at a time; somebody else has his own')
async def _(world):
    errors = [(await world.relay(world.alice)).allocate()[0] for _ in range(ALLOCATIONS + 3)]
    assert errors == [0] * ALLOCATIONS + [486] * 3, errors
    assert (await world.relay(world.bob)).allocate()[0] == 0
    world.open[0].close()
    await world.alice.settled()
    assert (await world.relay(world.alice)).allocate()[0] == 0
    world.end()


@case('coturn\'s client is served: allocation, permission, channel')
async def _(world):
    if shutil.which('turnutils_uclient') is None:
        raise Skip('turnutils_uclient (coturn) is not installed')
    told = await world.service(world.alice)
    argv = ['turnutils_uclient', '-v', '-t', '-S', '-c', '-n', '1', '-u', told['username'], '-w', told['password'], '-p', told['port'],
            '-e', '127.0.0.1', '-r', str(ANCHOR), '127.0.0.1']
    try:
        said = subprocess.run(argv, capture_output=True, text=True, timeout=5, check=False).stdout
    except subprocess.TimeoutExpired as running:        # it waits for an echo, which the anchor is not
        said = running.stdout.decode()
    for step in 'allocate response received', 'clnet_allocate: rtv=', 'channel bind':
        assert step in said, said[-1500:]


@case('who guesses hears always the same, and after some guesses nothing at all')
async def _(world):
    told = await world.service(world.bob)
    heard, ended = set(), 0
    for i in range(40):
        name = told['username'] if i % 2 else 'somebody'
        try:
            relay = turn.Turn(world.at, int(told['port']), name, 'a wrong password')
            world.open.append(relay)
            error, got = relay.allocate()
            heard.add((error, tuple(sorted((k, len(v)) for k, v in got.items()))))
        except (turn.Gone, OSError, AssertionError):
            ended += 1
    assert len(heard) == 1 and heard.pop()[0] == 401, heard
    assert ended >= 4, ended
    world.end()


if __name__ == '__main__':
    main(case, Relays, __doc__)
