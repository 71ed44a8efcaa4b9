"""tap.py: runs the cases of one file one after the other and prints them as TAP, the format that
run-tests sums.

    case = Cases()

    @case('alice can talk to bob')
    async def _(world): ...

    sys.exit(case.run(world))

A case is a coroutine; it fails by raising, skips by raising Skip(reason), and is ended after its
time limit.
"""
import asyncio
import time
import traceback


class Skip(Exception):
    """This case cannot run here, and why."""


class Case:
    """One case: `only` names the one kind of server that it is about, `needs` the features without
    which it is skipped."""

    def __init__(self, name, function, timeout, only, needs):
        self.name, self.function, self.timeout, self.only, self.needs = (
            name,
            function,
            timeout,
            only,
            set(needs),
        )


class Cases:
    """The cases of one file, in order of definition. `later` are features that sottod does not have
    yet: a case that needs one is left out and named, so that a skip always means that something is
    wrong."""

    def __init__(self, later=()):
        self._cases = []
        self.later = set(later)

    def __call__(self, name, timeout=60, only=None, needs=()):
        def register(function):
            self._cases.append(Case(name, function, timeout, only, needs))
            return function
        return register

    def run(self, world, part=None, server='sottod'):
        """Runs the cases for this kind of server (or those whose name contains `part`) in the world
        that this async context manager makes; returns the exit status."""
        chosen = [
            c for c in self._cases if (not part or part in c.name) and c.only in (None, server)
        ]
        if server == 'sottod':
            for case in [c for c in chosen if c.needs & self.later]:
                print(f'# not built yet: {case.name}')
                chosen.remove(case)
        print(f'1..{len(chosen)}', flush=True)
        return asyncio.run(self._run(world, chosen))

    async def _run(self, world, chosen):
        failed = 0
        async with world as ready:
            for number, case in enumerate(chosen, 1):
                start = time.monotonic()
                verdict, note = await self._one(case, ready)
                failed += verdict == 'not ok'
                print(f'{verdict} {number} - {case.name}{note}', flush=True)
                print(f'# {time.monotonic() - start:.1f} s', flush=True)
        return 1 if failed else 0

    @staticmethod
    async def _one(case, world):
        try:
            if case.needs:
                world.need(case.needs)
            await asyncio.wait_for(case.function(world), case.timeout)
        except Skip as skip:
            return 'ok', f' # SKIP {skip}'
        except Exception:  # whatever it is, the case has failed
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            return 'not ok', ''
        return 'ok', ''


class Tap:
    """For tests without a loop of events: prints cases as they end."""

    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, function):
        """One case, not ok if it raises; prints what the function returns. Whether it is ok."""
        self.count += 1
        try:
            note = function()
        except Exception as error:  # whatever it is, the case has failed
            self.failed += 1
            print(f'# {type(error).__name__}: {error}\nnot ok {self.count} - {name}', flush=True)
            return False
        print(f'ok {self.count} - {name}\n# {note}', flush=True)
        return True

    def end(self):
        """Prints how many there were; returns the exit status."""
        print(f'1..{self.count}', flush=True)
        return 1 if self.failed else 0
