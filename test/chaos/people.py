"""people.py: people who work with a server on several things at a time, and tell the oracle what
was asked, answered, acknowledged and delivered; later they look what is left of it.
"""
import random
import threading
import time
import xml.etree.ElementTree as ET

from harness.raw import CLIENT, NS_SM, Closed, Raw
from harness.server import ServerError

BACK_TIMEOUT_S = 30
SIZES = (10, 10, 20, 100, 100, 1000, 9000)       # of messages, in four octets
BULK = (9000,)
REST_S = 0.2                                     # nobody asks for anything
NAMES = ('alice', 'bob', 'carol', 'dave', 'erin')
KEYS = 6                                         # places of each kind that one person changes

MESSAGE = (
    "<message type='chat' to='{to}' id='{ident}'><encrypted xmlns='eu.siacs.conversations.axolotl'>"
    "<header sid='1'><key rid='2'>MwohBQ==</key><iv>AAAAAAAAAAAAAAAA</iv></header>"
    "<payload>{payload}</payload></encrypted><store xmlns='urn:xmpp:hints'/></message>"
)
ROSTER = "<query xmlns='jabber:iq:roster'>{}</query>"
BLOCKS = "<{0} xmlns='urn:xmpp:blocking'>{1}</{0}>"
PUBSUB = "<pubsub xmlns='http://jabber.org/protocol/pubsub'>{}</pubsub>"
ENOUGH = (                                       # a node keeps more than its last item
    "<publish-options><x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE' type='hidden'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='pubsub#max_items'><value>max</value></field></x></publish-options>"
)
NODE = 'urn:sotto:test:durability'
MAM_PAGE = (
    "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>100</max>{}</set>"
    "</query>"
)
NS_ROSTER = '{jabber:iq:roster}'
NS_BLOCKS = '{urn:xmpp:blocking}'
NS_PUBSUB = '{http://jabber.org/protocol/pubsub}'
NS_MAM = '{urn:xmpp:mam:2}'
NS_RSM = '{http://jabber.org/protocol/rsm}'
NS_STANZAS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'
STANZA_ID = '{urn:xmpp:sid:0}stanza-id'


def logged_in(at, name, password):
    """A connection with a resource, as soon as the server takes one."""
    deadline = time.monotonic() + BACK_TIMEOUT_S
    while True:
        try:
            raw = Raw(at)
            raw.start_tls()
            raw.login(name, password)
            return raw
        except Closed as error:
            if time.monotonic() > deadline:
                raise AssertionError(f'{name} cannot log in any more: {error}') from error
            time.sleep(0.05)


def is_refusal(error):
    """The server could not store it, says so, and says why to a person."""
    return (error.find(f'.//{NS_STANZAS}resource-constraint') is not None
            and bool(error.findtext(f'.//{NS_STANZAS}text')))


def text_of(element):
    """For a failure's message."""
    return ET.tostring(element, 'unicode')


class Person(threading.Thread):
    """Does so many things, a few at a time, until all is answered or the connection is gone."""

    def __init__(self, at, oracle, name, password, rng, load, rest):
        super().__init__(daemon=True)
        self.at, self.oracle, self.name = at, oracle, name
        self.rng = random.Random(rng.random())
        self.steps, self.sizes = load
        self.rest = rest                         # where all meet halfway
        self.window = self.rng.choice([1, 4, 20, 60])
        self.sent, self.h_out, self.h_in = [], 0, 0
        self.answers = {}                        # id of an iq: the cell that it changes
        self.idle = threading.Event()            # everything is answered
        self.gone = False
        self.wrong = None
        self.raw = logged_in(at, name, password)
        self.raw.enable_sm()
        self._send('roster', f"<iq type='get' id='roster'>{ROSTER.format('')}</iq>")
        self._send('presence', '<presence/>')

    # ---- What is sent ----

    def _send(self, token, text):
        self.sent.append(token)
        self.raw.send(text)

    def _new_id(self):
        return f'{self.name}-{self.rng.getrandbits(48):012x}'

    def _write(self):
        ident = self._new_id()
        to = self.rng.choice([n for n in NAMES if n != self.name])
        size = self.rng.choice(self.sizes)
        self.oracle.sent(ident, self.name, to)
        self._send(ident, MESSAGE.format(to=self.at.jid(to), ident=ident, payload='bm90' * size))

    def _ask(self, cell, value, payload):
        ident = self._new_id()
        self.answers[ident] = (self.name, *cell)
        self.oracle.cell(self.name, *cell).asked(ident, value)
        self._send(ident, f"<iq type='set' id='{ident}'>{payload}</iq>")

    def _change_roster(self):
        jid = self.at.jid(f'friend{self.rng.randrange(KEYS)}')
        if self.rng.random() < 0.2:
            self._ask(('roster', jid), None,
                      ROSTER.format(f"<item jid='{jid}' subscription='remove'/>"))
        else:
            name = self._new_id()
            self._ask(('roster', jid), name, ROSTER.format(f"<item jid='{jid}' name='{name}'/>"))

    def _change_blocks(self):
        jid = self.at.jid(f'pest{self.rng.randrange(KEYS)}')
        blocked = self.rng.random() < 0.6
        self._ask(('block', jid), True if blocked else None,
                  BLOCKS.format('block' if blocked else 'unblock', f"<item jid='{jid}'/>"))

    def _publish(self):
        key = f'item{self.rng.randrange(KEYS)}'
        if self.rng.random() < 0.2:
            self._ask(('pep', key), None,
                      PUBSUB.format(f"<retract node='{NODE}'><item id='{key}'/></retract>"))
            return
        value = self._new_id() * self.rng.choice([1, 1, 1, 200])
        self._ask(('pep', key), value, PUBSUB.format(
            f"<publish node='{NODE}'><item id='{key}'><x xmlns='urn:x'>{value}</x></item></publish>"
            f'{ENOUGH}'))

    def _act(self):
        self.rng.choices([self._write, self._change_roster, self._change_blocks, self._publish],
                         [6, 1, 1, 2])[0]()

    # ---- What is heard ----

    def _hear(self, element):
        if element.tag == f'{NS_SM}a':
            self._acknowledged(int(element.get('h')))
        elif element.tag == f'{NS_SM}r':
            self.raw.send(f"<a xmlns='urn:xmpp:sm:3' h='{self.h_in}'/>")
        elif element.tag.startswith(CLIENT):
            self.h_in += 1
            {'iq': self._hear_iq, 'message': self._hear_message}.get(
                element.tag[len(CLIENT):], lambda _: None)(element)

    def _acknowledged(self, h):
        for token in self.sent[self.h_out:h]:
            if token in self.oracle.messages:
                self.oracle.acked(token)
            elif token in self.answers:
                self.oracle.complain(f'{token} of {self.name} was counted before its answer')
        self.h_out = h

    def _hear_iq(self, iq):
        ident, kind = iq.get('id'), iq.get('type')
        if kind == 'set':                        # a push
            self._send(ident, f"<iq type='result' id='{ident}'/>")
        elif ident in self.answers:
            cell = self.answers.pop(ident)
            if kind == 'result':
                self.oracle.changed(cell, ident)
            elif is_refusal(iq):
                self.oracle.unchanged(cell, ident)
            else:                                # only what is not there cannot be taken away
                assert iq.find(f'.//{NS_STANZAS}item-not-found') is not None, text_of(iq)
                self.oracle.cell(*cell).refused(ident)

    def _hear_message(self, message):
        ident = message.get('id')
        if ident not in self.oracle.messages:
            return
        if message.get('type') == 'error':
            assert is_refusal(message), text_of(message)
            self.oracle.bounced(ident)
            return
        stanza_id = message.find(STANZA_ID)
        self.oracle.delivered(ident, self.name, stanza_id.get('id'))

    # ---- Life ----

    def _in_flight(self):
        return len(self.sent) - self.h_out

    def _catch_up(self, below):
        asked = False
        while self._in_flight() >= below:
            if not asked:
                self.raw.send("<r xmlns='urn:xmpp:sm:3'/>")
            element = self.raw.next()
            assert element is not None, 'the server says nothing'
            asked = element.tag != f'{NS_SM}a'
            self._hear(element)

    def _rest(self):
        self._catch_up(1)
        try:
            self.rest.wait()
            time.sleep(REST_S)
        except threading.BrokenBarrierError:     # somebody was cut off
            pass

    def run(self):
        try:
            for step in range(self.steps):
                if step == self.steps // 2:
                    self._rest()
                self._act()
                if self._in_flight() >= self.window:
                    self._catch_up(self.window)
            self._catch_up(1)
            self.idle.set()
            while not self.gone:
                if (element := self.raw.next(0.2)) is not None:
                    self._hear(element)
        except Closed:
            pass
        except Exception as error:               # shown by the main thread
            self.wrong = error
        finally:
            self.gone = True
            self.rest.abort()
            self.raw.close()

    def end(self):
        """Without a word, unless the connection is gone already."""
        self.gone = True
        self.join(BACK_TIMEOUT_S)
        assert not self.is_alive(), f'{self.name} still has a connection'
        if self.wrong is not None:
            raise self.wrong


class Operator(threading.Thread):
    """Adds and deletes accounts with sottoctl; what it said was done is a promise, too."""

    def __init__(self, at, oracle, rng, steps):
        super().__init__(daemon=True)
        self.at, self.oracle = at, oracle
        self.rng = random.Random(rng.random())
        self.steps = steps

    def run(self):
        for step in range(self.steps):
            name = self.at.jid(f'temp{self.rng.randrange(2)}')
            cell = self.oracle.cell('operator', 'account', name)
            there = cell.value is None
            cell.asked(step, True if there else None)
            try:
                if there:
                    self.at.ctl('user', 'add', name, '--password-stdin', stdin='x\n')
                else:
                    self.at.ctl('user', 'delete', name)
            except ServerError:                  # whether it was done we shall see
                return
            self.oracle.changed(('operator', 'account', name), step)


# ---- Afterwards ----

def ask(raw, kind, payload):
    """One iq; returns what came before the answer, and the answer."""
    ask.number += 1
    raw.send(f"<iq type='{kind}' id='look{ask.number}'>{payload}</iq>")
    before = []
    while (element := raw.next()) is not None:
        if element.tag == f'{CLIENT}iq' and element.get('id') == f'look{ask.number}':
            return before, element
        before.append(element)
    raise AssertionError(f'no answer to {payload}')


ask.number = 0


def read_archive(raw, after):
    """(archive id, message id) of all entries after that one."""
    while True:
        before, answer = ask(raw, 'set', MAM_PAGE.format(f'<after>{after}</after>' if after else ''))
        assert answer.get('type') == 'result', 'the archive is not readable'
        for element in before:
            if (result := element.find(f'{NS_MAM}result')) is not None:
                yield result.get('id'), result.find(f'.//{CLIENT}message').get('id')
        fin = answer.find(f'{NS_MAM}fin')
        if fin.get('complete') == 'true':
            return
        after = fin.findtext(f'{NS_RSM}set/{NS_RSM}last')


def look(at, oracle, name, password, whole):
    """Shows the oracle what one person finds on the server."""
    raw = logged_in(at, name, password)
    roster = ask(raw, 'get', ROSTER.format(''))[1]
    oracle.compare(name, 'roster',
                   {i.get('jid'): i.get('name') for i in roster.iter(f'{NS_ROSTER}item')})
    blocks = ask(raw, 'get', BLOCKS.format('blocklist', ''))[1]
    oracle.compare(name, 'block', {i.get('jid'): True for i in blocks.iter(f'{NS_BLOCKS}item')})
    items = ask(raw, 'get', PUBSUB.format(f"<items node='{NODE}'/>"))[1]
    oracle.compare(name, 'pep', {i.get('id'): ''.join(i.itertext())
                                 for i in items.iter(f'{NS_PUBSUB}item')})
    known = oracle.archives.get(name)
    after = list(known.values())[-1] if known and not whole else None
    oracle.read(name, list(read_archive(raw, after)), whole)
    raw.close()
