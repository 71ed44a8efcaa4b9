"""anchor.py: sotto-anchor in a network of its own, driven over its link as the server does it; two parties that reach nothing but
it; what passes on their wires.

    a (10.71.0.2) --veth-- 10.71.0.1  anchor  10.72.0.1 --veth-- b (10.72.0.2)          nothing is routed
      (10.73.0.2) --veth-- 10.73.0.1                                                    a has two homes
    fd71::2            fd71::1          fd72::1            fd72::2                      and all of it once more with IPv6
"""
import array
import contextlib
import ctypes
import json
import os
import random
import re
import selectors
import shutil
import signal
import socket
import string
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from .server import ROOT

HERE = ROOT / 'test/interop/calls'
BIN = Path(os.environ.get('SOTTO_BIN', ROOT / 'build/bin'))
MODULES = ROOT / 'build/npm/converse/node_modules'
CHROMIUM = shutil.which('chromium')
CALL, LEG, CLIENT, GATE, END, SYNCED, STREAM = range(7)
READY, FLOWS, SILENT, DROPPED, TOTALS = range(5)
HOSTS = {'a': '10.71.0.2', 'b': '10.72.0.2'}
SECOND_HOME = '10.73.0.2'
PLACES = {'a': '10.71.0.1', 'b': '10.72.0.1'}
HOSTS_V6 = {'a': 'fd71::2', 'b': 'fd72::2'}
PLACES_V6 = {'a6': 'fd71::1', 'b6': 'fd72::1'}
CLONE_NEWNET = 0x40000000
UDP_GRO, SO_RCVBUFFORCE = 104, 33
ETH_P_ALL, IPV4, IPV6 = 3, b'\x08\x00', b'\x86\xdd'
WAIT_S = 30
STREAM_ROOM = 32 * 1024
ICE_CHARS = string.ascii_letters + string.digits
DROPS = ('pass malformed too-big role early late application payload-type source jump flow-replay rate stun integrity username '
         'stale shut unconfirmed unknown unconnected').split()

INVALID = ('malformed', 'too-big', 'role', 'application', 'payload-type', 'source', 'jump', 'replay', 'rate', 'integrity')


def random_text(n):
    """Of ice-chars."""
    return ''.join(random.SystemRandom().choices(ICE_CHARS, k=n))


def run(*command):
    """Of the system; its failure is ours."""
    subprocess.run(command, check=True, capture_output=True)


class Networks:
    """Three namespaces and two wires. Only root can."""

    def __init__(self):
        self.names = {side: f'sotto-{os.getpid()}-{side}' for side in 'sab'}

    def __enter__(self):
        for name in self.names.values():
            run('ip', 'netns', 'add', name)
            run('ip', '-n', name, 'link', 'set', 'lo', 'up')
        for side in 'ab':
            self.wire(side, f'v{side}', PLACES[side], HOSTS[side])
            run('ip', '-n', self.names[side], 'route', 'add', 'default', 'via', PLACES[side])
            for where, device, host in ('s', f'v{side}0', PLACES_V6[f'{side}6']), (side, f'v{side}1', HOSTS_V6[side]):
                run('ip', '-n', self.names[where], 'addr', 'add', f'{host}/64', 'dev', device, 'nodad')
        self.wire('a', 'vc', '10.73.0.1', SECOND_HOME)
        run('ip', 'netns', 'exec', self.names['s'], 'sysctl', '-qw', 'net.ipv4.ip_forward=0')
        return self

    def wire(self, side, name, here, there):
        """From the anchor's network to a party's."""
        outside, inside = self.names['s'], self.names[side]
        run('ip', '-n', outside, 'link', 'add', f'{name}0', 'type', 'veth', 'peer', 'name', f'{name}1', 'netns', inside)
        run('ip', '-n', outside, 'addr', 'add', f'{here}/24', 'dev', f'{name}0')
        run('ip', '-n', inside, 'addr', 'add', f'{there}/24', 'dev', f'{name}1')
        run('ip', '-n', outside, 'link', 'set', f'{name}0', 'up')
        run('ip', '-n', inside, 'link', 'set', f'{name}1', 'up')

    def __exit__(self, *_):
        for name in self.names.values():
            subprocess.run(['ip', 'netns', 'del', name], check=False, capture_output=True)

    @contextlib.contextmanager
    def inside(self, side):
        """This thread is in that network for a moment; sockets stay where they were made."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open('/proc/thread-self/ns/net', 'rb') as home, open(f'/run/netns/{self.names[side]}', 'rb') as there:
            if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def udp(self, side, host=None, port=0):
        """A bound socket there."""
        with self.inside(side):
            host = host or HOSTS.get(side, '10.71.0.1')
            s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((host, port))
        s.settimeout(WAIT_S)
        return s


def is_udp(frame):
    """And not multicast: what a browser asks by multicast DNS is nobody's business here."""
    if frame[12:14] == IPV4:
        return frame[23] == socket.IPPROTO_UDP and frame[30] < 224
    return frame[12:14] == IPV6 and frame[20] == socket.IPPROTO_UDP and frame[38] != 0xff


def from_addresses(packet):
    """An IP packet without the lengths and numbers that stand before its addresses: 2b 40 a4 40 may be 10.82.0.2 as STUN hides it, or the end of
    a length, a number and a flag."""
    return packet[12 if packet[:1] and packet[0] >> 4 == 4 else 8:]


def hidden(raw, frame):
    """An address as a STUN message in this frame would hide it: with the cookie, and IPv6 with the transaction, too (RFC 8489 §14.2)."""
    payload = frame[42 if frame[12:14] == IPV4 else 62:]
    return bytes(x ^ y for x, y in zip(raw, payload[4:20] if len(raw) == 16 else b'\x21\x12\xa4\x42'))


class Wire:
    """All frames of the interfaces of a party: those with UDP counted by direction, all of them kept."""

    def __init__(self, networks, side):
        with networks.inside(side):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.socket.settimeout(0.2)
        self.frames, self.udp_in, self.udp_out = [], 0, 0
        self.running = True
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        """Until closed."""
        while self.running:
            try:
                frame, (name, _, direction, _, _) = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            if name == 'lo' or not is_udp(frame):
                continue
            self.frames.append(frame)
            if direction == socket.PACKET_OUTGOING:
                self.udp_out += 1
            else:
                self.udp_in += 1

    def mentions(self, host):
        """How many frames hold an address: as octets, as STUN hides it, as text."""
        raw = socket.inet_pton(socket.AF_INET6 if ':' in host else socket.AF_INET, host)
        return sum(any(how in from_addresses(f[14:]) for how in (raw, hidden(raw, f), host.encode())) for f in self.frames)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """And forgets nothing."""
        self.running = False
        self.thread.join()
        self.socket.close()


class Anchor:
    """The process, its sockets, its link."""

    def __init__(self, networks):
        self.networks = networks
        self.sockets, self.listening = {}, {}
        for side, host in (PLACES | PLACES_V6).items():
            self.sockets[side] = self.two_ports(host)
        self.link = self.process = self.life = None
        self.reports = []
        self.start()

    def two_ports(self, host):
        """Neighbours."""
        for port in range(20000, 30000, 2):
            try:
                return [self.networks.udp('s', host, port), self.networks.udp('s', host, port + 1)]
            except OSError:
                continue
        raise RuntimeError('no two ports')

    def address(self, side):
        """Where clients of this side find it."""
        return self.sockets[side][0].getsockname()

    def by_tcp(self, side):
        """Where clients of this side find it without UDP: sockets are handed over as the server does it."""
        if side not in self.listening:
            with self.networks.inside('s'):
                s = socket.create_server((PLACES[side], 0))
            self.listening[side] = s
            threading.Thread(target=self.take_in, args=(s,), daemon=True).start()
        return self.listening[side].getsockname()

    def take_in(self, listening):
        """All that come to it."""
        while True:
            try:
                s, (host, port) = listening.accept()
            except OSError:
                return
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in socket.SO_SNDBUF, socket.SO_RCVBUF:
                s.setsockopt(socket.SOL_SOCKET, option, STREAM_ROOM)
            self.hand_over(s, host, port)

    def hand_over(self, s, host, port, owner=0):
        """A connection is the anchor's from now on."""
        order = bytes([STREAM, 0]) + socket.inet_aton(host) + bytes(12) + struct.pack('!HQ', port, owner)
        self.link.sendmsg([order], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [s.fileno()]))])
        s.close()

    def start(self, knows_all=True):
        """As the supervisor does; knows_all: there are no calls to be told of first."""
        self.life, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds = [s.fileno() for pair in self.sockets.values() for s in pair]
        for s in (s for pair in self.sockets.values() for s in pair):
            s.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        places = [f'{p[0].fileno()},{p[1].fileno()},{host},{p[0].getsockname()[1]}'
                  for host, p in zip((PLACES | PLACES_V6).values(), self.sockets.values())]
        self.process = subprocess.Popen(
            [BIN / 'sotto-anchor', str(os.getpid()), str(theirs.fileno()), *places], pass_fds=[theirs.fileno(), *fds])
        theirs.close()
        self.connect(knows_all)

    def connect(self, knows_all=False):
        """A new link, as for a new server process."""
        if self.link is not None:
            self.link.close()
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.life.sendmsg([b'A'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [theirs.fileno()]))])
        theirs.close()
        self.hear(lambda r: r[0] == READY)
        if knows_all:
            self.order(SYNCED)

    def kill(self):
        """As a crash does."""
        self.process.kill()
        self.process.wait()
        self.life.close()

    def close(self):
        """It ends when its supervisor does."""
        if self.process is None:
            return
        for s in self.listening.values():
            s.shutdown(socket.SHUT_RDWR)
        self.life.close()
        if self.process.wait(5) != 0:
            raise RuntimeError(f'sotto-anchor ended with {self.process.returncode}')
        self.link.close()

    # ---- Orders and reports

    def order(self, kind, call=None, rest=b''):
        """One datagram."""
        self.link.send(bytes([kind]) + (struct.pack('!Q', call) if call is not None else b'') + rest)

    def leg(self, call, side, ufrag, pwd, transport=0, two=False, owner=0):
        """Our credentials of a leg."""
        texts = b''.join(struct.pack('!H', len(t)) + t.encode() for t in (ufrag, pwd))
        self.order(LEG, call, bytes([side, transport, 2 if two else 0]) + texts + struct.pack('!Q', owner))

    def client(self, call, side, ufrag, pwd, types, controlling, video=True, transport=0):
        """Theirs."""
        bits = bytearray(16)
        for t in types:
            bits[t // 8] |= 1 << t % 8
        texts = b''.join(struct.pack('!H', len(t)) + t.encode() for t in (ufrag, pwd))
        self.order(CLIENT, call, bytes([side, transport, controlling | video << 2]) + bytes(bits) + texts)

    def gate(self, call, is_open=True):
        """Open or shut."""
        self.order(GATE, call, bytes([is_open]))

    def hear(self, wanted, timeout=WAIT_S):
        """Until a report is as wanted, which is returned; all are kept. (kind, call, side, rest)"""
        end = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.link, selectors.EVENT_READ)
            while time.monotonic() < end:
                if not selector.select(max(0, end - time.monotonic())):
                    break
                data = self.link.recv(4096)
                if not data:
                    break
                kind = data[0]
                call = struct.unpack('!Q', data[1:9])[0] if kind in (FLOWS, SILENT, DROPPED) else 0
                side = data[9] if kind in (SILENT, DROPPED) else 0
                self.reports.append((kind, call, side, data[10:] if kind == DROPPED else data[1:]))
                if wanted(self.reports[-1]):
                    return self.reports[-1]
        raise TimeoutError(f'no such report; {len(self.reports)} others')

    def drops(self, seconds=11):
        """What is counted as dropped in the next seconds, by reason."""
        seen = dict.fromkeys(DROPS, 0)
        with contextlib.suppress(TimeoutError):
            self.hear(lambda _: False, seconds)
        for kind, _, _, rest in self.reports:
            if kind == DROPPED:
                for reason, n in zip(DROPS, struct.unpack(f'!{len(DROPS)}I', rest)):
                    seen[reason] += n
        self.reports.clear()
        return seen

    def cpu_s(self):
        """Processor time that it has used."""
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


# ---- Parties


class Peer:
    """A program at a party's place: one JSON object in, one out."""

    def __init__(self, networks, side, *command):
        self.side = side
        self.process = subprocess.Popen(['ip', 'netns', 'exec', networks.names[side], *map(str, command)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True)

    def do(self, what, **more):
        """One order; waits for its answer."""
        self.process.stdin.write(json.dumps({'do': what, **more}) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        result = json.loads(line) if line else {'error': 'it ended'}
        if 'error' in result:
            raise RuntimeError(f'{self.side}: {result["error"]}')
        return result

    def kill(self):
        """With all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()


def webrtcbin(networks, side, _):
    """GStreamer."""
    return Peer(networks, side, '/usr/bin/python3', HERE / 'webrtcbin_peer.py')


def chromium(networks, side, folder):
    """A page in a browser of its own."""
    return Peer(networks, side, 'node', HERE / 'chromium_peer.mjs', CHROMIUM, f'{MODULES}/none.js', Path(folder) / side)


def firefox(networks, side, folder):
    """The same page in Firefox; one at each place."""
    return Peer(networks, side, '/usr/bin/python3', HERE / 'firefox_peer.py', Path(folder) / side)


def heard(peer):
    """Packets of sound, or buffers, that came."""
    seen = peer.do('count')
    return seen.get('audio', seen.get('buffers'))


# ---- Descriptions


def credentials(sdp):
    """ufrag and pwd of the first content."""
    return re.search(r'a=ice-ufrag:(\S+)', sdp)[1], re.search(r'a=ice-pwd:(\S+)', sdp)[1]


def payload_types(sdp):
    """All that are agreed on."""
    return sorted({int(t) for line in re.findall(r'm=\S+ \d+ \S+ ([\d ]+)', sdp) for t in line.split()})


def rewrite(sdp, ufrag, pwd, address, tcp=False):
    """As the server does it: the anchor's address and credentials in place of all that would name the client."""
    host, port = address
    lines = []
    for line in sdp.replace('\r', '').strip().split('\n'):
        if re.match(r'a=(candidate|end-of-candidates|rtcp:|ice-options|ice-lite)', line):
            continue
        line = re.sub(r'^a=ice-ufrag:.*', f'a=ice-ufrag:{ufrag}', line)
        line = re.sub(r'^a=ice-pwd:.*', f'a=ice-pwd:{pwd}', line)
        line = re.sub(r'^c=.*', 'c=IN IP4 0.0.0.0', line)
        line = re.sub(r'^o=.*', 'o=- 1 1 IN IP4 0.0.0.0', line) if line.startswith('o=') else line
        lines.append(line)
    text = '\r\n'.join(lines) + '\r\n'
    way = f'tcp 1518280447 {host} {port} typ host tcptype passive' if tcp else f'udp 2130706431 {host} {port} typ host'
    candidate = f'a=candidate:1 1 {way} generation 0\r\na=end-of-candidates\r\n'
    parts = re.split(r'(?m)^(?=m=)', text)
    return parts[0] + ''.join(part + candidate for part in parts[1:])


class Call:
    """Two peers through the anchor: what the server would do about their descriptions."""

    def __init__(self, anchor, caller, callee, number=0x100, tcp=''):
        self.anchor, self.caller, self.callee, self.number = anchor, caller, callee, number
        self.tcp = tcp                          # sides that have no UDP
        self.ours = [(random_text(16), random_text(24)) for _ in range(2)]
        self.theirs = [None, None]
        self.at = {i: anchor.by_tcp(p.side) if p.side in tcp else anchor.address(p.side)
                   for i, p in enumerate((caller, callee))}

    def tell(self, side, sdp, controlling):
        """The anchor of a client."""
        self.theirs[side] = (*credentials(sdp), payload_types(sdp), controlling)
        self.anchor.client(self.number, side, *self.theirs[side])

    def rewritten(self, sdp, side):
        """For that side."""
        return rewrite(sdp, *self.ours[side], self.at[side], 'ab'[side] in self.tcp)

    def begin(self, gate=True, **offer):
        """Up to the answer at the caller's; gate: from the start, as soon as somebody accepted."""
        anchor, number = self.anchor, self.number
        anchor.order(CALL, number)
        for side in 0, 1:
            anchor.leg(number, side, *self.ours[side])
        if gate:
            anchor.gate(number)
        offered = self.caller.do('offer', **offer)['sdp']
        self.tell(0, offered, True)
        answered = self.callee.do('answer', sdp=self.rewritten(offered, 1))['sdp']
        self.tell(1, answered, False)
        self.caller.do('accept', sdp=self.rewritten(answered, 0))
        self.answered = answered

    def restart(self):
        """Of the caller's leg alone: the callee hears nothing of it."""
        self.ours[0] = (random_text(16), random_text(24))
        offered = self.caller.do('offer', restart=True, video=True)['sdp']
        self.anchor.leg(self.number, 0, *self.ours[0])
        self.tell(0, offered, True)
        self.caller.do('accept', sdp=self.rewritten(self.answered, 0))

    def tell_again(self):
        """All of it, as to an anchor or by a server that was started anew."""
        self.anchor.order(CALL, self.number)
        for side in 0, 1:
            self.anchor.leg(self.number, side, *self.ours[side])
            self.anchor.client(self.number, side, *self.theirs[side])
        self.anchor.gate(self.number)
        self.anchor.order(SYNCED)

    def end(self):
        """Of it all."""
        self.anchor.order(END, self.number)


def have_begun(*peers):
    """False: a webrtcbin that called stays where it was before the answer, as it does now and then (docs/peers.md)."""
    for _ in range(80):
        if all(peer.do('count').get('state') != 'new' for peer in peers):
            return True
        time.sleep(0.1)
    return False


def grows(peer, more, seconds=WAIT_S):
    """Until so much more was heard; returns how long it took."""
    begin, before = time.monotonic(), heard(peer)
    while time.monotonic() - begin < seconds:
        if heard(peer) >= before + more:
            return time.monotonic() - begin
        time.sleep(0.1)
    raise AssertionError(f'{peer.side} heard {heard(peer) - before} packets in {seconds} s, not {more}: {peer.do("count")}')


def counts(server):
    """What the anchor of a server has counted so far."""
    return json.loads(server.ctl('--json', 'stats'))['anchor']


def nothing_invalid(server):
    """Of what passed the anchor of a server nothing was taken for what no client sends."""
    told = counts(server)
    wrong = {reason: told['dropped'][reason] for reason in INVALID if told['dropped'][reason]}
    assert told['forwarded'] > 200 and not wrong, told
    print(f"# {told['forwarded']} packets forwarded, none invalid")


def can(*programs):
    """Why this cannot run here; None: it can."""
    if os.geteuid() != 0:
        return 'only root makes networks'
    for name in ('ip', *programs):
        if shutil.which(name) is None:
            return f'{name} is not installed'
    made = subprocess.run(['ip', 'netns', 'add', f'sotto-{os.getpid()}-try'], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        return f'no network of its own can be made: {made.stderr.strip()}'
    run('ip', 'netns', 'del', f'sotto-{os.getpid()}-try')
    return None


@contextlib.contextmanager
def scene():
    """Networks, an anchor in them, a folder."""
    with Networks() as networks, tempfile.TemporaryDirectory(prefix='sotto-calls-', ignore_cleanup_errors=True) as folder:
        anchor = Anchor(networks)
        try:
            yield networks, anchor, folder
        finally:
            anchor.close()


def run_cases(case, world, argv):
    """A test's cases in a scene that world(networks, anchor, folder) makes something of; the first argument chooses some."""
    subprocess.run([ROOT / 'test/web/install'], check=True)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    @contextlib.asynccontextmanager
    async def made():
        with scene() as place:
            yield world(*place)

    return case.run(made(), argv[1] if len(argv) > 1 else None)
