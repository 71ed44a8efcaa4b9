"""jingle.py: SDP of a browser as Jingle and back (XEP-0166, 0167, 0176, 0293, 0294, 0320, 0338, 0339), written for the tests alone:
what is tested has a conversion of its own."""
import re
import xml.etree.ElementTree as ET

JINGLE = 'urn:xmpp:jingle:1'
RTP = 'urn:xmpp:jingle:apps:rtp:1'
FEEDBACK = 'urn:xmpp:jingle:apps:rtp:rtcp-fb:0'
EXTENSION = 'urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'
SOURCE = 'urn:xmpp:jingle:apps:rtp:ssma:0'
GROUPING = 'urn:xmpp:jingle:apps:grouping:0'
ICE = 'urn:xmpp:jingle:transports:ice-udp:1'
DTLS = 'urn:xmpp:jingle:apps:dtls:0'
SENDERS = {'sendrecv': 'both', 'sendonly': 'initiator', 'recvonly': 'responder', 'inactive': 'none'}
CANDIDATE = re.compile(r'candidate:(\S+) (\d) (\S+) (\d+) (\S+) (\d+) typ (\S+)')


def add(parent, namespace, tag, /, **attributes):
    return ET.SubElement(parent, f'{{{namespace}}}{tag}', {k.rstrip('_'): str(v) for k, v in attributes.items() if v is not None})


class Lines:
    """The lines of one part of an SDP."""

    def __init__(self, text):
        self.lines = [line for line in text.replace('\r', '').split('\n') if line]

    def all(self, name):
        """Values of a=NAME:VALUE."""
        return [line[len(name) + 3:] for line in self.lines if line.startswith(f'a={name}:')]

    def one(self, name, otherwise=None):
        return next(iter(self.all(name)), otherwise)

    def has(self, name):
        return f'a={name}' in self.lines


def split(sdp):
    """Session and media parts."""
    head, *media = re.split(r'^m=', sdp, flags=re.M)
    return Lines(head), [Lines('m=' + part) for part in media]


# ---- From SDP


def from_sdp(sdp, action, sid, candidates=True, tcp=False, **more):
    """A <jingle/> of what a browser offers or answers."""
    head, media = split(sdp)
    jingle = ET.Element(f'{{{JINGLE}}}jingle', {'action': action, 'sid': sid, **more})
    if bundle := head.one('group'):
        group = add(jingle, GROUPING, 'group', semantics='BUNDLE')
        for name in bundle.split()[1:]:
            add(group, GROUPING, 'content', name=name)
    for part in media:
        direction = next((d for d in SENDERS if part.has(d)), 'sendrecv')
        content = add(jingle, JINGLE, 'content', creator='initiator', name=part.one('mid'), senders=SENDERS[direction])
        describe(content, part)
        made = transport(content, part, head, candidates)
        if tcp:                                 # the sign of who knows such candidates
            add(made, ICE, 'candidate', foundation=9, component=1, protocol='tcp', tcptype='active', priority=1, ip='0.0.0.0', port=9,
                type='host', generation=0, network=0, id='tcp')
    return jingle


def describe(content, part):
    kind, *_, = part.lines[0][2:].split()
    description = add(content, RTP, 'description', media=kind)
    formats = {value.split()[0]: value.split()[1].split('/') for value in part.all('rtpmap')}
    for number in part.lines[0].split()[3:]:
        name, rate, *channels = formats[number]
        payload = add(description, RTP, 'payload-type', id=number, name=name, clockrate=rate, channels=channels[0] if channels else None)
        for value in part.all('fmtp'):
            if value.split()[0] == number:
                for pair in value.partition(' ')[2].split(';'):
                    key, equals, setting = pair.strip().partition('=')
                    add(payload, RTP, 'parameter', name=key if equals else '', value=setting if equals else key)
        for value in part.all('rtcp-fb'):
            target, type_, *sub = value.split()
            if target == number:
                add(payload, FEEDBACK, 'rtcp-fb', type=type_, subtype=sub[0] if sub else None)
    for value in part.all('extmap'):
        ident, uri = value.split()[:2]
        ident, _, way = ident.partition('/')                # Firefox's `2/recvonly`
        add(description, EXTENSION, 'rtp-hdrext', id=ident, uri=uri, senders=SENDERS.get(way))
    if part.has('extmap-allow-mixed'):
        add(description, EXTENSION, 'extmap-allow-mixed')
    for ssrc in dict.fromkeys(value.split()[0] for value in part.all('ssrc')):
        source = add(description, SOURCE, 'source', ssrc=ssrc)
        for value in part.all('ssrc'):
            if value.split()[0] == ssrc:
                key, _, setting = value.partition(' ')[2].partition(':')
                add(source, SOURCE, 'parameter', name=key, value=setting)
    if part.has('rtcp-mux'):
        add(description, RTP, 'rtcp-mux')


def transport(content, part, head, candidates):
    made = add(content, ICE, 'transport', ufrag=part.one('ice-ufrag', head.one('ice-ufrag')), pwd=part.one('ice-pwd', head.one('ice-pwd')))
    hash_, value = part.one('fingerprint', head.one('fingerprint')).split()
    add(made, DTLS, 'fingerprint', hash=hash_, setup=part.one('setup', head.one('setup'))).text = value
    for line in part.lines if candidates else ():
        if found := CANDIDATE.search(line):
            foundation, component, protocol, priority, ip, port, type_ = found.groups()
            if protocol.lower() == 'udp':
                add(made, ICE, 'candidate', foundation=foundation, component=component, protocol='udp', priority=priority, ip=ip,
                    port=port, type=type_, generation=0, network=0, id=f'c{foundation}-{component}')
    return made


# ---- To SDP


def to_sdp(jingle):
    """What a browser is given of a <jingle/>."""
    lines = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0']
    group = jingle.find(f'{{{GROUPING}}}group')
    if group is not None:
        lines.append('a=group:BUNDLE ' + ' '.join(c.get('name') for c in group))
    for content in jingle.iter(f'{{{JINGLE}}}content'):
        lines += media_lines(content)
    return '\r\n'.join(lines) + '\r\n'


def media_lines(content):
    description, ice = content.find(f'{{{RTP}}}description'), content.find(f'{{{ICE}}}transport')
    payloads = description.findall(f'{{{RTP}}}payload-type')
    print_ = ice.find(f'{{{DTLS}}}fingerprint')
    yield f"m={description.get('media')} 9 UDP/TLS/RTP/SAVPF {' '.join(p.get('id') for p in payloads)}"
    yield 'c=IN IP4 0.0.0.0'
    yield f"a=mid:{content.get('name')}"
    yield f"a=ice-ufrag:{ice.get('ufrag')}"
    yield f"a=ice-pwd:{ice.get('pwd')}"
    yield f"a=fingerprint:{print_.get('hash')} {print_.text}"
    yield f"a=setup:{print_.get('setup')}"
    yield 'a=' + next(k for k, v in SENDERS.items() if v == content.get('senders', 'both'))
    if description.find(f'{{{RTP}}}rtcp-mux') is not None:
        yield 'a=rtcp-mux'
    for payload in payloads:
        channels = payload.get('channels', '1')
        yield f"a=rtpmap:{payload.get('id')} {payload.get('name')}/{payload.get('clockrate')}" + (f'/{channels}' if channels != '1' else '')
        pairs = [(p.get('name'), p.get('value')) for p in payload.findall(f'{{{RTP}}}parameter')]
        if pairs:
            yield f"a=fmtp:{payload.get('id')} " + ';'.join(f'{k}={v}' if k else v for k, v in pairs)
        for feedback in payload.findall(f'{{{FEEDBACK}}}rtcp-fb'):
            yield ' '.join(filter(None, (f"a=rtcp-fb:{payload.get('id')}", feedback.get('type'), feedback.get('subtype'))))
    for extension in description.findall(f'{{{EXTENSION}}}rtp-hdrext'):
        yield f"a=extmap:{extension.get('id')} {extension.get('uri')}"
    for source in description.findall(f'{{{SOURCE}}}source'):
        for p in source or [{'name': 'cname', 'value': 'other'}]:
            yield f"a=ssrc:{source.get('ssrc')} {p.get('name')}:{p.get('value')}"
    for c in ice.findall(f'{{{ICE}}}candidate'):
        yield (f"a=candidate:{c.get('foundation')} {c.get('component')} {c.get('protocol')} {c.get('priority')} {c.get('ip')} "
               f"{c.get('port')} typ {c.get('type')}" + (f" tcptype {c.get('tcptype')}" if c.get('tcptype') else '') + ' generation 0')
    yield 'a=end-of-candidates'
