"""omemo.py: OMEMO 0.3 and OMEMO 2 for the test client, by python3-oldmemo and python3-twomemo.

Those libraries hold the cryptography and the sessions; here is what joins them to XMPP: the PEP
nodes, the message element, and for OMEMO 2 the SCE envelope (XEP-0420). Every device is trusted:
tests are about the wire.
"""
import asyncio
import base64
import logging
import secrets
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from xml.sax.saxutils import escape, quoteattr

import oldmemo
import oldmemo.etree
import omemo
import twomemo
import twomemo.etree
from omemo.storage import Just, Nothing
from slixmpp.exceptions import IqError

from .client import NS_PUBSUB, NS_PUBSUB_EVENT, element

OLD = oldmemo.oldmemo.NAMESPACE                 # eu.siacs.conversations.axolotl, OMEMO 0.3
NEW = twomemo.twomemo.NAMESPACE                 # urn:xmpp:omemo:2
NS_SCE = 'urn:xmpp:sce:1'
NS_EME = 'urn:xmpp:eme:0'
NS_HINTS = 'urn:xmpp:hints'
NS_NODE_CONFIG = 'http://jabber.org/protocol/pubsub#node_config'
NS_PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'

DEVICE_LIST = {OLD: f'{OLD}.devicelist', NEW: f'{NEW}:devices'}
CODEC = {OLD: oldmemo.etree, NEW: twomemo.etree}
FALLBACK = 'This message is encrypted with OMEMO, which this client does not support.'
# It warns about each device list that we are not on yet.
logging.getLogger('omemo').setLevel(logging.ERROR)

PADDING_MAX = 200                               # of an SCE envelope, in characters


def bundle_place(namespace, device):
    """Node and item of a device's bundle: one node each in 0.3, one item each in 2."""
    if namespace == OLD:
        return f'{OLD}.bundles:{device}', 'current'
    return f'{NEW}:bundles', str(device)


class Memory(omemo.Storage):
    """Session state for as long as the test runs."""

    def __init__(self):
        super().__init__(disable_cache=True)
        self._values = {}

    async def _load(self, key):
        return Just(self._values[key]) if key in self._values else Nothing()

    async def _store(self, key, value):
        self._values[key] = value

    async def _delete(self, key):
        self._values.pop(key, None)


def form(form_type, **fields):
    """A submitted data form; the names of the fields are given without `pubsub#`."""
    x = ET.Element('{jabber:x:data}x', type='submit')
    for name, value in [('FORM_TYPE', form_type), *((f'pubsub#{k}', v) for k, v in fields.items())]:
        field = ET.SubElement(x, '{jabber:x:data}field', var=name)
        ET.SubElement(field, '{jabber:x:data}value').text = value
    return x


async def publish(client, node, item, payload, **options):
    """Publishes an item, open to everybody. If the node exists with other options, they are set
    first (XEP-0060 §7.1.5: precondition-not-met)."""
    options = {'access_model': 'open', 'persist_items': 'true', **options}
    pubsub = ET.Element('{%s}pubsub' % NS_PUBSUB)
    entry = ET.SubElement(ET.SubElement(pubsub, '{%s}publish' % NS_PUBSUB, node=node),
                          '{%s}item' % NS_PUBSUB, id=item)
    entry.append(payload)
    ET.SubElement(pubsub, '{%s}publish-options' % NS_PUBSUB).append(
        form(NS_PUBLISH_OPTIONS, **options)
    )
    try:
        await client.ask('set', pubsub)
    except IqError as error:
        if error.condition != 'conflict':
            raise
        owner = ET.Element('{%s#owner}pubsub' % NS_PUBSUB)
        ET.SubElement(owner, '{%s#owner}configure' % NS_PUBSUB, node=node).append(
            form(NS_NODE_CONFIG, **options)
        )
        await client.ask('set', owner)
        await client.ask('set', pubsub)


async def fetch(client, owner, node, item=None):
    """The payload of one item, or of the newest; None if there is no such node or item."""
    pubsub = ET.Element('{%s}pubsub' % NS_PUBSUB)
    items = ET.SubElement(pubsub, '{%s}items' % NS_PUBSUB, node=node)
    if item is None:
        items.set('max_items', '1')
    else:
        ET.SubElement(items, '{%s}item' % NS_PUBSUB, id=item)
    try:
        answer = await client.ask('get', pubsub, owner)
    except IqError as error:
        if error.condition == 'item-not-found':
            return None
        raise
    found = answer.find('.//{%s}item' % NS_PUBSUB)
    return found[0] if found is not None and len(found) else None


def manager_class(device):
    """The libraries create their manager themselves, without arguments; so each device has a class
    of its own."""

    class Manager(omemo.SessionManager):
        """Callbacks of the libraries: PEP, sending, trust."""

        async def _upload_bundle(self, bundle):
            node, item = bundle_place(bundle.namespace, bundle.device_id)
            more = {'max_items': 'max'} if bundle.namespace == NEW else {}
            await publish(
                device.client, node, item, CODEC[bundle.namespace].serialize_bundle(bundle), **more
            )

        async def _download_bundle(self, namespace, bare_jid, device_id):
            node, item = bundle_place(namespace, device_id)
            # In 0.3 an item's id says nothing: Dino's is 1, or what the server makes of none.
            payload = await fetch(device.client, bare_jid, node, None if namespace == OLD else item)
            if payload is None:
                raise omemo.BundleNotFound(f'{namespace} {bare_jid} {device_id}')
            return CODEC[namespace].parse_bundle(payload, bare_jid, device_id)

        async def _delete_bundle(self, namespace, device_id):
            raise omemo.BundleDeletionFailed('no test removes a device')

        async def _upload_device_list(self, namespace, device_list):
            payload = CODEC[namespace].serialize_device_list(device_list)
            await publish(device.client, DEVICE_LIST[namespace], 'current', payload)

        async def _download_device_list(self, namespace, bare_jid):
            payload = await fetch(device.client, bare_jid, DEVICE_LIST[namespace], None if namespace == OLD else 'current')
            # The libraries' schema refuses a list without devices, which is how some clients begin.
            if payload is None or not len(payload):
                return {}
            return CODEC[namespace].parse_device_list(payload)

        async def _evaluate_custom_trust_level(self, device):
            return omemo.TrustLevel.TRUSTED

        async def _make_trust_decision(self, undecided, identifier):
            raise omemo.TrustDecisionFailed('every device is trusted')

        async def _send_message(self, message, bare_jid):
            encrypted = CODEC[message.namespace].serialize_message(message)
            device.client.say(bare_jid, encrypted, ET.Element('{%s}store' % NS_HINTS))

    return Manager


def seal_envelope(sender, recipient, text):
    """The plaintext of OMEMO 2: the body in an SCE envelope with padding, addresses and time."""
    stamp = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    return (
        f"<envelope xmlns='{NS_SCE}'>"
        f"<content><body xmlns='jabber:client'>{escape(text)}</body></content>"
        f"<rpad>{'x' * secrets.randbelow(PADDING_MAX)}</rpad><from jid={quoteattr(sender)}/>"
        f"<to jid={quoteattr(recipient)}/><time stamp='{stamp}'/></envelope>"
    ).encode()


def open_envelope(octets, sender):
    """The body of an envelope that names this sender."""
    envelope = ET.fromstring(octets)
    assert envelope.tag == '{%s}envelope' % NS_SCE, envelope.tag
    assert envelope.find('{%s}from' % NS_SCE).get('jid').split('/')[0] == sender
    return envelope.find('{%s}content/{jabber:client}body' % NS_SCE).text


class Omemo:
    """One OMEMO device, in both versions with one identity key. `client` is its present connection;
    a test that reconnects puts the new one there."""

    def __init__(self, client):
        self.client = client
        self._manager = None
        self._done = set()  # messages that were read, by identity: reading turns the ratchet

    @classmethod
    async def announce(cls, client):
        """Makes a device: publishes its bundles and puts it on the device lists."""
        self = cls(client)
        storage = Memory()
        backends = [twomemo.Twomemo(storage), oldmemo.Oldmemo(storage)]
        self._manager = await manager_class(self).create(
            backends, storage, client.boundjid.bare, None, 'trusted'
        )
        await self._manager.after_history_sync()  # from now on key exchanges are answered at once
        return self

    async def identity(self):
        """Device id and fingerprint as 0.3 clients show it."""
        own, _ = await self._manager.get_own_device_information()
        return own.device_id, ' '.join(self._manager.format_identity_key(own.identity_key))

    async def send(self, to, text, namespace, beside=()):
        """Encrypts for all devices of both sides and sends, with other elements beside it; returns the
        <encrypted/> element that left."""
        self.client.at.spoken.append(text)
        for jid in (to, self.client.boundjid.bare):
            await self._manager.refresh_device_list(namespace, jid)
        plaintext = {OLD: text.encode(), NEW: seal_envelope(self.client.boundjid.bare, to, text)}
        sealed, errors = await self._manager.encrypt(frozenset({to}), plaintext, [namespace])
        assert not errors, errors
        (message,) = sealed
        encrypted = CODEC[namespace].serialize_message(message)
        self.client.say(
            to,
            encrypted,
            *beside,
            element('body', FALLBACK),
            ET.Element('{%s}store' % NS_HINTS),
            ET.Element('{%s}encryption' % NS_EME, namespace=namespace, name='OMEMO'),
        )
        return encrypted

    async def read(self, message):
        """(text, namespace) of a message element; text is None if it carries only key material."""
        sender = message.get('from').split('/')[0]
        own = self.client.boundjid.bare
        if (encrypted := message.find('{%s}encrypted' % OLD)) is not None:
            parsed = await oldmemo.etree.parse_message(encrypted, sender, own, self._manager)
            octets, _, _ = await self._manager.decrypt(parsed)
            return (octets.decode() if octets is not None else None), OLD
        encrypted = message.find('{%s}encrypted' % NEW)
        octets, _, _ = await self._manager.decrypt(twomemo.etree.parse_message(encrypted, sender))
        return (open_envelope(octets, sender) if octets is not None else None), NEW

    async def expect(self, sender, timeout=15):
        """Reads encrypted messages of this sender, each once and in order, up to the next with a
        text."""
        def fresh(message):
            return (
                (message.get('from') or '').split('/')[0] == sender
                and id(message) not in self._done
                and any(message.find('{%s}encrypted' % ns) is not None for ns in (OLD, NEW))
            )

        async def next_text():
            while True:
                message = await self.client.expect(fresh, timeout)
                self._done.add(id(message))
                text, namespace = await self.read(message)
                if text is not None:
                    return text, namespace

        return await asyncio.wait_for(next_text(), timeout)


def payload_octets(encrypted):
    """The ciphertext in an <encrypted/> element, as text: what a server cannot help storing."""
    return next(e.text for e in encrypted.iter() if e.tag.endswith('}payload'))


def device_lists(message):
    """(node, device ids) of each OMEMO device list in a PEP event."""
    for items in message.iter('{%s}items' % NS_PUBSUB_EVENT):
        if items.get('node') in DEVICE_LIST.values():
            yield items.get('node'), {
                int(d.get('id')) for d in items.iter() if d.tag.endswith('}device')
            }


async def keys_announced(watcher, timeout=45):
    """Waits until a device of the watcher's account has announced itself in OMEMO 0.3 whole: peers publish the list first, and whoever
    fetches the keys between the two finds none. Lists of contacts come to the watcher, too."""
    lists = await watcher.expect(
        lambda m: m.get('from') == watcher.boundjid.bare and any(ids for _, ids in device_lists(m)),
        timeout,
    )
    device = min(next(ids for _, ids in device_lists(lists) if ids))
    for _ in range(timeout * 4):
        if await fetch(watcher, watcher.boundjid.bare, f'{OLD}.bundles:{device}') is not None:
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f'no keys of device {device}')


def looks_sealed(octets=48):
    """An <encrypted/> of OMEMO 0.3 with random octets in place of ciphertext, for tests that are
    not about reading."""
    def text(count):
        return base64.b64encode(secrets.token_bytes(count)).decode()
    encrypted = ET.Element('{%s}encrypted' % OLD)
    header = ET.SubElement(encrypted, '{%s}header' % OLD, sid='1')
    ET.SubElement(header, '{%s}key' % OLD, rid='2').text = text(100)
    ET.SubElement(header, '{%s}iv' % OLD).text = text(12)
    ET.SubElement(encrypted, '{%s}payload' % OLD).text = text(octets)
    return encrypted
