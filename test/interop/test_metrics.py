#!/usr/bin/python3
"""test_metrics.py: listen.metrics as a collector sees it: every line is of the text exposition
format 0.0.4, counters move when people do things, nobody can be recognised, and nothing but
GET /metrics is served."""
import http.client
import json
import math
import re
import select
import socket
import sys

from harness.client import CLIENT, Client, LoginFailed
from harness.omemo import OLD, Omemo
from harness.peopled import Peopled
from harness.server import ROOT, new_password
from harness.tap import Cases

case = Cases()

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
HELP = re.compile(rf'# HELP ({NAME}) ([^\n]+)')
TYPE = re.compile(rf'# TYPE ({NAME}) (counter|gauge|histogram)')
SAMPLE = re.compile(rf'({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)')
PARTS = ('_bucket', '_sum', '_count')
NUMBER = re.compile(r'[0-9]+(\.[0-9]+)?')
COLLECTORS_MAX = 16                             # metrics_page.c
UNITS_REFUSED = ('_ms', '_us', '_kb', '_milliseconds', '_percent')


class Malformed(Exception):
    """What is wrong with which line."""


def labels_of(text):
    """{name: value} of what stands between the braces."""
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', text or '')
    if len(pairs) != len({name for name, _ in pairs}):
        raise Malformed(f'a label twice: {text}')
    return dict(pairs)


class Exposition:
    """One scrape, read strictly: {name: type}, {name: {labels: value}}."""

    def __init__(self, text):
        self.types, self.samples = {}, {}
        if not text.endswith('\n'):
            raise Malformed('the last line does not end')
        lines = text.split('\n')[:-1]
        at = 0
        while at < len(lines):
            at = self._family(lines, at)

    def _family(self, lines, at):
        """HELP, TYPE, then every sample of the family, and nothing of it anywhere else."""
        told = HELP.fullmatch(lines[at])
        typed = TYPE.fullmatch(lines[at + 1]) if at + 1 < len(lines) else None
        if not told or not typed or told[1] != typed[1]:
            raise Malformed(f'HELP and TYPE of a family expected: {lines[at]!r}')
        name, kind = typed[1], typed[2]
        if name in self.types:
            raise Malformed(f'family twice: {name}')
        if not name.startswith('sotto_'):
            raise Malformed(f'foreign prefix: {name}')
        if (kind == 'counter') != name.endswith('_total'):
            raise Malformed(f'{kind} called {name}')
        if name.removesuffix('_total').endswith(UNITS_REFUSED):
            raise Malformed(f'not a base unit: {name}')
        self.types[name] = kind
        at += 2
        first = at
        while at < len(lines) and not lines[at].startswith('#'):
            self._sample(lines[at], name, kind)
            at += 1
        if at == first:
            raise Malformed(f'no samples: {name}')
        if kind == 'histogram':
            self._check_histogram(name)
        return at

    def _sample(self, line, family, kind):
        found = SAMPLE.fullmatch(line)
        if not found:
            raise Malformed(f'no sample: {line!r}')
        names = [family + part for part in PARTS] if kind == 'histogram' else [family]
        if found[1] not in names:
            raise Malformed(f'{found[1]} in the family {family}')
        if not NUMBER.fullmatch(found[3]):
            raise Malformed(f'no number: {line!r}')
        labels = tuple(sorted(labels_of(found[2]).items()))
        if ('le' in dict(labels)) != found[1].endswith('_bucket'):
            raise Malformed(f'le is for buckets: {line!r}')
        series = self.samples.setdefault(found[1], {})
        if labels in series:
            raise Malformed(f'series twice: {line!r}')
        series[labels] = float(found[3])

    def _check_histogram(self, name):
        buckets = [
            (math.inf if dict(labels)['le'] == '+Inf' else float(dict(labels)['le']), value)
            for labels, value in self.samples[f'{name}_bucket'].items()
        ]
        if buckets != sorted(buckets) or len({bound for bound, _ in buckets}) != len(buckets):
            raise Malformed(f'{name}: bounds are not ascending')
        if [n for _, n in buckets] != sorted(n for _, n in buckets):
            raise Malformed(f'{name}: buckets are not cumulative')
        if buckets[-1][0] != math.inf or buckets[-1][1] != self.value(f'{name}_count'):
            raise Malformed(f'{name}: +Inf is not the count')
        self.value(f'{name}_sum')

    def value(self, name, **labels):
        """One sample; without labels, of the only series of that name."""
        series = self.samples[name]
        if not labels:
            assert len(series) == 1, name
            return next(iter(series.values()))
        return series[tuple(sorted(labels.items()))]


class Watched(Peopled):
    """A server with metrics."""


    options = ('listen.metrics=127.0.0.1:0', 'server.workers=2', 'server.domain=localhost')

    def ask(self, method='GET', path='/metrics', host=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection('127.0.0.1', self.at.ports['metrics'], timeout=15)
        try:
            connection.putrequest(method, path, skip_host=host is not None)
            if host is not None:
                connection.putheader('Host', host)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def scrape(self):
        """What is exposed now, read strictly."""
        status, headers, text = self.ask()
        assert status == 200, status
        assert headers['Content-Type'] == 'text/plain; version=0.0.4; charset=utf-8', headers
        return Exposition(text)


@case('every line is of the format, and what operators look for is there')
async def _(w):
    seen = w.scrape()
    for name, kind in {
        'sotto_build_info': 'gauge', 'sotto_connections': 'gauge', 'sotto_sessions': 'gauge',
        'sotto_connections_total': 'counter', 'sotto_logins_total': 'counter',
        'sotto_failed_logins_total': 'counter',
        'sotto_stanzas_received_total': 'counter', 'sotto_stanzas_sent_total': 'counter',
        'sotto_messages_archived_total': 'counter', 'sotto_refusals_total': 'counter',
        'sotto_stream_errors_total': 'counter', 'sotto_resumptions_total': 'counter',
        'sotto_events_dropped_total': 'counter',
        'sotto_archive_queries_total': 'counter', 'sotto_pushes_total': 'counter',
        'sotto_failed_pushes_total': 'counter', 'sotto_store_commit_seconds': 'histogram',
        'sotto_store_commit_group': 'histogram', 'sotto_store_writes_waiting': 'gauge',
        'sotto_database_bytes': 'gauge', 'sotto_database_wal_bytes': 'gauge',
        'sotto_upload_bytes': 'gauge', 'sotto_uploads_total': 'counter',
        'sotto_invitations_created_total': 'counter', 'sotto_disk_level': 'gauge',
        'sotto_worker_lag_seconds': 'gauge', 'sotto_process_cpu_seconds_total': 'counter',
        'sotto_process_resident_memory_bytes': 'gauge', 'sotto_process_open_fds': 'gauge',
        'sotto_process_start_time_seconds': 'gauge', 'sotto_anchor_up': 'gauge',
        'sotto_anchor_calls': 'gauge', 'sotto_anchor_forwarded_packets_total': 'counter',
        'sotto_anchor_drops_total': 'counter',
        'sotto_tls_certificate_end_timestamp_seconds': 'gauge',
    }.items():
        assert seen.types.get(name) == kind, (name, seen.types.get(name))
    assert seen.value('sotto_accounts') == len(w.people)
    assert seen.value('sotto_process_resident_memory_bytes') > 1e6
    assert 10 < seen.value('sotto_process_open_fds') < seen.value('sotto_process_max_fds')
    assert seen.value('sotto_database_bytes') > 0
    assert seen.value('sotto_disk_bytes') >= seen.value('sotto_disk_free_bytes') > 0
    assert seen.value('sotto_tls_certificate_end_timestamp_seconds') > seen.value(
        'sotto_process_start_time_seconds'
    )
    assert len(seen.samples['sotto_worker_lag_seconds']) == 2


@case('counters move when somebody logs in, fails to, writes, reads, is refused')
async def _(w):
    before = w.scrape()
    rosalind, ferdinand = [await w.client(name) for name in w.people]
    sender, receiver = [await Omemo.announce(client) for client in (rosalind, ferdinand)]
    await sender.send(ferdinand.boundjid.bare, 'an unmistakable sentence', OLD)
    await receiver.expect(rosalind.boundjid.bare)
    rosalind.send_raw(f"<message to='{ferdinand.boundjid.bare}' type='chat' id='clear'>"
                      "<body>in the clear</body></message>")
    await rosalind.expect(lambda m: m.get('id') == 'clear' and m.get('type') == 'error')
    try:
        await Client.open(w.at, w.people[0], 'not the password')
        raise AssertionError('any password does')
    except LoginFailed:
        pass
    w.at.invite()
    after = w.scrape()

    def moved(name, at_least, **labels):
        by = after.value(name, **labels) - before.value(name, **labels)
        assert by >= at_least, f'{name} {labels} moved by {by}'

    moved('sotto_connections_total', 3, transport='starttls')
    moved('sotto_connections', 2, transport='starttls')
    moved('sotto_sessions', 2)
    moved('sotto_logins_total', 2, mechanism='scram')
    moved('sotto_failed_logins_total', 1, mechanism='scram')
    moved('sotto_stanzas_received_total', 2, kind='message')
    moved('sotto_stanzas_received_total', 2, kind='presence')
    moved('sotto_stanzas_received_total', 2, kind='iq')
    moved('sotto_stanzas_sent_total', 1, kind='message')
    moved('sotto_messages_archived_total', 1)
    moved('sotto_messages_stored', 1)
    moved('sotto_refusals_total', 1, reason='plaintext')
    moved('sotto_store_commit_seconds_count', 2)
    moved('sotto_store_commit_group_sum', 2)
    moved('sotto_store_queries_total', 2)
    moved('sotto_invitations_created_total', 1)
    moved('sotto_process_cpu_seconds_total', 0.001)
    moved('sotto_refusals_total', 0, reason='element')
    assert after.value('sotto_logins_total', mechanism='plain') == 0
    for name, kind in after.types.items():
        for suffix in PARTS if kind == 'histogram' else ('',):
            for labels, value in before.samples[name + suffix].items():
                assert kind == 'gauge' or after.samples[name + suffix][labels] >= value, name


@case('no name of anybody, no text and no address appears')
async def _(w):
    _, _, text = w.ask()
    for word in (*w.people, 'unmistakable', 'sentence', 'localhost', '127.0.0.1', '@'):
        assert word not in text, word
    values = set(re.findall(r'="([^"]*)"', text))
    assert len(values) < 200, values            # words of the program's own: the next case adds people


@case('a hundred accounts bring no further series')
async def _(w):
    before = w.scrape().samples
    w.at.ctl('user', 'add-many', 'crowd-', '100', '--password-stdin', stdin=new_password() + '\n')
    after = w.scrape().samples
    assert {n: set(s) for n, s in before.items()} == {n: set(s) for n, s in after.items()}


@case('the manual and the alerts speak of what there is')
async def _(w):
    types = w.scrape().types
    table = set(re.findall(r'^\| `(sotto_\w+)` \|', (ROOT / 'docs/operations.md').read_text(), re.M))
    assert table == set(types), table ^ set(types)
    alerts = (ROOT / 'packaging/sotto-alerts.yml').read_text()
    for name in re.findall(r'\bsotto_\w+', alerts):
        assert name in types or name.removesuffix('_bucket') in types, name


@case('nothing else is served')
async def _(w):
    assert w.ask(path='/')[0] == 404
    assert w.ask(path='/metrics/x')[0] == 404
    assert w.ask(path='/invite/x')[0] == 404
    assert w.ask(path='/upload/x/y', method='PUT')[0] == 404
    for method in ('POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'):
        status, headers, _ = w.ask(method)
        assert status == 405 and headers['Allow'] == 'GET', (method, status)
    assert w.ask(host='elsewhere.example')[0] == 421
    assert w.ask(host='localhost')[0] == 200
    with socket.create_connection(('127.0.0.1', w.at.ports['metrics']), 15) as raw:
        raw.sendall(b'GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
        assert raw.recv(4096).startswith(b'HTTP/1.1 400 ')


@case('no more than a few collectors at a time, and the next one is served again')
async def _(w):
    many = [socket.create_connection(('127.0.0.1', w.at.ports['metrics']), 15) for _ in range(40)]
    refused = set()
    while len(refused) < len(many) - COLLECTORS_MAX:
        ready, _, _ = select.select([s for s in many if s not in refused], [], [], 5)
        assert ready, f'only {len(refused)} of {len(many)} were refused'
        refused.update(ready)
    assert len(refused) < len(many), 'nobody is served'
    for one in many:
        one.close()
    for _ in range(200):
        try:
            assert w.ask()[0] == 200
            return
        except (http.client.HTTPException, ConnectionError):
            pass
    raise AssertionError('nobody is served any more')


@case('`sottoctl stats` knows the same')
async def _(w):
    stats = json.loads(w.at.ctl('--json', 'stats'))
    seen = w.scrape()
    assert stats['accounts'] == seen.value('sotto_accounts')
    assert stats['archived'] == seen.value('sotto_messages_archived_total')
    assert stats['durable']['p50_us'] <= stats['durable']['p99_us'] < 60e6
    assert stats['durable']['write_sets'] > 0 and stats['rates']['seconds'] > 0
    assert stats['rates']['stanzas_in'] > 0
    said = w.at.ctl('stats')
    for word in ('version', 'up', 'accounts', 'sessions', 'database', 'disk', 'certificate', 'p99'):
        assert word in said, (word, said)


if __name__ == '__main__':
    sys.exit(case.run(Watched(), sys.argv[1] if len(sys.argv) > 1 else None))
