#!/usr/bin/python3
"""test_converse.py: Converse.js in headless Chromium, two people, OMEMO 2 over WebSocket; and a search for their words in
all that the server wrote. converse.mjs is what happens in the browsers; this file is what is around it. What both people
saw after each step is kept as pictures in build/test/converse.
"""
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / 'test/interop'))
sys.dont_write_bytecode = True

from harness import leak, server                                    # noqa: E402

MODULES = ROOT / 'build/npm/converse/node_modules'
CHROMIUM = shutil.which('chromium')
SKIP = 77
TIMEOUT_S = 420
PICTURES = ROOT / 'build/test/converse'
WORDS = ['The ferry leaves at four, not at five.', 'Then I take the bicycle; tell nobody.', 'It was the blue house after all.']


class Pages(http.server.SimpleHTTPRequestHandler):
    """The page and Converse's files. Cached: at its first login it asks for its cryptography a hundred times."""

    def translate_path(self, path):
        path = path.partition('?')[0]
        if path.startswith('/dist/'):
            return str(MODULES / 'converse.js/dist' / Path(path.removeprefix('/dist/')))
        return str(HERE / 'converse.html')

    def end_headers(self):
        self.send_header('Cache-Control', 'public, max-age=3600')
        super().end_headers()

    def log_message(self, *_):
        pass


def talk(at, folder):
    """Runs the conversation; returns its exit status and its text."""
    pages = http.server.ThreadingHTTPServer(('127.0.0.1', 0), partial(Pages, directory=str(HERE)))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    people = []
    for name in 'alice', 'bob':
        people.append({'jid': at.jid(name), 'password': server.new_password()})
        at.add_user(name, people[-1]['password'])
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    at.spoken += WORDS
    settings = folder / 'settings.json'
    settings.write_text(json.dumps({
        'page': f'http://localhost:{pages.server_port}/', 'websocket': at.websocket(),
        'chromium': CHROMIUM, 'folder': str(folder), 'modules': str(MODULES / 'none.js'), 'people': people,
        'words': WORDS, 'pictures': str(PICTURES)}))
    try:
        done = subprocess.run(['node', HERE / 'converse.mjs', settings], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stdout + done.stderr
    finally:
        pages.shutdown()


def main():
    if CHROMIUM is None or shutil.which('node') is None:
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
