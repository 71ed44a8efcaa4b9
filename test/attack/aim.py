"""aim.py: has spoof.py speak in the name of those who are in a call, with the very address and port that each of them uses at the moment,
from the first packet of each until the call is over; and finds what came of it in the captures of both.

What nobody in between can judge is said, not hidden: the anchor has no keys, so a packet of the right form from the right place is as good as genuine until
its receiver looks at its seal. It may pass once, after that place has proven itself, and never before. What can keep a call from being connected (docs/attacks.md),
copies of checks in the other's name and records of DTLS, is spoken once it is.
"""
import asyncio
import hashlib
import json
from collections import Counter

from place import SERVER, UDP, transport_of

EACH, PAUSE_S = 12, 0.03                        # packets at a time while a call lasts
SHARE_OF_NOBODY = 100                           # for each call, in the name of places that no call has
GENUINE = 12
ANSWER = b'\x01\x01'


def udp(frame):
    """(port from, port to, payload) of a packet of UDP; None: it is none."""
    protocol, at = transport_of(frame)
    if protocol != UDP:
        return None
    return int.from_bytes(frame[at:at + 2], 'big'), int.from_bytes(frame[at + 2:at + 4], 'big'), frame[at + 8:]


class Aim:
    """One run's spoofer, and the two whom it speaks for."""

    def __init__(self, attackers, wires, hosts, log):
        self.attackers, self.wires, self.hosts, self.log = attackers, wires, hosts, log
        self.sent = self.octets = 0
        self.read = dict.fromkeys(wires, 0)

    async def order(self, **what):
        """And waits until it is done."""
        await self.attackers.say(json.dumps(what))
        self.sent, self.octets = map(int, (await self.attackers.hear()).split())

    async def accompany(self, call):
        """Until the call is over."""
        await self.order(count=SHARE_OF_NOBODY)
        exact, genuine = {}, []
        self.read = {side: len(wire.frames) for side, wire in self.wires.items()}
        while call.ended == float('inf'):
            for side, wire in self.wires.items():
                news, self.read[side] = wire.frames[self.read[side]:], len(wire.frames)
                for _, outgoing, frame in news:
                    if outgoing and (found := udp(frame)) is not None:
                        exact[side] = [side, self.hosts[side], found[0]]
                        genuine = [*genuine, found[2].hex()][-GENUINE:]
            linked = call.connected < float('inf')
            if exact:
                await self.order(count=EACH, exact=list(exact.values()), genuine=genuine if linked else [], handshakes=linked)
            await asyncio.sleep(PAUSE_S if exact else 0.002)

    # ---- What came of it

    def fired(self):
        """digest: (when first, in whose name) of what is nobody's copy; and how many there were in whose name."""
        made, counts = {}, Counter()
        for line in self.log.read_text().splitlines():
            at, who, digest, _ = line.split()
            counts[who] += 1
            if digest != 'copy':
                made.setdefault(digest, (float(at), who))
        return made, counts

    def arrived(self, side):
        """What the anchor sent to this side: (when, to which port, payload)."""
        server = bytes(map(int, SERVER.split('.')))
        return [(at, found[1], found[2]) for at, outgoing, frame in self.wires[side].frames
                if not outgoing and (found := udp(frame)) is not None and frame[:1] != b'\x60' and frame[12:16] == server]

    def proven(self, side, calls):
        """When this side first answered a check of the anchor's, in each of these calls."""
        answers = [at for at, outgoing, frame in self.wires[side].frames if outgoing and (found := udp(frame)) is not None and found[2][:2] == ANSWER]
        return [next((at for at in answers if call.begun <= at <= call.ended), float('inf')) for call in calls]

    def passed(self, side, calls):
        """Spoofed packets that came to this side: (in whose name, whether that one had proven its place before, octets)."""
        made, _ = self.fired()
        proven = {other: self.proven(other, calls) for other in self.wires}
        came = []
        for at, _, payload in self.arrived(side):
            if (found := made.get(hashlib.blake2b(payload, digest_size=12).hexdigest())) is not None:
                number = next((i for i, call in enumerate(calls) if call.begun <= at <= call.ended), None)
                who = found[1]
                came.append((who, who in proven and number is not None and proven[who][number] <= at, len(payload)))
        return came

    def twice(self, side):
        """Media and handshakes that came to this side more than once, octet by octet: copies that the anchor let pass."""
        seen = Counter(payload for _, _, payload in self.arrived(side) if payload[:1] and payload[0] >= 20)
        return sum(n - 1 for n in seen.values())

    def heard(self, side, other):
        """Of the genuine media that the other side sent: how many, and how many came."""
        came = {payload for _, _, payload in self.arrived(side)}
        sent = [found[2] for _, outgoing, frame in self.wires[other].frames
                if outgoing and (found := udp(frame)) is not None and found[2][:1] and 128 <= found[2][0] < 192]
        return len(sent), sum(payload in came for payload in sent)

    def answered_twice(self, side):
        """Octets of answers to copies of a check, sent to whose check it was."""
        seen = Counter(payload for _, _, payload in self.arrived(side) if payload[:2] == ANSWER)
        return sum((n - 1) * len(payload) for payload, n in seen.items())

    def elsewhere(self, side):
        """Packets to ports that this side never spoke from."""
        own = {found[0] for _, outgoing, frame in self.wires[side].frames if outgoing and (found := udp(frame)) is not None}
        return [(port, len(payload)) for _, port, payload in self.arrived(side) if port not in own]

