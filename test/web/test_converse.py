#!/usr/bin/python3
"""test_converse.py: Converse.js in headless Chromium, two people, OMEMO 2 over WebSocket; and a search for their words in
all that the server wrote. converse.mjs is what happens in the browsers; this file is what is around it. What both people
saw after each step is kept as pictures in build/test/converse.
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / 'test/interop'))
sys.dont_write_bytecode = True

from harness import browser, leak, server                                    # noqa: E402

SKIP = 77
TIMEOUT_S = 420
PICTURES = ROOT / 'build/test/converse'
WORDS = ['The ferry leaves at four, not at five.', 'Then I take the bicycle; tell nobody.', 'It was the blue house after all.']


def talk(at, folder):
    """Runs the conversation; returns its exit status and its text."""
    people = []
    for name in 'alice', 'bob':
        people.append({'jid': at.jid(name), 'password': server.new_password()})
        at.add_user(name, people[-1]['password'])
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    at.spoken += WORDS
    settings = folder / 'settings.json'
    with browser.pages('converse') as page:
        settings.write_text(json.dumps({
            'page': page, 'websocket': at.websocket(), 'chromium': browser.CHROMIUM, 'folder': str(folder),
            'modules': str(browser.MODULES / 'none.js'), 'people': people, 'words': WORDS, 'pictures': str(PICTURES)}))
        done = subprocess.run(['node', HERE / 'converse.mjs', settings], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    if browser.CHROMIUM is None or shutil.which('node') is None:
        print('chromium or node is not installed')
        return SKIP
    name = 'prosody' if sys.argv[1:] == ['--server', 'prosody'] else 'sottod'
    subprocess.run([HERE / 'install'], check=True)
    with tempfile.TemporaryDirectory(prefix='sotto-web-') as temporary, server.make(name) as at:
        status, output = talk(at, Path(temporary))
        print(output, end='')
        if name == 'sottod':
            at.tell_all()
        hits = at.leaks()
        print(f"{'not ' if hits else ''}ok 7 - nothing that they wrote is in what the server wrote {' '.join(map(str, hits))}")
        found = leak.find(at.data, 'urn:xmpp:omemo:2')
        print(f"{'' if found else 'not '}ok 8 - it kept their messages in OMEMO 2")
        return 1 if status or hits or not found else 0


if __name__ == '__main__':
    sys.exit(main())
