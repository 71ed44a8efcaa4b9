"""templates.py: what the server may write to a device of somebody who is called, octet by octet (docs/calls.md), and nothing else.

Each template is a regular expression without any gap that a caller could fill but the id of a call; a stream that is not made of
them from its first octet to its last is a finding.
"""
import re
from collections import defaultdict
from dataclasses import dataclass, field

CALL_BYTES = 600                                # of what a device hears of a call that rings
ID = r'[A-Za-z0-9+/_-]{16,64}={0,2}'
RESOURCE = r'(?:[a-z2-7]{12}|dino\.[0-9a-f]{1,8})'   # as the server makes them, or lets Dino
WORD = r"xmlns='urn:xmpp:jingle-message:0' id='(?P=id)'"
STORE = r"<store xmlns='urn:xmpp:hints'/>"
CAPS = (r"<c xmlns='http://jabber\.org/protocol/caps' hash='sha-1' node='urn:sotto:client' "
        r"ver='[A-Za-z0-9+/]{27}='/>")
INSTANT = r'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'


def media(name):
    """A description of XEP-0167 with a name and nothing in it."""
    return rf"<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='{name}'/>"


def templates(domain, callee, callers, friends, far=None):
    """(name, expression): `callers` may ring, of `friends` presence is seen: both are local parts; far: a domain, and contacts there."""
    own = rf"{callee}@{re.escape(domain)}"
    who = rf"(?:{'|'.join(map(re.escape, callers))})@{re.escape(domain)}"
    seen = rf"(?:{'|'.join(map(re.escape, friends))})@{re.escape(domain)}"
    to = rf"to='{own}/{RESOURCE}'"
    kept = rf"<stanza-id xmlns='urn:xmpp:sid:0' by='{own}' id='[a-z2-7]{{20}}'/>"
    record = (rf"<call xmlns='urn:sotto:call:0' id='(?P=id)' direction='in' media='audio(?: video)?' "
              rf"outcome='(?P<outcome>missed|retracted|rejected|failed|talked)' start='{INSTANT}'(?: seconds='\d+')?/>")
    proceed = (rf"<proceed {WORD}>(?:<transport xmlns='urn:xmpp:jingle:transports:ice:0'/>)?(?:<device xmlns='http://gultsch\.de/xmpp/drafts/omemo/dlts-srtp-verification' "
               rf"id='\d{{1,10}}'/>)?</proceed>")
    rows = [
        ('propose', rf"<message from='(?P<from>{who}/{RESOURCE})' {to} id='jm-propose-(?P<id>{ID})' type='chat'>"
                    rf"<propose {WORD}>{media('audio')}(?:{media('video')})?</propose>"
                    rf"<request xmlns='urn:xmpp:receipts'/>{STORE}</message>"),
        ('retract', rf"<message from='{who}/{RESOURCE}' {to} id='jm-retract-(?P<id>{ID})' type='chat'>"
                    rf"<retract (?:{WORD}/>|{WORD}><reason xmlns='urn:xmpp:jingle:1'><[a-z-]{{2,30}}/></reason></retract>)"
                    rf"{STORE}</message>"),
        ('accepted', rf"<message from='{own}' {to} type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                     rf"<message xmlns='jabber:client' from='{own}/{RESOURCE}' to='{who}/{RESOURCE}' id='jm-proceed-(?P<id>{ID})' "
                     rf"type='chat'>{proceed}{STORE}</message></forwarded></sent></message>"),
        ('record', rf"<message from='{who}' to='{own}' id='call-(?P<id>{ID})' type='chat'>(?:<retract {WORD}/>)?{STORE}{record}"
                   rf"(?:{kept})?</message>"),
        ('presence', rf"<presence from='(?:{own}|{seen})/{RESOURCE}'(?: to='{own}'>{CAPS}</presence>| type='unavailable' to='{own}'/>)"),
        ('asked', r"<r xmlns='urn:xmpp:sm:3'/>"),
        ('acknowledged', r"<a xmlns='urn:xmpp:sm:3' h='\d{1,10}'/>"),
        ('end', r"</stream:stream>"),
    ]
    if far is not None:
        rows += of_another_server(own, to, record, kept, *far)
    return [(name, re.compile(text.encode())) for name, text in rows]


def of_another_server(own, to, record, kept, domain, contacts):
    """The same of its people, whose devices are called by names that our server makes (docs/calls.md)."""
    bare = rf"(?:{'|'.join(map(re.escape, contacts))})@{re.escape(domain)}"
    who = rf"{bare}/r-[a-z2-7]{{24}}"
    return [
        ('propose', rf"<message from='(?P<far>{who})' {to} id='jm-propose-(?P<id>{ID})' type='chat'>"
                    rf"<propose {WORD}>{media('audio')}(?:{media('video')})?</propose>"
                    rf"<request xmlns='urn:xmpp:receipts'/>{STORE}</message>"),
        ('retract', rf"<message from='{who}' {to} id='jm-retract-(?P<id>{ID})' type='chat'>"
                    rf"<retract (?:{WORD}/>|{WORD}><reason xmlns='urn:xmpp:jingle:1'><[a-z-]{{2,30}}/></reason></retract>)"
                    rf"{STORE}</message>"),
        ('record', rf"<message from='{bare}' to='{own}' id='call-(?P<id>{ID})' type='chat'>(?:<retract {WORD}/>)?{STORE}{record}"
                   rf"(?:{kept})?</message>"),
    ]


@dataclass
class Heard:
    """What a stream was made of."""

    counts: dict = field(default_factory=lambda: defaultdict(int))
    longest: int = 0                                                   # propose
    rang: set = field(default_factory=set)
    far: int = 0                                                       # of these, people of the other server
    accepted: dict = field(default_factory=dict)                       # call: when its acceptance was told
    strange: bytes = None                                              # what no template explains


def read(stream, since, known):
    """Takes a stream apart; `since`: what came earlier is of the login."""
    heard, text, at = Heard(), b'', []
    for when, octets in stream.pieces:
        if when >= since:
            at.append((len(text), when))
            text += octets
    position = 0
    while position < len(text):
        for name, expression in known:
            if found := expression.match(text, position):
                break
        else:
            heard.strange = text[position:position + 2000]
            return heard
        heard.counts[name] += 1
        ident = (found.groupdict().get('id') or b'').decode()
        if name == 'propose':
            heard.longest = max(heard.longest, len(found[0]))
            heard.rang.add(ident)
            heard.far += bool(found.groupdict().get('far'))
        if name == 'accepted':
            heard.accepted[ident] = max(when for offset, when in at if offset < found.end())
        position = found.end()
    return heard
