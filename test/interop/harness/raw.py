"""raw.py: the smallest XMPP client: a socket, TLS, SCRAM, stanzas as text out and elements in. For
tests that must know exactly which octets were acknowledged, or that do what no client library
would.

Blocking; one thread per connection. Every read has a time limit.
"""
import base64
import contextlib
import hashlib
import hmac
import secrets
import socket
import ssl
import time
import xml.etree.ElementTree as ET

NS_STREAM = '{http://etherx.jabber.org/streams}'
NS_TLS = '{urn:ietf:params:xml:ns:xmpp-tls}'
NS_SASL = '{urn:ietf:params:xml:ns:xmpp-sasl}'
NS_SM = '{urn:xmpp:sm:3}'
CLIENT = '{jabber:client}'
TIMEOUT_S = 15
HASHES = {'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-1': 'sha1'}


class Closed(Exception):
    """The other side is gone."""


def until_ended(s, within):
    """How long until the other side has ended a connection, and what it said; TimeoutError after `within` seconds of silence."""
    begin, said = time.monotonic(), b''
    s.settimeout(within)
    with contextlib.suppress(ConnectionResetError):
        while piece := s.recv(4096):
            said += piece
    return time.monotonic() - begin, said


class Raw:
    """One connection; `features` are those of the last stream header."""

    def __init__(self, at, timeout=TIMEOUT_S):
        self.at = at
        self.jid = None
        self._events = []
        try:
            self.socket = socket.create_connection((at.host, at.port), timeout)
        except OSError as error:
            raise Closed(str(error)) from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open_stream()

    def close(self):
        """Without a word."""
        self.socket.close()

    def send(self, text):
        """Sends XML."""
        try:
            self.socket.sendall(text.encode())
        except OSError as error:
            raise Closed(str(error)) from error

    def next(self, timeout=TIMEOUT_S):
        """The next element on the stream's top level, or None if none came in time."""
        self.socket.settimeout(timeout)
        while True:
            for event, element in self._parser.read_events():
                self._depth += 1 if event == 'start' else -1
                if event == 'end' and self._depth == 1:
                    return element
                if event == 'end' and self._depth == 0:
                    raise Closed('end of stream')
            try:
                octets = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return None
            except OSError as error:
                raise Closed(str(error)) from error
            if not octets:
                raise Closed('end of file')
            self._parser.feed(octets)

    def until(self, tag):
        """The next element with this tag; others are dropped."""
        while True:
            element = self.next()
            assert element is not None, f'no {tag} in time'
            if element.tag == tag:
                return element

    def _open_stream(self):
        self._parser = ET.XMLPullParser(('start', 'end'))
        self._depth = 0
        self.send(
            f"<?xml version='1.0'?><stream:stream to='{self.at.domain}' version='1.0' "
            "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        self.features = self.until(f'{NS_STREAM}features')

    def start_tls(self):
        """STARTTLS, with the server's certificate checked."""
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.until(f'{NS_TLS}proceed')
        self.socket.settimeout(TIMEOUT_S)
        context = ssl.create_default_context(cafile=str(self.at.ca))
        self.socket = context.wrap_socket(self.socket, server_hostname=self.at.domain)
        self._open_stream()

    def mechanisms(self):
        """SASL mechanisms on offer."""
        return {m.text for m in self.features.iter(f'{NS_SASL}mechanism')}

    def login(self, name, password):
        """Authenticates, then binds a resource."""
        self.authenticate(name, password)
        self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        answer = self.until(f'{CLIENT}iq')
        self.jid = answer.findtext('.//{urn:ietf:params:xml:ns:xmpp-bind}jid')

    def authenticate(self, name, password):
        """SCRAM without channel binding (RFC 5802)."""
        offered = self.mechanisms()
        mechanism = next(m for m in HASHES if m in offered)
        bare = f'n={name},r={secrets.token_hex(16)}'
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>"
                  f"{base64.b64encode(('n,,' + bare).encode()).decode()}</auth>")
        first = base64.b64decode(self.until(f'{NS_SASL}challenge').text).decode()
        final = scram_final(HASHES[mechanism], password, bare, first)
        self.send(
            f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            f"{base64.b64encode(final).decode()}</response>"
        )
        self.until(f'{NS_SASL}success')
        self._open_stream()

    def authenticate2(self, name, password, device):
        """SCRAM-SHA-256 in the second profile (XEP-0388), by a device that names itself; its resource is bound
        (XEP-0386)."""
        bare = f'n={name},r={secrets.token_hex(16)}'
        first = base64.b64encode(('n,,' + bare).encode()).decode()
        self.send(f"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256'><initial-response>{first}"
                  f"</initial-response><user-agent id='{secrets.token_hex(16)}'><software>{device}</software>"
                  "</user-agent><bind xmlns='urn:xmpp:bind:0'/></authenticate>")
        challenge = base64.b64decode(self.until('{urn:xmpp:sasl:2}challenge').text).decode()
        final = base64.b64encode(scram_final('sha256', password, bare, challenge)).decode()
        self.send(f"<response xmlns='urn:xmpp:sasl:2'>{final}</response>")
        self.until('{urn:xmpp:sasl:2}success')

    def try_plain(self, name, password):
        """PLAIN (RFC 4616); returns the server's answer."""
        text = base64.b64encode(f'\0{name}\0{password}'.encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{text}</auth>")
        return self.next()

    def enable_sm(self):
        """Stream management without resumption (XEP-0198 §3)."""
        self.send("<enable xmlns='urn:xmpp:sm:3'/>")
        self.until(f'{NS_SM}enabled')


def scram_final(name, password, bare, first):
    """The client's final message (RFC 5802 §3)."""
    fields = dict(part.split('=', 1) for part in first.split(','))
    salted = hashlib.pbkdf2_hmac(
        name, password.encode(), base64.b64decode(fields['s']), int(fields['i'])
    )
    client_key = hmac.digest(salted, b'Client Key', name)
    without_proof = f"c=biws,r={fields['r']}"
    signature = hmac.digest(
        hashlib.new(name, client_key).digest(), f'{bare},{first},{without_proof}'.encode(), name
    )
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    return f'{without_proof},p={base64.b64encode(proof).decode()}'.encode()
