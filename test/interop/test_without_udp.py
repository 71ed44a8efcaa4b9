#!/usr/bin/python3
"""test_without_udp.py: calls where no datagram gets through: what the server says of its anchor leads to an address whose UDP nobody answers, and
listen.mux is there."""
import socket
import sys
import threading

from harness.server import free_port
from harness.tap import Cases
from harness.world import main
from test_call import Calls, Running, share

case = Cases()
HERE, THERE = '127.0.0.1', '127.0.0.9'          # where the anchor has its UDP, and where it is said to be
PORT = free_port() & ~1
HOLD_S = 5


class Hole(threading.Thread):
    """Takes datagrams, and nothing comes back."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((THERE, PORT))
        self.start()

    def run(self):
        while self.socket.recv(2048):
            self.count += 1


class Calls(Calls):
    """Alice and Bob, whose network lets only TCP through."""

    options = (*Calls.options, f'listen.mux={THERE}:0', f'anchor.address={HERE}={THERE}', f'anchor.port={PORT}')

    async def begin(self):
        self.hole = Hole()
        await super().begin()


@case('two sotto: UDP stays without an answer, a connection does it; each hears the other')
async def _(world):
    sounds = world.sound('alice', world.high), world.sound('bob', world.low)
    call, name = await world.ring('--seconds', HOLD_S, *sounds[0])
    answer = await Running.start(world.bob, 'answer', name, *sounds[1])
    for run in (call, answer):
        await run.until(event='call', state='connected')
    assert await call.end() == 0 and await answer.end() == 0, (call.events, answer.events)
    assert world.hole.count >= 4, world.hole.count
    assert share(world.at.folder / 'bob.wav', 880) > 0.8
    assert share(world.at.folder / 'alice.wav', 440) > 0.8


if __name__ == '__main__':
    sys.exit(main(case, Calls, __doc__))
