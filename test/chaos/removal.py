#!/usr/bin/python3
"""removal.py: an account is removed while the server is busy. Soon, in a minute as promised, nothing
of it is left in any file of the server: database, write-ahead log, uploads, logs; and everybody
else has what he had, also what she wrote to him.

How long it takes is printed and not judged: that depends on the disk. That every mark was there
before shows that the search would have found it.
"""
import http.client
import ssl
import sys
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'interop'))

from harness import leak, server                                    # noqa: E402
from harness.raw import CLIENT, NS_SM, Raw                          # noqa: E402

PREFIX = 'bystander'
BYSTANDERS = 6
GONE = 'aldegonde-removed'                       # stands in no file for any other reason
MARKS = {name: f'mark-{name}-5f2c9a71' for name in
         ('self', 'node', 'item', 'private', 'card', 'contact', 'group', 'blocked', 'file', 'filename',
          'device', 'archivist')}
KEPT = 'mark-kept-by-the-friend-8d1e'
PROMISED_S = 60
PATIENCE_S = 180
MESSAGE = (
    "<message type='chat' to='{to}' id='{ident}'><encrypted xmlns='eu.siacs.conversations.axolotl'>"
    "<header sid='1'><key rid='2'>MwohBQ==</key><iv>AAAAAAAAAAAAAAAA</iv></header>"
    "<payload>bm90</payload></encrypted><origin-id xmlns='urn:xmpp:sid:0' id='{mark}'/></message>"
)


def logged_in(at, name, password):
    """A connection with stream management."""
    raw = Raw(at)
    raw.start_tls()
    raw.login(name, password)
    raw.enable_sm()
    return raw


def ask(raw, kind, payload, to=None):
    """One iq and its result."""
    ask.number += 1
    address = f" to='{to}'" if to else ''
    raw.send(f"<iq type='{kind}' id='q{ask.number}'{address}>{payload}</iq>")
    while (element := raw.next()) is not None:
        if element.tag == f'{CLIENT}iq' and element.get('id') == f'q{ask.number}':
            assert element.get('type') == 'result', [c.tag for c in element.iter()]
            return element
    raise AssertionError(f'no answer to {payload}')


ask.number = 0


def stored(raw):
    """Waits until all that was sent is safe."""
    raw.send("<r xmlns='urn:xmpp:sm:3'/>")
    raw.until(f'{NS_SM}a')


class Load(threading.Thread):
    """Messages from one bystander to the next, as fast as they are stored."""

    def __init__(self, at, number, password):
        super().__init__(daemon=True)
        self._raw = logged_in(at, f'{PREFIX}{number}', password)
        self._to = at.jid(f'{PREFIX}{(number + 1) % BYSTANDERS}')
        self.ending = threading.Event()
        self.sent = 0

    def run(self):
        while not self.ending.is_set():
            for _ in range(20):
                self.sent += 1
                self._raw.send(MESSAGE.format(to=self._to, ident=f'l{self.sent}',
                                              mark=f'load-{self.sent}'))
            stored(self._raw)


def upload(raw, at):
    """A file whose name and content are marks (XEP-0363)."""
    content = MARKS['file'].encode() * 1000
    answer = ask(raw, 'get', "<request xmlns='urn:xmpp:http:upload:0' filename='%s.bin' size='%d'/>"
                 % (MARKS['filename'], len(content)), to=at.domain)
    put = answer.find('.//{*}put')
    headers = {header.get('name'): header.text for header in put.iter('{urn:xmpp:http:upload:0}header')}
    link = http.client.HTTPSConnection(
        at.domain, at.ports['https'], context=ssl.create_default_context(cafile=str(at.ca)), timeout=30)
    link.request('PUT', urllib.parse.urlsplit(put.get('url')).path, content, headers)
    assert link.getresponse().status == 201
    link.close()


def name_device(at, password):
    """A login that names its device (XEP-0388 §2.3), which is remembered (XEP-0494)."""
    raw = Raw(at)
    raw.start_tls()
    raw.authenticate2(GONE, password, MARKS['device'])
    raw.close()


def leave_traces(raw, at):
    """Everything that an account can have, each with a mark of its own."""
    ask(raw, 'set', "<query xmlns='jabber:iq:roster'><item jid='%s@%s' name='%s'><group>%s</group></item>"
        '</query>' % (MARKS['contact'], at.domain, MARKS['contact'], MARKS['group']))
    ask(raw, 'set', "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:%s'>"
        "<item id='%s'><x xmlns='urn:x'>%s</x></item></publish></pubsub>"
        % (MARKS['node'], MARKS['item'], MARKS['item']))
    ask(raw, 'set', "<query xmlns='jabber:iq:private'><x xmlns='urn:x'>%s</x></query>" % MARKS['private'])
    ask(raw, 'set', "<vCard xmlns='vcard-temp'><FN>%s</FN></vCard>" % MARKS['card'])
    ask(raw, 'set', "<block xmlns='urn:xmpp:blocking'><item jid='%s@%s'/></block>"
        % (MARKS['blocked'], at.domain))
    ask(raw, 'set', "<prefs xmlns='urn:xmpp:mam:2' default='always'><always><jid>%s@%s</jid></always>"
        '<never/></prefs>' % (MARKS['archivist'], at.domain))
    ask(raw, 'set', "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite'/>",
        to=at.domain)
    upload(raw, at)
    for n in range(300):
        raw.send(MESSAGE.format(to=at.jid(GONE), ident=f's{n}', mark=f"{MARKS['self']}-{n}"))
    stored(raw)


def traces(at, texts):
    """Which of the texts lie in which files."""
    # What sottoctl answered is kept by the harness, not by the server.
    return {f'{path}: {text}' for text in texts for path in leak.find(at.folder, text)
            if str(path) != at.answers.name}


def run():
    """One removal."""
    texts = [GONE, *MARKS.values()]
    password = server.new_password()
    with server.Sottod(options=['limits.exempt=127.0.0.0/8']) as at:
        at.ctl('user', 'add-many', PREFIX, str(BYSTANDERS), '--password-stdin', stdin=password + '\n')
        for name in (GONE, 'alice', 'bob'):
            at.add_user(name, password)
        raw = logged_in(at, GONE, password)
        leave_traces(raw, at)
        name_device(at, password)
        alice = logged_in(at, 'alice', password)
        alice.send(MESSAGE.format(to=at.jid('bob'), ident='k', mark=KEPT))
        stored(alice)
        load = [Load(at, n, password) for n in range(BYSTANDERS)]
        for one in load:
            one.start()
        time.sleep(2)
        before = traces(at, texts)
        missing = [text for text in texts if not any(text in hit for hit in before)]
        assert not missing, f'the search would not have found {missing}'
        at.delete_user(GONE)
        start = time.monotonic()
        while (left := traces(at, texts)) and time.monotonic() - start < PATIENCE_S:
            time.sleep(2)
        took = time.monotonic() - start
        at.delete_user('alice')                  # what bob has of her stays his
        kept = leak.find(at.data, KEPT)
        for one in load:
            one.ending.set()
        for one in load:
            one.join(30)
        print(f'# {sum(one.sent for one in load)} messages of others meanwhile; nothing left after '
              f'{took:.0f} s; {PROMISED_S} are promised')
        cells = {(table, column) for text in texts
                 for _, table, column, _ in leak.find_in_sqlite(at.data, text)}
        assert not left, f'after {took:.0f} s: {sorted(left)}; in {sorted(cells) or "no cell any more"}'
        assert kept, 'what a friend received is gone with its sender'


def main():
    """TAP on standard output."""
    print('1..1', flush=True)
    run()
    print('ok 1 - a removed account leaves nothing behind', flush=True)


if __name__ == '__main__':
    main()
