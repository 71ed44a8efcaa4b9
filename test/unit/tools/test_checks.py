#!/usr/bin/python3
"""test_checks.py: the tools that guard the tree find what they are to find, and nothing else.
Speaks TAP."""
import contextlib
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / 'test/interop'))

from harness import leak                        # noqa: E402

# Files of a small tree, and what check-includes must say of it; None: nothing.
INCLUDES = [
    ('a folder above', {'lib/base/buf.h': '', 'lib/xml/tree.h': '#include "base/buf.h"'}, None),
    (
        'its own folder',
        {'lib/xml/a.h': '', 'lib/xml/b.c': '#include "xml/a.h"\n#include "a.h"'},
        None,
    ),
    (
        'a folder below',
        {'lib/xml/tree.h': '', 'lib/base/buf.c': '#include "xml/tree.h"'},
        'xml is below base',
    ),
    ('io from lib', {'io/loop.h': '', 'lib/base/buf.c': '#include "io/loop.h"'}, 'lib/ is pure'),
    ('a socket in lib', {'lib/base/a.c': '#include <sys/socket.h>'}, 'no input or output'),
    ('a native twin', {'lib/base/a_native.c': '#include <unistd.h>'}, None),
    (
        'lib and io from a program',
        {
            'io/loop.h': '',
            'lib/base/a.h': '',
            'ctl/main.c': '#include "io/loop.h"\n#include "base/a.h"',
        },
        None,
    ),
    (
        'another program',
        {'server/log.h': '', 'ctl/main.c': '#include "server/log.h"'},
        'uses io/ and lib/ only',
    ),
    (
        'server from io',
        {'server/log.h': '', 'io/loop.c': '#include "server/log.h"'},
        'uses io/ and lib/ only',
    ),
    (
        'io from the engine',
        {'io/loop.h': '', 'server/session.c': '#include "io/loop.h"'},
        'runs without io/',
    ),
    (
        'io behind a header',
        {
            'io/loop.h': '',
            'server/worker.h': '#include "io/loop.h"',
            'server/modules/ping.c': '#include "server/worker.h"',
        },
        'server/worker.h -> io/loop.h',
    ),
    ('the loop library', {'server/router.c': '#include <uv.h>'}, 'runs without io/'),
    ('a worker may', {'io/loop.h': '', 'server/worker.c': '#include "io/loop.h"'}, None),
    ('a missing header', {'lib/base/a.c': '#include "base/gone.h"'}, 'is not in the tree'),
    ('an unknown folder', {'lib/misc/a.c': ''}, 'not in the list of folders'),
]

BANNED = [
    ('a clean file', 'lib/base/a.c', '/* a.c: nothing. */\nint x;\n', None),
    ('strcpy', 'lib/xml/a.c', '/* a */\nvoid f(void) { strcpy(a, b); }\n', 'strcpy'),
    ('in a comment', 'lib/xml/a.c', '/* a: strcpy(a, b) is banned, malloc(1) too. */\n', None),
    ('in a literal', 'lib/xml/a.c', '/* a */\nconst char *s = "strcpy(a, b)";\n', None),
    ('a longer name', 'lib/xml/a.c', '/* a */\nvoid f(void) { my_strcpy(a); x->free(y); }\n', None),
    ('malloc', 'io/a.c', '/* a */\nvoid f(void) { p = malloc(3); }\n', 'malloc'),
    ('malloc in the base', 'lib/base/mem.c', '/* a */\nvoid f(void) { p = malloc(3); }\n', None),
    ('no first comment', 'io/a.h', 'int x;\n', 'states the job'),
    ('too long', 'io/a.c', '/* a */\n' + 'int x;\n' * 801, 'over 800'),
    ('a note to oneself', 'docs/a.md', 'This is TOD' + 'O.\n', 'unfinished'),
    ('a path of a machine', 'docs/a.md', 'See /wor' + 'k/main.\n', 'path of a machine'),
    ('a path in a path', 'docs/a.md', 'See sub/work/main and /workshop/x.\n', None),
    ('a registry', 'tools/a', 'curl https://regist' + 'ry.example/\n', 'registry host'),
]

TALLY = [  # output, status -> passed, failed, skipped; strict: failed
    ('TAP', '1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no network\n', 1, (1, 1, 1), 2),
    ('a program without cases', 'hello\n', 0, (1, 0, 0), 0),
    ('a program that fails', 'hello\n', 3, (0, 1, 0), 1),
    ('a crash after good cases', 'ok 1 - a\nok 2 - b\n', -11, (2, 1, 0), 1),
    ('exit 77', 'no compiler\n', 77, (0, 0, 1), 1),
    ('unittest', "test_a (x.T) ... ok\ntest_b (x.T) ... FAIL\ntest_c (x.T) ... skipped 'no disk'\n"
     'FAIL: test_b (x.T)\nRan 3 tests in 0.1s\n\nFAILED (failures=1, skipped=1)\n', 1, (1, 1, 1), 2),
    ('words that look like cases', 'okay\nnot okay\n ok 1\n', 0, (1, 0, 0), 0),
]


def load(name):
    """A tool as a module; tools have no ending."""
    loader = importlib.machinery.SourceFileLoader(
        name.replace('-', '_'), str(ROOT / 'tools' / name)
    )
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def plant(folder, files):
    """Writes a small tree."""
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def check_tool(tool, files, wanted):
    """Runs a check over a small tree; `wanted` must be in what it prints, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, files)
        done = subprocess.run(
            [ROOT / 'tools' / tool, folder], capture_output=True, text=True, check=False
        )
    assert (done.returncode != 0) == (wanted is not None), done.stdout + done.stderr
    assert wanted is None or wanted in done.stdout, done.stdout


def check_tally(output, status, wanted, strict_failed):
    """What run-tests counts."""
    for strict in (False, True):
        tally = load('run-tests').Tally(strict)
        tally.add('title', output, status)
        if strict:
            assert (tally.failed, tally.skipped) == (strict_failed, 0), tally.line()
        else:
            assert (tally.passed, tally.failed, tally.skipped) == wanted, tally.line()


def check_leak(octets, found):
    """The search for plaintext."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'sub').mkdir()
        (Path(folder) / 'sub/file').write_bytes(b'\0\xff' + octets + b'\xfe\0')
        assert bool(leak.find(folder, SECRET)) == found


SECRET = 'the kettle sings at nine'


def leak_cases():
    """Spellings in which it must be found."""
    import base64
    octets = SECRET.encode()
    yield 'UTF-8', octets, True
    yield 'UTF-16', SECRET.encode('utf-16-le'), True
    yield 'hex', octets.hex().encode(), True
    for before in range(4):
        yield f'base64 after {before} octets', base64.b64encode(
            b'x' * before + octets + b'yy'
        ), True
    yield 'something else', b'the kettle is silent', False


# Programs that stand in for the system's, so that nothing is installed here.
FAKES = {
    'bin/dpkg-query': '#!/bin/sh\ncat "$FAKE/installed"\n',
    'bin/apt-get': '#!/bin/sh\necho "$@" >>"$FAKE/log"\n'
                   '[ ! -e "$POLICY_RC" ] || { "$POLICY_RC"; echo "policy $?" >>"$FAKE/log"; }\n',
    'bin/id': '#!/bin/sh\necho 0\n',
}
POLICIES = [  # policy there before, status, apt runs, policy that apt met
    ('no policy', None, 0, True, 'policy 101'),
    ('a policy that forbids', '#!/bin/sh\nexit 101\n', 0, True, 'policy 101'),
    ('a policy that lets services start', '#!/bin/sh\nexit 0\n', 1, False, None),
]


def check_install(before, status, runs, met):
    """install-deps with a package missing: what it does to policy-rc.d."""
    with tempfile.TemporaryDirectory() as folder:
        fake = Path(folder)
        plant(
            fake,
            {
                **FAKES,
                'installed': 'installed tmux\n',
                'tools/deps': 'test: tmux @more\nmore: fancy-daemon\n',
                'tools/install-deps': (ROOT / 'tools/install-deps').read_text(),
            },
        )
        policy = fake / 'policy-rc.d'
        if before:
            policy.write_text(before)
            policy.chmod(0o755)
        for path in [*(fake / 'bin').iterdir(), fake / 'tools/install-deps']:
            path.chmod(0o755)
        env = {
            **os.environ,
            'PATH': f'{fake}/bin:{os.environ["PATH"]}',
            'FAKE': str(fake),
            'POLICY_RC': str(policy),
        }
        run = [fake / 'tools/install-deps', 'test']
        done = subprocess.run(run, env=env, capture_output=True, text=True, check=False)
        log = (fake / 'log').read_text() if (fake / 'log').exists() else ''
        assert done.returncode == status, done.stdout + done.stderr
        assert ('install --no-install-recommends fancy-daemon' in log) == runs, log
        assert met is None or log.count(met) == 2, log
        assert (
            policy.read_text() if policy.exists() else None
        ) == before, 'policy-rc.d was changed'
        (fake / 'installed').write_text('installed tmux\ninstalled fancy-daemon\n')
        (fake / 'log').write_text('')
        subprocess.run(run, env=env, check=True)
        assert (fake / 'log').read_text() == '', 'apt ran although nothing was missing'


SUMS = [  # what each target prints and its status -> the last line, the status
    ('two good ones', ['3 passed, 0 failed|0', '4 passed, 0 failed|0'], '7 passed, 0 failed', 0),
    ('a failure', ['4 passed, 1 failed, 2 skipped|1', '3 passed, 0 failed|0'],
     '7 passed, 1 failed, 2 skipped', 1),
    ('a target that says nothing', ['cannot build|2', '3 passed, 0 failed|0'], '3 passed, 1 failed', 1),
    ('a target that lies', ['3 passed, 0 failed|2'], '3 passed, 1 failed', 1),
]


def check_sum(targets, wanted, status):
    """sum-runs over targets that print one line each."""
    with tempfile.TemporaryDirectory() as folder:
        fake = Path(folder)
        script = '#!/bin/sh\nline=$(cat "$FAKE/$2")\necho "${line%|*}"\nexit "${line#*|}"\n'
        names = [f'target{n}' for n in range(len(targets))]
        sums = (ROOT / 'tools/sum-runs').read_text()
        plant(fake, {'bin/make': script, 'tools/sum-runs': sums, **dict(zip(names, targets))})
        for path in (fake / 'bin/make', fake / 'tools/sum-runs'):
            path.chmod(0o755)
        env = {**os.environ, 'PATH': f'{fake}/bin:{os.environ["PATH"]}', 'FAKE': str(fake)}
        done = subprocess.run(
            [fake / 'tools/sum-runs', *names], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == wanted, done.stdout + done.stderr
    assert done.returncode == status, done.returncode


TRIES = [                                       # what the program says at each start, tries, what is counted
    ('a screen that fails once', ['not ok 1 - a', 'ok 1 - a'], 2, (1, 0)),
    ('a screen that fails twice', ['not ok 1 - a', 'not ok 1 - a', 'ok 1 - a'], 2, (0, 1)),
    ('one that has one try', ['not ok 1 - a', 'ok 1 - a'], 1, (0, 1)),
]


def check_tries(says, tries, wanted):
    """A script that fails at first, run by run-tests."""
    with tempfile.TemporaryDirectory() as folder:
        tools = load('run-tests')
        tools.ROOT, tools.LOGS = Path(folder), Path(folder) / 'logs'
        plant(Path(folder), {'says': '\n'.join(says) + '\n', 'peer': (
            '#!/bin/sh\nnow=$(head -n 1 says)\nsed -i 1d says\necho "$now"\n[ "$now" = "${now#not}" ]\n')})
        (Path(folder) / 'peer').chmod(0o755)
        tally = tools.Tally(False)
        with open(os.devnull, 'w', encoding='ascii') as nowhere, contextlib.redirect_stdout(nowhere):
            tools.script('peer', tries=tries)(tally)
    assert (tally.passed, tally.failed) == wanted, tally.line()


# A line of docs/attacks.md, and how many of its names are not there.
ATTACKS = [
    ('a file', '| `test/here.c` |', 0),
    ('a case in it', '| words `lib/any.c` | `test/here.c` `a case` |', 0),
    ('no such file', '| `test/there.c` `a case` |', 1),
    ('no such case', '| `test/here.c` `another case`, `test/here.c` `a case` |', 1),
    ('a case of the file before, in another cell', '| `test/here.c` | `another case` |', 0),
]


def check_attacks(line, wrong):
    """check-attacks finds what is named and not there."""
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, {'test/here.c': 'a case'})
        found, _ = load('check-attacks').missing(line, Path(folder))
        assert len(found) == wrong, found


def cases():
    """(name, function) of all."""
    for name, *rest in ATTACKS:
        yield f'attacks: {name}', lambda r=rest: check_attacks(*r)
    for name, *rest in TRIES:
        yield f'tries: {name}', lambda r=rest: check_tries(*r)
    for name, *rest in SUMS:
        yield f'sum: {name}', lambda r=rest: check_sum(*r)
    for name, files, wanted in INCLUDES:
        yield f'includes: {name}', lambda f=files, w=wanted: check_tool('check-includes', f, w)
    for name, file, text, wanted in BANNED:
        yield f'banned: {name}', lambda f=file, t=text, w=wanted: check_tool(
            'check-banned', {f: t}, w
        )
    for name, output, status, wanted, strict in TALLY:
        yield f'tally: {name}', lambda o=output, s=status, w=wanted, t=strict: check_tally(
            o, s, w, t
        )
    for name, octets, found in leak_cases():
        yield f'leak: {name}', lambda o=octets, f=found: check_leak(o, f)
    for name, *rest in POLICIES:
        yield f'install: {name}', lambda r=rest: check_install(*r)


def main():
    failed = 0
    for number, (name, function) in enumerate(cases(), 1):
        try:
            function()
        except Exception as error:              # whatever it is, the case has failed
            failed += 1
            print(f'# {type(error).__name__}: {error}\nnot ok {number} - {name}')
        else:
            print(f'ok {number} - {name}')
    print(f'1..{number}')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
