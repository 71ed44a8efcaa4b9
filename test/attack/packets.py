#!/usr/bin/python3
"""packets.py HOSTS PORT SEED CAPTURED: hostile packets to the anchor's port from sockets of no call: a number on a line of its input is
how many; answers with how many were sent and how many octets came back, which has to be none.

HOSTS are addresses of either version of IP, with commas between; they have turns. CAPTURED is a file in which genuine packets of the moment stand, each after its length (two octets): they are replayed as they are,
and their names are used with other keys.
"""
import os
import random
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'interop'))
sys.dont_write_bytecode = True

from harness import stun                                                     # noqa: E402

SOCKETS = 16
PAUSE_EVERY, PAUSE_S = 64, 0.002                # what is lost in full queues of the kernel says nothing of the anchor
MOST = 65507


def captured(path):
    """Genuine packets, if there are some."""
    octets, found = Path(path).read_bytes() if os.path.exists(path) else b'', []
    while len(octets) > 2 and len(octets) >= 2 + (n := struct.unpack('!H', octets[:2])[0]):
        found.append(octets[2:2 + n])
        octets = octets[2 + n:]
    return found


def username(packet):
    """Of a check."""
    at = 20
    while at + 4 <= len(packet):
        kind, n = struct.unpack('!HH', packet[at:at + 4])
        if kind == 0x0006:
            return packet[at + 4:at + 4 + n].decode('ascii', 'replace')
        at += 4 + n + -n % 4
    return 'abcdefghijklmnop:wxyz'


class Source:
    """Packets without end."""

    def __init__(self, seed):
        self.random, self.genuine, self.names = random.Random(seed), [], []
        self.makers = [self.wrong_key, self.wrong_key, self.swapped, self.replay, self.replay, self.bent, self.media, self.media, self.dtls,
                       self.noise, self.other_stun]

    def refresh(self, path):
        """With what is genuine now."""
        self.genuine = captured(path)
        self.names = [username(p) for p in self.genuine if stun.is_request(p)] or ['abcdefghijklmnop:wxyz']

    def octets(self, n):
        return self.random.randbytes(n)

    def wrong_key(self):
        return stun.check(self.random.choice(self.names), 'no such password at all', use_candidate=self.random.random() < 0.5,
                          transaction=self.octets(12))

    def swapped(self):
        ours, _, theirs = self.random.choice(self.names).partition(':')
        return stun.check(self.random.choice([f'{theirs}:{ours}', ours, f'{ours}:', f':{theirs}', f'{ours}:{theirs}x', ours * 40]), ours,
                          transaction=self.octets(12))

    def replay(self):
        return self.random.choice(self.genuine) if self.genuine else self.noise()

    def bent(self):
        """A genuine one with some octets changed, cut or made longer."""
        packet = bytearray(self.replay() or b'\0')
        for _ in range(self.random.randint(1, 4)):
            packet[self.random.randrange(len(packet))] = self.random.randrange(256)
        return bytes(packet[:self.random.randint(0, len(packet))]) + self.octets(self.random.choice([0, 0, 4, 1400]))

    def media(self):
        """RTP and RTCP whose lengths lie: of lists, extensions, reports, padding."""
        first = self.random.choice([0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0x40, 0xc0])
        kind = self.random.choice([0, 96, 111, 127, 200, 201, 202, 203, 204, 205, 206, 207])
        head = struct.pack('!BBHII', first, kind, self.random.choice([0, 1, 6, 0xffff]), self.random.getrandbits(32), self.random.getrandbits(32))
        return head + self.octets(self.random.choice([0, 4, 20, 160, 1200]))

    def dtls(self):
        kind = self.random.choice([20, 21, 22, 23, 25, 63])
        return struct.pack('!BHHHIH', kind, self.random.choice([0xfefd, 0xfeff, 0x0301]), 0, 0, self.random.getrandbits(32),
                           self.random.choice([0, 29, 0xffff])) + self.octets(self.random.choice([0, 29, 500]))

    def noise(self):
        return self.octets(self.random.choice([0, 1, 4, 12, 19, 20, 100, 1472, 1473, 4000, MOST if self.random.random() < 0.02 else 30]))

    def other_stun(self):
        """Requests of TURN and answers that nobody waits for."""
        kind = self.random.choice([0x0003, 0x0004, 0x0006, 0x0008, 0x0009, 0x000a, 0x0011, 0x0101, 0x0111])
        peer = stun.attribute(0x0012, b'\0\1' + self.octets(6))
        return stun.message(kind, self.octets(12), [stun.attribute(0x0006, self.random.choice(self.names).encode()), peer], 'any')


def main():
    hosts, port, source = sys.argv[1].split(','), int(sys.argv[2]), Source(sys.argv[3])
    targets = [(hosts[i % len(hosts)], port) for i in range(SOCKETS)]
    sockets = [socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM) for host, _ in targets]
    for s in sockets:
        s.setblocking(False)
    sent = back = 0
    for line in sys.stdin:
        source.refresh(sys.argv[4])
        for i in range(int(line)):
            packet = source.random.choice(source.makers)()
            try:
                sockets[i % SOCKETS].sendto(packet[:MOST], targets[i % SOCKETS])
                sent += 1
            except OSError:
                time.sleep(PAUSE_S)
            if i % PAUSE_EVERY == 0:
                time.sleep(PAUSE_S)
        time.sleep(0.1)
        for s in sockets:
            try:
                while True:
                    back += len(s.recv(65536))
            except OSError:
                pass
        print(f'{sent} {back}', flush=True)


if __name__ == '__main__':
    main()
