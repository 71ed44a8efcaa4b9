"""desk.py: a desktop that nobody sees, for programs that are used by their windows.

Such programs connect to port 5222 of their domain and trust the system's certificate authorities only. So the test runs in a network
and a mount namespace of its own, where that port is free and one more authority is trusted.
"""
import asyncio
import ctypes
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from .alone import SKIP, alone
from .server import PR_SET_PDEATHSIG
from .world import World, main

AUTHORITIES = Path('/etc/ssl/certs/ca-certificates.crt')
TOOLS = ('Xvfb', 'xdotool', 'dbus-run-session', 'unshare')


class Desk(World):
    """A world with a screen of 1200 by 800."""

    options = ('listen.c2s=127.0.0.1:5222',)

    async def begin(self):
        self.home = self.at.folder / 'home'
        self.home.mkdir()
        self.trust()
        self.env = {**os.environ, 'HOME': str(self.home), 'XDG_RUNTIME_DIR': str(self.home), 'GDK_BACKEND': 'x11',
                    'GSETTINGS_BACKEND': 'memory', 'NO_AT_BRIDGE': '1', 'LC_ALL': 'C.UTF-8'}
        self.env['DISPLAY'] = await self.screen()

    async def screen(self):
        """One whose number nobody else has: other tests may run beside this."""
        tell, told = os.pipe()
        self.start('Xvfb', '-displayfd', str(told), '-screen', '0', '1200x800x24', '-nolisten', 'tcp', '-fbdir', str(self.at.folder),
                   pass_fds=(told,))
        os.close(told)
        with os.fdopen(tell) as file:
            number = await asyncio.to_thread(file.readline)
        assert number, (self.at.folder / 'Xvfb.log').read_text()
        return f':{number.strip()}'

    def pixels(self):
        """What is on the screen, every fourth point of it: (red, green, blue). Xvfb keeps it in a file of the format of xwd."""
        image = (self.at.folder / 'Xvfb_screen0').read_bytes()
        header, colours = (int.from_bytes(image[at:at + 4], 'big') for at in (0, 76))
        points = image[header + 12 * colours:]
        return list(zip(points[2::16], points[1::16], points[0::16]))

    def trust(self):
        """This server's certificate, in this namespace only."""
        bundle = self.at.folder / 'authorities.pem'
        bundle.write_text(AUTHORITIES.read_text() + self.at.ca.read_text())
        subprocess.run(['mount', '--bind', bundle, AUTHORITIES], check=True)

    def start(self, *argv, **more):
        """A program that ends with the test; returns what ends it earlier, with all that it has started."""
        with open(self.at.folder / f'{argv[0]}.log', 'ab') as log:
            process = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **more,
                                       preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 15))

        def end():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(10)
        self._clients.callback(end)
        return end

    @staticmethod
    def asks(file, question, *values):
        """The first row that a program's database gives, or None."""
        try:
            base = sqlite3.connect(f'file:{file}?mode=ro', uri=True)
            try:
                return base.execute(question, values).fetchone()
            finally:
                base.close()
        except sqlite3.OperationalError:        # not made yet, or busy
            return None

    def do(self, *argv):
        """A person's hand."""
        subprocess.run(['xdotool', *map(str, argv)], env=self.env, check=True, timeout=60)

    def click(self, place):
        self.do('mousemove', *place, 'click', 1)

    async def say(self, places, text, is_said, tries=10):
        """Clicks at these places, the last one an entry, and types. A window that has just come, or a machine that is busy, may not take
        a click or a key: until the program has it."""
        for _ in range(tries):
            for place in places:
                self.click(place)
            self.do('key', 'ctrl+a')
            self.do('type', text)
            self.do('key', 'Return')
            for _ in range(50):
                if is_said():
                    return
                await asyncio.sleep(0.1)
        raise AssertionError(f'nothing can be typed: {text}')


def missing(*programs):
    """Ends this with status 77 if one of these is not installed."""
    if names := [p for p in programs if not shutil.which(p)]:
        print(f"not installed: {', '.join(names)}")
        sys.exit(SKIP)


def main_alone(case, world, about, *programs, **options):
    """main() in namespaces of its own; status 77 where a program is missing or there are none."""
    missing(*programs, *TOOLS)
    alone('for port 5222 and one more trusted authority', **options)
    main(case, world, about)
