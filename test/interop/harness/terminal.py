"""terminal.py: a terminal program under tmux: keys in, screen out, every wait bounded."""
import asyncio
import shlex
import subprocess

WIDTH, HEIGHT = 120, 40
TIMEOUT_S = 30


class Terminal:
    """One program on a screen of its own; tmux listens on a socket in `folder` and ends with the
    program."""

    def __init__(self, folder, argv, env, size=(WIDTH, HEIGHT)):
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = folder / 'tmux'
        self.env = env
        command = ' '.join(shlex.quote(str(a)) for a in argv)
        variables = [part for name, value in env.items() for part in ('-e', f'{name}={value}')]
        self._tmux(
            '-f',
            '/dev/null',
            'new-session',
            '-d',
            '-x',
            str(size[0]),
            '-y',
            str(size[1]),
            *variables,
            command,
        )

    def _tmux(self, *argv):
        done = subprocess.run(
            ['tmux', '-u', '-S', str(self._socket), *argv],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f'tmux {argv[0]}: {done.stderr.strip()}')
        return done.stdout

    def type(self, line):
        """Types a line and Enter."""
        self._tmux('send-keys', '-l', line)
        self._tmux('send-keys', 'Enter')

    def press(self, *keys):
        """Presses keys by tmux's names: Enter, F1, C-q, M-Down."""
        self._tmux('send-keys', *keys)

    def write(self, text):
        """Types text without Enter."""
        self._tmux('send-keys', '-l', text)

    def paste(self, text):
        """Pastes, as a person does with the mouse, in brackets if the program wants them."""
        self._tmux('set-buffer', text)
        self._tmux('paste-buffer', '-p', '-r')

    def resize(self, width, height):
        """Another size of the window."""
        self._tmux('resize-window', '-x', str(width), '-y', str(height))

    def kill(self, signal):
        """Sends a signal to what the shell below the screen runs."""
        pid = self._tmux('list-panes', '-F', '#{pane_pid}').strip()
        subprocess.run(['pkill', f'-{signal}', '-P', pid], check=True, timeout=10)

    def screen(self):
        """What a person would see, without empty lines."""
        return '\n'.join(
            line.rstrip() for line in self._tmux('capture-pane', '-p').splitlines() if line.strip()
        )

    async def expect(self, *texts, timeout=TIMEOUT_S):
        """Waits until one of the texts is on the screen; returns it."""
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            screen = self.screen()
            if found := next((t for t in texts if t in screen), None):
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f'{texts} not on the screen after {timeout} s:\n{screen}')
            await asyncio.sleep(0.1)

    async def gone(self, text, timeout=TIMEOUT_S):
        """Waits until the text is not on the screen any more."""
        deadline = asyncio.get_running_loop().time() + timeout
        while text in (screen := self.screen()):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f'{text} still on the screen after {timeout} s:\n{screen}')
            await asyncio.sleep(0.1)

    def close(self):
        """Ends the program and its tmux."""
        try:
            self._tmux('kill-server')
        except RuntimeError:
            pass                                # it had ended by itself
