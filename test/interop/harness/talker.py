"""talker.py: a party of a call that is no browser: it goes through ICE, says that its handshake is over, and sends fifty packets a
second whose order shows what was lost.

    alice = Talker(socket, at=('127.0.0.1', 3478), ours=(ufrag, pwd), mine=(ufrag, pwd), controlling=True)
    alice.heard            # when each packet of the other came, and its number
"""
import socket
import struct
import threading
import time

from . import stun

FRAME_S, CHECK_S = 0.02, 0.5
PAYLOAD_TYPE = 111
FINISHED = bytes.fromhex('16fefd0001000000000000001000') + bytes(15)
RTP, RTCP = 'rtp', 'rtcp'


class Talker:
    """Runs in a thread of its own until close(). `ours`: of the anchor, `mine`: its own. What it does can be changed while it runs."""

    def __init__(self, wire, at, ours, mine, controlling, ssrc=7, speaks=True):
        self.wire, self.at, self.ours, self.mine, self.controlling, self.ssrc = wire, at, ours, mine, controlling, ssrc
        self.speaks, self.checks, self.answers = speaks, True, True
        self.shakes = speaks                    # says that the handshake is over
        self.frame_s, self.payload = FRAME_S, bytes(148)
        self.connected = False                  # a check of its own was answered
        self.heard, self.asked, self.last_answer = [], 0, 0.0
        self.number, self.running = 0, True
        self.wire.settimeout(0.005)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """Sends what is due, and takes what comes."""
        due_frame = due_check = time.monotonic()
        while self.running:
            now = time.monotonic()
            if self.checks and now >= due_check:
                due_check = now + (CHECK_S if self.connected else 0.1)
                self.send(stun.check(f'{self.ours[0]}:{self.mine[0]}', self.ours[1], controlling=self.controlling,
                                     use_candidate=self.controlling))
                if self.shakes and self.number < 100:
                    self.send(FINISHED)
            if self.connected and self.speaks and now >= due_frame:
                due_frame = max(due_frame + self.frame_s, now - 0.1)
                self.speak()
            try:
                packet, source = self.wire.recvfrom(4096)
            except (TimeoutError, OSError):
                continue
            self.take(packet, source)

    def send(self, packet, at=None):
        """What the network does not take is lost."""
        try:
            self.wire.sendto(packet, at or self.at)
        except OSError:
            pass

    def speak(self):
        """The next packet of sound."""
        self.number += 1
        head = struct.pack('!BBHII', 0x80, PAYLOAD_TYPE, self.number & 0xffff, self.number * 960 & 0xffffffff, self.ssrc)
        self.send(head + self.payload)

    def take(self, packet, source):
        """A check, an answer, or the other's sound."""
        if stun.is_request(packet):
            self.asked += 1
            if self.answers:
                self.send(stun.answer(packet, source, self.mine[1]), source)
        elif packet[:2] == b'\x01\x01':
            self.connected, self.last_answer = True, time.monotonic()
        elif packet[0] >= 128:
            self.heard.append((time.monotonic(), struct.unpack('!H', packet[2:4])[0], packet[1]))

    def move(self, wire):
        """Another socket from one packet to the next, as after a change of the network."""
        old, self.wire = self.wire, wire
        wire.settimeout(0.005)
        old.close()

    def anew(self, ours, mine):
        """ICE anew."""
        self.ours, self.mine, self.connected = ours, mine, False

    # ---- What it has heard

    def since(self, start):
        """Numbers of the packets that came since then."""
        return [number for at, number, _ in self.heard if at >= start]

    def gap(self, start):
        """The longest silence since then."""
        times = [start, *(at for at, _, _ in self.heard if at >= start), time.monotonic()]
        return max(b - a for a, b in zip(times, times[1:]))

    def hears(self, packets=50, seconds=10):
        """Until it has heard so many more; how long that took."""
        begin, before = time.monotonic(), len(self.heard)
        while len(self.heard) < before + packets:
            if time.monotonic() - begin > seconds:
                raise AssertionError(f'it heard {len(self.heard) - before} packets in {seconds} s, not {packets}')
            time.sleep(0.02)
        return time.monotonic() - begin

    def close(self):
        """Without a word."""
        self.running = False
        self.thread.join()
        self.wire.close()


def udp(host='127.0.0.1', port=0):
    """A bound socket."""
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, port))
    return s
