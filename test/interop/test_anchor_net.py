#!/usr/bin/python3
"""test_anchor_net.py: what a call through sotto-anchor goes through on the way: limits, both IP versions, two addresses of one party,
components without rtcp-mux, ICE begun anew by either side and by both, deaths, and networks that lose, delay and translate. Parties are made up
(harness/talker.py) but for the last cases; each is in a network of its own, as in test_anchor.py, which has the calls of browsers.

Only root can make networks; without them all is skipped.
"""
import contextlib
import heapq
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness import anchor as at                                             # noqa: E402
from harness.anchor import chromium, grows, random_text, run, webrtcbin      # noqa: E402
from harness.talker import FINISHED, Talker                                  # noqa: E402
from harness.tap import Cases                                                # noqa: E402

case = Cases()
SKIP = 77
NETLINK_NETFILTER, CONNTRACK_DELETE, NLM_F_REQUEST, NLM_F_ACK = 12, 0x0102, 1, 4     # linux/netfilter/nfnetlink_conntrack.h
NAT_INSIDE, NAT_OUTSIDE = '10.74.0', '10.75.0'


class World:
    """A scene, and calls in it one after the other."""

    def __init__(self, networks, anchor, folder):
        self.networks, self.anchor, self.folder = networks, anchor, folder
        self.number = 0

    @contextlib.contextmanager
    def talk(self, hosts=None, two=False, places='ab'):
        """A call of two talkers that hear each other."""
        self.number += 0x100
        talk = Talk(self, hosts or [at.HOSTS['a'], at.HOSTS['b']], two, places)
        try:
            yield talk
        finally:
            self.anchor.order(at.END, self.number)
            talk.close()


class Talk:
    """One call of two talkers, its wires. Sides are 0, who calls, and 1."""

    def __init__(self, world, hosts, two, places):
        self.world, self.number, self.two = world, world.number, two
        self.wires = {side: at.Wire(world.networks, side) for side in 'ab'}
        self.at = [world.anchor.address(place) for place in places]
        self.ours, self.mine = [None, None], [None, None]
        world.anchor.order(at.CALL, self.number)
        for side in 0, 1:
            self.fresh(side)
        world.anchor.gate(self.number)
        self.parties = [Talker(self.wire(side, hosts[side]), self.at[side], self.ours[side], self.mine[side], side == 0, 7 + side)
                        for side in (0, 1)]

    def wire(self, side, host=None):
        """A socket of that side."""
        return self.world.networks.udp('ab'[side], host)

    def fresh(self, side):
        """Credentials of both ends of a leg, told to the anchor."""
        self.ours[side] = (random_text(16), random_text(24))
        self.mine[side] = (random_text(4), random_text(24))
        self.world.anchor.leg(self.number, side, *self.ours[side], two=self.two)
        self.world.anchor.client(self.number, side, *self.mine[side], [111], side == 0, video=False)

    def anew(self, side):
        """ICE anew from another socket, as clients do it."""
        self.fresh(side)
        party = self.parties[side]
        party.anew(self.ours[side], self.mine[side])
        party.move(self.wire(side))

    def both_hear(self, packets=50):
        """Each so much more."""
        for party in self.parties:
            party.hears(packets)

    def close(self):
        """Without a word."""
        for party in self.parties:
            party.close()
        for wire in self.wires.values():
            wire.close()


def lost(numbers):
    """How many are missing between the first and the last."""
    return numbers[-1] - numbers[0] + 1 - len(set(numbers))


# ---- Limits


@case('each leg may say what a call with sound needs, and no more: 100 packets, 500 kbit a second; the other leg notices nothing')
async def _(w):
    with w.talk() as talk:
        a, b = talk.parties
        talk.both_hear()
        for a.frame_s, a.payload, most in (0.004, bytes(148), 100), (0.012, bytes(1400), 512000 / 8 / 1412):
            time.sleep(1.2)                     # what was saved up is used up
            start = time.monotonic()
            time.sleep(3)
            rate = len(b.since(start)) / (time.monotonic() - start)
            assert 0.6 * most < rate < 1.1 * most, (rate, most)
            assert a.gap(start) < 0.3, a.gap(start)
        a.frame_s, a.payload = 0.02, bytes(148)
        drops = w.anchor.drops()
        assert drops['rate'] > 300, drops
        talk.both_hear()


# ---- Sources


@case('nothing but checks of the party counts: handshakes from elsewhere reach nobody, before and while it shakes hands')
async def _(w):
    with w.talk() as talk:
        intruder = talk.wire(0)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for packet in (bytes.fromhex('16fefd0000000000000000001d01') + bytes(28), FINISHED):
                for target in talk.at:
                    with contextlib.suppress(OSError):
                        intruder.sendto(packet, target)
            time.sleep(0.002)
        talk.both_hear()
        hellos = [f for side in 'ab' for f in talk.wires[side].frames if f[42:56] == bytes.fromhex('16fefd0000000000000000001d01')]
        assert all(f[26:30] == bytes((10, 71, 0, 2)) for f in hellos), 'it was handed on'
        intruder.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            assert not intruder.recv(4096)
        intruder.close()


@case('a party with two addresses: media stay with the first while both are checked, and go to the second when the first is gone')
async def _(w):
    with w.talk() as talk:
        a, b = talk.parties
        talk.both_hear()
        second = Talker(talk.wire(0, at.SECOND_HOME), talk.at[0], talk.ours[0], talk.mine[0], True, 7, speaks=False)
        time.sleep(1)
        start = time.monotonic()
        time.sleep(2)
        assert not second.since(start) and lost(a.since(start)) == 0
        cut = time.monotonic()
        a.speaks = a.checks = a.answers = False
        second.number, second.speaks = a.number, True
        second.hears()
        b.hears()
        assert b.gap(cut) < 0.5, b.gap(cut)
        second.close()


@case('two components: reports come and go by the second one (no rtcp-mux), media by the first')
async def _(w):
    with w.talk(two=True) as talk:
        talk.both_hear()
        seconds = []
        for side in 0, 1:
            port = (talk.at[side][0], talk.at[side][1] + 1)
            seconds.append(Talker(talk.wire(side), port, talk.ours[side], talk.mine[side], side == 0, 17 + side, speaks=False))
        deadline = time.monotonic() + 5
        while not all(s.connected for s in seconds) and time.monotonic() < deadline:
            time.sleep(0.05)
        for index in range(1, 21):
            for side in 0, 1:
                report = struct.pack('!BBHI', 0x80, 200, 6, 7 + side) + bytes(20) + struct.pack('!I', 1 << 31 | index) + bytes(10)
                seconds[side].send(report)
            time.sleep(0.05)
        time.sleep(0.3)
        for side in 0, 1:
            assert len(seconds[side].heard) == 20 and all(kind == 200 for _, _, kind in seconds[side].heard), seconds[side].heard
            assert not any(kind == 200 for _, _, kind in talk.parties[side].heard)
            seconds[side].close()


# ---- IPv6


for hosts, places in ((at.HOSTS_V6['a'], at.HOSTS['b']), ('a6', 'b')), ((at.HOSTS_V6['a'], at.HOSTS_V6['b']), ('a6', 'b6')):
    @case(f'{hosts[0]} talks to {hosts[1]}: neither sees an address of the other')
    async def _(w, hosts=hosts, places=places):
        with w.talk(hosts, places=places) as talk:
            talk.both_hear(100)
            assert all(lost(p.since(0)) == 0 for p in talk.parties)
            for side, foreign in ('a', [hosts[1], at.HOSTS['b'], w.anchor.address(places[1])[0]]), (
                    'b', [hosts[0], at.HOSTS['a'], at.SECOND_HOME, w.anchor.address(places[0])[0]]):
                assert len(talk.wires[side].frames) > 100
                for host in foreign:
                    assert talk.wires[side].mentions(host) == 0, (side, host)
                assert talk.wires[side].mentions(hosts['ab'.index(side)]) > 0, 'the search does not even find its own'


# ---- ICE anew


for who in ([1], [0, 1, 0, 1]):
    @case(f'ICE anew: {" and ".join(("caller", "callee")[side] for side in who)}; who did not begin loses nothing')
    async def _(w, who=who):
        with w.talk() as talk:
            talk.both_hear()
            start = time.monotonic()
            for side in who:
                talk.anew(side)
            talk.both_hear(100)
            for side in 0, 1:
                assert talk.parties[side].gap(start) < 1, (side, talk.parties[side].gap(start))
            if who == [1]:
                assert lost(talk.parties[0].since(start)) <= 25, 'all of the callee but while it had no socket'


# ---- Deaths


@case('who answers no more is sent nothing after 30 s, though it speaks; who is dead is told to the other by silence, and to the server', timeout=90)
async def _(w):
    with w.talk() as mute, w.talk() as dead:
        mute.both_hear()
        dead.both_hear()
        begin = time.monotonic()
        mute.parties[0].answers = False
        died = dead.parties[1]
        died.speaks = died.checks = died.answers = False
        w.anchor.hear(lambda r: r[0] == at.SILENT and r[1] == dead.number and r[2] == 1, 45)
        assert 29 < time.monotonic() - begin < 34
        assert 4 < dead.parties[0].last_answer - begin < 7, dead.parties[0].last_answer - begin
        time.sleep(max(0, begin + 33 - time.monotonic()))
        last = mute.parties[0].heard[-1][0] - begin
        assert 25 < last < 32, last
        assert len(mute.parties[1].since(begin + 32)) == 0, 'it has no consent, so it has no say'


# ---- Networks


class Line:
    """A way between a party and the anchor that delays and loses, in user space."""

    def __init__(self, networks, target, delay_s, loss):
        self.target, self.delay_s, self.loss = target, delay_s, loss
        self.inside, self.outside = networks.udp('s', target[0]), networks.udp('s', target[0])
        self.client, self.running, self.queue, self.order = None, True, [], 0
        self.random = random.Random(1)
        self.lock = threading.Lock()
        for s in self.inside, self.outside:
            s.settimeout(0.1)
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.outward, self.inward, self.deliver)]
        for thread in self.threads:
            thread.start()

    def put(self, wire, packet, to):
        """What is not lost arrives later."""
        if self.random.random() < self.loss:
            return
        with self.lock:
            self.order += 1
            heapq.heappush(self.queue, (time.monotonic() + self.delay_s, self.order, wire, packet, to))

    def outward(self):
        """What the client sends."""
        while self.running:
            with contextlib.suppress(OSError):
                packet, self.client = self.inside.recvfrom(4096)
                self.put(self.outside, packet, self.target)

    def inward(self):
        """What comes for it."""
        while self.running:
            with contextlib.suppress(OSError):
                self.put(self.inside, self.outside.recv(4096), self.client)

    def deliver(self):
        """What is due."""
        while self.running:
            time.sleep(0.002)
            while self.queue and self.queue[0][0] <= time.monotonic():
                with self.lock:
                    _, _, wire, packet, to = heapq.heappop(self.queue)
                with contextlib.suppress(OSError):
                    wire.sendto(packet, to)

    def close(self):
        """Ends it."""
        self.running = False
        for thread in self.threads:
            thread.join()
        self.inside.close()
        self.outside.close()


@contextlib.contextmanager
def browsers(w, caller, callee):
    """A call of two real stacks, whose caller reaches the anchor where it is told."""
    w.number += 0x100
    parties = [caller(w.networks, 'a', f'{w.folder}/{w.number}'), callee(w.networks, 'b', f'{w.folder}/{w.number}')]
    call = at.Call(w.anchor, *parties, w.number)
    try:
        yield call, parties
    finally:
        call.end()
        for peer in parties:
            peer.kill()


@case('300 ms there and back and every tenth packet lost: two Chromium connect, and hear nine tenths', timeout=90)
async def _(w):
    with browsers(w, chromium, chromium) as (call, parties):
        line = Line(w.networks, w.anchor.address('a'), 0.15, 0.1)
        try:
            call.at[0] = line.inside.getsockname()
            call.begin(video=False)
            for peer in parties:
                took = grows(peer, 200)
                assert took < 8, took
        finally:
            line.close()


def forget_translations(networks):
    """All of them, by a request of nfnetlink; `random` makes the next ones differ."""
    with networks.inside('n'):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.settimeout(5)
    s.sendto(struct.pack('=IHHIIBBH', 20, CONNTRACK_DELETE, NLM_F_REQUEST | NLM_F_ACK, 1, 0, 0, 0, 0), (0, 0))
    assert struct.unpack_from('=i', s.recv(4096), 16)[0] == 0
    s.close()


@contextlib.contextmanager
def translated(networks):
    """A kernel that masquerades between a and the anchor's network; yields what makes it forget all translations. a's own wires stay down:
    these are the last cases."""
    box, a, s = f'{networks.names["a"]}-nat', networks.names['a'], networks.names['s']
    networks.names['n'] = box
    run('ip', 'netns', 'add', box)
    try:
        for name, there, net in ('in', a, NAT_INSIDE), ('out', s, NAT_OUTSIDE):
            run('ip', '-n', box, 'link', 'add', f'n{name}0', 'type', 'veth', 'peer', 'name', f'n{name}1', 'netns', there)
            run('ip', '-n', box, 'addr', 'add', f'{net}.1/24', 'dev', f'n{name}0')
            run('ip', '-n', there, 'addr', 'add', f'{net}.2/24', 'dev', f'n{name}1')
            for where, end in (box, 0), (there, 1):     # an address that is being tried cannot be bound
                run('ip', '-n', where, 'link', 'set', f'n{name}{end}', 'addrgenmode', 'none')
            run('ip', '-n', box, 'link', 'set', f'n{name}0', 'up')
            run('ip', '-n', there, 'link', 'set', f'n{name}1', 'up')
        for line in 'ip_forward=1', 'conf.all.rp_filter=0', 'conf.default.rp_filter=0', 'conf.nin0.rp_filter=0':
            run('ip', 'netns', 'exec', box, 'sysctl', '-qw', f'net.ipv4.{line}')
        for wire in 'va1', 'vc1':
            run('ip', '-n', a, 'link', 'set', wire, 'down')
        run('ip', '-n', box, 'route', 'add', f'{at.PLACES["a"]}/32', 'via', f'{NAT_OUTSIDE}.2')
        run('ip', '-n', a, 'route', 'add', f'{at.PLACES["a"]}/32', 'via', f'{NAT_INSIDE}.1')
        for words in ('add table ip nat', 'add chain ip nat post { type nat hook postrouting priority 100 ; }',
                      'add rule ip nat post oifname nout0 masquerade random'):
            run('ip', 'netns', 'exec', box, 'nft', *words.split())
        yield lambda: forget_translations(networks)
    finally:
        for name in 'nin0', 'nout0':            # a network that goes away takes its wires along only later
            subprocess.run(['ip', '-n', box, 'link', 'del', name], check=False, capture_output=True)
        subprocess.run(['ip', 'netns', 'del', box], check=False, capture_output=True)


def media_sources(frames):
    """Ports of the translator from which media came."""
    return {f[34:36] for f in frames if f[26:30] == socket.inet_aton(f'{NAT_OUTSIDE}.1') and f[42] >= 128}


def forgotten_twice(parties, wire, forget):
    """Each time they hear each other again, from another port."""
    for peer in parties:
        grows(peer, 100)
    for _ in range(2):
        before = media_sources(wire.frames)
        frames = len(wire.frames)
        forget()
        took = max(grows(peer, 25) for peer in parties)
        assert took < 6, took
        print(f'# {took - 0.5:.1f} s')
        time.sleep(1)
        assert media_sources(wire.frames[frames:]) - before, 'nothing was translated anew'


for party in chromium, webrtcbin:
    @case(f'a kernel translates addresses of {party.__name__}, and forgets them twice: it is heard again within seconds', timeout=240)
    async def _(w, party=party):
        with translated(w.networks) as forget:
            for left in reversed(range(4)):
                with at.Wire(w.networks, 's') as wire, browsers(w, party, chromium) as (call, parties):
                    call.begin(video=False)
                    if left and not at.have_begun(*parties):
                        continue
                    forgotten_twice(parties, wire, forget)
                    return


def main():
    why = at.can('node', 'nft') or (None if at.CHROMIUM else 'chromium is not installed')
    if why is not None:
        print(why)
        return SKIP
    return at.run_cases(case, World, sys.argv)


if __name__ == '__main__':
    sys.exit(main())
