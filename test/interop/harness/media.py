"""media.py: sotto-media as its parent sees it, and what is in the sound that it recorded.

    alice = await Media.start('--test-tone', '440', '--microphone', 'none', record=folder / 'a.wav')
    await alice.say(do='start', role='offer', video=False)
    local = await alice.expect('local')
"""
import asyncio
import ipaddress
import json
import math
import os
import re
import socket
import struct

from harness.server import BIN

WAIT_S = 40
RATE = 48000


def connected_to(candidate):
    """A socket as sotto opens it for a line of a description; None: there is no way."""
    _, _, kind, _, ip, port = candidate.split(' ')[:6]
    family = socket.AF_INET6 if ipaddress.ip_address(ip).version == 6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        opened.connect((ip, int(port)))
    except BlockingIOError:
        pass
    except OSError:
        opened.close()
        return None
    return opened


class Media:
    """One process. What it says is read all the time, for it waits for the sockets that it asks for."""

    def __init__(self):
        self.heard, self.process, self.wire, self.places = [], None, None, None
        self.events = asyncio.Queue()
        self.wanted = []                        # numbers of candidates

    @classmethod
    async def start(cls, *argv, play=None, record=None, play_video=None, record_video=None):
        """Files are opened here, as sotto does it."""
        self = cls()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        opened, words = [], list(argv)
        for option, path, flags in (('--play', play, os.O_RDONLY), ('--play-video', play_video, os.O_RDONLY),
                                    ('--record', record, os.O_RDWR | os.O_CREAT | os.O_TRUNC),
                                    ('--record-video', record_video, os.O_RDWR | os.O_CREAT | os.O_TRUNC)):
            if path is not None:
                opened.append(os.open(path, flags, 0o600))
                words += [option, str(100 + len(opened))]
        moves = [(theirs.fileno(), 3)] + [(fd, 101 + i) for i, fd in enumerate(opened)]

        def place():
            kept = [(os.dup(fd), to) for fd, to in moves]
            for fd, to in kept:
                os.dup2(fd, to)
        self.process = await asyncio.create_subprocess_exec(
            str(BIN / 'sotto-media'), *words, stdin=asyncio.subprocess.DEVNULL, preexec_fn=place, close_fds=False)
        theirs.close()
        for fd in opened:
            os.close(fd)
        self.reader, self.wire = await asyncio.open_connection(sock=ours, limit=1 << 20)
        self.reading = asyncio.create_task(self.read())
        return self

    async def read(self):
        """Until its end, which is a None in `events`."""
        try:
            while line := await self.reader.readline():
                event = json.loads(line)
                if event['is'] == 'want':
                    await self.hand(event['candidate'])
                else:
                    self.events.put_nowait(event)
        except ConnectionError:                 # it ended with a line of ours unread
            pass
        finally:
            self.events.put_nowait(None)
            self.wire.close()

    async def hand(self, number):
        """The socket to this candidate of the first description, with the line that says so."""
        self.wanted.append(number)
        opened = connected_to(self.places[number])
        line = json.dumps({'do': 'socket', 'candidate': number, 'made': opened is not None}).encode() + b'\n'
        while self.wire.transport.get_write_buffer_size():
            await asyncio.sleep(0.01)
        with socket.socket(fileno=os.dup(self.wire.get_extra_info('socket').fileno())) as wire:
            socket.send_fds(wire, [line], [opened.fileno()] if opened else [])
        if opened:
            opened.close()

    async def say(self, **command):
        if command['do'] == 'remote' and self.places is None:
            self.places = re.findall(r'^a=candidate:(.*?)\r?$', command['sdp'], re.M)
        await self.say_raw(json.dumps(command).encode() + b'\n')

    async def say_raw(self, data):
        self.wire.write(data)
        await self.wire.drain()

    async def next(self):
        """The next event; None at the end."""
        event = await asyncio.wait_for(self.events.get(), WAIT_S)
        if event is None:
            self.events.put_nowait(None)
        else:
            self.heard.append(event)
        return event

    async def expect(self, kind, **values):
        """The next event of this kind with these values; what comes before it is kept in `heard`."""
        while True:
            event = await self.next()
            assert event is not None, f'ended before {kind} {values}: {self.heard}'
            assert event['is'] != 'error' or kind == 'error', f'{event} instead of {kind} {values}'
            if event['is'] == kind and all(event.get(k) == v for k, v in values.items()):
                return event

    async def stats(self):
        await self.say(do='stats')
        return await self.expect('stats')

    async def ended(self):
        """Its exit status."""
        return await asyncio.wait_for(self.process.wait(), WAIT_S)

    async def stop(self):
        await self.say(do='stop')
        await self.expect('state', state='ended')
        return await self.ended()

    def kill(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()


def read_wav(path):
    """Samples of a recorded file."""
    data = open(path, 'rb').read()
    assert data[:4] == b'RIFF' and data[36:40] == b'data', data[:44]
    size, = struct.unpack('<I', data[40:44])
    assert size == len(data) - 44, (size, len(data))
    return struct.unpack(f'<{size // 2}h', data[44:])


def write_wav(path, samples, rate=RATE):
    """One of our own making."""
    data = struct.pack(f'<{len(samples)}h', *samples)
    head = b'RIFF' + struct.pack('<I', 36 + len(data)) + b'WAVEfmt ' + struct.pack('<IHHIIHH', 16, 1, 1, rate, 2 * rate, 2, 16)
    open(path, 'wb').write(head + b'data' + struct.pack('<I', len(data)) + data)


def share_of_tone(samples, hz):
    """How much of the power lies at this frequency: 1 is all of it (Goertzel)."""
    step = 2 * math.cos(2 * math.pi * hz / RATE)
    one = two = power = 0.0
    for x in samples:
        one, two = x + step * one - two, one
        power += x * x
    n = len(samples)
    return 2 * (one * one + two * two - step * one * two) / (n * power) if power else 0.0
