"""client.py: an XMPP client for tests: slixmpp, with what it received kept in order and every wait
bounded.

    alice = await Client.open(server, 'alice', password)
    bob_heard = await bob.expect(lambda m: m.get('id') == 'm1')
    await alice.close()

Stanzas that a test looks into are plain ElementTree elements: what came over the wire, not what
slixmpp made of it.
"""
import asyncio
import logging
import ssl
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

TIMEOUT_S = 15

CLIENT = '{jabber:client}'
NS_DISCO_INFO = 'http://jabber.org/protocol/disco#info'
NS_CARBONS = 'urn:xmpp:carbons:2'
NS_FORWARD = 'urn:xmpp:forward:0'
NS_MAM = 'urn:xmpp:mam:2'
NS_SM = 'urn:xmpp:sm:3'
NS_PUBSUB = 'http://jabber.org/protocol/pubsub'
NS_PUBSUB_EVENT = 'http://jabber.org/protocol/pubsub#event'
NS_ROSTER = 'jabber:iq:roster'

SCRAM = {'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'}


class LoginFailed(Exception):
    """The server did not let us in."""


class Client(slixmpp.ClientXMPP):
    """One resource of one account."""

    def __init__(self, server, name, password, resource=None, plugins=(), notify=()):
        jid = server.jid(name) + (f'/{resource}' if resource else '')
        super().__init__(jid, password)
        self.at = server
        self.ca_certs = str(server.ca)
        self.use_aiodns = False
        self.use_ipv6 = False
        self.whitespace_keepalive = False
        self.roster.auto_authorize = None          # subscriptions are what some tests are about
        self.roster.auto_subscribe = False
        self._no_channel_binding()
        for plugin in ('xep_0030', 'xep_0115', *plugins):
            self.register_plugin(plugin)
        self._notify = notify                      # PEP nodes whose events we want
        self.heard = []                            # every <message/> so far, oldest first
        self.seen_presence = []
        self.stream_features = None
        self._changed = asyncio.Condition()
        for kind, seen in (('message', self.heard), ('presence', self.seen_presence)):
            self.register_handler(
                Callback(f'Keep {kind}', MatchXPath(CLIENT + kind), self._keeper(seen))
            )
        self.register_handler(Callback('Keep features', MatchXPath('{%s}features' % self.stream_ns),
                                       self._keep_features))

    def _no_channel_binding(self):
        """slixmpp 1.8.3 knows only tls-unique, which TLS 1.3 does not have, and says `y` without
        -PLUS although the server offered it, which a server must take for a downgrade (RFC 5802
        §6). So: `n`, without -PLUS."""
        sasl = self['feature_mechanisms']
        credentials = sasl._default_credentials     # slixmpp names no public way to it

        def without_binding(required, optional):
            values = credentials(required, optional)
            values.pop('channel_binding', None)
            return values

        sasl.sasl_callback = without_binding
        sasl.use_mechs = self.at.mechanisms or SCRAM

    def get_ssl_context(self):
        """The server's own certificate is enough, whoever signed it."""
        context = super().get_ssl_context()
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def _keeper(self, seen):
        def keep(stanza):
            seen.append(stanza.xml)
            asyncio.ensure_future(self._wake())
        return keep

    def _keep_features(self, stanza):
        self.stream_features = stanza.xml

    async def _wake(self):
        async with self._changed:
            self._changed.notify_all()

    @classmethod
    async def open(cls, server, name, password, available=True, **more):
        """A client that is logged in, has its roster and, if `available`, has sent its presence."""
        client = cls(server, name, password, **more)
        await client.login()
        if available:
            await client._announce_interest()
            client.send_presence()
            await client.expect_presence(lambda p: p.get('from') == client.boundjid.full)
        return client

    async def login(self, **how):
        """Connects and waits for the session; `how` goes to slixmpp's connect()."""
        await self._connect('session_start', how)
        await self.get_roster()

    async def resume(self):
        """Connects again after cut() and waits until the server has resumed the session (XEP-0198
        §5)."""
        await self._connect('session_resumed', {})

    async def _connect(self, wanted, how):
        started, failed = (asyncio.get_running_loop().create_future() for _ in range(2))
        self.add_event_handler(
            wanted, lambda _: started.done() or started.set_result(None), disposable=True
        )
        for event in ('failed_all_auth', 'no_auth', 'ssl_invalid_chain', 'disconnected'):
            self.add_event_handler(
                event, lambda why, e=event: failed.done() or failed.set_result(f'{e}: {why}')
            )
        # The name that the certificate must bear. Set before there is a connection, it would be
        # looked up in DNS.
        self.default_domain = ''
        self.add_event_handler(
            'connected', lambda _: setattr(self, 'default_domain', self.at.domain)
        )
        self.connect((self.at.host, self.at.port), **how)
        await asyncio.wait(
            {started, failed}, timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not started.done():
            self.abort()
            self.cancel_connection_attempt()
            raise LoginFailed(
                f'{self.boundjid}: {failed.result() if failed.done() else "no session in time"}'
            )
        failed.cancel()

    async def _announce_interest(self):
        """Before the first presence, so that its caps already name what we want to be told
        (XEP-0163 §4.3)."""
        for node in self._notify:
            self['xep_0030'].add_feature(f'{node}+notify')
        await self['xep_0115'].update_caps(broadcast=False)

    async def close(self):
        """Ends the stream as a client that leaves on purpose."""
        if self.is_connected():
            await asyncio.wait_for(asyncio.shield(self.disconnect(wait=2.0)), TIMEOUT_S)

    def cut(self):
        """Drops the connection without a word, as a lost network does."""
        self.transport.abort()

    # ---- waiting -------------------------------------------------------------------------------

    async def expect(self, wanted, timeout=TIMEOUT_S, seen=None):
        """The first message (past or future) for which wanted(element) is true."""
        seen = self.heard if seen is None else seen

        def match():
            return next((s for s in seen if wanted(s)), None)

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: match() is not None), timeout)
            except asyncio.TimeoutError:
                shown = [ET.tostring(s, encoding='unicode')[:400] for s in seen[-5:]]
                raise AssertionError(
                    f'{self.boundjid} waited {timeout} s in vain; last stanzas: {shown}'
                ) from None
        return match()

    async def expect_presence(self, wanted, timeout=TIMEOUT_S):
        """The same for presence."""
        return await self.expect(wanted, timeout, self.seen_presence)

    async def until(self, condition, timeout=TIMEOUT_S):
        """Waits until a condition holds that no stanza of ours announces."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, (
                f'{self.boundjid} waited {timeout} s in vain')
            await asyncio.sleep(0.02)

    async def settled(self):
        """Returns when the server has handled all that we sent before, by a round trip to it."""
        iq = self.make_iq_get(ito=self.at.domain)
        iq.append(ET.Element('{urn:xmpp:ping}ping'))
        try:
            await iq.send(timeout=TIMEOUT_S)
        except slixmpp.exceptions.IqError:
            pass                                    # an error is an answer too

    # ---- asking --------------------------------------------------------------------------------

    async def ask(self, kind, payload, to=None):
        """Sends an IQ with this element; returns the answer's element. IqError and IqTimeout pass
        through."""
        iq = self.Iq()
        iq['type'] = kind
        if to:
            iq['to'] = to
        iq.append(payload)
        return (await iq.send(timeout=TIMEOUT_S)).xml

    async def announced(self, jid):
        """What disco#info of this address announces."""
        answer = await self.ask('get', ET.Element('{%s}query' % NS_DISCO_INFO), jid)
        return {f.get('var') for f in answer.iter('{%s}feature' % NS_DISCO_INFO)}

    def say(self, to, *children, kind='chat', ident=None):
        """Sends a message with these children; returns its id."""
        message = self.make_message(mto=to, mtype=kind)
        message['id'] = ident or self.new_id()
        for child in children:
            message.append(child)
        message.send()
        return message['id']


async def befriend(alice, bob):
    """Subscriptions in both directions."""
    for one, other in ((alice, bob), (bob, alice)):
        one.send_presence(pto=other.boundjid.bare, ptype='subscribe')
        await other.expect_presence(
            lambda p, o=one: p.get('type') == 'subscribe' and o.boundjid.bare in p.get('from')
        )
        other.send_presence(pto=one.boundjid.bare, ptype='subscribed')
        await one.expect_presence(
            lambda p, o=other: p.get('type') is None and p.get('from') == o.boundjid.full
        )


def element(name, text=None, **attributes):
    """An element from '{namespace}name' or, for jabber:client, 'name'."""
    made = ET.Element(name if name.startswith('{') else CLIENT + name,
                      {k.rstrip('_'): v for k, v in attributes.items()})
    made.text = text
    return made


def log_stanzas(path):
    """Writes every stanza that slixmpp sends and receives to a file, for the one who looks for a
    failure."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
    for name in ('slixmpp.xmlstream.xmlstream', 'slixmpp.features'):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
