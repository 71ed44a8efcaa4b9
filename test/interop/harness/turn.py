"""turn.py: a client of TURN over TLS (RFC 8656), one request after the other."""
import hashlib
import hmac
import os
import socket
import ssl
import struct

COOKIE = 0x2112A442
ALLOCATE, REFRESH, SEND, DATA, CREATE_PERMISSION, CHANNEL_BIND, CONNECT = 3, 4, 6, 7, 8, 9, 10
ERROR, LIFETIME, PEER, PAYLOAD, REALM, NONCE, RELAYED, TRANSPORT, NUMBER = 9, 13, 18, 19, 20, 21, 22, 25, 12
USERNAME, INTEGRITY, MAPPED = 6, 8, 32
UDP = struct.pack('!I', 17 << 24)


def attribute(kind, value):
    """With its padding."""
    return struct.pack('!HH', kind, len(value)) + value + bytes(-len(value) % 4)


def address(host, port):
    """XORed, as in XOR-PEER-ADDRESS."""
    ip = struct.unpack('!I', socket.inet_aton(host))[0]
    return struct.pack('!BBHI', 0, 1, port ^ COOKIE >> 16, ip ^ COOKIE)


def unmasked(value):
    """The same back."""
    _, _, port, ip = struct.unpack('!BBHI', value)
    return socket.inet_ntoa(struct.pack('!I', ip ^ COOKIE)), port ^ COOKIE >> 16


class Gone(Exception):
    """The server has ended it."""


class Turn:
    """One connection. Answers are (error or 0, {attribute: value})."""

    def __init__(self, at, port, name, password, alpn='stun.turn'):
        context = ssl.create_default_context(cafile=at.ca)
        if alpn:
            context.set_alpn_protocols([alpn])
        self.socket = context.wrap_socket(socket.create_connection((at.host, port), 15), server_hostname='localhost')
        self.name, self.password = name.encode(), password.encode()
        self.realm = self.nonce = None
        self.held = b''

    def close(self):
        """Without a word."""
        self.socket.close()

    def read(self, seconds=5):
        """One message, or a channel's data; None: none came."""
        self.socket.settimeout(seconds)
        while True:
            if len(self.held) >= 4:
                n = struct.unpack('!H', self.held[2:4])[0]
                n = 20 + n if self.held[0] < 0x40 else 4 + (n + 3 & ~3)
                if len(self.held) >= n:
                    message, self.held = self.held[:n], self.held[n:]
                    return message
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                return None
            except OSError as why:
                raise Gone(str(why)) from why
            if not piece:
                raise Gone('end')
            self.held += piece

    def ask(self, method, *attributes, sign=True):
        """A request and its answer."""
        body = b''.join(attribute(*a) for a in attributes)
        if sign and self.realm:
            body += attribute(USERNAME, self.name) + attribute(REALM, self.realm) + attribute(NONCE, self.nonce)
        head = struct.pack('!HHI', method, len(body) + (24 if sign and self.realm else 0), COOKIE) + os.urandom(12)
        if sign and self.realm:
            key = hashlib.md5(self.name + b':' + self.realm + b':' + self.password).digest()
            body += attribute(INTEGRITY, hmac.new(key, head + body, 'sha1').digest())
        try:
            self.socket.sendall(head + body)
        except OSError as why:
            raise Gone(str(why)) from why
        answer = self.read()
        if answer is None:
            raise Gone('no answer')
        at, got = 20, {}
        while at < len(answer):
            kind, n = struct.unpack('!HH', answer[at:at + 4])
            got[kind] = answer[at + 4:at + 4 + n]
            at += 4 + (n + 3 & ~3)
        self.realm, self.nonce = got.get(REALM, self.realm), got.get(NONCE, self.nonce)
        return (got[ERROR][2] * 100 + got[ERROR][3] if ERROR in got else 0), got

    def allocate(self):
        """With the challenge that comes first."""
        if self.realm is None:
            assert self.ask(ALLOCATE, (TRANSPORT, UDP))[0] == 401
        return self.ask(ALLOCATE, (TRANSPORT, UDP))

    def permit(self, host, port):
        """The error, or 0."""
        return self.ask(CREATE_PERMISSION, (PEER, address(host, port)))[0]

    def bind(self, number, host, port):
        """The same of a channel."""
        return self.ask(CHANNEL_BIND, (NUMBER, struct.pack('!HH', number, 0)), (PEER, address(host, port)))[0]

    def send(self, number, data):
        """By a channel."""
        self.socket.sendall(struct.pack('!HH', number, len(data)) + data + bytes(-len(data) % 4))
