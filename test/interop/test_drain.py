#!/usr/bin/python3
"""test_drain.py: a server that is told to end while people write: everybody hears of it, it ends
well, and what it acknowledged is there when it comes back."""
import asyncio
import sys
import xml.etree.ElementTree as ET

from harness.client import NS_MAM, Client
from harness.raw import NS_SM, NS_STREAM, Closed, Raw
from harness.server import STOP_TIMEOUT_S, Sottod, new_password
from harness.tap import Cases

case = Cases()

SEALED = ("<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'><key rid='2'>AAAA</key>"
          '<iv>AAAAAAAAAAAAAAAA</iv></header><payload>%s</payload></encrypted>')
PAYLOAD = '{eu.siacs.conversations.axolotl}payload'
BURST = 50


class Nothing:
    """Each case has a server of its own."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


def write(alice, to, acknowledged, done):
    """Sends until the stream ends; notes how many were acknowledged and how it ended."""
    sent = 0
    try:
        while sent < 100 * BURST:
            for _ in range(BURST):
                sent += 1
                alice.send(f"<message to='{to}' type='chat' id='m{sent}'>{SEALED % f'AA{sent:06}'}"
                           f"<origin-id xmlns='urn:xmpp:sid:0' id='o{sent}'/></message>")
            alice.send("<r xmlns='urn:xmpp:sm:3'/>")
            while (element := alice.next()) is not None:
                if element.tag == f'{NS_SM}a':
                    acknowledged.append(int(element.get('h')))
                    break
                if element.tag == f'{NS_STREAM}error':
                    done.append(element[0].tag.rpartition('}')[2])
    except Closed:
        pass


def listen(bob, done):
    """Reads until the stream ends."""
    try:
        while True:
            element = bob.next()
            if element is not None and element.tag == f'{NS_STREAM}error':
                done.append(element[0].tag.rpartition('}')[2])
    except Closed:
        pass


async def archived(client):
    """The payloads of all that is in the archive."""
    found, after = set(), None
    while True:
        query = ET.Element('{%s}query' % NS_MAM)
        window = ET.SubElement(query, '{http://jabber.org/protocol/rsm}set')
        ET.SubElement(window, '{http://jabber.org/protocol/rsm}max').text = '100'
        if after:
            ET.SubElement(window, '{http://jabber.org/protocol/rsm}after').text = after
        start = len(client.heard)
        fin = (await client.ask('set', query)).find('{%s}fin' % NS_MAM)
        for message in client.heard[start:]:
            found |= {p.text for p in message.iter(PAYLOAD)}
        if fin.get('complete') == 'true':
            return found
        after = fin.findtext('.//{http://jabber.org/protocol/rsm}last')


async def drained(end):
    """Two people, one of them writing, while `end(server)` ends it."""
    passwords = {name: new_password() for name in ('alice', 'bob')}
    with Sottod(options=('limits.messages_per_account=1000000/s',
                         'limits.stanzas_per_account=1000000/s')) as at:
        for name, password in passwords.items():
            at.add_user(name, password)
        people = []
        for name, password in passwords.items():
            raw = Raw(at)
            raw.start_tls()
            raw.login(name, password)
            raw.enable_sm()
            raw.send('<presence/>')
            people.append(raw)
        alice, bob = people
        acknowledged, ends = [], {'alice': [], 'bob': []}
        tasks = [
            asyncio.create_task(asyncio.to_thread(write, alice, bob.jid.split('/')[0], acknowledged,
                                                  ends['alice'])),
            asyncio.create_task(asyncio.to_thread(listen, bob, ends['bob'])),
        ]
        while not acknowledged:
            await asyncio.sleep(0.01)
        end(at)
        status = await asyncio.to_thread(at.process.wait, STOP_TIMEOUT_S)
        await asyncio.wait_for(asyncio.gather(*tasks), 30)
        assert status == 0, (status, at.said()[-1000:])
        assert ends == {'alice': ['system-shutdown'], 'bob': ['system-shutdown']}, ends
        for raw in people:
            raw.close()
        at.start()
        client = await Client.open(at, 'bob', passwords['bob'])
        there = await archived(client)
        missing = {f'AA{n:06}' for n in range(1, max(acknowledged))} - there   # one is the presence
        assert not missing, sorted(missing)[:5]
        await client.close()


@case('`sottoctl drain` while somebody writes', timeout=120)
async def _(_):
    await drained(lambda at: at.ctl('drain'))


@case('SIGTERM while somebody writes', timeout=120)
async def _(_):
    await drained(lambda at: at.process.terminate())


if __name__ == '__main__':
    sys.exit(case.run(Nothing(), sys.argv[1] if len(sys.argv) > 1 else None))
