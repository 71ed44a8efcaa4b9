#!/usr/bin/python3
"""hostile_host.py: another host, as bad as one can be: HTTPS that lies, stalls and leads astray, and the DNS that names it.

    hostile_host.py ADDRESS FOLDER

FOLDER holds good.pem and other.pem (certificate and key). Every event is one line on standard output, for the test to count:
`dns NAME`, `tcp PORT`, `http PATH`.
"""
import hashlib
import itertools
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from pathlib import Path

GOOD, WRONG, CLEAR, DEAF = 8443, 9443, 9444, 9445     # which ports do what
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
ENDLESS_S = 600


def body(size):
    """Octets that look like ciphertext, the same every time."""
    block = b''.join(hashlib.sha256(bytes([i])).digest() for i in range(64))
    return (block * (size // len(block) + 1))[:size]


def say(*words):
    print(*words, flush=True)


# ---- HTTP ----------------------------------------------------------------------------------------------


def plain(content, kind='application/octet-stream', more=''):
    head = f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n'
    return head.encode() + content


def chunks(content, size):
    for at in range(0, len(content), size):
        part = content[at:at + size]
        yield b'%x\r\n%s\r\n' % (len(part), part)
    yield b'0\r\nX-Trailer: yes\r\n\r\n'


def moved(status, location):
    return f'HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 5\r\n\r\nmoved'.encode()


ANSWERS = {
    '/ok': lambda: [plain(body(200_000))],
    '/empty': lambda: [plain(b'')],
    '/html': lambda: [plain(b'<script>alert(1)</script>', 'text/html',
                            'Set-Cookie: a=b\r\nX-Evil: yes\r\nRefresh: 0; url=https://x.example/\r\n')],
    '/interim': lambda: [b'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', plain(b'late')],
    '/chunked': lambda: [CHUNKED, *chunks(body(200_000), 777)],
    '/bytes': lambda: (bytes([b]) for b in plain(b'byte by byte')),
    '/large': lambda: [plain(body(3_000_000))],
    '/limit': lambda: [plain(body(4_000_000))],
    # Lies.
    '/huge': lambda: [b'HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n', b'x' * 1000],
    '/over': lambda: [plain(body(4_000_001))],
    '/endless': lambda: itertools.chain([CHUNKED], itertools.repeat(b'10000\r\n' + b'x' * 65536 + b'\r\n', 10_000)),
    '/longer': lambda: [b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more'],
    '/shorter': lambda: [b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfour'],
    '/cut-chunk': lambda: [CHUNKED + b'10\r\nfour'],
    '/bad-chunk': lambda: [CHUNKED + b'4\r\nfour\r\nzz\r\n'],
    '/both': lambda: [b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n'],
    '/two-lengths': lambda: [b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfour!'],
    '/no-length': lambda: [b'HTTP/1.1 200 OK\r\n\r\nuntil the end'],
    '/gzip': lambda: [plain(b'packed', more='Content-Encoding: gzip\r\n')],
    '/head-without-end': lambda: itertools.chain([b'HTTP/1.1 200 OK\r\n'], itertools.repeat(b'X: y\r\n', 100_000)),
    '/no-http': lambda: [b'SSH-2.0-OpenSSH_9.2\r\n'],
    '/switch': lambda: [b'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
    '/nothing': lambda: [],
    '/gone': lambda: [b'HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n'],
    '/error': lambda: [b'HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nsecret'],
    # Elsewhere.
    '/hop1': lambda: [moved(302, '/ok')],
    '/hop2': lambda: [moved(307, 'https://shelf.example:8443/hop1')],
    '/loop': lambda: [moved(301, '/loop')],
    '/to-loopback': lambda: [moved(302, 'https://127.0.0.1:8443/secret')],
    '/to-name': lambda: [moved(302, 'https://inside.example:8443/secret')],
    '/to-port': lambda: [moved(302, 'https://shelf.example:9443/ok')],
    '/to-clear': lambda: [moved(302, 'http://shelf.example:8443/ok')],
    '/to-file': lambda: [moved(302, 'file:///etc/passwd')],
}


def slowly(link, first=b''):
    """Something now and then, and never enough."""
    link.sendall(first)
    for _ in range(ENDLESS_S):
        time.sleep(1)
        link.sendall(b'X')


class Https(socketserver.BaseRequestHandler):
    """One request of a connection."""

    def handle(self):
        port = self.server.server_address[1]
        say('tcp', port)
        link = self.request
        try:
            if port == DEAF:
                time.sleep(ENDLESS_S)
            if port == CLEAR:
                link.sendall(plain(b'in the clear'))
                return
            link = self.server.tls.wrap_socket(link, server_side=True)
            self.answer(link)
            link.close()
        except (OSError, ssl.SSLError):
            pass

    @staticmethod
    def answer(link):
        asked = b''
        while b'\r\n\r\n' not in asked:
            more = link.recv(65536)
            if not more:
                return
            asked += more
        path = asked.split(b' ')[1].decode()
        say('http', path, asked.split(b'\r\n', 1)[1].replace(b'\r\n', b'|').decode())
        if path == '/silent':
            time.sleep(ENDLESS_S)
        if path == '/drip-head':
            slowly(link, b'HTTP/1.1 200 OK\r\nX: ')
        if path == '/stall':
            link.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfour')
            time.sleep(ENDLESS_S)
        for piece in ANSWERS[path]():
            link.sendall(piece)


class Server(socketserver.ThreadingTCPServer):
    """A port of it."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 100


def serve(address, port, pem):
    server = Server((address, port), Https)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(pem)
    threading.Thread(target=server.serve_forever, daemon=True).start()


# ---- DNS -----------------------------------------------------------------------------------------------


def records(name, address, count):
    """(A, AAAA) of a name, when it is asked for the count-th time."""
    return {
        'shelf.example': ([address], []),
        'rebind.example': ([address if count == 1 else '127.0.0.1'], []),
        'both.example': (['127.0.0.1', '10.0.0.1', address], ['::1']),
        'inside.example': (['127.0.0.1'], []),
        'private.example': (['10.1.2.3'], []),
        'metadata.example': (['169.254.169.254'], []),
        'own.example': (['198.20.0.1'], []),
        'zero.example': (['0.0.0.0'], []),
        'six.example': ([], ['::1']),
        'mapped.example': ([], ['::ffff:127.0.0.1', f'::ffff:{address}']),
        'nat64.example': ([], ['64:ff9b::7f00:1']),
        'local6.example': ([], ['fe80::1', 'fc00::1', 'ff02::1']),
    }.get(name, ([], []))


def answer(query, address, counts):
    """RFC 1035 §4: the question again, and what the table has."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    name, kind = '.'.join(labels), struct.unpack('!H', query[at + 1:at + 3])[0]
    if name == 'silent.example':
        return b''
    if kind == 1:
        counts[name] = counts.get(name, 0) + 1
        say('dns', name)
    four, six = records(name, address, counts.get(name, 0))
    found = [socket.inet_aton(a) for a in four] if kind == 1 else [
        socket.inet_pton(socket.AF_INET6, a) for a in six] if kind == 28 else []
    known = bool(four or six)
    head = query[:2] + struct.pack('!HHHHH', 0x8180 | (0 if known else 3), 1, len(found), 0, 0)
    return head + query[12:at + 5] + b''.join(
        b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 0, len(octets)) + octets for octets in found)


def name_server(address):
    counts = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((address, 53))
        say('ready')
        while True:
            query, asker = link.recvfrom(4096)
            if reply := answer(query, address, counts):
                link.sendto(reply, asker)


if __name__ == '__main__':
    ADDRESS, FOLDER = sys.argv[1], Path(sys.argv[2])
    for PORT, PEM in (GOOD, 'good'), (WRONG, 'other'), (CLEAR, 'good'), (DEAF, 'good'):
        serve(ADDRESS, PORT, FOLDER / f'{PEM}.pem')
    name_server(ADDRESS)
