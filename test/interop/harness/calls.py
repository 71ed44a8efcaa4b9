"""calls.py: what a client that is not ours says in a call (XEP-0353, XEP-0166), and what it waits for."""
import uuid
import xml.etree.ElementTree as ET

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

NS_WORD = 'urn:xmpp:jingle-message:0'
NS_RTP = 'urn:xmpp:jingle:apps:rtp:1'
NS_JINGLE = 'urn:xmpp:jingle:1'
NS_ICE = 'urn:xmpp:jingle:transports:ice-udp:1'
NS_DTLS = 'urn:xmpp:jingle:apps:dtls:0'
NS_CALL = 'urn:sotto:call:0'
DIGEST = ':'.join(f'{i:02X}' for i in range(32))
PWD = 'asd88fgpdd777uzjYhagZg'


def word(name, call, *children):
    """A word of XEP-0353."""
    said = ET.Element('{%s}%s' % (NS_WORD, name), id=call)
    said.extend(children)
    return said


def propose(client, to, call=None, video=False):
    """Calls somebody; returns the id of the call."""
    call = call or str(uuid.uuid4())
    media = ('audio', 'video') if video else ('audio',)
    described = [ET.Element('{%s}description' % NS_RTP, media=m) for m in media]
    say(client, to, word('propose', call, *described))
    return call


def say(client, to, *children):
    """One message with these."""
    message = client.make_message(mto=to, mtype='chat')
    for child in children:
        message.append(child)
    message.send()


def has(name, call, sender=None):
    """Matches a message with this word of this call."""
    def match(m):
        found = m.find('{%s}%s' % (NS_WORD, name))
        return (found is not None and found.get('id') == call
                and (sender is None or m.get('from') == sender))
    return match


def record(call, outcome, direction):
    """Matches the record of a call."""
    def match(m):
        found = m.find('{%s}call' % NS_CALL)
        return (found is not None and found.get('id') == call and found.get('outcome') == outcome
                and found.get('direction') == direction)
    return match


async def silent(clients, call):
    """None of them has heard of it."""
    for client in clients:
        await client.settled()
        assert not any(call in ET.tostring(m, encoding='unicode') for m in client.heard), client.boundjid


def offer(action, call, setup):
    """An offer or an answer, with an address in it that nobody is to learn."""
    jingle = ET.Element('{%s}jingle' % NS_JINGLE, action=action, sid=call)
    content = ET.SubElement(jingle, '{%s}content' % NS_JINGLE, creator='initiator', name='audio')
    described = ET.SubElement(content, '{%s}description' % NS_RTP, media='audio')
    ET.SubElement(described, '{%s}payload-type' % NS_RTP, id='111', name='opus', clockrate='48000')
    ET.SubElement(described, '{%s}rtcp-mux' % NS_RTP)
    way = ET.SubElement(content, '{%s}transport' % NS_ICE, ufrag=setup[:4], pwd=PWD)
    print_ = ET.SubElement(way, '{%s}fingerprint' % NS_DTLS, hash='sha-256', setup=setup)
    print_.text = DIGEST
    ET.SubElement(way, '{%s}candidate' % NS_ICE, component='1', foundation='1', generation='0', id='c',
                  ip='198.51.100.77', network='0', port='8998', priority='1', protocol='udp', type='host')
    return jingle


def listen(client):
    """Keeps the actions of Jingle that come, and answers them."""
    actions = []

    def took(iq):
        actions.append((iq['from'].full, iq.xml.find('{%s}jingle' % NS_JINGLE)))
        iq.reply().send()

    client.register_handler(Callback('Jingle', MatchXPath('{jabber:client}iq/{%s}jingle' % NS_JINGLE), took))
    return actions


async def until(client, actions, action):
    """The first of these actions that is called so."""
    await client.until(lambda: any(j.get('action') == action for _, j in actions))
    return next((sender, j) for sender, j in actions if j.get('action') == action)


def bye(call):
    """The end of a call."""
    done = ET.Element('{%s}jingle' % NS_JINGLE, action='session-terminate', sid=call)
    ET.SubElement(ET.SubElement(done, '{%s}reason' % NS_JINGLE), '{%s}success' % NS_JINGLE)
    return done
