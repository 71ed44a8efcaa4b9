#!/usr/bin/python3
"""test_media.py: calls of sotto-media with itself and with Chromium, over two legs as the anchor makes them: what is said at one end is in
the record of the other; losses; a peer, a parent and a description that do not keep to the rules; what the process can do once it talks."""
import asyncio
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.chromium import Chromium
from harness.media import RATE, Media, read_wav, share_of_tone, write_wav
from harness.server import BIN, ROOT
from harness.small_anchor import SmallAnchor
from harness.tap import Cases, Skip

PAGE = (ROOT / 'test/interop/harness/call_page.js').read_text(encoding='ascii')
SYSCALLS_MAX = 30
WAYS_OUT = {'socket', 'socketpair', 'connect', 'bind', 'listen', 'accept', 'accept4', 'sendmsg', 'sendmmsg', 'setsockopt', 'openat', 'execve',
            'clone', 'clone3'}
CONCEALED_MAX = 0.02                            # at 10 % lost
REPAIRED_MAX = 0.05

case = Cases()


class World:
    """A folder, and processes that end with it."""

    async def __aenter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='sotto-media-'))
        self.started = []
        return self

    async def __aexit__(self, *_):
        for media in self.started:
            media.kill()
        if 'SOTTO_KEEP' not in os.environ:
            shutil.rmtree(self.folder)

    async def media(self, name, *argv, video=False, **files):
        argv = list(argv)
        if 'play' not in files and '--test-tone' not in argv:
            argv += ['--microphone', 'none']
        files.setdefault('record', self.folder / f'{name}.wav')
        if video:
            argv.append('--test-picture')
            files.setdefault('record_video', self.folder / f'{name}.ivf')
        media = await Media.start(*argv, **files)
        self.started.append(media)
        await media.expect('ready')
        return media


async def join(anchor, caller, callee, video=False, change=lambda sdp: sdp, **more):
    """Connects two of ours; `change` is what somebody in between does to each description."""
    more.setdefault('stats_ms', 60000)
    await caller.say(do='start', role='offer', video=video, **more)
    await callee.say(do='start', role='answer', video=video, **more)
    offer = (await caller.expect('local', type='offer'))['sdp']
    await callee.say(do='remote', type='offer', sdp=change(anchor.rewrite(0, offer)))
    answer = (await callee.expect('local', type='answer'))['sdp']
    await caller.say(do='remote', type='answer', sdp=change(anchor.rewrite(1, answer)))
    for one in (caller, callee):
        await one.expect('state', state='connected')
    return offer, answer


def middle_second(path):
    """One second from the middle of what was recorded."""
    samples = read_wav(path)
    assert len(samples) > RATE, f'{len(samples)} samples'
    middle = len(samples) // 2
    return samples[middle - RATE // 2:middle + RATE // 2]


def check_tone(path, hz, other=None):
    share = share_of_tone(middle_second(path), hz)
    assert share > 0.9, f'{path.name}: {share:.3f} of it is {hz} Hz'
    if other:
        assert share_of_tone(middle_second(path), other) < 0.01


def frames_of(path):
    """(key frames, all frames) of an IVF file of VP8."""
    data = path.read_bytes()
    assert data[:4] == b'DKIF' and data[8:12] == b'VP80', data[:32]
    at, whole, count, before = 32, 0, 0, -1
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], 'little')
        ticks = int.from_bytes(data[at + 4:at + 12], 'little')
        assert ticks > before and at + 12 + size <= len(data)
        before = ticks
        whole += (data[at + 12] & 1) == 0
        count += 1
        at += 12 + size
    return whole, count


def made_up(stats):
    return stats['audio']['concealed'] / stats['audio']['played']


def speech(path, seconds):
    """Syllables and pauses on a voice that rises and falls, as a file."""
    dice, samples, phase = random.Random(4), [], 0.0
    for i in range(RATE * seconds):
        t = i / RATE
        phase += 2 * math.pi * (140 + 30 * math.sin(2 * t)) / RATE
        loud = 0 if t % 4 > 3.2 else 0.5 + 0.5 * math.sin(6 * math.pi * t)
        voice = math.sin(phase) + 0.8 * math.sin(3 * phase) + 0.6 * math.sin(4 * phase) + 0.3 * math.sin(7 * phase)
        samples.append(int(5000 * loud * voice + dice.randint(-8, 8)))
    write_wav(path, samples)


@case('two of ours hear each other, and end together')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440')
    bob = await w.media('bob', '--test-tone', '1000')
    async with SmallAnchor() as anchor:
        offer, answer = await join(anchor, alice, bob)
        await asyncio.sleep(4)
        stats = await alice.stats()
        await alice.stop()
        await bob.expect('state', state='ended')
        assert await bob.ended() == 0
    for sdp in (offer, answer):
        addresses = set(re.findall(r'\d+\.\d+\.\d+\.\d+|[0-9a-f]*::[0-9a-f:]*', sdp))
        assert 'candidate' not in sdp and addresses == {'0.0.0.0'}, addresses
        assert set(re.findall(r'cname:(\S+)', sdp)) == {'sotto'}
    assert stats['audio']['lost'] <= 1 and stats['audio']['level'] > 0.1, stats
    check_tone(w.folder / 'alice.wav', 1000, 440)
    check_tone(w.folder / 'bob.wav', 440, 1000)


async def video_call(w, name, change):
    alice = await w.media(f'alice{name}', '--test-tone', '440', video=True)
    bob = await w.media(f'bob{name}', '--test-tone', '1000', video=True)
    async with SmallAnchor() as anchor:
        await join(anchor, alice, bob, video=True, change=change)
        await asyncio.sleep(4)
        await alice.stop()
        await bob.ended()
    for one in ('alice', 'bob'):
        whole, count = frames_of(w.folder / f'{one}{name}.ivf')
        assert whole >= 1 and count > 60, (whole, count)
    check_tone(w.folder / f'alice{name}.wav', 1000, 440)


@case('two of ours see each other')
async def _(w):
    await video_call(w, '-video', lambda sdp: sdp)


@case('a callee without video gets the sound alone')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440', video=True)
    bob = await w.media('bob', '--test-tone', '1000')
    async with SmallAnchor() as anchor:
        await alice.say(do='start', role='offer', video=True, stats_ms=60000)
        await bob.say(do='start', role='answer', video=False, stats_ms=60000)
        offer = (await alice.expect('local'))['sdp']
        await bob.say(do='remote', type='offer', sdp=anchor.rewrite(0, offer))
        answer = (await bob.expect('local'))['sdp']
        assert 'm=video 0 ' in answer
        await alice.say(do='remote', type='answer', sdp=anchor.rewrite(1, answer))
        await alice.expect('state', state='connected')
        await asyncio.sleep(3)
        stats = await alice.stats()
        await alice.stop()
        await bob.ended()
    assert 'video' not in stats
    check_tone(w.folder / 'alice.wav', 1000)


async def with_page(w, anchor, page, media, page_offers, video):
    flag = json.dumps(video)
    await media.say(do='start', role='answer' if page_offers else 'offer', video=video, stats_ms=60000)
    if page_offers:
        offer = await page.run(f'return offer({flag})')
        await media.say(do='remote', type='offer', sdp=anchor.rewrite(0, offer))
        answer = (await media.expect('local', type='answer'))['sdp']
        await page.run(f'return accept({json.dumps(anchor.rewrite(1, answer))})')
    else:
        offer = (await media.expect('local', type='offer'))['sdp']
        answer = await page.run(f'return answer({json.dumps(anchor.rewrite(0, offer))}, {flag})')
        await media.say(do='remote', type='answer', sdp=anchor.rewrite(1, answer))
    await media.expect('state', state='connected')


async def page_call(w, page_offers):
    tone = w.folder / 'tone.wav'
    write_wav(tone, [int(9000 * math.sin(2 * math.pi * 700 * i / RATE)) for i in range(RATE * 2)])
    name = f'page-{page_offers}'
    async with Chromium(PAGE, sound=tone) as page, SmallAnchor() as anchor:
        media = await w.media(name, '--test-tone', '440', video=True)
        await with_page(w, anchor, page, media, page_offers, True)
        await asyncio.sleep(5)
        counted = await page.run('return counted()')
        stats = await media.stats()
        assert await media.stop() == 0
    heard, seen = counted['inbound-rtp-audio'], counted['inbound-rtp-video']
    assert heard['packetsReceived'] > 100 and heard['totalAudioEnergy'] > 0.01, heard
    assert seen['framesDecoded'] > 30 and seen['frameWidth'] == 640, seen
    assert counted['transport']['srtpCipher'] == 'SRTP_AES128_CM_HMAC_SHA1_80'
    assert counted['transport']['tlsVersion'] == 'FEFD', 'DTLS 1.2'
    assert stats['video']['frames'] > 30 and stats['audio']['received'] > 100, stats
    assert stats['audio']['rtt_ms'] >= 0 and stats['video']['rtt_ms'] >= 0, stats
    check_tone(w.folder / f'{name}.wav', 700, 440)
    assert frames_of(w.folder / f'{name}.ivf')[1] > 30


@case('Chromium calls: sound and picture both ways', timeout=90)
async def _(w):
    await page_call(w, True)


@case('Chromium is called: sound and picture both ways', timeout=90)
async def _(w):
    await page_call(w, False)


@case('one packet in ten lost: at most 2 % of the sound is made up, at both ends', timeout=120)
async def _(w):
    speech(w.folder / 'speech.wav', 24)
    alice = await w.media('alice', play=w.folder / 'speech.wav')
    bob = await w.media('bob', play=w.folder / 'speech.wav')
    async with SmallAnchor(loss=0.1, seed=5) as anchor:
        await join(anchor, alice, bob)
        await alice.expect('played')
        for one in (alice, bob):
            stats = await one.stats()
            print(f"# {100 * stats['audio']['lost'] / (stats['audio']['lost'] + stats['audio']['received']):.1f} % lost, "
                  f"{100 * made_up(stats):.2f} % made up, delay {stats['audio']['delay_ms']} ms")
            assert stats['audio']['lost'] > 50 and made_up(stats) <= CONCEALED_MAX, stats
        await alice.stop()


@case('losses are repaired in a call with Chromium, at both ends', timeout=120)
async def _(w):
    if not (w.folder / 'speech.wav').exists():
        speech(w.folder / 'speech.wav', 24)
    async with Chromium(PAGE, sound=w.folder / 'speech.wav') as page, SmallAnchor(loss=0.1, seed=6) as anchor:
        media = await w.media('lossy', play=w.folder / 'speech.wav')
        await with_page(w, anchor, page, media, True, False)
        await asyncio.sleep(3)                  # a browser that begins is busy with itself
        begun = (await page.run('return counted()'))['inbound-rtp-audio']
        await media.expect('played')
        stats = await media.stats()
        heard = (await page.run('return counted()'))['inbound-rtp-audio']
        await media.stop()
    heard, begun = ([s[k] for k in ('concealedSamples', 'totalSamplesReceived')] for s in (heard, begun))
    theirs = (heard[0] - begun[0]) / (heard[1] - begun[1])
    print(f'# made up here {100 * made_up(stats):.2f} %, there {100 * theirs:.2f} %')
    # There a busy machine makes up sound as well as losses do: the figure is docs/performance.md's. Unrepaired it would be a tenth.
    assert made_up(stats) <= CONCEALED_MAX and theirs <= REPAIRED_MAX, (stats, heard)


@case('a peer with another certificate than was described is nobody')
async def _(w):
    alice, bob = await w.media('alice'), await w.media('bob')
    def other(sdp):
        return re.sub(r'(fingerprint:sha-256 )(..)', lambda m: m[1] + ('00' if m[2] != '00' else '01'), sdp)
    async with SmallAnchor() as anchor:
        try:
            await join(anchor, alice, bob, change=other)
        except AssertionError:
            pass
        else:
            raise AssertionError('they connected')
    errors = [e['why'] for one in (alice, bob) for e in one.heard if e['is'] == 'error']
    assert 'fingerprint' in errors, errors
    assert not any(e.get('state') == 'connected' for one in (alice, bob) for e in one.heard)


@case('the anchor comes back with other credentials: the sound does too')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440')
    bob = await w.media('bob', '--test-tone', '1000')
    async with SmallAnchor() as anchor:
        offer, answer = await join(anchor, alice, bob)
        await asyncio.sleep(1)
        for leg in anchor.legs:
            leg.restart()
        await alice.say(do='remote', type='answer', sdp=anchor.rewrite(1, answer))
        await bob.say(do='remote', type='offer', sdp=anchor.rewrite(0, offer))
        before = (await alice.stats())['audio']['received']
        start = time.monotonic()
        while (await alice.stats())['audio']['received'] < before + 5:
            assert time.monotonic() - start < 20
            await asyncio.sleep(0.05)
        print(f'# {time.monotonic() - start:.2f} s')
        await alice.stop()


@case('it comes back with a way over TCP that was never needed: no connection is made any more, and the call goes on')
async def _(w):
    alice, bob = await w.media('alice', '--test-tone', '440'), await w.media('bob', '--test-tone', '1000')

    def beside(sdp):
        """The candidate of UDP, and one of TCP where nobody is."""
        return re.sub(r'(a=candidate:.*\r\n)', r'\1a=candidate:2 1 tcp 100 127.0.0.1 9 typ host tcptype passive\r\n', sdp)

    async with SmallAnchor() as anchor:
        offer, answer = await join(anchor, alice, bob, change=beside)
        for leg in anchor.legs:
            leg.restart()
        anchor.open = False                     # longer than it takes to try TCP
        await alice.say(do='remote', type='answer', sdp=beside(anchor.rewrite(1, answer)))
        await bob.say(do='remote', type='offer', sdp=beside(anchor.rewrite(0, offer)))
        await asyncio.sleep(1)
        anchor.open = True
        before = (await alice.stats())['audio']['received']
        start = time.monotonic()
        while (await alice.stats())['audio']['received'] < before + 5:
            assert time.monotonic() - start < 20
            await asyncio.sleep(0.05)
        assert await alice.stop() == 0


async def level(media, is_right):
    """Until what it hears is as loud as that."""
    for _ in range(200):
        if is_right((await media.stats())['audio']['level']):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await media.stats())


@case('muted is silent, and as long and as frequent as speech')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440')
    bob = await w.media('bob', '--test-tone', '1000')
    async with SmallAnchor() as anchor:
        await join(anchor, alice, bob)
        await level(alice, lambda loud: loud > 0.1)
        await asyncio.sleep(1.5)
        await bob.say(do='mute', audio=True)
        at = asyncio.get_running_loop().time()
        await asyncio.sleep(3)
        await level(alice, lambda loud: loud < 0.01)
        of_bob = [(when, size) for when, first, size in anchor.legs[1].seen if first == 0x80 and size > 150]
        sizes = [{size for when, size in of_bob if (when > at) == late and when > at - 1} for late in (False, True)]
        assert sizes[0] == sizes[1] and len(sizes[0]) == 1, sizes
        await alice.stop()


LINES = (b'stop\n', b'{}\n', b'[]\n', b'{"do":"stop"}x\n', b'{"do":"start","role":"offer"}\n', b'{"do":"remote","type":"offer","sdp":""}\n',
         b'{"do":"start","role":"offer","video":false,"exec":"/bin/sh"}\n', b'\xff\xfe\n', b'x' * 70000,
         b'{"do":"start","role":"offer","video":false}\n' * 2, b'{"do":"socket","candidate":0,"made":true}\n',
         b'{"do":"start","role":"answer","video":false}\n{"do":"socket","candidate":0,"made":false}\n')


@case('what is no line of the protocol ends the call')
async def _(w):
    for line in LINES:
        media = await w.media('line')
        await media.say_raw(line)
        assert (await media.expect('error'))['why'] == 'parent', line[:80]
        assert await media.ended() == 1


async def good_offer(w, anchor):
    """Of a call with sound, as this anchor's party would get it."""
    maker = await w.media('maker')
    await maker.say(do='start', role='offer', video=False)
    offer = anchor.rewrite(0, (await maker.expect('local'))['sdp'])
    await maker.stop()
    return offer


@case('descriptions that are refused, and why')
async def _(w):
    async with SmallAnchor() as anchor:
        good = await good_offer(w, anchor)
    line = re.search(r'a=candidate:.*\r\n', good)[0]
    for rule, sdp in (('candidates', good.replace(line, '')), ('candidate', good.replace('127.0.0.1', 'evil.example')),
                      ('candidate', good.replace('typ host', 'typ srflx')), ('fingerprint', good.replace('sha-256', 'md5')),
                      ('rtcp-mux', good.replace('a=rtcp-mux', 'a=x')), ('protocol', good.replace('UDP/TLS/RTP/SAVPF', 'RTP/AVP')),
                      ('size', good + 'a=x\r\n' * 2000), ('line', good + 'a\r\n'), ('audio', good.replace('opus', 'speex'))):
        media = await w.media('refuse')
        await media.say(do='start', role='answer', video=False)
        await media.say(do='remote', type='offer', sdp=sdp)
        error = await media.expect('error')
        assert error['why'] == 'sdp' and error['rule'] == rule, (rule, error)
        assert await media.ended() == 1


def odd(good):
    """Offers as other programs or hands write them, by name."""
    way = re.search(r'a=candidate:.*\r\n', good)[0]
    host = re.search(r'candidate:(.* \d+) typ host', way)[1]
    half = good.split('m=audio')[1].replace('a=mid:audio', 'a=mid:video').replace('111 opus/48000/2', '96 VP8/90000')
    video = re.sub(r' SAVPF.*', ' SAVPF 96', 'm=video' + re.sub(r'(SAVPF)[ 0-9]+', r'\1 96', half))
    both = good.replace('BUNDLE audio', 'BUNDLE audio video') + video
    return {
        'as it is': good, 'ends of lines': good.replace('\r\n', '\n'), 'only TCP': good.replace(
            way, 'a=candidate:2 1 tcp 1 127.0.0.1 9 typ host tcptype passive\r\n'),
        'TCP to nowhere': good.replace(way, 'a=candidate:2 1 tcp 1 255.255.255.255 9 typ host tcptype passive\r\n'),
        'no priority': good.replace(host, re.sub(r'udp \d+', 'udp 0', host)),
        'to everybody': good.replace('127.0.0.1', '255.255.255.255'), 'to nobody': good.replace('127.0.0.1', '0.0.0.0'),
        'IPv6': good.replace('127.0.0.1', '2001:db8::1'), 'active': good.replace('setup:actpass', 'setup:active'),
        'passive': good.replace('setup:actpass', 'setup:passive'), 'inactive': good.replace('sendrecv', 'inactive'),
        'type of RTCP': good.replace('111', '72'), 'with video': both, 'not bundled': good + video,
        'another codec of video': both.replace('VP8', 'H264'), 'one name for two': both.replace('mid:video', 'mid:audio'),
        'long': good + ('a=x:' + 'y' * 900 + '\r\n') * 60, 'longer than a line may be': good + ('a=x:' + 'y' * 55 + '\r\n') * 980,
        'quotes': good + ('a=x:' + '"' * 900 + '\r\n') * 30, 'names longer than words': good.replace('mid:audio', 'mid:' + 'x' * 200),
    }


@case('whatever an offer looks like, it is answered or refused with a rule; nothing else ends the process')
async def _(w):
    async with SmallAnchor() as anchor:
        for name, sdp in odd(await good_offer(w, anchor)).items():
            if len(json.dumps(sdp)) > 65000:    # of which sotto says that it is too long, before
                continue
            media = await w.media('odd', video='video' in name)
            await media.say(do='start', role='answer', video='video' in name)
            await media.say(do='remote', type='offer', sdp=sdp)
            while (event := await media.next())['is'] not in ('local', 'error'):
                pass
            assert event['is'] == 'local' or (event['why'] == 'sdp' and event['rule']), (name, event)
            media.wire.close()
            assert await media.ended() in (0, 1), name


@case('while the gate is closed nothing connects, and somebody says so')
async def _(w):
    alice, bob = await w.media('alice'), await w.media('bob')
    async with SmallAnchor() as anchor:
        anchor.open = False
        await alice.say(do='start', role='offer', video=False)
        await bob.say(do='start', role='answer', video=False)
        await bob.say(do='remote', type='offer', sdp=anchor.rewrite(0, (await alice.expect('local'))['sdp']))
        assert (await bob.expect('error'))['why'] == 'no-route'
        assert await bob.ended() == 1


def is_running(pid):
    """Running, and not only waiting to be buried."""
    try:
        return Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


PARENT = """
import socket, subprocess, sys, time, os
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], '--microphone', 'none', '--speaker', 'none'], close_fds=False,
                         preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
assert b'ready' in ours.recv(200)
os.set_inheritable(ours.fileno(), True)
if not os.fork():       # somebody else keeps the socket open
    time.sleep(30)
    os._exit(0)
print(child.pid, flush=True)
time.sleep(30)
"""


@case('it ends with its parent: a closed socket, a killed process')
async def _(w):
    media = await w.media('orphan')
    media.wire.close()
    assert await media.ended() == 0
    parent = subprocess.Popen([sys.executable, '-c', PARENT, str(BIN / 'sotto-media')], stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(200):
        if not is_running(pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError('it lives on')


def watched(w, media):
    """strace from now on to its end, and the file."""
    if shutil.which('strace') is None:
        raise Skip('there is no strace')
    trace = w.folder / 'trace'
    return subprocess.Popen(['strace', '-f', '-o', str(trace), '-p', str(media.process.pid)], stderr=subprocess.DEVNULL), trace


async def until(is_true):
    for _ in range(100):
        if is_true():
            return
        await asyncio.sleep(0.1)
    raise AssertionError('never')


def calls_of(trace):
    """(system call, all of its line)"""
    text = trace.read_text(encoding='utf-8', errors='replace')
    return re.findall(r'^\d+ +(?:<\.\.\. )?(\w+)([( ].*)', text, re.M)


def is_traced(media):
    return re.search(r'TracerPid:\s+0\b', Path(f'/proc/{media.process.pid}/status').read_text(encoding='ascii')) is None


@case('from before the first line to the end it tries no way to anywhere: sockets come from the parent')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440', video=True)
    bob = await w.media('bob', '--test-tone', '1000', video=True)
    strace, trace = watched(w, bob)
    await until(lambda: is_traced(bob))
    async with SmallAnchor() as anchor:
        await join(anchor, alice, bob, video=True)
        await asyncio.sleep(1)
        await alice.stop()
        await bob.ended()
        strace.wait(timeout=20)
    calls = calls_of(trace)
    tried = [name + rest for name, rest in calls if name in WAYS_OUT and 'EPERM' not in rest]
    assert not tried, tried
    # What libraries look for by the way is none of the network.
    assert {name for name, _ in calls} & WAYS_OUT <= {'openat'}, calls
    assert sum('SCM_RIGHTS' in rest for _, rest in calls) == len(bob.wanted) == 1, (bob.wanted, calls)


@case('once connected it uses few system calls, and only these')
async def _(w):
    alice = await w.media('alice', '--test-tone', '440', video=True)
    bob = await w.media('bob', '--test-tone', '1000', video=True)
    async with SmallAnchor() as anchor:
        await join(anchor, alice, bob, video=True)
        strace, trace = watched(w, bob)
        await until(lambda: trace.exists() and trace.stat().st_size > 1000)
        await asyncio.sleep(2)
        await alice.stop()
        await bob.ended()
        strace.wait(timeout=20)
    used = {name for name, _ in calls_of(trace)}
    print(f"# {len(used)}: {' '.join(sorted(used))}")
    assert {'poll', 'recvfrom', 'sendto', 'write'} <= used and len(used) <= SYSCALLS_MAX
    assert not used & (WAYS_OUT | {'recvmsg'}), used


@case('a way over TCP is wanted when UDP stays without an answer, once, and there alone')
async def _(w):
    held = socket.create_server(('127.0.0.1', 0))
    held.setblocking(False)
    port = held.getsockname()[1]
    way = f'a=candidate:2 1 tcp 100 127.0.0.1 {port} typ host tcptype passive'
    async with SmallAnchor() as anchor:
        offer = await good_offer(w, anchor)
        anchor.open = False
        bob = await w.media('bob')
        await bob.say(do='start', role='answer', video=False)
        await bob.say(do='remote', type='offer', sdp=re.sub(r'(a=candidate:.*\r\n)', rf'\1{way}\r\n', offer))
        wire, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(held), 20)
        frame = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(wire, 2000), 20)
        assert frame[:4] == (len(frame) - 2).to_bytes(2, 'big') + b'\0\x01', frame
        assert bob.wanted == [0, 1], bob.wanted
        wire.close()
    held.close()
    bob.kill()


@case('without a socket there is no call: who cannot make one is told at once')
async def _(w):
    async with SmallAnchor() as anchor:
        offer = await good_offer(w, anchor)
    bob = await w.media('bob')
    bob.places = ['1 1 udp 1 255.255.255.255 9 typ host']
    await bob.say(do='start', role='answer', video=False)
    await bob.say(do='remote', type='offer', sdp=offer)
    assert (await bob.expect('error'))['why'] == 'no-route'
    assert await bob.ended() == 1


@case('how long it takes from a description to the first sound')
async def _(w):
    took = []
    for i in range(20):
        alice = await w.media(f'a{i}', '--test-tone', '440', record=w.folder / 'a.wav')
        async with SmallAnchor() as anchor:
            await alice.say(do='start', role='offer', video=False)
            offer = (await alice.expect('local'))['sdp']
            start = time.monotonic()                # the callee's person accepts: only now the process is started
            bob = await w.media(f'b{i}', '--test-tone', '1000', record=w.folder / 'b.wav')
            await bob.say(do='start', role='answer', video=False)
            await bob.say(do='remote', type='offer', sdp=anchor.rewrite(0, offer))
            answer = (await bob.expect('local'))['sdp']
            await alice.say(do='remote', type='answer', sdp=anchor.rewrite(1, answer))
            await bob.expect('first', media='audio')
            took.append(1000 * (time.monotonic() - start))
            await alice.stop()
            await bob.ended()
    took.sort()
    print(f'# accept to first sound: p50 {statistics.median(took):.0f} ms, p95 {took[18]:.0f} ms, {len(took)} calls')


if __name__ == '__main__':
    sys.exit(case.run(World(), sys.argv[1] if len(sys.argv) > 1 else None))
