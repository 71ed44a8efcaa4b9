"""stun.py: checks of ICE as an attacker or a made-up client composes them (RFC 8489, RFC 8445)."""
import hmac
import os
import socket
import struct
import zlib

COOKIE = 0x2112A442
REQUEST, SUCCESS = 0x0001, 0x0101


def attribute(kind, value):
    """With its padding."""
    return struct.pack('!HH', kind, len(value)) + value + bytes(-len(value) % 4)


def message(kind, transaction, attributes, password):
    """Ends with MESSAGE-INTEGRITY and FINGERPRINT."""
    body = b''.join(attributes)

    def head(more):
        return struct.pack('!HHI', kind, len(body) + more, COOKIE) + transaction

    body += attribute(0x0008, hmac.new(password.encode(), head(24) + body, 'sha1').digest())
    crc = zlib.crc32(head(8) + body) ^ 0x5354554E
    return head(8) + body + attribute(0x8028, struct.pack('!I', crc))


def check(username, password, *, controlling=True, use_candidate=False, transaction=None):
    """A Binding request."""
    role = attribute(0x802A if controlling else 0x8029, os.urandom(8))
    more = [attribute(0x0025, b'')] if use_candidate else []
    return message(REQUEST, transaction or os.urandom(12),
                   [attribute(0x0006, username.encode()), attribute(0x0024, struct.pack('!I', 1)), role, *more], password)


def answer(packet, source, password):
    """To a check that came from `source`."""
    host, port = source[:2]
    if ':' in host:
        mask = struct.pack('!I', COOKIE) + packet[8:20]
        hidden = bytes(a ^ b for a, b in zip(socket.inet_pton(socket.AF_INET6, host), mask))
        mapped = struct.pack('!HH', 2, port ^ COOKIE >> 16) + hidden
    else:
        number = struct.unpack('!I', socket.inet_aton(host))[0] ^ COOKIE
        mapped = struct.pack('!HHI', 1, port ^ COOKIE >> 16, number)
    return message(SUCCESS, packet[8:20], [attribute(0x0020, mapped)], password)


def is_request(packet):
    """A check of the other side."""
    return packet[:2] == b'\x00\x01' and packet[4:8] == struct.pack('!I', COOKIE)
