"""sealed.py: opens a captured stream of TLS 1.3 (RFC 8446) with the secrets that keylog.c wrote: what the server said to one client,
octet by octet, and when each record came.

    said(frames, 'build/keys') -> [Stream(begun, pieces=[(time, octets)])]
"""
import hashlib
import hmac
import socket
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from place import TCP, transport_of

HELLO_CLIENT, HELLO_SERVER, FINISHED, KEY_UPDATE = 1, 2, 20, 24
HANDSHAKE, DATA = 22, 23
SUITES = {0x1301: (AESGCM, 16, 'sha256'), 0x1302: (AESGCM, 32, 'sha384'), 0x1303: (ChaCha20Poly1305, 32, 'sha256')}
FIN, SYN, RST = 1, 2, 4


@dataclass
class Stream:
    """One connection, as its client got it."""

    begun: float
    pieces: list = field(default_factory=list)

    def text(self, since=0.0, before=float('inf')):
        """What came in this time."""
        return b''.join(octets for at, octets in self.pieces if since <= at < before)


# ---- TCP


class Half:
    """One direction of a connection, put in order."""

    def __init__(self):
        self.expected, self.waiting, self.pieces = None, {}, []

    def take(self, at, sequence, flags, octets):
        """A segment; what was sent twice counts once."""
        if flags & SYN:
            self.expected = (sequence + 1) & 0xFFFFFFFF
            return
        if octets and self.expected is not None:
            self.waiting[sequence] = max(self.waiting.get(sequence, b''), octets, key=len)
        while self.waiting:
            for start, segment in list(self.waiting.items()):
                known = (self.expected - start) & 0xFFFFFFFF
                if known < 1 << 31:
                    del self.waiting[start]
                    if known < len(segment):
                        self.pieces.append((at, segment[known:]))
                        self.expected = (start + len(segment)) & 0xFFFFFFFF
                    break
            else:
                break


def connections(frames):
    """(client's half, server's half, time of the first) of each connection that a capture saw from its beginning; the side of the
    capture is the client."""
    found, finished = {}, []
    for at, outgoing, packet in frames:
        protocol, begin = transport_of(packet)
        if protocol != TCP:
            continue
        end = struct.unpack('!H', packet[2:4])[0] if packet[0] >> 4 == 4 else len(packet)
        ports = struct.unpack('!HH', packet[begin:begin + 4])
        key = ports if outgoing else ports[::-1]
        sequence, = struct.unpack('!I', packet[begin + 4:begin + 8])
        flags, data = packet[begin + 13], packet[begin + (packet[begin + 12] >> 4) * 4:end or len(packet)]
        if outgoing and flags & SYN:
            found[key] = (Half(), Half(), at)
            finished.append(found[key])
        if key in found:
            found[key][0 if outgoing else 1].take(at, sequence, flags, data)
    return finished


# ---- TLS


def expand(secret, label, size, algorithm):
    """HKDF-Expand-Label with no context; one block of it is enough here."""
    name = b'tls13 ' + label
    info = struct.pack('!HB', size, len(name)) + name + b'\0'
    return hmac.digest(secret, info + b'\1', algorithm)[:size]


class Keys:
    """Of one direction."""

    def __init__(self, suite, secret):
        self.suite, self.secret, self.number = suite, secret, 0
        cipher, size, algorithm = SUITES[suite]
        self.box = cipher(expand(secret, b'key', size, algorithm))
        self.iv = expand(secret, b'iv', 12, algorithm)

    def open(self, head, sealed):
        """(type, octets) of a record."""
        nonce = (int.from_bytes(self.iv, 'big') ^ self.number).to_bytes(12, 'big')
        self.number += 1
        inner = self.box.decrypt(nonce, sealed, head).rstrip(b'\0')
        return inner[-1], inner[:-1]

    def next(self):
        """After an update (RFC 8446 §7.2)."""
        size = hashlib.new(SUITES[self.suite][2]).digest_size
        return Keys(self.suite, expand(self.secret, b'traffic upd', size, SUITES[self.suite][2]))


def records(half):
    """(time, head, octets) of each whole record."""
    buffer = b''
    for at, octets in half.pieces:
        buffer += octets
        while len(buffer) >= 5 and len(buffer) >= 5 + (size := struct.unpack('!H', buffer[3:5])[0]):
            yield at, buffer[:5], buffer[5:5 + size]
            buffer = buffer[5 + size:]


def handshake_kinds(octets):
    """Of the messages that begin in these octets."""
    while len(octets) >= 4:
        yield octets[0]
        octets = octets[4 + int.from_bytes(octets[1:4], 'big'):]


def secrets_of(path):
    """{(label, client's random): secret}."""
    with open(path, encoding='ascii') as lines:
        return {(label, bytes.fromhex(random)): bytes.fromhex(secret) for label, random, secret in map(str.split, lines)}


def open_stream(client, server, begun, secrets):
    """What the server said; None: TLS of another kind, or not ours to open."""
    hello = next(records(client), (0, b'', b''))[2]
    random = hello[6:38]
    stream, keys, waiting = Stream(begun), None, b''
    for at, head, octets in records(server):
        if keys is None and head[0] == HANDSHAKE and octets[0] == HELLO_SERVER:
            suite, = struct.unpack('!H', octets[39 + octets[38]:41 + octets[38]])
            if ('SERVER_HANDSHAKE_TRAFFIC_SECRET', random) not in secrets:
                return None
            keys = Keys(suite, secrets['SERVER_HANDSHAKE_TRAFFIC_SECRET', random])
        if head[0] != DATA or keys is None:
            continue
        kind, plain = keys.open(head, octets)
        if kind == DATA:
            stream.pieces.append((at, plain))
        elif kind == HANDSHAKE:
            waiting += plain
            kinds = list(handshake_kinds(waiting))
            if FINISHED in kinds:
                keys = Keys(keys.suite, secrets['SERVER_TRAFFIC_SECRET_0', random])
                waiting = b''
            elif KEY_UPDATE in kinds:
                keys, waiting = keys.next(), b''
            elif stream.pieces:
                waiting = b''                   # tickets
    return stream


def said(frames, keys):
    """What the server said on each connection of the client that wrote these secrets."""
    known = secrets_of(keys)
    opened = [open_stream(*c, known) for c in connections(frames)]
    return [s for s in opened if s is not None and s.pieces]


def seen_addresses(frames):
    """The addresses that packets came from or went to."""
    return {socket.inet_ntoa(p[i:i + 4]) for _, _, p in frames if p[:1] and p[0] >> 4 == 4 for i in (12, 16)}
