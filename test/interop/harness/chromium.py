"""chromium.py: a headless Chromium with one page, spoken to over the pipe of its own protocol (--remote-debugging-pipe): no port, no
library.

    async with Chromium(sound=folder / 'speech.wav') as browser:
        await browser.run('await start(true)')
"""
import asyncio
import json
import os
import shutil
import tempfile

from harness.tap import Skip

START_S = 90


class Chromium:
    """One browser, one page with this script in it."""

    def __init__(self, script='', sound=None):
        self.script, self.sound = script, sound
        self.waiting, self.number, self.session = {}, 0, None

    async def __aenter__(self):
        if shutil.which('chromium') is None:
            raise Skip('there is no chromium')
        self.folder = tempfile.mkdtemp(prefix='sotto-chromium-')
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def place():
            kept = [os.dup(to_read), os.dup(from_write)]
            os.dup2(kept[0], 3)
            os.dup2(kept[1], 4)
        argv = ['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', '--no-first-run',
                '--disable-background-networking', '--disable-component-update', '--disable-sync', '--mute-audio',
                '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
                '--autoplay-policy=no-user-gesture-required', f'--user-data-dir={self.folder}',
                *([f'--use-file-for-fake-audio-capture={self.sound}'] if self.sound else []), 'about:blank']
        self.process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=place, close_fds=False)
        os.close(to_read)
        os.close(from_write)
        self.out = to_write
        loop = asyncio.get_running_loop()
        self.reader = asyncio.StreamReader(limit=1 << 24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self.reader), os.fdopen(from_read, 'rb'))
        self.listening = asyncio.ensure_future(self._listen())
        await asyncio.wait_for(self._open_page(), START_S)
        return self

    async def __aexit__(self, *_):
        self.listening.cancel()
        self.process.kill()
        await self.process.wait()
        os.close(self.out)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _listen(self):
        while True:
            event = json.loads((await self.reader.readuntil(b'\0'))[:-1])
            future = self.waiting.pop(event.get('id'), None)
            if future is not None and not future.done():
                future.set_result(event)

    async def _ask(self, method, **params):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        future = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        os.write(self.out, json.dumps(request).encode() + b'\0')
        answer = await asyncio.wait_for(future, START_S)
        assert 'error' not in answer, answer
        return answer['result']

    async def _open_page(self):
        # Devices are for pages that were loaded safely: an empty file is one, about:blank is not.
        page = os.path.join(self.folder, 'page.html')
        with open(page, 'w', encoding='ascii') as file:
            file.write('<!doctype html><title>test</title>')
        target = await self._ask('Target.createTarget', url=f'file://{page}')
        attached = await self._ask('Target.attachToTarget', targetId=target['targetId'], flatten=True)
        self.session = attached['sessionId']
        while not await self.run('return location.protocol === "file:" && document.readyState === "complete"'):
            await asyncio.sleep(0.05)
        if self.script:
            await self.run(self.script + '; return 0')

    async def run(self, body):
        """What this body of an asynchronous function returns."""
        answer = await self._ask('Runtime.evaluate', expression='(async () => {' + body + '})()', awaitPromise=True,
                                 returnByValue=True)
        assert 'exceptionDetails' not in answer, answer['exceptionDetails'].get('exception', answer)
        return answer['result'].get('value')
