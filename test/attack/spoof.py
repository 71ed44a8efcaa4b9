#!/usr/bin/python3
"""spoof.py HOSTS PORT SEED CAPTURED LOG: hostile packets to the anchor's port that say they come from somebody else. Needs root.

Lines of JSON on its input: {"count": n, "exact": [[who, address, port]], "genuine": [hex], "handshakes": true} has it send so many: in the
name of those sources, or, without them, of places that no call has. CAPTURED and the packets themselves are as packets.py makes them; `genuine` are of this very moment.
LOG gets a row for each packet that is nobody's copy: when, in whose name, its digest, its length.
"""
import hashlib
import json
import random
import socket
import struct
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from packets import Source                                                   # noqa: E402
from place import HOSTS, HOSTS_V6                                            # noqa: E402

PAUSE_EVERY, PAUSE_S = 16, 0.002
MOST = 1472                                     # raw sockets do not cut packets up
# Who never spoke by UDP, and the ports of services that answer to whatever comes; the last are those who are in the call, from elsewhere.
NOBODY = [HOSTS['h'], HOSTS_V6['h'], '203.0.113.7', '2001:db8::7', '::ffff:10.82.0.2', HOSTS['c'], HOSTS['e']]
PORTS = [7, 19, 53, 123, 1900, 3478, 3479, 11211, 40000, 65535]


def checksum(octets):
    """RFC 1071."""
    octets += b'\0' * (len(octets) % 2)
    total = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(source, target, payload):
    """With a header of either version of IP."""
    kind = socket.AF_INET6 if ':' in target[0] else socket.AF_INET
    here, there, size = *(socket.inet_pton(kind, host) for host in (source[0], target[0])), 8 + len(payload)
    head = struct.pack('!HHH', source[1], target[1], size)
    total = checksum(here + there + struct.pack('!IHBB', size, 0, 0, 17) + head + b'\0\0' + payload) or 0xffff
    datagram = head + struct.pack('!H', total) + payload
    if kind == socket.AF_INET6:
        return struct.pack('!IHBB', 6 << 28, size, 17, 64) + here + there + datagram
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + size, 0, 0, 64, 17, 0) + here + there + datagram


class Spoofer:
    """Two raw sockets and a log."""

    def __init__(self, hosts, port, seed, captured, log):
        self.targets = {':' in host: (host, port) for host in hosts.split(',')}
        self.sockets = {six: socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) for six in self.targets}
        self.source, self.captured, self.log = Source(seed), captured, open(log, 'w', encoding='ascii')   # closed by the end
        self.random, self.sent, self.octets = random.Random(f'{seed}-spoof'), 0, 0

    def payload(self, genuine, handshakes):
        """A genuine packet as it was, or a made-up one, which is logged; of DTLS only if it may be."""
        made, copied = self.any_payload(genuine)
        while not handshakes and made and 20 <= made[0] < 64:
            made, copied = self.any_payload(genuine)
        return made, copied

    def any_payload(self, genuine):
        """Of any kind."""
        if genuine and self.random.random() < 0.3:
            return self.random.choice(genuine), True
        made = self.random.choice(self.source.makers)()[:MOST]
        return made, made in self.source.genuine or not made

    def shoot(self, order):
        """So many."""
        genuine = [bytes.fromhex(text) for text in order.get('genuine', [])]
        self.source.refresh(self.captured)
        self.source.genuine = genuine or self.source.genuine
        for i in range(order['count']):
            who, host, port = self.random.choice(order.get('exact') or [['nobody', self.random.choice(NOBODY), self.random.choice(PORTS)]])
            payload, copied = self.payload(genuine, order.get('handshakes', True))
            six = ':' in host
            try:
                self.sockets[six].sendto(packet((host, port), self.targets[six], payload), (self.targets[six][0], 0))
            except OSError:
                time.sleep(PAUSE_S)
                continue
            self.sent, self.octets = self.sent + 1, self.octets + len(payload)
            digest = 'copy' if copied else hashlib.blake2b(payload, digest_size=12).hexdigest()
            self.log.write(f'{time.time():.6f} {who} {digest} {len(payload)}\n')
            if i % PAUSE_EVERY == 0:
                time.sleep(PAUSE_S)
        self.log.flush()


def main():
    spoofer = Spoofer(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
    for line in sys.stdin:
        spoofer.shoot(json.loads(line))
        print(f'{spoofer.sent} {spoofer.octets}', flush=True)


if __name__ == '__main__':
    main()
