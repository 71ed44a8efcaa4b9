#!/usr/bin/python3
"""test_dino.py: a person with Dino, on a screen that nobody sees, and OMEMO 0.3 both ways with an independent
implementation: what is sent to Dino is in its history, what is typed into it is read by the other. And with sotto: what
two of its devices send is in Dino's history, and what Dino types both of them read."""
from harness.client import befriend
from harness.desk import main_alone
from harness.dino import HEARD, WAIT_S, WithDino
from harness.omemo import DEVICE_LIST, OLD, Omemo, keys_announced
from harness.sotto import Sotto
from harness.tap import Cases

case = Cases()
WORDS = ('Under the stairs, behind the paint.', 'Found it. I bring it tonight.')
FROM_SOTTO = ('The key hangs where it always hung.', 'And the other one is with the neighbours.')
TO_SOTTO = 'Leave it there until the weekend.'


class Talk(WithDino):
    """Alice has Dino, Bob a client of ours who watches what she announces, Carol sotto on two devices."""

    names = ('alice', 'bob', 'carol')

    async def begin(self):
        await super().begin()
        self.bob = await Omemo.announce(await self.client('bob', notify=[DEVICE_LIST[OLD]]))
        self.watcher = await self.client('alice', notify=[DEVICE_LIST[OLD]])
        await befriend(self.watcher, self.bob.client)
        self.at.spoken.append(WORDS[1])
        await self.make_account()


@case('Dino logs in and announces its keys', timeout=120)
async def _(world):
    world.start('dbus-run-session', '--', 'dino-im')
    await keys_announced(world.watcher, WAIT_S)


@case('what Bob sends is in its history', timeout=120)
async def _(world):
    await world.bob.send(world.at.jid('alice'), WORDS[0], OLD)
    await world.until(HEARD, WORDS[0])


@case('what is typed there, Bob reads', timeout=120)
async def _(world):
    await world.turn_omemo_on()
    await world.type(WORDS[1])
    assert await world.bob.expect(world.at.jid('alice'), WAIT_S) == (WORDS[1], OLD)


@case('what both devices of somebody with sotto send is in its history', timeout=120)
async def _(world):
    world.carol = [Sotto(world, 'carol', folder=f'sotto-carol-{n}') for n in range(2)]
    for sotto in world.carol:
        await sotto.login()
    for sotto, words in zip(world.carol, FROM_SOTTO):
        world.at.spoken.append(words)
        (sent,) = await sotto.send(world.at.jid('alice'), words)
        assert sent['encryption'] == 'omemo:0.3', sent
        await world.until(HEARD, words)


@case('what is typed there, both of these devices read', timeout=120)
async def _(world):
    world.at.spoken.append(TO_SOTTO)
    await world.turn_omemo_on(2)
    await world.type(TO_SOTTO)
    for sotto in world.carol:
        await sotto.hear_of((world.at.jid('alice'), TO_SOTTO, 'omemo:0.3'))


if __name__ == '__main__':
    main_alone(case, Talk, __doc__, 'dino-im')
