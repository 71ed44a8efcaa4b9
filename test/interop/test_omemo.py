#!/usr/bin/python3
"""test_omemo.py: two clients talk OMEMO 0.3 and 2 through the server, both ways;
what the server wrote is searched for their words."""
from harness import leak
from harness.omemo import (
    DEVICE_LIST,
    NEW,
    OLD,
    Omemo,
    bundle_place,
    device_lists,
    fetch,
    payload_octets,
)
from harness.tap import Cases
from harness.world import World, main

case = Cases()


class Talk(World):
    """Alice and Bob, each with one device, and what they said; Carol is in nobody's roster."""

    names = ('alice', 'bob', 'carol')

    def __init__(self, at):
        super().__init__(at)
        self.sealed = []

    async def begin(self):
        self.alice = await Omemo.announce(await self.client('alice'))
        self.bob = await Omemo.announce(await self.client('bob'))

    async def send(self, sender, to, text, namespace):
        """Sends, and keeps the ciphertext, which must be found where the words must not."""
        self.sealed.append(payload_octets(await sender.send(to, text, namespace)))

    async def talk(self, sender, receiver, text, namespace):
        """One message that must arrive as it left."""
        await self.send(sender, receiver.client.boundjid.bare, text, namespace)
        heard = await receiver.expect(sender.client.boundjid.bare)
        assert heard == (text, namespace), heard


async def converse(world, namespace):
    """A conversation with turns, so that the ratchets turn, and a run in one direction, so that the
    chains grow."""
    for turn in range(3):
        await world.talk(
            world.alice,
            world.bob,
            f'The first draft is under the third stone, turn {turn}.',
            namespace,
        )
        await world.talk(
            world.bob, world.alice, f'Read “it” & burnt <it>: €{turn} spent on matches.', namespace
        )
    for number in range(5):
        await world.talk(
            world.alice, world.bob, f'Five in a row, this is number {number} of them.', namespace
        )


@case('OMEMO 0.3 both ways')
async def _(world):
    await converse(world, OLD)


@case('OMEMO 2 both ways')
async def _(world):
    await converse(world, NEW)


@case('a message to an account that is offline is read after login')
async def _(world):
    await world.bob.client.close()
    text = 'You were not there when I wrote this one.'
    await world.send(world.alice, world.at.jid('bob'), text, OLD)
    await world.alice.client.settled()
    world.bob.client = await world.client('bob')
    heard = await world.bob.expect(world.at.jid('alice'))
    assert heard == (text, OLD), heard


@case('device lists and bundles can be read by an account that is in no roster')
async def _(world):
    carol = await world.client('carol')
    device, _ = await world.bob.identity()
    for namespace in (OLD, NEW):
        devices = await fetch(carol, world.at.jid('bob'), DEVICE_LIST[namespace], 'current')
        assert [d.get('id') for d in devices] == [str(device)], devices
        bundle = await fetch(carol, world.at.jid('bob'), *bundle_place(namespace, device))
        assert bundle is not None and bundle.tag.endswith('}bundle'), bundle


@case('what is not there is item-not-found')
async def _(world):
    carol = await world.client('carol')
    for node, item in (
        (DEVICE_LIST[OLD], 'current'),
        bundle_place(OLD, 4711),
        bundle_place(NEW, 4711),
    ):
        assert await fetch(carol, world.at.jid('carol'), node, item) is None


@case('a second device of the same account is announced to the first and can read')
async def _(world):
    watcher = await world.client('bob', notify=[DEVICE_LIST[OLD]])
    second = await Omemo.announce(await world.client('bob'))
    ids = {(await world.bob.identity())[0], (await second.identity())[0]}
    await watcher.expect(lambda m: (DEVICE_LIST[OLD], ids) in list(device_lists(m)))
    await world.talk(world.alice, second, 'Now both of your devices can read this.', OLD)


@case('the server wrote the ciphertext')
async def _(world):
    missing = [s for s in world.sealed if not leak.find(world.at.data, s)]
    assert len(missing) < len(world.sealed), 'the search does not even find what must be there'


if __name__ == '__main__':
    main(case, Talk, __doc__)
