"""websocket.py: raw.py's client over WebSocket (RFC 6455, RFC 7395): a socket, TLS, frames; nothing done for you.

Blocking, like raw.py. Every message is an element of its own.
"""
import base64
import os
import re
import socket
import ssl
import struct
import xml.etree.ElementTree as ET

from . import raw

NS_FRAMING = '{urn:ietf:params:xml:ns:xmpp-framing}'
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FIN = 0x80


def connect(at, timeout=raw.TIMEOUT_S):
    """TLS to the HTTPS port, with the server's certificate checked."""
    plain = socket.create_connection((at.host, at.ports['https']), timeout)
    context = ssl.create_default_context(cafile=str(at.ca))
    context.set_alpn_protocols(['http/1.1'])
    return context.wrap_socket(plain, server_hostname=at.domain)


class WebSocket(raw.Raw):
    """One connection; `features` are those of the last stream header."""

    def __init__(self, at, timeout=raw.TIMEOUT_S, headers=()):
        self.at = at
        self.jid = None
        self.closed_with = None
        self._buffer = b''
        self.socket = connect(at, timeout)
        self._shake_hands(headers)
        self._open_stream()

    def _shake_hands(self, headers):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f'GET /ws HTTP/1.1', f'Host: {self.at.domain}', 'Upgrade: websocket', 'Connection: Upgrade',
                 f'Sec-WebSocket-Key: {key}', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: xmpp', *headers]
        self.socket.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        while b'\r\n\r\n' not in self._buffer:
            octets = self.socket.recv(65536)
            if not octets:
                raise raw.Closed('end of file')
            self._buffer += octets
        head, self._buffer = self._buffer.split(b'\r\n\r\n', 1)
        assert head.startswith(b'HTTP/1.1 101 '), head

    def frame(self, first, payload):
        """Sends one masked frame; `first` is its first octet."""
        mask = os.urandom(4)
        n = len(payload)
        size = struct.pack('!B', 0x80 | n) if n < 126 else struct.pack('!BH', 0xfe, n) if n < 65536 \
            else struct.pack('!BQ', 0xff, n)
        masked = bytes(c ^ mask[i % 4] for i, c in enumerate(payload))
        try:
            self.socket.sendall(bytes([first]) + size + mask + masked)
        except OSError as error:
            raise raw.Closed(str(error)) from error

    def send(self, text):
        """Sends XML: one document. A stanza without a namespace gets that of clients (RFC 7395 §3.3.3)."""
        self.frame(FIN | TEXT, re.sub(r"^<(iq|message|presence)(?![^>]*xmlns=)", r"<\1 xmlns='jabber:client'", text).encode())

    def _octets(self, n):
        while len(self._buffer) < n:
            try:
                octets = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return None
            except OSError as error:
                raise raw.Closed(str(error)) from error
            if not octets:
                raise raw.Closed('end of file')
            self._buffer += octets
        return True

    def next_frame(self, timeout=raw.TIMEOUT_S):
        """(opcode, payload) of the next frame, or None if none came in time. The server sends no fragments."""
        self.socket.settimeout(timeout)
        if not self._octets(2):
            return None
        first, n = self._buffer[:2]
        assert first & FIN and n < 128, 'a fragment, or a masked frame'
        at = 2
        if n >= 126:
            at = 4 if n == 126 else 10
            assert self._octets(at)
            n = struct.unpack('!H' if n == 126 else '!Q', self._buffer[2:at])[0]
        assert self._octets(at + n)
        payload, self._buffer = self._buffer[at:at + n], self._buffer[at + n:]
        return first & 15, payload

    def next(self, timeout=raw.TIMEOUT_S):
        while True:
            got = self.next_frame(timeout)
            if got is None:
                return None
            opcode, payload = got
            if opcode == CLOSE:
                self.closed_with = struct.unpack('!H', payload[:2])[0] if payload else None
                raise raw.Closed('closing frame')
            if opcode == TEXT:
                return ET.fromstring(payload)

    def _open_stream(self):
        self.send(f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{self.at.domain}' version='1.0'/>")
        self.until(f'{NS_FRAMING}open')
        self.features = self.until(f'{raw.NS_STREAM}features')
