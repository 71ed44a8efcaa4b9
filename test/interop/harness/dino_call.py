"""dino_call.py: a person who calls and is called with Dino: a microphone that hears a tone, a speaker that is recorded, and the
buttons of Dino's windows and notices."""
import array
import asyncio
import subprocess

from .dino import WithDino
from .tones import NEAR, RATE, beeps, pitch

TONE_S = 300
# Where they are in Dino 0.4.2 on a screen of 1200 by 800.
TELEPHONE, SOUND_ALONE, WITH_PICTURE = (978, 28), (976, 80), (976, 115)
NEWEST = 'SELECT id FROM call ORDER BY id DESC'


class CallsWithDino(WithDino):
    """Alice has Dino and a sound server. `watcher` and the server's contacts are there when start_dino() is called."""

    async def start_dino(self, hears, *people):
        """Dino with a chat with each of these people; its microphone hears so many hertz."""
        await self.make_account()
        self.make_chats(people)
        self.env['GSK_RENDERER'] = 'cairo'      # with that of OpenGL the pictures of a call stay dark on such a screen
        self.env['DBUS_SESSION_BUS_ADDRESS'] = f'unix:path={self.home}/bus'
        self.start('dbus-daemon', '--session', '--nofork', f"--address={self.env['DBUS_SESSION_BUS_ADDRESS']}")
        await self.sound(hears)
        self.start('dino-im')

    def is_dino(self, presence):
        """A device of Alice's that is not our own client there."""
        sender = presence.get('from', '')
        return sender.startswith(self.at.jid('alice') + '/') and sender != self.watcher.boundjid.full and presence.get('type') is None

    async def sound(self, hears):
        """A microphone that hears a tone, and a speaker that is recorded. Dino takes no monitor for a microphone, so it is remapped."""
        self.start('pulseaudio', '-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no',
                   '-L', 'module-native-protocol-unix', '-L', 'module-null-sink sink_name=mouth',
                   '-L', 'module-remap-source master=mouth.monitor source_name=voice', '-L', 'module-null-sink sink_name=ear')
        for _ in range(100):
            if self.pactl('set-default-sink', 'ear') and self.pactl('set-default-source', 'voice'):
                break
            await asyncio.sleep(0.1)
        tone = self.at.folder / 'tone.raw'
        tone.write_bytes(beeps(hears, TONE_S).tobytes())
        self.start('pacat', '--playback', '--device=mouth', f'--rate={RATE}', '--format=s16le', '--channels=1', str(tone))
        self.heard = self.at.folder / 'heard.raw'
        self.start('parec', '--device=ear.monitor', f'--rate={RATE}', '--format=s16le', '--channels=1', '--raw',
                   '--latency-msec=20', str(self.heard))

    def pactl(self, *argv):
        return subprocess.run(['pactl', *argv], env=self.env, capture_output=True, check=False).returncode == 0

    async def ear(self, hertz):
        """Until that is what comes out of Alice's speaker."""
        for _ in range(120):
            octets = self.heard.read_bytes()[-2 * RATE:] if self.heard.exists() else b''
            got = pitch(array.array('h', octets[:len(octets) // 2 * 2]))
            if abs(got - hertz) <= NEAR:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f'Alice hears {got} Hz, not {hertz}')

    async def looks(self):
        """Until Alice sees what Chromium takes for a camera, green, in a good part of her screen, and it moves."""
        seen = set()
        for _ in range(120):
            green = bytes(g > 100 and r < 100 and b < 60 for r, g, b in self.pixels())
            if sum(green) > len(green) / 5:
                seen.add(green)
            if len(seen) > 5:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f'Alice sees {len(seen)} pictures; green: {sum(green)} points of {len(green)}')

    # ---- Its buttons

    def act(self, action, value):
        """An action of the program, as a notice's button or another instance has it."""
        subprocess.run(['gdbus', 'call', '--session', '--dest', 'im.dino.Dino', '--object-path', '/im/dino/Dino', '--method',
                        'org.gtk.Actions.Activate', action, f'[<{value}>]', '{}'], env=self.env, check=True, capture_output=True,
                       timeout=20)

    def chat_with(self, name):
        """Its number."""
        return self.asks(self.file, 'SELECT c.id FROM conversation c JOIN jid j ON j.id = c.jid_id WHERE j.bare_jid = ?',
                         self.at.jid(name))[0]

    async def press(self, action, name='bob'):
        """A button of the notice that Dino shows of the newest call: accept-call or reject-call."""
        await self.watcher.until(lambda: self.asks(self.file, NEWEST) not in (None, self.answered), 20)
        (call,) = self.answered = self.asks(self.file, NEWEST)
        self.act(action, f'(int32 {self.chat_with(name)}, int32 {call})')

    answered = None

    async def dial(self, has_called, name='bob', video=False):
        """The telephone in the head of a chat, and a line of its menu, until Dino has called; what `has_called` says then."""
        for _ in range(8):
            self.act('open-conversation', f'int32 {self.chat_with(name)}')
            await asyncio.sleep(1)
            self.click(TELEPHONE)
            await asyncio.sleep(1)
            self.click(WITH_PICTURE if video else SOUND_ALONE)
            try:
                result = await has_called()
                self.answered = self.asks(self.file, NEWEST)
                return result
            except AssertionError:
                self.do('key', 'Escape')
        raise AssertionError('Dino does not call')
