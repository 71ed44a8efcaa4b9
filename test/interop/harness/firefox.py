"""firefox.py: a headless Firefox with one page, spoken to by its own Marionette protocol: no driver, no library.

    browser = Firefox(folder)
    browser.open('https://…')
    told = browser.run('return 1 + 1')

A message is its length in decimal, a colon, and JSON: [0, number, command, parameters] there, [1, number, error, result] back.
"""
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .server import free_port

NAME = 'firefox-esr'
START_S, ANSWER_S = 60, 60
PREFERENCES = {
    'media.navigator.streams.fake': True, 'media.navigator.permission.disabled': True, 'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0, 'media.peerconnection.ice.obfuscate_host_addresses': False, 'app.update.enabled': False,
    'media.gmp-manager.updateEnabled': False, 'media.gmp-provider.enabled': False, 'toolkit.telemetry.enabled': False,
    'datareporting.policy.dataSubmissionEnabled': False, 'network.captive-portal-service.enabled': False,
    'network.connectivity-service.enabled': False, 'browser.safebrowsing.downloads.remote.enabled': False,
    'browser.shell.checkDefaultBrowser': False, 'services.settings.server': 'data:,#remote-settings-dummy/v1',
}


def installed():
    return shutil.which(NAME) is not None


class Firefox:
    """One browser, with its own profile in this folder."""

    def __init__(self, folder):
        profile = Path(folder)
        profile.mkdir(parents=True, exist_ok=True)
        self.port = free_port()                 # one that was killed may still hold the usual one
        (profile / 'user.js').write_text(''.join(
            f'user_pref({json.dumps(k)}, {json.dumps(v)});\n' for k, v in {**PREFERENCES, 'marionette.port': self.port}.items()))
        self.log = open(profile / 'firefox.log', 'wb')
        self.process = subprocess.Popen([NAME, '--headless', '--marionette', '--no-remote', '--profile', str(profile)],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.number = 0
        self.socket = self._connect()
        self._read()                            # who it is
        self.ask('WebDriver:NewSession', strictFileInteractability=False)
        self.ask('WebDriver:SetTimeouts', script=ANSWER_S * 1000, pageLoad=ANSWER_S * 1000)

    def _connect(self):
        end = time.monotonic() + START_S
        while True:
            try:
                return socket.create_connection(('127.0.0.1', self.port), ANSWER_S)
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.2)

    def _octets(self, n):
        data = b''
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise ConnectionError('Firefox ended')
            data += more
        return data

    def _read(self):
        length = b''
        while (one := self._octets(1)) != b':':
            length += one
        return json.loads(self._octets(int(length)))

    def ask(self, command, **parameters):
        """One command; its result."""
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b'%d:%s' % (len(text), text))
        while True:
            kind, number, error, result = self._read()
            if (kind, number) == (1, self.number):
                break
        if error is not None:
            raise RuntimeError(f'{command}: {error["error"]}: {error["message"]}')
        return result

    def open(self, url):
        self.ask('WebDriver:Navigate', url=url)

    def run(self, body, *arguments):
        """What a script of the page hands to its last argument, a function."""
        return self.ask('WebDriver:ExecuteAsyncScript', script=body, args=list(arguments), scriptTimeout=ANSWER_S * 1000,
                        newSandbox=False)['value']

    def close(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()
        self.log.close()
