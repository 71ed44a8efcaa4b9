#!/usr/bin/python3
"""test_sotto_people.py: our terminal client and people: contacts, requests, blocks, invitations, as a script drives them."""

from harness.server import free_port
from harness.sotto import Sotto
from harness.tap import Cases
from harness.world import World, main
from test_sotto import failed

case = Cases()



class People(World):
    """Alice and Bob with sotto, who have never heard of each other."""

    talks = False
    options = ('server.domain=localhost twin.test',)

    async def begin(self):
        self.alice, self.bob = Sotto(self, 'alice'), Sotto(self, 'bob')
        for sotto in (self.alice, self.bob):
            await sotto.login()
        self.carol = Sotto(self, 'carol')
        self.carol.jid = 'carol@twin.test'
        self.at.ctl('user', 'add', self.carol.jid, '--password-stdin', stdin='of carol alone\n')
        await self.carol.login('of carol alone')


async def contacts(sotto):
    """The contacts by address."""
    return {c['jid']: c for c in await sotto.done('contacts')}


async def changes(sotto, seconds=2):
    """What `listen` tells of contacts: (address, state)."""
    events = await sotto.done('listen', '--timeout', seconds)
    return [(e['jid'], e['state']) for e in events if e['event'] == 'contact']


# ---- Contacts


@case('wrong usage is status 2, and asks nobody')
async def _(world):
    for argv in (
        ['add'], ['add', 'no address at all'], ['add', world.alice.jid], ['remove'],
        ['remove', world.bob.jid, 'more'], ['befriend', world.bob.jid],
        ['add', world.bob.jid + '/phone'], ['add', world.bob.jid, 'x' * 600],
    ):
        failed(await world.alice.run('contacts', *argv), 2, 'usage')
    assert not await contacts(world.alice)


@case('who is nobody to us is named')
async def _(world):
    for word in ('remove', 'rename', 'accept', 'refuse'):
        failed(await world.alice.run('contacts', word, world.bob.jid), 1, 'unknown')


@case('one adds, the other is asked until he answers, both see it')
async def _(world):
    await world.alice.done('contacts', 'add', world.bob.jid, 'Bob \u202e the builder')
    ours = (await contacts(world.alice))[world.bob.jid]
    assert ours['asked'] and ours['subscription'] == 'none' and ours['listed'], ours
    for _ in range(2):
        assert await changes(world.bob) == [(world.alice.jid, 'asks')]
    theirs = (await contacts(world.bob))[world.alice.jid]
    assert theirs['asks'] and not theirs['listed'], theirs
    await world.bob.done('contacts', 'accept', world.alice.jid)
    assert (world.bob.jid, 'granted') in await changes(world.alice)
    for sotto, other in ((world.alice, world.bob), (world.bob, world.alice)):
        contact = (await contacts(sotto))[other.jid]
        assert contact['subscription'] == 'both' and not contact['asks'], contact


@case('what others call themselves does not reach the terminal as it is')
async def _(world):
    options = [o for o in world.alice.options if o != '--json']
    plain = Sotto(world, 'alice')
    plain.options = options
    process = await plain.start('contacts')
    out, _ = await process.communicate()
    assert '\u202e' not in out.decode() and 'builder' in out.decode(), out


@case('decisions made without a connection go out with the next one')
async def _(world):
    away = Sotto(world, 'alice', connect=f'127.0.0.1:{free_port()}')
    status, events = await away.run('contacts', 'rename', world.bob.jid, 'Robert')
    assert status == 3 and 'kept' in events[-1]['text'], (status, events)
    assert (await contacts(world.alice))[world.bob.jid]['name'] == 'Robert'
    await world.alice.done('contacts')
    contact = (await contacts(world.alice))[world.bob.jid]
    assert not contact['waiting'] and contact['name'] == 'Robert', contact


@case('removal ends it on both sides; a refusal is told')
async def _(world):
    await world.alice.done('contacts', 'remove', world.bob.jid)
    assert not await contacts(world.alice)
    assert (world.alice.jid, 'refused') in await changes(world.bob)
    assert (await contacts(world.bob))[world.alice.jid]['subscription'] == 'none'
    await world.bob.done('contacts', 'remove', world.alice.jid)
    await world.bob.done('contacts', 'add', world.alice.jid)
    await world.alice.done('contacts', 'refuse', world.bob.jid)
    assert (world.alice.jid, 'refused') in await changes(world.bob)
    await world.bob.done('contacts', 'remove', world.alice.jid)
    assert not await contacts(world.alice) and not await contacts(world.bob)


# ---- Strangers


async def requests(sotto):
    """Who waits: (address, held, count, first text)."""
    return [(e['jid'], e['held'], e.get('count'), e.get('body')) for e in await sotto.done('requests')]


@case('what a stranger writes waits, and tells him nothing, until it is accepted')
async def _(world):
    text = 'I have papers for you.'
    status, _ = await world.carol.run(
        'send', world.alice.jid, text, '--wait', 'delivered', '--timeout', '1'
    )
    assert status == 4, status
    events = await world.alice.done('listen', '--timeout', 2)
    assert {e['event'] for e in events} == {'online', 'request'}, events
    for _ in range(2):
        assert await requests(world.alice) == [(world.carol.jid, True, 1, text)]
    assert not await world.alice.history(world.carol.jid)
    await world.alice.done('requests', 'accept', world.carol.jid)
    assert await world.alice.history(world.carol.jid) == [(world.carol.jid, text)]
    assert not await requests(world.alice)
    assert [t for _, t, _ in await world.alice.hear()] == [text]
    await world.carol.send(world.alice.jid, 'Thank you.')
    assert [t for _, t, _ in await world.alice.hear()] == ['Thank you.']
    await world.alice.done('contacts', 'remove', world.carol.jid)


@case('who is refused is not heard, who is of our server is heard and asked about')
async def _(world):
    await world.carol.send(world.bob.jid, 'One.')
    assert await requests(world.bob) == [(world.carol.jid, True, 1, 'One.')]
    await world.bob.done('requests', 'refuse', world.carol.jid)
    await world.carol.send(world.bob.jid, 'Two.')
    assert not await requests(world.bob)
    failed(await world.bob.run('requests', 'accept', world.alice.jid), 1, 'unknown')
    await world.alice.send(world.bob.jid, 'I am of your server.')
    assert [t for _, t, _ in await world.bob.hear()] == ['I am of your server.']
    found = await requests(world.bob)
    assert found == [(world.alice.jid, False, None, None)], found
    await world.bob.send(world.alice.jid, 'I see.')
    assert not await requests(world.bob)


# ---- Invitations


@case('who has sent the invitation is a contact on both sides, and nobody is asked', timeout=120)
async def _(world):
    for way, name in (('uri', 'guest'), ('page', 'visitor')):
        (invitation,) = await world.alice.done('invite')
        assert invitation['event'] == 'invitation' and invitation['expires'] > '2', invitation
        guest = Sotto(world, name)
        await guest.done('register', invitation[way], name)
        failed(await Sotto(world, f'second-{name}').run('register', invitation[way], 'second'),
               1, 'refused')
        if way == 'page':                       # it does not tell who is behind it
            continue
        for sotto, other in ((guest, world.alice), (world.alice, guest)):
            contact = (await contacts(sotto))[other.jid]
            assert contact['subscription'] == 'both' and not contact['asks'], contact
        await guest.send(world.alice.jid, 'Thank you for the invitation.')
        assert 'Thank you for the invitation.' in await world.alice.rest(2)


@case('an account has so many open invitations, and hears why there are no more')
async def _(world):
    for _ in range(21):
        status, events = await world.bob.run('invite')
        if status != 0:
            break
    failed((status, events), 1, 'refused')
    assert 'open invitations' in events[-1]['text'], events


# ---- Blocks


@case('who is blocked is not heard, until he is unblocked')
async def _(world):
    for argv in (['block', world.alice.jid, '--report', 'boredom'], ['block', '--report', 'spam'],
                 ['block', world.bob.jid], ['block', 'localhost'], ['unblock']):
        failed(await world.bob.run(*argv), 2, 'usage')
    await world.bob.done('block', world.alice.jid, '--report', 'abuse')
    assert [e['jid'] for e in await world.bob.done('block')] == [world.alice.jid]
    failed(await world.alice.run('send', world.bob.jid, 'Are you there?'), 1, 'refused')
    await world.bob.done('unblock', world.alice.jid)
    failed(await world.bob.run('unblock', world.alice.jid), 1, 'unknown')
    assert not await world.bob.done('block')
    await world.alice.send(world.bob.jid, 'And now?')
    assert 'And now?' in await world.bob.rest(2)


@case('the safety number is the same on both sides, and verifies who tells it; a code does as well')
async def _(world):
    alice, bob = world.alice, world.bob
    (ours,), (theirs,) = [await one.done('verify', other.jid, '--number') for one, other in ((alice, bob), (bob, alice))]
    assert ours['number'] == theirs['number'] and ours['number'].replace(' ', '').isdigit(), (ours, theirs)
    wrong = ours['number'][:-1] + str((int(ours['number'][-1]) + 1) % 10)
    failed(await alice.run('verify', bob.jid, wrong), 1, 'mismatch')
    assert {k['trust'] for k in await alice.done('trust', bob.jid)} == {'trusted'}
    keys = await alice.done('verify', bob.jid, theirs['number'].replace(' ', ''))
    assert {k['trust'] for k in keys} == {'verified'}, keys
    code = ours['code']
    bad = code[:-1] + ('0' if code[-1] != '0' else '1')
    failed(await bob.run('verify', alice.jid, bad), 1, 'mismatch')
    failed(await bob.run('verify', alice.jid, 'xmpp:nothing'), 2, 'usage')
    assert {k['trust'] for k in await bob.done('verify', alice.jid, code)} == {'verified'}
    failed(await bob.run('verify', alice.jid, code, '--number'), 2, 'usage')
    failed(await bob.run('verify', alice.jid, code, '--timeout', '3'), 2, 'usage')


if __name__ == '__main__':
    main(case, People, __doc__)
