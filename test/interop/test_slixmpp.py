#!/usr/bin/python3
"""test_slixmpp.py: what every chat client does, done with slixmpp against the server: contacts,
presence, messages, copies on other devices, archive, events, storage for the absent,
acknowledgements and resumption.

A case whose feature the server does not announce is skipped and says so, so the list grows with the
server. Bodies are random octets in an OMEMO element: a server that refuses plaintext takes them,
any other does too.
"""
import asyncio
import base64
import re
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

from harness.client import (
    CLIENT,
    TIMEOUT_S,
    NS_CARBONS,
    NS_DISCO_INFO,
    NS_FORWARD,
    NS_MAM,
    NS_PUBSUB,
    NS_PUBSUB_EVENT,
    NS_ROSTER,
    NS_SM,
    Client,
    LoginFailed,
    befriend,
    element,
)
from harness.omemo import NS_HINTS, OLD, fetch, form, looks_sealed, publish
from harness.raw import NS_SASL, NS_TLS, Closed, Raw
from harness.server import ROOT
from harness.tap import Cases, Skip
from harness.world import World, main

SM = '{%s}sm' % NS_SM                           # as a stream feature
PEP = f'{NS_PUBSUB}#publish'
NS_DELAY = 'urn:xmpp:delay'
NS_PING = 'urn:xmpp:ping'
NS_RECEIPTS = 'urn:xmpp:receipts'
NS_RSM = 'http://jabber.org/protocol/rsm'
NS_SID = 'urn:xmpp:sid:0'
NS_STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
NS_BLOCKING = 'urn:xmpp:blocking'
NS_VERSION = 'jabber:iq:version'

case = Cases()


class Chat(World):
    """A fresh pair of accounts for each case, so that no case depends on another."""

    names = ()
    count = 0

    async def begin(self):
        self.add_account('probe')
        probe = await self.client('probe')
        self.features = (
            await probe.announced(self.at.domain)
            | await probe.announced(probe.boundjid.bare)
            | {f.tag for f in probe.stream_features}
        )
        await probe.close()

    def pair(self):
        """Names of two new accounts."""
        Chat.count += 1
        names = f'alice{Chat.count}', f'bob{Chat.count}'
        for name in names:
            self.add_account(name)
        return names

    async def clients(self):
        """Alice and Bob, online."""
        return [await self.client(name) for name in self.pair()]

    def need(self, features):
        """Skips the case unless the server announces all of these."""
        missing = features - self.features
        if missing:
            raise Skip(f"the server does not announce {', '.join(sorted(missing))}")


def send_sealed(sender, to, *more, ident=None):
    """Sends what looks like an encrypted message that is to be stored, with words beside it for
    clients that cannot read it, which Sotto replaces; returns its id."""
    words = element('body', f'Some client says all of it here as well, {sender.new_id()}.')
    if sender.at.name == 'sottod':
        sender.at.spoken.append(words.text)
    return sender.say(to, words, looks_sealed(), ET.Element('{%s}store' % NS_HINTS), *more, ident=ident)


def has_id(ident):
    """Matches a message by its id."""
    return lambda m: m.get('id') == ident


async def roster(client):
    """The roster as {jid: (subscription, ask, name, groups)}."""
    answer = await client.ask('get', ET.Element('{%s}query' % NS_ROSTER))
    return {i.get('jid'): (i.get('subscription'), i.get('ask'), i.get('name'),
                           sorted(g.text for g in i.iter('{%s}group' % NS_ROSTER)))
            for i in answer.iter('{%s}item' % NS_ROSTER)}


async def archive(client, page=50, **fields):
    """All of the archive as [(archive id, forwarded message)], read in pages from the oldest on."""
    found, after = [], None
    while True:
        query = ET.Element('{%s}query' % NS_MAM, queryid='q')
        if fields:
            query.append(form(NS_MAM))
            for name, value in fields.items():
                field = ET.SubElement(query[0], '{jabber:x:data}field', var=name.rstrip('_'))
                ET.SubElement(field, '{jabber:x:data}value').text = value
        window = ET.SubElement(query, '{%s}set' % NS_RSM)
        ET.SubElement(window, '{%s}max' % NS_RSM).text = str(page)
        if after:
            ET.SubElement(window, '{%s}after' % NS_RSM).text = after
        start = len(client.heard)
        fin = (await client.ask('set', query)).find('{%s}fin' % NS_MAM)
        for message in client.heard[start:]:
            for result in message.iter('{%s}result' % NS_MAM):
                found.append((result.get('id'), result.find(f'.//{CLIENT}message')))
        if fin.get('complete') == 'true':
            return found
        after = fin.findtext('{%s}set/{%s}last' % (NS_RSM, NS_RSM))


# ---- Login -------------------------------------------------------------------------------------


@case('a wrong password is refused')
async def _(world):
    name, _ = world.pair()
    client = Client(world.at, name, 'not the password')
    try:
        await client.login()
    except LoginFailed:
        return
    raise AssertionError('logged in with a wrong password')


@case('before TLS there is nothing but TLS')
async def _(world):
    raw = Raw(world.at)
    assert raw.features.find(f'{NS_TLS}starttls') is not None and not raw.mechanisms()
    raw.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHg=</auth>")
    try:
        answer = raw.next()
    except Closed:
        return
    assert answer is not None and answer.tag != f'{NS_SASL}success', answer.tag


def answer_to(raw, mechanism, first):
    """What the server says to this first message of SCRAM."""
    text = base64.b64encode(first.encode()).decode()
    raw.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{text}</auth>")
    answer = raw.next()
    return answer.tag if answer.tag != f'{NS_SASL}failure' else answer[0].tag


@case('tls-unique is refused: TLS 1.3 has none (RFC 9266)', only='sottod')
async def _(world):
    name, _ = world.pair()
    raw = Raw(world.at)
    raw.start_tls()
    plus = 'SCRAM-SHA-256-PLUS'
    assert plus in raw.mechanisms()
    bare = f'n={name},r=abcdefgh'
    assert answer_to(raw, plus, f'p=tls-unique,,{bare}') == f'{NS_SASL}malformed-request'
    assert answer_to(raw, plus, f'p=tls-exporter,,{bare}') == f'{NS_SASL}challenge'
    raw.close()

    # slixmpp takes -PLUS when it is offered, and knows tls-unique only.
    client = Client(world.at, name, world.passwords[name])
    sasl = client['feature_mechanisms']
    without = sasl.sasl_callback
    sasl.sasl_callback = lambda *wanted: {**without(*wanted), 'channel_binding': bytes(12)}
    sasl.use_mechs = {plus}
    try:
        await client.login()
    except LoginFailed:
        return
    raise AssertionError('logged in with a channel binding that does not exist')


@case('who could bind the channel and says that we cannot is refused: a downgrade (RFC 5802 §6)', only='sottod')
async def _(world):
    name, _ = world.pair()
    raw = Raw(world.at)
    raw.start_tls()
    assert answer_to(raw, 'SCRAM-SHA-256', f'y,,n={name},r=abcdefgh') == f'{NS_SASL}not-authorized'
    raw.close()


@case('two clients of one account get different resources')
async def _(world):
    name, _ = world.pair()
    first, second = await world.client(name), await world.client(name)
    assert first.boundjid.resource and first.boundjid.full != second.boundjid.full


@case('the server answers disco, ping and what it does not know')
async def _(world):
    alice, _ = await world.clients()
    assert NS_DISCO_INFO in world.features
    if NS_PING in world.features:
        await alice.ask('get', ET.Element('{%s}ping' % NS_PING), world.at.domain)
    for to in (world.at.domain, alice.boundjid.bare):
        try:
            await alice.ask('get', ET.Element('{urn:example:nobody-knows}query'), to)
        except IqError as error:
            assert error.condition in (
                'service-unavailable',
                'feature-not-implemented',
            ), error.condition
        else:
            raise AssertionError('an unknown IQ got a result')


# ---- Contacts and presence ---------------------------------------------------------------------


@case('a contact is added, renamed, grouped and removed; other resources are told')
async def _(world):
    alice, bob = world.pair()
    one, two = await world.client(alice), await world.client(alice)
    jid = world.at.jid(bob)

    async def change(**item):
        query = ET.Element('{%s}query' % NS_ROSTER)
        groups = item.pop('groups', ())
        entry = ET.SubElement(query, '{%s}item' % NS_ROSTER, jid=jid, **item)
        for group in groups:
            ET.SubElement(entry, '{%s}group' % NS_ROSTER).text = group
        await one.ask('set', query)

    await change(name='Bob & Söhne', groups=['work', 'ünïcode'])
    assert await roster(one) == {jid: ('none', None, 'Bob & Söhne', ['work', 'ünïcode'])}
    await two.until(lambda: two.client_roster[jid]['name'] == 'Bob & Söhne')
    await change(name='Bob')
    assert await roster(two) == {jid: ('none', None, 'Bob', [])}
    await change(subscription='remove')
    assert await roster(two) == {}


@case('subscriptions both ways, then presence flows')
async def _(world):
    alice, bob = await world.clients()
    await befriend(alice, bob)
    assert (await roster(alice))[bob.boundjid.bare][0] == 'both'
    assert (await roster(bob))[alice.boundjid.bare][0] == 'both'
    alice.send_presence(pshow='away', pstatus='gone fishing')
    away = await bob.expect_presence(lambda p: p.findtext(f'{CLIENT}show') == 'away')
    assert (
        away.get('from') == alice.boundjid.full
        and away.findtext(f'{CLIENT}status') == 'gone fishing'
    )
    await alice.close()
    await bob.expect_presence(
        lambda p: p.get('type') == 'unavailable' and p.get('from') == alice.boundjid.full
    )


@case('a contact who logs in is seen, and sees who is there')
async def _(world):
    alice, bob = await world.clients()
    await befriend(alice, bob)
    await bob.close()
    again = await world.client(bob.boundjid.user)
    await alice.expect_presence(
        lambda p: p.get('from') == again.boundjid.full and p.get('type') is None
    )
    await again.expect_presence(lambda p: p.get('from') == alice.boundjid.full)


@case('a request waits for the contact who is offline')
async def _(world):
    name, other = world.pair()
    alice = await world.client(name)
    alice.send_presence(pto=world.at.jid(other), ptype='subscribe')
    await alice.settled()
    assert (await roster(alice))[world.at.jid(other)][:2] == ('none', 'subscribe')
    bob = await world.client(other)
    await bob.expect_presence(
        lambda p: p.get('type') == 'subscribe' and p.get('from') == alice.boundjid.bare
    )


@case('a request that is declined leaves no subscription')
async def _(world):
    alice, bob = await world.clients()
    alice.send_presence(pto=bob.boundjid.bare, ptype='subscribe')
    await bob.expect_presence(lambda p: p.get('type') == 'subscribe')
    bob.send_presence(pto=alice.boundjid.bare, ptype='unsubscribed')
    await alice.expect_presence(lambda p: p.get('type') == 'unsubscribed')
    assert (await roster(alice))[bob.boundjid.bare][:2] == ('none', None)


@case('who is not subscribed sees no presence')
async def _(world):
    alice, bob = await world.clients()
    alice.send_presence(pshow='dnd')
    await alice.settled()
    await bob.settled()
    assert not [p for p in bob.seen_presence if alice.boundjid.bare in (p.get('from') or '')]


# ---- Messages ----------------------------------------------------------------------------------


@case('messages arrive whole and in order')
async def _(world):
    alice, bob = await world.clients()
    ids = [send_sealed(alice, bob.boundjid.bare) for _ in range(50)]
    await bob.expect(has_id(ids[-1]))
    assert [m.get('id') for m in bob.heard if m.get('id') in ids] == ids
    assert bob.heard[0].get('from') == alice.boundjid.full
    assert bob.heard[0].find('{%s}encrypted' % OLD) is not None


@case('a sender cannot name somebody else as sender')
async def _(world):
    alice, bob = await world.clients()
    message = alice.make_message(mto=bob.boundjid.bare, mfrom=bob.boundjid.bare)
    message['id'] = 'forged'
    message.append(looks_sealed())
    message.send()
    # The server may end the stream (RFC 6120 §8.1.2.1), answer an error or put the true address
    # there.
    await asyncio.wait({asyncio.ensure_future(alice.settled()), alice.disconnected},
                       return_when=asyncio.FIRST_COMPLETED)
    await bob.settled()
    arrived = [m.get('from') for m in bob.heard if m.get('id') == 'forged']
    assert arrived in ([], [alice.boundjid.full]), arrived


@case('a message to an account that does not exist comes back as an error or is dropped')
async def _(world):
    alice, _ = await world.clients()
    ident = send_sealed(alice, world.at.jid('nobody-has-this-name'))
    await alice.settled()
    answers = [m for m in alice.heard if m.get('id') == ident]
    assert all(m.get('type') == 'error' for m in answers), answers


@case('a receipt finds its way back')
async def _(world):
    alice, bob = await world.clients()
    # A server may keep receipts from people to whom their sender never wrote.
    await alice.expect(has_id(send_sealed(bob, alice.boundjid.bare)))
    ident = send_sealed(alice, bob.boundjid.bare, ET.Element('{%s}request' % NS_RECEIPTS))
    await bob.expect(has_id(ident))
    bob.say(alice.boundjid.full, ET.Element('{%s}received' % NS_RECEIPTS, id=ident))
    receipt = await alice.expect(lambda m: m.find('{%s}received' % NS_RECEIPTS) is not None)
    assert receipt.find('{%s}received' % NS_RECEIPTS).get('id') == ident


@case(
    'messages to an absent account are delivered at its next login, in order', needs=['msgoffline']
)
async def _(world):
    name, other = world.pair()
    alice = await world.client(name)
    ids = [send_sealed(alice, world.at.jid(other)) for _ in range(10)]
    await alice.settled()
    bob = await world.client(other)
    await bob.expect(has_id(ids[-1]))
    late = [m for m in bob.heard if m.get('id') in ids]
    assert [m.get('id') for m in late] == ids
    assert all(m.find('{%s}delay' % NS_DELAY) is not None for m in late)


@case('what was delivered once is not delivered again at the next login', needs=['msgoffline'])
async def _(world):
    name, other = world.pair()
    alice = await world.client(name)
    ident = send_sealed(alice, world.at.jid(other))
    await alice.settled()
    bob = await world.client(other)
    await bob.expect(has_id(ident))
    await bob.close()
    again = await world.client(other)
    await again.settled()
    assert not [m for m in again.heard if m.get('id') == ident]


@case('a blocked contact gets through to nobody', needs=[NS_BLOCKING])
async def _(world):
    alice, bob = await world.clients()
    block = ET.Element('{%s}block' % NS_BLOCKING)
    ET.SubElement(block, '{%s}item' % NS_BLOCKING, jid=alice.boundjid.bare)
    await bob.ask('set', block)
    ident = send_sealed(alice, bob.boundjid.bare)
    await alice.settled()
    await bob.settled()
    assert not [m for m in bob.heard if m.get('id') == ident]
    answer = await bob.ask('get', ET.Element('{%s}blocklist' % NS_BLOCKING))
    assert [i.get('jid') for i in answer.iter('{%s}item' % NS_BLOCKING)] == [alice.boundjid.bare]


# ---- Carbons (XEP-0280) ------------------------------------------------------------------------


def carbon(message):
    """(direction, forwarded message) of a carbon copy, or None."""
    for direction in ('sent', 'received'):
        if (copy := message.find('{%s}%s' % (NS_CARBONS, direction))) is not None:
            return direction, copy.find('{%s}forwarded/%smessage' % (NS_FORWARD, CLIENT))
    return None


@case('a second device gets copies of what is sent and received', needs=[NS_CARBONS])
async def _(world):
    alice, bob = world.pair()
    desk, phone = await world.client(alice), await world.client(alice)
    for device in (desk, phone):
        await device.ask('set', ET.Element('{%s}enable' % NS_CARBONS))
    peer = await world.client(bob)

    sent = send_sealed(desk, peer.boundjid.bare)
    copy = await phone.expect(lambda m: carbon(m) and carbon(m)[1].get('id') == sent)
    assert carbon(copy)[0] == 'sent' and copy.get('from') == desk.boundjid.bare
    assert carbon(copy)[1].get('from') == desk.boundjid.full

    received = send_sealed(peer, desk.boundjid.full)
    await desk.expect(has_id(received))
    copy = await phone.expect(lambda m: carbon(m) and carbon(m)[1].get('id') == received)
    assert carbon(copy)[0] == 'received'
    await desk.settled()
    assert not [m for m in desk.heard if carbon(m)], 'the device that was part of it got a copy'


@case('private messages are not copied', needs=[NS_CARBONS])
async def _(world):
    alice, bob = world.pair()
    desk, phone = await world.client(alice), await world.client(alice)
    await phone.ask('set', ET.Element('{%s}enable' % NS_CARBONS))
    peer = await world.client(bob)
    ident = send_sealed(peer, desk.boundjid.full, ET.Element('{%s}private' % NS_CARBONS),
                        ET.Element('{%s}no-copy' % NS_HINTS))
    await desk.expect(has_id(ident))
    await phone.settled()
    assert not [m for m in phone.heard if carbon(m)]


# ---- Archive (XEP-0313) ------------------------------------------------------------------------


@case('both sides find the conversation in their archives, page by page', needs=[NS_MAM])
async def _(world):
    alice, bob = await world.clients()
    ids = []
    for _ in range(6):
        ids.append(send_sealed(alice, bob.boundjid.bare))
        await bob.expect(has_id(ids[-1]))
        ids.append(send_sealed(bob, alice.boundjid.bare))
        await alice.expect(has_id(ids[-1]))
    for client in (alice, bob):
        for page in (50, 5):
            entries = await archive(client, page)
            assert [m.get('id') for _, m in entries] == ids, (client.boundjid, page)
            assert len({a for a, _ in entries}) == len(ids)


@case('the archive is filtered by contact and time', needs=[NS_MAM])
async def _(world):
    alice, bob = await world.clients()
    carol, _ = await world.clients()
    wanted = send_sealed(alice, bob.boundjid.bare)
    send_sealed(alice, carol.boundjid.bare)
    await alice.settled()
    assert [m.get('id') for _, m in await archive(alice, with_=bob.boundjid.bare)] == [wanted]
    assert await archive(alice, end='2001-01-01T00:00:00Z') == []
    assert len(await archive(alice, start='2001-01-01T00:00:00Z')) == 2


@case('the id on the delivered message is the id in the archive', needs=[NS_MAM])
async def _(world):
    alice, bob = await world.clients()
    ident = send_sealed(alice, bob.boundjid.bare)
    message = await bob.expect(has_id(ident))
    stanza_id = message.find('{%s}stanza-id' % NS_SID)
    assert stanza_id is not None and stanza_id.get('by') == bob.boundjid.bare
    assert stanza_id.get('id') in [a for a, _ in await archive(bob)]


@case('nobody reads the archive of somebody else', needs=[NS_MAM])
async def _(world):
    alice, bob = await world.clients()
    send_sealed(alice, bob.boundjid.bare)
    carol, _ = await world.clients()
    try:
        answer = await carol.ask('set', ET.Element('{%s}query' % NS_MAM), bob.boundjid.bare)
    except IqError:
        return
    raise AssertionError(ET.tostring(answer))


# ---- Events (XEP-0163) -------------------------------------------------------------------------

NODE = 'urn:example:weather'


def weather(text):
    """A payload of an event."""
    made = ET.Element('{%s}weather' % NODE)
    made.text = text
    return made


def event(message):
    """The texts of the weather events in a message."""
    return [
        w.text
        for items in message.iter('{%s}items' % NS_PUBSUB_EVENT)
        for w in items.iter('{%s}weather' % NODE)
    ]


@case('a contact who wants it is told of a published event, now and at login', needs=[PEP])
async def _(world):
    alice, bob = world.pair()
    publisher, watcher = await world.client(alice), await world.client(bob, notify=[NODE])
    await befriend(publisher, watcher)
    await publish(publisher, NODE, 'current', weather('storm'), access_model='presence')
    told = await watcher.expect(lambda m: event(m) == ['storm'])
    assert told.get('from') == publisher.boundjid.bare
    await watcher.close()
    await publish(publisher, NODE, 'current', weather('calm'), access_model='presence')
    again = await world.client(bob, notify=[NODE])
    await again.expect(lambda m: event(m) == ['calm'])


@case('an event for contacts is not for strangers', needs=[PEP])
async def _(world):
    alice, stranger = await world.clients()
    await publish(alice, NODE, 'current', weather('fog'), access_model='presence')
    try:
        found = await fetch(stranger, alice.boundjid.bare, NODE, 'current')
    except IqError:
        return
    assert found is None, ET.tostring(found)


@case('an item is fetched, retracted, and gone', needs=[PEP])
async def _(world):
    alice, _ = await world.clients()
    await publish(alice, NODE, 'today', weather('sun'))
    assert (await fetch(alice, alice.boundjid.bare, NODE, 'today')).text == 'sun'
    pubsub = ET.Element('{%s}pubsub' % NS_PUBSUB)
    retract = ET.SubElement(pubsub, '{%s}retract' % NS_PUBSUB, node=NODE, notify='true')
    ET.SubElement(retract, '{%s}item' % NS_PUBSUB, id='today')
    await alice.ask('set', pubsub)
    assert await fetch(alice, alice.boundjid.bare, NODE, 'today') is None


# ---- Acknowledgements and resumption (XEP-0198) ------------------------------------------------


@case('the server acknowledges every stanza', needs=[SM])
async def _(world):
    name, other = world.pair()
    alice, bob = await world.client(name, plugins=['xep_0198']), await world.client(other)
    acked = []
    alice.add_event_handler('stanza_acked', lambda stanza: acked.append(stanza['id']))
    ids = [send_sealed(alice, bob.boundjid.bare) for _ in range(12)]
    await bob.expect(has_id(ids[-1]))
    alice['xep_0198'].request_ack()
    await alice.until(lambda: set(ids) <= set(acked))


@case('a cut connection is resumed: nothing is lost, nothing comes twice', needs=[SM])
async def _(world):
    name, other = world.pair()
    alice, bob = await world.client(name), await world.client(other, plugins=['xep_0198'])
    first = send_sealed(alice, bob.boundjid.bare)
    await bob.expect(has_id(first))
    resource = bob.boundjid.full
    bob.cut()
    await bob.until(lambda: not bob.is_connected())
    missed = [send_sealed(alice, bob.boundjid.bare) for _ in range(5)]
    await alice.settled()
    await bob.resume()
    await bob.expect(has_id(missed[-1]))
    await bob.settled()
    assert bob.boundjid.full == resource
    ids = [m.get('id') for m in bob.heard]
    assert [i for i in ids if i in missed] == missed, ids
    assert ids.count(first) == 1, ids


@case('what a dead connection did not take waits for the next login', needs=[SM, 'msgoffline'])
async def _(world):
    name, other = world.pair()
    alice, bob = await world.client(name), await world.client(other, plugins=['xep_0198'])
    bob.cut()
    await bob.until(lambda: not bob.is_connected())
    ident = send_sealed(alice, bob.boundjid.bare)
    await alice.settled()
    again = await world.client(other)
    if NS_MAM in world.features:
        assert ident in [m.get('id') for _, m in await archive(again)]
    else:
        await again.expect(has_id(ident))


@case('what is said not to be built yet is not announced either', only='sottod')
async def _(world):
    assert not case.later & world.features, case.later & world.features


# ---- Policy ------------------------------------------------------------------------------------


@case('plaintext is refused with a reason that a person understands', only='sottod')
async def _(world):
    alice, bob = await world.clients()
    words = element('body', 'In the clear, for all to read.')
    world.at.spoken.append(words.text)
    ident = alice.say(bob.boundjid.bare, words)
    refusal = await alice.expect(lambda m: m.get('id') == ident and m.get('type') == 'error')
    error = refusal.find(f'{CLIENT}error')
    assert error.find('{%s}policy-violation' % NS_STANZAS) is not None
    assert len(error.findtext('{%s}text' % NS_STANZAS) or '') > 20
    await bob.settled()
    assert not [m for m in bob.heard if m.get('id') == ident]


@case('the bot of the README comes online', only='sottod')
async def _(world):
    name, _ = world.pair()
    bot = re.search(r'```python\n(.*?)```', (ROOT / 'README.md').read_text(), re.S)[1]
    for example, real in (('bot@localhost', world.at.jid(name)), ('its password', world.passwords[name]),
                          ("('127.0.0.1', 5222)", f"('127.0.0.1', {world.at.port})"),
                          ('build/run/data/tls/certificate.pem', str(world.at.ca))):
        assert example in bot, example
        bot = bot.replace(example, real)
    process = await asyncio.create_subprocess_exec(
        '/usr/bin/python3', '-u', '-c', bot, stdout=asyncio.subprocess.PIPE)
    try:
        line = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
        assert line.startswith(f'online as {world.at.jid(name)}/'.encode()), line
    finally:
        process.kill()
        await process.wait()


if __name__ == '__main__':
    main(case, Chat, __doc__)
