"""small_anchor.py: two legs of a call joined as the anchor joins them (ICE terminated on each), with losses if wanted. It knows what a
test needs and judges nothing: the real anchor has tests of its own.

    async with SmallAnchor(loss=0.1) as anchor:
        sdp_for_bob = anchor.rewrite(0, alice_sdp)     # what comes from leg 0 goes to leg 1 with leg 1's address
"""
import asyncio
import binascii
import hashlib
import hmac
import os
import random
import re
import struct

COOKIE = 0x2112A442
USERNAME, INTEGRITY, FINGERPRINT, MAPPED = 0x0006, 0x0008, 0x8028, 0x0020
PRIORITY, USE_CANDIDATE, CONTROLLED, CONTROLLING = 0x0024, 0x0025, 0x8029, 0x802A
CHECK_EVERY_S = 0.5


def attribute(kind, value):
    """One attribute, padded."""
    return struct.pack('!HH', kind, len(value)) + value + bytes(-len(value) % 4)


def message(kind, transaction, attributes, password):
    """A STUN message with integrity and fingerprint."""
    def head(length):
        return struct.pack('!HHI', kind, length, COOKIE) + transaction
    body = attributes
    mac = hmac.new(password.encode(), head(len(body) + 24) + body, hashlib.sha1).digest()
    body += attribute(INTEGRITY, mac)
    crc = binascii.crc32(head(len(body) + 8) + body) ^ 0x5354554E
    return head(len(body) + 8) + body + attribute(FINGERPRINT, struct.pack('!I', crc))


def attributes_of(packet):
    """{kind: value} of a STUN message."""
    found, at = {}, 20
    while at + 4 <= len(packet):
        kind, n = struct.unpack('!HH', packet[at:at + 4])
        found[kind] = packet[at + 4:at + 4 + n]
        at += 4 + n + -n % 4
    return found


def token(n):
    """Random letters that ICE takes."""
    return binascii.hexlify(os.urandom(n)).decode()[:n]


class Leg(asyncio.DatagramProtocol):
    """One party's side."""

    def __init__(self, anchor, index):
        self.anchor, self.index = anchor, index
        self.ufrag, self.pwd = token(12), token(24)
        self.their_ufrag = self.their_pwd = ''
        self.they_control = False
        self.peer = self.wire = None
        self.waiting = []
        self.seen = []                          # (time, first octet, size) of what came

    def connection_made(self, transport):
        self.wire = transport
        self.port = transport.get_extra_info('sockname')[1]

    def datagram_received(self, data, addr):
        if data and data[0] < 4:
            self.take_stun(data, addr)
            return
        self.seen.append((asyncio.get_running_loop().time(), data[0], len(data)))
        self.anchor.forward(self, data)

    def take_stun(self, packet, addr):
        kind, = struct.unpack('!H', packet[:2])
        transaction = packet[8:20]
        if kind == 0x0101:                      # our check was answered
            self.confirm(addr)
        if kind != 0x0001 or not self.anchor.open:
            return
        words = attributes_of(packet)
        ours, _, theirs = words.get(USERNAME, b'').decode().partition(':')
        if ours != self.ufrag or theirs != self.their_ufrag:
            return
        self.they_control = CONTROLLING in words
        self.check(addr)
        mapped = struct.pack('!BBH4s', 0, 1, addr[1] ^ COOKIE >> 16,
                             bytes(a ^ b for a, b in zip(bytes(map(int, addr[0].split('.'))),
                                                         struct.pack('!I', COOKIE))))
        self.wire.sendto(message(0x0101, transaction, attribute(MAPPED, mapped), self.pwd), addr)

    def check(self, addr):
        words = attribute(USERNAME, f'{self.their_ufrag}:{self.ufrag}'.encode())
        words += attribute(PRIORITY, struct.pack('!I', 0x6E0001FF))
        role = CONTROLLED if self.they_control else CONTROLLING
        words += attribute(role, os.urandom(8))
        if not self.they_control:
            words += attribute(USE_CANDIDATE, b'')
        self.wire.sendto(message(0x0001, os.urandom(12), words, self.their_pwd), addr)

    def confirm(self, addr):
        self.peer = addr
        for data in self.waiting:
            self.wire.sendto(data, addr)
        self.waiting.clear()

    def deliver(self, data):
        if self.peer is not None:
            self.wire.sendto(data, self.peer)
        elif 20 <= data[0] <= 63:               # early DTLS waits: spec of the anchor
            self.waiting.append(data)

    def restart(self):
        """New credentials, as an anchor has them that was started anew; the old ones are void."""
        self.ufrag, self.pwd = token(12), token(24)
        self.peer = None


class SmallAnchor:
    """Two legs on 127.0.0.1."""

    def __init__(self, loss=0.0, seed=1, host='127.0.0.1', jitter_ms=0, delay_ms=0):
        self.legs = [Leg(self, 0), Leg(self, 1)]
        self.loss, self.random, self.host, self.open = loss, random.Random(seed), host, True
        self.jitter_ms, self.delay_ms = jitter_ms, delay_ms
        self.lost = self.passed = 0

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        for leg in self.legs:
            await loop.create_datagram_endpoint(lambda leg=leg: leg, local_addr=(self.host, 0))
        return self

    async def __aexit__(self, *_):
        for leg in self.legs:
            leg.wire.close()

    def forward(self, leg, data):
        if self.random.random() < self.loss:
            self.lost += 1
            return
        self.passed += 1
        other = self.legs[1 - leg.index]
        wait = self.delay_ms + self.random.random() * self.jitter_ms
        if wait:
            asyncio.get_running_loop().call_later(wait / 1000, other.deliver, data)
        else:
            other.deliver(data)

    def rewrite(self, sender, sdp):
        """The sender's description as the other party gets it."""
        from_leg, to_leg = self.legs[sender], self.legs[1 - sender]
        from_leg.their_ufrag = re.search(r'a=ice-ufrag:(\S+)', sdp)[1]
        from_leg.their_pwd = re.search(r'a=ice-pwd:(\S+)', sdp)[1]
        lines = [line for line in sdp.replace('\r\n', '\n').split('\n')
                 if line and not line.startswith(('a=candidate:', 'a=end-of-candidates', 'a=ice-options'))]
        out = []
        for line in lines:
            if line.startswith('a=ice-ufrag:'):
                out += [f'a=candidate:1 1 udp 2130706431 {self.host} {to_leg.port} typ host generation 0',
                        f'a=ice-ufrag:{to_leg.ufrag}']
            elif line.startswith('a=ice-pwd:'):
                out.append(f'a=ice-pwd:{to_leg.pwd}')
            elif line.startswith('a=rtcp:'):
                out.append('a=rtcp:9 IN IP4 0.0.0.0')
            elif line.startswith('m='):
                words = line.split(' ')
                out.append(' '.join([words[0], '0' if words[1] == '0' else '9', *words[2:]]))
            elif line.startswith('c='):
                out.append('c=IN IP4 0.0.0.0')
            else:
                out.append(line)
        return '\r\n'.join(out) + '\r\n'
