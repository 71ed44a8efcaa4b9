"""browser.py: people in headless Chromium, one profile for each of their devices (test/web/driver.mjs and what it drives)."""
import asyncio
import contextlib
import http.server
import json
import shutil
import threading
from functools import partial
from pathlib import Path

from .server import ROOT

WEB = ROOT / 'test/web'
MODULES = ROOT / 'build/npm/converse/node_modules'
CHROMIUM = shutil.which('chromium')
TIMEOUT_S = 90


class Pages(http.server.SimpleHTTPRequestHandler):
    """The page of one kind of person, and Converse's files. Cached: at its first login Converse asks for its cryptography a hundred
    times."""

    def __init__(self, kind, *more, **options):
        self.kind = kind
        super().__init__(*more, **options)

    def translate_path(self, path):
        path = path.partition('?')[0]
        if path.startswith('/dist/'):
            return str(MODULES / 'converse.js/dist' / Path(path.removeprefix('/dist/')))
        return str(WEB / f'{self.kind}.html')

    def end_headers(self):
        self.send_header('Cache-Control', 'public, max-age=3600')
        super().end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def pages(kind):
    """The address of a page of this kind."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), partial(Pages, kind, directory=str(WEB)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://localhost:{server.server_port}/'
    finally:
        server.shutdown()


class Driver:
    """The program that holds the browsers of one kind of person. `async with`."""

    def __init__(self, kind, folder, **settings):
        self.kind, self.folder, self.settings = kind, Path(folder), settings
        self.number, self.waiting = 0, {}
        self.stack = contextlib.ExitStack()

    async def __aenter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / 'settings.json'
        settings.write_text(json.dumps({
            'kind': self.kind, 'page': self.stack.enter_context(pages(self.kind)), 'chromium': CHROMIUM,
            'folder': str(self.folder), 'modules': str(MODULES / 'none.js'), **self.settings}))
        self.process = await asyncio.create_subprocess_exec(
            'node', str(WEB / 'driver.mjs'), str(settings), limit=1 << 22,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        self.reader = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *_):
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 20)
        except asyncio.TimeoutError:
            self.process.kill()
        self.reader.cancel()
        self.stack.close()

    async def read(self):
        async for line in self.process.stdout:
            answer = json.loads(line)
            self.waiting.pop(answer['id']).set_result(answer)

    async def do(self, who, what, *more):
        """One order; its result."""
        self.number += 1
        waits = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        order = {'id': self.number, 'who': who, 'do': what, 'with': more}
        self.process.stdin.write(json.dumps(order).encode() + b'\n')
        answer = await asyncio.wait_for(waits, TIMEOUT_S)
        assert 'error' not in answer, (who, what, answer['error'])
        return answer['result']
