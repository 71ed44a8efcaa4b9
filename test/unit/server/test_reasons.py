"""Every reason of docs/events.md has a conversation, or a test over sockets, that finds its event."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])


def documented():
    text = (ROOT / 'docs/events.md').read_text()
    return re.findall(r'^\| [a-z]+ \| `([a-z_]+)` \| ', text, re.M)


def found_by_scripts():
    reasons = set()
    for path in (ROOT / 'test/script').glob('*.chat'):
        for words in re.findall(r'^event (\S+)', path.read_text(), re.M):
            reasons |= set(re.findall(r'\| ([a-z_]+)$', path.read_text(), re.M)) if words == '{reason}' else {words}
    return reasons


class Reasons(unittest.TestCase):
    def test_each_is_found(self):
        sockets = {reason for name in ('test_events', 'test_link_servers', 'test_hostile_server')
                   if (path := ROOT / f'test/interop/{name}.py').exists()
                   for reason in re.findall(r"find\('([a-z_]+)'", path.read_text())}
        reasons = documented()
        self.assertGreater(len(reasons), 30)
        self.assertEqual(set(reasons) - found_by_scripts() - sockets, set())


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
