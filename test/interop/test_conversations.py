#!/usr/bin/python3
"""test_conversations.py: four people with three programs, two devices each, all compared and verified: two with sotto, one with
Profanity, one with Converse.js. Each pair talks in both directions; both devices of whom is written to read it, and so does the
other device of who wrote. In the end nothing of it lies in what the server wrote.
"""
import asyncio
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

from harness import leak
from harness.browser import CHROMIUM, WEB, Driver
from harness.omemo import NEW, OLD, publish
from harness.sotto import Sotto
from harness.tap import Cases
from harness.terminal import Terminal
from harness.world import World, main
from test_profanity import ACCOUNTS, SETTINGS

case = Cases()
SKIP = 77
DEVICES = (0, 1)
WAIT_S = 60
FIELD = 2**255 - 19                             # of Curve25519


def plain(fingerprint):
    """Its digits alone."""
    return re.sub('[^0-9a-f]', '', fingerprint.lower())


def curve(edwards):
    """The same key as X25519 has it (RFC 7748 §4.1): what XEP-0384 lets people compare."""
    y = int.from_bytes(bytes.fromhex(edwards), 'little') & ((1 << 255) - 1)
    return ((1 + y) * pow(1 - y, -1, FIELD) % FIELD).to_bytes(32, 'little').hex()


async def until(true, what, seconds=WAIT_S):
    """Waits until it is."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        if got := await true():
            return got
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.3)


# ---- Three programs, used alike ------------------------------------------------------------------------
#
# own()            the fingerprints that each device shows of itself
# meet(who)        both devices learn the keys of somebody's devices
# keys(n, who)     the fingerprints that device n shows of them
# verify(n, who)   device n marks all of them as compared
# say(n, who, text), reads(n, chat, text, mine)


class OnSotto:
    """A person with two folders."""

    def __init__(self, world, name):
        self.world, self.name, self.jid = world, name, world.at.jid(name)
        self.devices = [Sotto(world, name, folder=f'sotto-{name}-{n}', direct=n == 1) for n in DEVICES]

    async def begin(self):
        for device in self.devices:
            await device.login()

    async def own(self):
        return [{plain(d['fingerprint']) for d in await device.devices() if d['this']} for device in self.devices]

    async def meet(self, who):
        for n, device in enumerate(self.devices):
            await device.send(who.jid, self.world.word(f'{self.name} knocks at {who.name} from device {n}.'))

    async def keys(self, n, who):
        return {plain(k['fingerprint']) for k in await self.devices[n].done('trust', who.jid)}

    async def verify(self, n, who):
        for key in await self.keys(n, who):
            await self.devices[n].done('verify', who.jid, key)
        trust = {k['trust'] for k in await self.devices[n].done('trust', who.jid)}
        assert trust == {'verified'}, trust

    async def say(self, n, who, text):
        await self.devices[n].send(who.jid, text)

    async def reads(self, n, chat, text, mine=False):
        author = self.jid if mine else chat.jid

        async def there():
            await self.devices[n].done('listen', '--timeout', 1)
            return (author, text) in await self.devices[n].history(chat.jid)
        await until(there, f'{self.name} {n}: {text}')


class OnProfanity:
    """A person with two terminals."""

    def __init__(self, world, name):
        self.world, self.name, self.jid = world, name, world.at.jid(name)

    async def begin(self):
        self.devices = [self.terminal(n) for n in DEVICES]
        for device in self.devices:
            await device.expect('logged in successfully')
            device.type('/omemo gen')
            await device.expect('OMEMO crytographic materials generated')   # (sic)

    def terminal(self, n):
        home = self.world.at.folder / f'profanity-{self.name}-{n}'
        account = ACCOUNTS.format(jid=self.jid, password=self.world.passwords[self.name], host=self.world.at.host,
                                  port=self.world.at.port).replace('=profanity', f'=profanity-{n}')
        settings = SETTINGS.replace('trustmode=blind', 'trustmode=manual')
        for folder, file, text in ('data', 'accounts', account), ('config', 'profrc', settings):
            (home / folder / 'profanity').mkdir(parents=True)
            (home / folder / 'profanity' / file).write_text(text)
        made = Terminal(home, ['profanity', '-l', 'DEBUG', '-a', self.jid], {
            'HOME': home, 'XDG_CONFIG_HOME': home / 'config', 'XDG_DATA_HOME': home / 'data', 'LC_ALL': 'C.UTF-8',
            'TERM': 'xterm-256color'})
        self.world._stack.callback(made.close)
        return made

    async def shown(self, n, command):
        """All fingerprints that a command of the first window shows, and whose they are: [(line before it, fingerprint)]."""
        device = self.devices[n]
        device.type('/win 1')
        device.type('/clear')
        device.type(command)
        await asyncio.sleep(1)
        return re.findall(r"(\S+) OMEMO fingerprint:.*\n\s*((?:[0-9a-f]{8}-){7}[0-9a-f]{8})", device.screen())

    async def own(self):
        return [{plain(k) for whose, k in await self.shown(n, '/omemo fingerprint') if whose == 'Your'} for n in DEVICES]

    async def meet(self, who):
        for device in self.devices:
            device.type(f'/msg {who.jid}')
            device.type('/omemo start')
        await asyncio.sleep(2)

    async def keys(self, n, who):
        return {plain(k) for _, k in await self.shown(n, f'/omemo fingerprint {who.jid}')}

    async def verify(self, n, who):
        for _, key in await self.shown(n, f'/omemo fingerprint {who.jid}'):
            self.devices[n].type(f'/omemo trust {who.jid} {key}')
        self.devices[n].type(f'/msg {who.jid}')
        self.devices[n].type('/omemo start')
        await asyncio.sleep(1)

    async def say(self, n, who, text):
        self.devices[n].type(f'/msg {who.jid}')
        self.devices[n].type(text)

    async def reads(self, n, chat, text, mine=False):
        self.devices[n].type(f'/msg {chat.jid}')
        await self.devices[n].expect(text)


class OnConverse:
    """A person with two browsers."""

    def __init__(self, world, name):
        self.world, self.name, self.jid = world, name, world.at.jid(name)

    def do(self, n, what, *more):
        return self.world.driver.do(f'{self.name}-{n}', what, *more)

    async def begin(self):
        for n in DEVICES:
            me = {'jid': self.jid, 'password': self.world.passwords[self.name]}
            await self.do(n, 'new', me, f'{self.name}-{n}')
            await self.do(n, 'open')

    async def keys_by_device(self, n, jid):
        """Fingerprints by id of device; those of OMEMO 2, which it keeps and shows as Ed25519, as all others show them."""
        found = {}
        for key in await self.do(n, 'keys', jid):
            if key['key']:
                shown = key['key'][-64:] if key['version'] == OLD else curve(key['key'])
                found.setdefault(key['id'], set()).add(shown)
        return found

    async def own(self):
        found = await until(lambda: self.own_keys(), f'{self.name}: two devices')
        return list(found.values())

    async def own_keys(self):
        found = await self.keys_by_device(0, self.jid)
        return found if len(found) == len(DEVICES) else None

    async def meet(self, who):
        for n in DEVICES:
            await self.do(n, 'send', who.jid, self.world.word(f'{self.name} knocks at {who.name} from browser {n}.'))

    async def keys(self, n, who):
        return set().union(*(await self.keys_by_device(n, who.jid)).values())

    async def verify(self, n, who):
        await self.do(n, 'trust', who.jid, list(await self.keys_by_device(n, who.jid)))

    async def say(self, n, who, text):
        await self.do(n, 'send', who.jid, text)

    async def reads(self, n, chat, text, mine=False):
        await self.do(n, 'reads', chat.jid, text, 'me' if mine else 'them')


# ---- Four people ---------------------------------------------------------------------------------------


class Company(World):
    """Alice and Bob on sotto, Carol on Profanity, Dave on Converse.js."""

    names = ('alice', 'bob', 'carol', 'dave')
    options = ('limits.bundles_per_pair=1000/day', 'limits.bundle_targets_per_account=1000/day')

    async def begin(self):
        self.driver = await self._stack.enter_async_context(Driver('converse', self.at.folder / 'browsers', websocket=self.at.websocket()))
        self.people = [OnSotto(self, 'alice'), OnSotto(self, 'bob'), OnProfanity(self, 'carol'), OnConverse(self, 'dave')]

    def word(self, text):
        """A text that nobody but people may write down."""
        self.at.spoken.append(text)
        return text

    def pairs(self):
        """Everybody with everybody else, in both directions."""
        return [(one, other) for one in self.people for other in self.people if one is not other]


@case('everybody logs in with two devices', timeout=240)
async def _(world):
    for person in world.people:
        await person.begin()


@case('they meet: each device learns the keys of the others', timeout=300)
async def _(world):
    for one, other in world.pairs():
        await one.meet(other)


@case('what everybody is shown of the others is what they show of themselves', timeout=240)
async def _(world):
    own = {person.name: await person.own() for person in world.people}
    for name, devices in own.items():
        assert len(devices) == 2 and all(devices) and not devices[0] & devices[1], (name, devices)
    wrong = []
    for one, other in world.pairs():
        whole = set().union(*own[other.name])
        for n in DEVICES:
            seen = await one.keys(n, other)
            if not seen or seen - whole or any(not seen & device for device in own[other.name]):
                wrong.append((one.name, n, other.name, seen, own[other.name]))
    assert not wrong, '\n'.join(map(str, wrong))


@case('all of them are marked as compared', timeout=240)
async def _(world):
    carol = world.people[2]                     # Profanity wants its own other device compared, too
    await carol.meet(carol)
    for n in DEVICES:
        await carol.verify(n, carol)
    for one, other in world.pairs():
        for n in DEVICES:
            await one.verify(n, other)


async def talk(world, one, other, n):
    """One message from device n, read on three others."""
    text = world.word(f'{one.name} tells {other.name}, from the device {n}: the lamp stands in the north window.')
    await one.say(n, other, text)
    for device in DEVICES:
        await other.reads(device, one, text)
    await one.reads(1 - n, other, text, mine=True)


def add_conversations():
    names = {'alice': 'sotto', 'bob': 'sotto', 'carol': 'Profanity', 'dave': 'Converse.js'}
    for one in names:
        for other in names:
            if one == other:
                continue

            @case(f'{one} ({names[one]}) to {other} ({names[other]}), from either device', timeout=240)
            async def _(world, one=one, other=other):
                people = {person.name: person for person in world.people}
                for n in DEVICES:
                    await talk(world, people[one], people[other], n)


add_conversations()


@case('the search would find words: it finds what nobody encrypts, and the ciphertext of both versions')
async def _(world):
    words = 'The lamp stands in the south window.'
    nick = ET.Element('{http://jabber.org/protocol/nick}nick')
    nick.text = words
    await publish(await world.client('alice'), 'http://jabber.org/protocol/nick', 'current', nick)
    assert leak.find(world.at.data, words), 'what lies there in clear is not found'
    for namespace in OLD, NEW:
        assert leak.find(world.at.data, namespace), namespace


if __name__ == '__main__':
    if missing := [p for p in ('node', 'profanity', 'tmux') if not shutil.which(p)] + ['chromium'] * (CHROMIUM is None):
        print(f"not installed: {', '.join(missing)}")
        sys.exit(SKIP)
    subprocess.run([WEB / 'install'], check=True)
    main(case, Company, __doc__)
