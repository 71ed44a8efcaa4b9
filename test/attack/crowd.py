#!/usr/bin/python3
"""crowd.py: hostile people with modified clients, each on a connection of his own, driven by lines of JSON: first who they are, then
one line for each share of what they are to send. Answers each line with what came of it; at the end of its input it tells what they heard.
"""
import collections
import json
import random
import re
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'test/interop'))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness.raw import CLIENT, Closed, Raw                                  # noqa: E402
from stanzas import Hostile, Scene                                           # noqa: E402

BATCH = 40                                      # so many before answers are waited for
BROKEN = ['<message', "<message to='x'><body>\x01</body></message>", '<!-- a comment -->', '<?php x ?>', '<!DOCTYPE a [<!ENTITY b "c">]>',
          '<iq></message>', "<message xmlns:a='x' a:b='1' a:b='2'/>", '<message>&lol;</message>', '<message to="\ufffe"/>']


class Attacker:
    """One of them."""

    def __init__(self, at, person, seed):
        self.at, self.name, self.password = at, person['name'], person['password']
        self.contact, self.may_ring, self.breaks = person['contact'], person['may_ring'], person['breaks']
        self.random = random.Random(f'{seed}-{self.name}')
        self.source = Hostile(self.random)
        self.sent = self.broken = self.logins = 0
        self.heard = collections.Counter()      # kinds of what came
        self.refusals = collections.Counter()   # of requests of Jingle, without what names the request
        self.asked = {}                         # of these, by id
        self.words = collections.Counter()      # words of calls that came
        self.raw = None
        self.connect()

    def connect(self):
        self.raw = Raw(self.at)
        self.raw.start_tls()
        self.raw.authenticate(self.name, self.password)
        wanted = self.random.choice(['FORBIDDEN', 'dino.FORBIDDEN', 'dino.0123456789abcdef', 'dino.00c0ffee'])
        self.raw.send(f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{wanted}</resource></bind></iq>")
        self.raw.jid = self.raw.until(CLIENT + 'iq').findtext('.//{urn:ietf:params:xml:ns:xmpp-bind}jid')
        self.logins += 1

    def hear(self, element):
        """What came in, counted."""
        tag = element.tag.split('}')[1]
        self.heard[f'{tag} {element.get("type", "")}'.strip()] += 1
        for n in element.iter():
            if n.tag.startswith('{urn:xmpp:jingle-message:0}'):
                self.words[n.tag.split('}')[1]] += 1
        if tag == 'iq' and element.get('type') == 'error' and element.get('id') in self.asked:
            whom = self.asked.pop(element.get('id'))
            error = element.find(CLIENT + 'error')
            self.refusals[f"{whom}: {ET.tostring(error, encoding='unicode')}"] += 1

    def settle(self):
        """All that was sent has been dealt with."""
        self.raw.send("<iq type='get' id='settled'><ping xmlns='urn:xmpp:ping'/></iq>")
        while (element := self.raw.next(60)) is not None:
            if element.tag == CLIENT + 'iq' and element.get('id') == 'settled':
                return
            self.hear(element)
        raise Closed('no answer')

    def note(self, text, scene):
        """Which request it is whose answer is told apart: those to the callee and those to nobody."""
        if found := re.match(r"<iq type='set' to=(['\"])(.*?)\1 id='(i\d+)'><jingle xmlns='urn:xmpp:jingle:1'", text):
            if len(text) < 8000 and found[2].startswith((scene.callee, scene.nobody + '@')):
                self.asked[found[3]] = 'callee' if found[2].startswith(scene.callee) else 'nobody'

    def attack(self, scene, count):
        """So many stanzas."""
        scene = Scene(**scene, may_ring=self.may_ring, contact=self.contact)
        end = self.sent + count
        while self.sent < end:
            try:
                self.batch(scene, min(BATCH, end - self.sent))
            except Closed:
                self.broken += 1
                self.connect()

    def batch(self, scene, count):
        texts = []
        while len(texts) < count:
            texts += self.source.next(scene)
        for text in texts[:count]:
            self.note(text, scene)
        self.sent += count
        self.raw.send(''.join(texts[:count]))
        self.settle()
        if self.random.random() < self.breaks:
            self.sent += 1
            self.raw.send(self.random.choice(BROKEN))
            self.settle()

    def report(self):
        return {'name': self.name, 'sent': self.sent, 'streams_ended': self.broken, 'heard': dict(self.heard),
                'refusals': dict(self.refusals), 'words': dict(self.words)}


def main():
    begin = json.loads(sys.stdin.readline())
    at = SimpleNamespace(host=begin['host'], port=begin['port'], domain=begin['domain'], ca=begin['ca'])
    attackers = [Attacker(at, person, begin['seed']) for person in begin['people']]
    print(json.dumps({'ready': {a.name: a.raw.jid for a in attackers}}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        wrong = []

        def work(attacker, count, order=order, wrong=wrong):
            try:
                attacker.attack(order['scene'], count)
            except BaseException as error:       # of another thread: told to who drives this
                wrong.append(f'{attacker.name}: {error!r}')

        threads = [threading.Thread(target=work, args=(a, order['share'])) for a in attackers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({'sent': sum(a.sent for a in attackers), 'wrong': wrong}), flush=True)
    print(json.dumps({'report': [a.report() for a in attackers]}), flush=True)


if __name__ == '__main__':
    main()
