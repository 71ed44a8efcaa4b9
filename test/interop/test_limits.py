#!/usr/bin/python3
"""test_limits.py: what the server grants to one address: connections, strangers, wrong passwords; networks that are
exempt."""
import asyncio
import sys

from harness.raw import NS_SASL, NS_STREAM, Closed, Raw
from harness.server import Sottod, new_password
from harness.tap import Cases

case = Cases()


class At:
    """A server of one worker with these settings, and one account."""

    def __init__(self, *options):
        self.server = Sottod(options=('server.workers=1', *options))

    def __enter__(self):
        self.server.__enter__()
        self.password = new_password()
        self.server.add_user('alice', self.password)
        return self

    def __exit__(self, *why):
        self.server.__exit__(*why)

    def connect(self):
        """A stream that has not logged in."""
        return Raw(self.server)

    def admits(self):
        """Whether one more connection gets a stream."""
        try:
            self.connect().close()
        except Closed:
            return False
        return True

    async def admits_soon(self):
        """The same, as soon as the server has noticed that others have gone."""
        for _ in range(200):
            if self.admits():
                return True
            await asyncio.sleep(0.05)
        return False

    def log_in(self, password):
        """What the server says: the tag of its answer, or of the condition."""
        raw = self.connect()
        raw.start_tls()
        try:
            answer = raw.try_plain('alice', password)
        finally:
            raw.close()
        return answer.tag if len(answer) == 0 else answer[0].tag


class Nothing:
    """Each case has a server of its own."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


@case('an address has so many connections that have not logged in, and not one more')
async def _(_):
    with At('limits.unauthenticated_per_address=3') as at:
        open_ones = [at.connect() for _ in range(3)]
        assert not at.admits()
        open_ones.pop().close()
        assert await at.admits_soon()


@case('who has logged in does not count as a stranger')
async def _(_):
    with At('limits.unauthenticated_per_address=2') as at:
        for _ in range(4):
            raw = at.connect()
            raw.start_tls()
            raw.login('alice', at.password)
        assert at.admits()


@case('an address connects so often, and not more often')
async def _(_):
    with At('limits.connections_per_address=4/h') as at:
        assert [at.admits() for _ in range(6)] == [True] * 4 + [False] * 2


@case('after so many wrong passwords an address waits, whatever it says')
async def _(_):
    with At('limits.failed_logins_per_address=2/h', 'auth.mechanisms=PLAIN') as at:
        said = [at.log_in(p) for p in ('wrong', 'wrong', 'wrong', at.password)]
        assert said == [f'{NS_SASL}not-authorized'] * 2 + [f'{NS_SASL}temporary-auth-failure'] * 2, said


@case('networks that are exempt have no limits')
async def _(_):
    with At('limits.failed_logins_per_address=1/h', 'limits.connections_per_address=1/h',
            'limits.unauthenticated_per_address=1', 'limits.exempt=127.0.0.0/8', 'auth.mechanisms=PLAIN') as at:
        assert [at.log_in('wrong') for _ in range(3)] == [f'{NS_SASL}not-authorized'] * 3
        assert at.log_in(at.password) == f'{NS_SASL}success'
        assert all([at.connect().features.tag == f'{NS_STREAM}features' for _ in range(3)])


if __name__ == '__main__':
    sys.exit(case.run(Nothing(), sys.argv[1] if len(sys.argv) > 1 else None))
