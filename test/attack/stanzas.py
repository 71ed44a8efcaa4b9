"""stanzas.py: stanzas as modified clients would send them: every word of XEP-0353, every action of XEP-0166 and what stands around
them, out of order, out of turn, out of shape, with a load in each place where something can hide. Made of a seed: a finding can be had again.

A Scene says what the attacker knows: the genuine call of the moment, with its id and both devices, which is more than he should.
"""
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

NS_WORD, NS_JINGLE, NS_RTP = 'urn:xmpp:jingle-message:0', 'urn:xmpp:jingle:1', 'urn:xmpp:jingle:apps:rtp:1'
NS_ICE, NS_DTLS = 'urn:xmpp:jingle:transports:ice-udp:1', 'urn:xmpp:jingle:apps:dtls:0'
WORDS = 'propose ringing proceed accept reject retract finish'.split()
OTHER_WORDS = 'connect answer sdp-update Propose finished'.split()
ACTIONS = ('session-initiate session-accept session-info session-terminate transport-info transport-replace transport-accept '
           'transport-reject content-add content-accept content-reject content-modify content-remove description-info '
           'security-info').split()
OTHER_ACTIONS = ['sdp-update', 'connect', '', 'session_accept', 'SESSION-ACCEPT']
MARK = 'FORBIDDEN'                              # stands in every load: not one octet of it may reach the callee
LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
FINGERPRINT = ':'.join(['AB'] * 32)


@dataclass
class Scene:
    """Who is there, and the call of the moment."""

    domain: str
    callee: str                 # bare
    devices: list               # full, of the callee
    caller: str                 # full, of the genuine call
    call: str                   # its id
    nobody: str = 'nobody'
    may_ring: bool = True       # False: of the genuine caller's own account, whose newest call takes the place of others
    contact: bool = False       # whose requests to a device are its owner's to answer


class Hostile:
    """One attacker's inexhaustible source."""

    def __init__(self, random):
        self.random, self.mine, self.number = random, [], 0
        self.kinds = [(self.word, 30), (self.propose, 14), (self.race, 6), (self.action, 28), (self.around, 8), (self.group, 4),
                      (self.self_channel, 8), (self.answer, 5), (self.query, 5), (self.presence, 3), (self.huge, 1)]

    def next(self, scene):
        """Some stanzas that belong together."""
        maker, = self.random.choices([m for m, _ in self.kinds], [w for _, w in self.kinds])
        made = maker(scene)
        return [made] if isinstance(made, str) else made

    # ---- Parts

    def pick(self, *what):
        return self.random.choice(what)

    def ident(self):
        """Of a stanza."""
        self.number += 1
        return f'i{self.number}'

    def fresh(self):
        """An id as it has to be."""
        return ''.join(self.random.choices(LETTERS, k=self.random.randint(16, 64)))

    def call(self, scene):
        """An id: of the genuine call, of one of ours, or of no permitted form."""
        return self.pick(scene.call, scene.call, self.fresh(), *self.mine[-3:], '', 'short', 'x' * 65, f'{MARK} {MARK} {MARK}',
                         "a'b<c>&d" + MARK * 2, 'ü' * 20, '../../../../etc/' + MARK, scene.call + '=', '0' * 4000 + MARK)

    def to(self, scene):
        """Whom it may reach."""
        return self.pick(scene.callee, *scene.devices, *scene.devices, scene.caller, scene.caller.split('/')[0], scene.callee + '/x',
                         f'{scene.nobody}@{scene.domain}', scene.domain, f'{scene.callee}/{MARK}')

    def load(self):
        """Something that a parser might choke on."""
        return self.pick(MARK, MARK * 50, f'v=0\r\na=candidate:1 1 udp 1 203.0.113.9 9 typ host {MARK}', f'%s%n%x{MARK}',
                         f'{MARK}\u202e\u0301' * 20, f'http://203.0.113.9/{MARK}', f'{MARK}\t\n\r')

    def element(self):
        """With a load, of any of the namespaces around."""
        space = self.pick(NS_WORD, NS_JINGLE, NS_RTP, NS_ICE, 'jabber:client', 'urn:xmpp:jingle:apps:file-transfer:5',
                          'urn:xmpp:jingle:transports:s5b:1', 'urn:example:load', 'urn:xmpp:jingle:apps:dtls:0')
        name = self.pick('propose', 'description', 'payload', 'jingle', 'candidate', 'external', 'fingerprint', 'body', 'nick')
        inner = self.load() if self.random.random() < 0.7 else f'<{name}>{self.text()}</{name}>'
        return f"<{name} xmlns='{space}' media={self.attribute()}>{escape(inner) if inner[0] != '<' else inner}</{name}>"

    def text(self):
        return escape(self.load())

    def attribute(self):
        return quoteattr(self.load())

    def message(self, to, inside, more=''):
        kind = self.pick('chat', 'chat', 'chat', 'normal', 'headline', 'groupchat', 'error', MARK.lower())
        return f"<message to={quoteattr(to)} type='{kind}' id={quoteattr(self.pick(self.ident(), 'jm-propose-' + MARK))}{more}>{inside}</message>"

    # ---- Words

    def word(self, scene):
        """Any word, anything in it, anything beside it."""
        name = self.pick(*WORDS, *WORDS, *WORDS, *OTHER_WORDS)
        children = self.pick('', self.element(), media('audio'), media('audio') + self.element(), self.text(),
                             f"<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' id={self.attribute()}/>",
                             f"<reason xmlns='{NS_JINGLE}'><success/><text>{self.text()}</text></reason>",
                             f"<migrated to='{self.fresh()}'/>", f"<tie-break>{self.text()}</tie-break>")
        beside = self.pick('', '', self.element(), f'<body>{self.text()}</body>', f'<thread>{self.text()}</thread>',
                           f"<nick xmlns='http://jabber.org/protocol/nick'>{self.text()}</nick>",
                           f"<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z' from={self.attribute()}/>",
                           f"<finish xmlns='{NS_WORD}' id='{self.fresh()}'/>")
        more = self.pick('', '', f' load={self.attribute()}', f' xml:lang={self.attribute()}')
        said = f"<{name} xmlns='{NS_WORD}' id={quoteattr(self.call(scene))}{self.pick('', f' load={self.attribute()}')}>{children}</{name}>"
        if name == 'propose' and not scene.may_ring:
            return self.message(scene.caller, said)
        return self.message(self.to(scene), said + beside, more)

    def propose(self, scene):
        """One that is nearly right, or right with a load beside it, which has to be gone."""
        if not scene.may_ring:
            return self.word(scene)
        call = self.fresh()
        self.mine.append(call)
        good = self.pick(media('audio'), media('audio') + media('video'), media('video') + media('audio'))
        wrong = self.pick(media('audio') * 2, media('data'), f"<description xmlns='{NS_RTP}' media='audio' load={self.attribute()}/>",
                          f"<description xmlns='{NS_RTP}' media='audio'>{self.element()}</description>", media('audio') + self.element(),
                          f"<description xmlns='urn:xmpp:jingle:apps:file-transfer:5'>{self.text()}</description>", '')
        inside = good if self.random.random() < 0.6 else wrong
        beside = self.pick('', self.element(), f'<body>{self.text()}</body>', f"<request xmlns='urn:xmpp:receipts' load={self.attribute()}/>",
                           f"<store xmlns='urn:xmpp:hints'>{self.text()}</store>", f"<origin-id xmlns='urn:xmpp:sid:0' id={self.attribute()}/>")
        to = self.pick(scene.callee, scene.callee, scene.callee, *scene.devices)
        return f"<message to='{to}' type='chat' id={self.attribute()}><propose xmlns='{NS_WORD}' id='{call}'>{inside}</propose>{beside}</message>"

    def race(self, scene):
        """Propose and retract, both at once and again and again; the second with the id of the first."""
        if not scene.may_ring:
            return self.word(scene)
        call = self.fresh()
        self.mine.append(call)
        said = {w: f"<message to='{scene.callee}' type='chat'><{w} xmlns='{NS_WORD}' id='{call}'>{media('audio') if w == 'propose' else ''}</{w}></message>"
                for w in ('propose', 'retract', 'finish', 'proceed', 'accept')}
        return self.pick([said['propose'], said['retract']], [said['retract'], said['propose'], said['retract']],
                         [said['propose'], said['proceed'], said['accept'], said['finish']],
                         [said['propose'], said['retract'], said['propose']], [said['propose']] * 3)

    # ---- Actions

    def action(self, scene):
        """Any action of Jingle."""
        name = self.pick(*ACTIONS, *ACTIONS, *OTHER_ACTIONS)
        more = self.pick('', f' initiator={quoteattr(scene.caller)}', f' responder={quoteattr(scene.devices[0])}', f' initiator={self.attribute()}')
        inside = ''.join(self.content(i) for i in range(self.random.randint(0, 3))) + self.pick(
            '', self.element(), f"<reason><success/><text>{self.text()}</text></reason>", f"<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' name={self.attribute()}/>",
            f"<muji xmlns='urn:xmpp:jingle:muji:0' room='{MARK}@{scene.domain}'/>", "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='LS'/>")
        kind = self.pick('set', 'set', 'set', 'set', 'get', 'result', 'error')
        return (f"<iq type='{kind}' to={quoteattr(self.to(scene))} id='{self.ident()}'><jingle xmlns='{NS_JINGLE}' action='{name}' "
                f"sid={quoteattr(self.call(scene))}{more}>{inside}</jingle></iq>")

    def content(self, number):
        """A medium with its way, candidates that name whatever they like."""
        hosts = ['203.0.113.9', '10.80.0.1', '10.82.0.2', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.82.0.2', '64:ff9b::a00:1',
                 'candidate.example.org', f'{MARK}.local', '0x0a500001', '010.080.000.001', '']
        candidates = ''.join(
            f"<candidate component='{self.pick('1', '2', '0', '4294967297')}' foundation='1' generation='0' id='{i}' ip='{self.pick(*hosts)}' "
            f"network='0' port='{self.pick('3478', '0', '65536', '22')}' priority='{self.pick('1', '-1', '4294967295')}' "
            f"protocol='{self.pick('udp', 'tcp', MARK)}' type='{self.pick('host', 'relay', 'srflx', 'prflx')}' rel-addr='{self.pick(*hosts)}'/>"
            for i in range(self.random.randint(0, 4)))
        payloads = ''.join(
            f"<payload-type id='{self.pick('111', '0', '127', '128', '-1', MARK)}' name='{self.pick('opus', 'VP8', 'red', MARK)}' "
            f"clockrate='{self.pick('48000', '0', '99999999999')}' channels='{self.pick('2', '255')}'>"
            f"<parameter name={self.attribute()} value={self.attribute()}/></payload-type>" for _ in range(self.random.randint(0, 3)))
        transport = self.pick(NS_ICE, NS_ICE, 'urn:xmpp:jingle:transports:raw-udp:1', 'urn:xmpp:jingle:transports:dtls-sctp:1',
                              'urn:xmpp:jingle:transports:s5b:1')
        described = self.pick(NS_RTP, NS_RTP, 'urn:xmpp:jingle:apps:file-transfer:5', 'urn:example:application')
        return (f"<content creator='{self.pick('initiator', 'responder', MARK)}' name='{self.pick('audio', 'video', str(number), MARK)}' "
                f"senders='{self.pick('both', 'none', MARK)}'><description xmlns='{described}' media='{self.pick('audio', 'video', 'application')}'>{payloads}"
                f"<rtcp-mux/><encryption><crypto crypto-suite='AES_CM_128_HMAC_SHA1_80' key-params='inline:{MARK}' tag='1'/></encryption>"
                f"<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='1'><parameter name='cname' value='{MARK}@10.81.0.2'/></source></description>"
                f"<transport xmlns='{transport}' ufrag='{self.pick('abcd', MARK * 40)}' pwd='{self.pick('asd88fgpdd777uzjYhagZg', 'x')}'>"
                f"<fingerprint xmlns='{NS_DTLS}' hash='{self.pick('sha-256', 'md5')}' setup='{self.pick('actpass', 'active', MARK)}'>"
                f"{self.pick(FINGERPRINT, self.text())}</fingerprint>{candidates}<sctpmap xmlns='urn:xmpp:jingle:transports:dtls-sctp:1' number='5000'/>"
                "</transport></content>")

    # ---- Around calls

    def around(self, scene):
        """Receipts, markers and errors that pretend to be about a call."""
        call = self.call(scene)
        inside = self.pick(f"<received xmlns='urn:xmpp:receipts' id={quoteattr('jm-propose-' + call)}/>",
                           f"<jingle xmlns='{NS_JINGLE}' action='session-initiate' sid='{MARK}'>{self.content(0)}</jingle>",
                           f"<call xmlns='urn:sotto:call:0' id={quoteattr(call)} direction='in' media='audio' outcome='talked' start='2026-01-01T00:00:00Z'/>",
                           f"<stranger xmlns='urn:sotto:call:0' jid={self.attribute()}/>",
                           f"<stanza-id xmlns='urn:xmpp:sid:0' by='{scene.callee}' id='{MARK}'/><body>{self.text()}</body>",
                           f"<displayed xmlns='urn:xmpp:chat-markers:0' id='jm-propose-{MARK}'><x>{MARK}</x></displayed><body>{MARK}</body>")
        return self.message(self.pick(scene.callee, *scene.devices, scene.caller), inside)

    def group(self, scene):
        """Invitations to calls of groups, which name an address of the inviter's choice."""
        inside = self.pick(f"<invite xmlns='urn:xmpp:call-invites:0' id='{MARK}' video='true' multi='true'><external uri='http://203.0.113.9/{MARK}'/>"
                           f"<muji xmlns='urn:xmpp:jingle:muji:0' room='{MARK}@rooms.example.org'/></invite>",
                           f"<propose xmlns='urn:xmpp:call-message:1'><muji xmlns='urn:xmpp:jingle:muji:0' room='{MARK}@{scene.domain}'/></propose>",
                           f"<accept xmlns='urn:xmpp:call-invites:0' id='{MARK}'/>", f"<left xmlns='urn:xmpp:call-invites:0' id='{MARK}'/>")
        return self.message(self.pick(scene.callee, *scene.devices), inside)

    def self_channel(self, scene):
        """Words of a call as copies, results of an archive, forwarded: as if they came from the callee's own account."""
        call = self.pick(scene.call, self.fresh())
        inner = (f"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' from='{scene.caller}' to='{scene.callee}' id='{MARK}'>"
                 f"<{self.pick(*WORDS)} xmlns='{NS_WORD}' id='{call}'>{media('audio')}</propose></message></forwarded>").replace(
                     '</propose>', '</__>')
        name = inner.split("id='" + MARK + "'><")[1].split(' ')[0]
        inner = inner.replace('</__>', f'</{name}>')
        inside = self.pick(f"<received xmlns='urn:xmpp:carbons:2'>{inner}</received>", f"<sent xmlns='urn:xmpp:carbons:2'>{inner}</sent>",
                           f"<result xmlns='urn:xmpp:mam:2' queryid='{MARK}' id='{MARK}'>{inner}</result>", inner,
                           f"<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{NS_WORD}'><item id='{MARK}'>{self.element()}</item></items></event>")
        return self.message(self.pick(scene.callee, *scene.devices), inside)

    def answer(self, scene):
        """Answers that nobody asked for, to requests of the server's making; from those who are no contacts, to any."""
        ident = self.pick(*([] if scene.contact else [self.ident()] * 3), 'jingle-1-vital', 'jingle-100-vital', 'jingle-ffffffffffffffff-other', 'jingle--', f'jingle-{MARK}', 'jingle-' + '9' * 40 + '-vital')
        kind = self.pick('result', 'error')
        return f"<iq type='{kind}' to='{self.pick(*scene.devices, scene.callee, scene.caller)}' id='{ident}'>{self.pick('', self.element())}</iq>"

    def query(self, scene):
        """Who asks a device what it is, learns that it is there. Contacts may, so they ask nobody's."""
        inside = self.pick("<query xmlns='http://jabber.org/protocol/disco#info'/>", "<ping xmlns='urn:xmpp:ping'/>", "<query xmlns='jabber:iq:version'/>",
                           "<query xmlns='jabber:iq:last'/>", "<time xmlns='urn:xmpp:time'/>", "<query xmlns='http://jabber.org/protocol/bytestreams' sid='s'/>",
                           "<open xmlns='http://jabber.org/protocol/ibb' sid='s' block-size='4096'/>")
        to = f'{scene.callee}/{self.fresh()[:12].lower()}' if scene.contact else self.to(scene)
        return f"<iq type='{self.pick('get', 'set')}' to='{to}' id='{self.ident()}'>{inside}</iq>"

    def presence(self, scene):
        """Calls where nobody looks for them."""
        inside = self.pick(f"<propose xmlns='{NS_WORD}' id='{self.fresh()}'>{media('audio')}{self.element()}</propose>",
                           f"<muji xmlns='urn:xmpp:jingle:muji:0'><preparing/><x>{MARK}</x></muji>",
                           f"<jingle xmlns='{NS_JINGLE}' action='session-initiate' sid='{MARK}'>{self.content(0)}</jingle>",
                           f"<invite xmlns='urn:xmpp:call-invites:0' id='{MARK}'/>")
        return f"<presence to={quoteattr(self.to(scene))}>{inside}</presence>"

    def huge(self, scene):
        """As much as a stanza may have, in breadth, in depth, in one piece."""
        if scene.may_ring and self.random.random() < 0.5:
            return self.message(scene.callee, f"<propose xmlns='{NS_WORD}' id='{self.fresh()}'>{media('audio')}" + self.pick(
                '<description/>' * 1500, 'A' * 40000, '<a>' * 40 + '</a>' * 40) + '</propose>')
        return (f"<iq type='set' to='{scene.devices[0]}' id='{self.ident()}'><jingle xmlns='{NS_JINGLE}' action='session-initiate' "
                f"sid='{scene.call}'>{self.pick(self.content(0) * 20, self.element() * 100, ''.join(self.content(i) for i in range(9)))}</jingle></iq>")


def media(name):
    """A description of a propose."""
    return f"<description xmlns='{NS_RTP}' media='{name}'/>"
