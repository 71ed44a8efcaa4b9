"""place.py: the ground of the run under attack: five networks that reach nothing but the server's, what passes on a party's own
interface, and programs of ours in one of these networks.

    s  10.80.0.1 and fd80::a5, sottod and its anchor     c  callers        e  the callee
    h  hostile people, whose rates are capped           x  hostile people who are exempt from all of it, a hostile server
                                                           nothing is routed, and nobody looks whether a source is true
"""
import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / 'test/interop'))

from harness import anchor as nets                                           # noqa: E402
from harness.server import BIN, Sottod                                       # noqa: E402
from harness.sotto import Sotto                                              # noqa: E402

SERVER, SERVER_V6 = '10.80.0.1', 'fd80::a5'
ANCHOR_PORT = 3478
HOSTS = {'c': '10.81.0.2', 'e': '10.82.0.2', 'h': '10.83.0.2', 'x': '10.84.0.2'}
HOSTS_V6 = {'h': 'fd83::2', 'x': 'fd84::2'}
KEYLOG = ROOT / 'build/meson/test/attack/keylog.so'
ETH_P_ALL, SOL_PACKET, SO_TIMESTAMPNS = 3, 263, 35
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP


class Networks(nets.Networks):
    """One of the server, one of each kind of people; its own address is the same for all."""

    def __init__(self):
        self.names = {side: f'sotto-attack-{os.getpid()}-{side}' for side in ('s', *HOSTS)}

    def __enter__(self):
        for name in self.names.values():
            nets.run('ip', 'netns', 'add', name)
            nets.run('ip', '-n', name, 'link', 'set', 'lo', 'up')
        nets.run('ip', '-n', self.names['s'], 'addr', 'add', f'{SERVER}/32', 'dev', 'lo')
        nets.run('ip', '-n', self.names['s'], 'addr', 'add', f'{SERVER_V6}/128', 'dev', 'lo', 'nodad')
        for kind in 'all', 'default':
            nets.run('ip', 'netns', 'exec', self.names['s'], 'sysctl', '-qw', f'net.ipv4.conf.{kind}.rp_filter=0')
        for side, host in HOSTS.items():
            gate = host[:-1] + '1'
            self.wire(side, f'v{side}', gate, host)
            nets.run('ip', '-n', self.names[side], 'route', 'add', 'default', 'via', gate)
        for side, host in HOSTS_V6.items():
            gate = host[:-1] + '1'
            for where, device, address in ('s', f'v{side}0', gate), (side, f'v{side}1', host):
                nets.run('ip', '-n', self.names[where], 'addr', 'add', f'{address}/64', 'dev', device, 'nodad')
            nets.run('ip', '-n', self.names[side], 'route', 'add', 'default', 'via', gate)
        nets.run('ip', 'netns', 'exec', self.names['s'], 'sysctl', '-qw', 'net.ipv4.ip_forward=0')
        return self

    def counted(self):
        """What the server's own network took in by UDP, and what it dropped because a source could not be true."""
        with self.inside('s'):
            lines = [line.split() for name in ('snmp', 'netstat') for line in Path(f'/proc/thread-self/net/{name}').read_text().splitlines()]
            six = dict(line.split() for line in Path('/proc/thread-self/net/snmp6').read_text().splitlines())
        seen = {head[0] + name: int(n) for head, row in zip(lines[::2], lines[1::2]) for name, n in zip(head[1:], row[1:])}
        return {'taken': seen['Udp:InDatagrams'] + int(six['Udp6InDatagrams']), 'lost': seen['Udp:RcvbufErrors'] + int(six['Udp6RcvbufErrors']),
                'untrue': seen['TcpExt:IPReversePathFilter']}

    def prefix(self, side):
        """Words before a command that is to run there."""
        return ['ip', 'netns', 'exec', self.names[side]]


class There(Sottod):
    """sottod in its own network."""

    host = SERVER

    def __init__(self, networks, options):
        listening = [f'listen.{name}={SERVER}:0' for name in ('c2s', 'c2s_tls', 'https')]
        super().__init__(options=[*listening, f'anchor.address={SERVER} {SERVER_V6}', f'anchor.port={ANCHOR_PORT}', *options])
        self.networks = networks

    def _spawn(self, argv, **more):
        return super()._spawn([*self.networks.prefix('s'), *argv], **more)


class Person(Sotto):
    """Our client in one of the networks. `trace`: a file for what it asks of the kernel; `keys`: one for what opens a capture of its
    stream, neither of which changes what it does."""

    def __init__(self, world, name, side, folder=None, trace=None, keys=None):
        super().__init__(world, name, folder=folder, direct=True)
        self.side, self.trace, self.keys = side, trace, keys

    async def start(self, *argv):
        words = [*self.world.networks.prefix(self.side)]
        if self.trace is not None:
            words += ['strace', '-f', '-qq', '-ttt', '-o', self.trace,
                      '-e', 'trace=%network,openat,open,execve,execveat,clone,clone3,fork,vfork']
            if self.keys is not None:
                words += ['-E', f'LD_PRELOAD={KEYLOG}', '-E', f'SOTTO_KEYLOG={self.keys}']
        return await asyncio.create_subprocess_exec(
            *[str(a) for a in [*words, BIN / 'sotto', *self.options, *argv]],
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, **self.how)


def tell(process, what=signal.SIGTERM):
    """A signal to a program that may run below strace."""
    children = Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    os.kill(int(children[0]) if children else process.pid, what)


class Capture:
    """All frames of the interfaces of a network but its loopback: (time, outgoing, octets from the IP header on)."""

    def __init__(self, networks, side):
        with networks.inside(side):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, nets.SO_RCVBUFFORCE, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.settimeout(0.2)
        self.frames, self.running = [], True
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        """Until closed."""
        while self.running:
            try:
                octets, more, _, address = self.socket.recvmsg(1 << 17, 64)
            except TimeoutError:
                continue
            if address[0] == 'lo':
                continue
            seconds, nanoseconds = struct.unpack('qq', more[0][2])
            self.frames.append((seconds + nanoseconds / 1e9, address[2] == socket.PACKET_OUTGOING, octets))

    def lost(self):
        """Frames that the kernel could not keep for us: with a single one this capture proves nothing."""
        total, dropped = struct.unpack('II', self.socket.getsockopt(SOL_PACKET, 6, 8))
        return dropped

    def of(self, protocol):
        """(time, outgoing, octets) of this protocol over either version of IP."""
        return [f for f in self.frames if transport_of(f[2])[0] == protocol]

    def mentions(self, host):
        """The frames that hold an address: as four octets, as STUN hides it, as text; the address's own packets count, too."""
        raw = socket.inet_aton(host)
        hidden = bytes(x ^ y for x, y in zip(raw, b'\x21\x12\xa4\x42'))
        return [(at, outgoing, f[:400].hex()) for at, outgoing, f in self.frames
                if any(how in nets.from_addresses(f) for how in (raw, hidden, host.encode()))]

    def close(self):
        """And forgets nothing."""
        time.sleep(0.3)
        self.running = False
        self.thread.join()
        lost = self.lost()
        self.socket.close()
        return lost


def transport_of(packet):
    """(protocol, where its header begins) of an IP packet; (None, 0): it is none."""
    if packet[:1] and packet[0] >> 4 == 4:
        return packet[9], (packet[0] & 15) * 4
    if packet[:1] and packet[0] >> 4 == 6:
        return packet[6], 40
    return None, 0


def calls_of_kernel(path):
    """(time, name, whole line) of a file of strace."""
    line = re.compile(r'^\d+ +(\d+\.\d+) (\w+)\(')
    with open(path, encoding='utf-8', errors='replace') as lines:
        return [(float(m[1]), m[2], text.strip()) for text in lines if (m := line.match(text))]


def why_not():
    """Why none of this can be done here; None: it can."""
    return nets.can('strace')
