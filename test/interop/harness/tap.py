"""tap.py: runs the cases of one file one after the other and prints them as TAP, the format that run-tests sums.

    case = Cases()

    @case('alice can talk to bob')
    async def _(world): ...

    sys.exit(case.run(world_factory))

A case is a coroutine; it fails by raising, skips by raising Skip(reason), and is ended after its time limit.
"""
import asyncio
import time
import traceback


class Skip(Exception):
    """This case cannot run here, and why."""


class Cases:
    """The cases of one file, in order of definition."""

    def __init__(self):
        self._cases = []

    def __call__(self, name, timeout=60, only=None):
        """`only`: the one kind of server that the case is about."""
        def register(function):
            self._cases.append((name, function, timeout, only))
            return function
        return register

    def run(self, world, only=None):
        """Runs the cases (or those whose name contains `only`) in the world that this async context manager
        makes; returns the exit status."""
        chosen = [c for c in self._cases if (not only or only in c[0]) and c[3] in (None, world.at.name)]
        print(f'1..{len(chosen)}', flush=True)
        return asyncio.run(self._run(world, chosen))

    async def _run(self, world, chosen):
        failed = 0
        async with world as ready:
            for number, (name, function, timeout, _) in enumerate(chosen, 1):
                start = time.monotonic()
                verdict, note = await self._one(function, ready, timeout)
                failed += verdict == 'not ok'
                print(f'{verdict} {number} - {name}{note}', flush=True)
                print(f'# {time.monotonic() - start:.1f} s', flush=True)
        return 1 if failed else 0

    @staticmethod
    async def _one(function, world, timeout):
        try:
            await asyncio.wait_for(function(world), timeout)
        except Skip as skip:
            return 'ok', f' # SKIP {skip}'
        except Exception:                                       # whatever it is, the case has failed
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            return 'not ok', ''
        return 'ok', ''
