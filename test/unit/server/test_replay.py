"""sottod --replay-stanzas: verdicts on test/vectors/replay-stanzas.jsonl, and lines that are none."""
import json
import subprocess
import sys
import unittest

SOTTOD, VECTORS = sys.argv[1:3]
PATIENCE_S = 60

# id: verdict, reason, condition, how many are delivered
VERDICTS = {
    'plain': ('refuse', 'plaintext', 'policy-violation', 0),
    'location': ('refuse', 'element', 'policy-violation', 0),
    'sealed': ('pass', None, None, 1),
    'own-from': ('pass', None, None, 1),
    'forged': ('refuse', 'forged_from', 'invalid-from', 0),
    'broken': ('refuse', 'malformed', 'not-well-formed', 0),
    'blocked': ('drop', 'blocked', None, 0),
    'unblocked': ('pass', None, None, 1),
    'ghost': ('refuse', 'nobody', 'service-unavailable', 0),
    'disco': ('pass', None, None, 0),
    'stranger': ('drop', 'not_admitted', None, 0),
    'written-to': ('pass', None, None, 1),
    'hung-up': ('pass', 'hung_up', None, None),
    'bad-id': ('drop', 'malformed_call', None, 0),
    'from-elsewhere': ('drop', 'not_admitted', None, 0),
    'jingle': ('refuse', 'no_such_call', 'item-not-found', 0),
}


def replay(text, *options):
    return subprocess.run([SOTTOD, *options, '--replay-stanzas', '-'], input=text, capture_output=True,
                          text=True, timeout=PATIENCE_S)


class Replay(unittest.TestCase):
    def setUp(self):
        with open(VECTORS) as f:
            self.lines = f.read().split('\n')

    def judged(self, *options):
        done = replay('\n'.join(self.lines), *options)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        verdicts = {}
        for line in done.stdout.splitlines():
            verdict = json.loads(line)
            stanza = json.loads(self.lines[verdict['line'] - 1])['stanza']
            verdicts[stanza.split(" id='", 1)[1].split("'")[0]] = verdict
        return verdicts, done.stdout

    def test_verdicts(self):
        verdicts, _ = self.judged()
        for name, (verdict, reason, condition, delivered) in VERDICTS.items():
            with self.subTest(name):
                v = verdicts[name]
                self.assertEqual((v['verdict'], v.get('reason'), v.get('condition')),
                                 (verdict, reason, condition))
                if delivered is not None:
                    self.assertEqual(len(v['delivered']), delivered)
                if reason is not None:
                    self.assertEqual(v['event']['reason_code'], reason)

    def test_what_gets_through(self):
        verdicts, whole = self.judged()
        self.assertNotIn('words', verdicts['sealed']['delivered'][0])
        self.assertNotIn('evil', json.dumps([v['delivered'] for v in verdicts.values()]))
        for verdict in verdicts.values():  # no event has a name
            self.assertNotIn('@', json.dumps(verdict.get('event', {})))
        self.assertEqual(self.judged()[1], whole)  # the same in every run

    def test_by_configuration(self):
        verdicts, _ = self.judged('-o', 'policy.e2ee=off')
        self.assertEqual(verdicts['plain']['verdict'], 'pass')
        self.assertIn('<body>hi</body>', verdicts['plain']['delivered'][0])

    def test_limits_recover(self):
        subscribe = [json.dumps({'from': 'm@localhost/x', 'to': f'u{i}@localhost', 'at': 1767225600 + (i // 4) * 86400,
                                 'stanza': "<presence type='subscribe'/>"}) for i in range(8)]
        done = replay('\n'.join(subscribe), '-o', 'limits.subscriptions_per_account=3/h')
        self.assertEqual([json.loads(line).get('reason') for line in done.stdout.splitlines()],
                         [None, None, None, 'subscriptions'] * 2)

    def test_no_lines(self):
        good = '{"from":"a@localhost/x","stanza":"<presence/>"}\n'
        for line, why in {
            '[]': 'not a JSON object', '{': 'not a JSON object',
            '{"from":"a@localhost/x"}': 'have to be there',
            '{"stanza":"<presence/>"}': 'have to be there',
            '{"from":"a@localhost/x","stanza":"<presence/>","x":1}': 'nothing else',
            '{"from":"a@localhost/x","stanza":"<presence/>","at":"soon"}': 'at:',
            '{"from":"a@localhost/x","stanza":"<presence/>","at":1}': 'not before',
            '{"from":"a@localhost/x","stanza":"<presence/>","view":{"sub":1}}': 'view:',
            '{"from":"@","stanza":"<presence/>"}': 'from: an address',
            '{"from":"a@x.example/x","to":"b@y.example","stanza":"<presence/>"}': 'server.domain',
            '{"from":"a@x.example/x","to":"b@localhost","stanza":"<presence"}': 'another server',
            '{"from":"a@localhost/x","stanza":"' + 600 * 1024 * 'x' + '"}': '512 KiB',
            2 * 1024 * 1024 * 'x': '1 MiB',
        }.items():
            with self.subTest(why):
                done = replay(good + line + '\n' + good)
                self.assertEqual(done.returncode, 2)
                self.assertIn('sottod: -:2: ', done.stderr)
                self.assertIn(why, done.stderr)
                self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_no_file(self):
        done = subprocess.run([SOTTOD, '--replay-stanzas', '/nonexistent/x'], capture_output=True,
                              text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nonexistent/x', done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
