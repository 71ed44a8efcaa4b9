#!/usr/bin/python3
"""test_chat_call.py: calls in the messenger: a person at a screen of 80 columns and one who reads line by line talk to each other;
nothing but their keys and words answers, and what one plays is in the recording of the other."""
import asyncio
import json
import shlex

from harness.server import BIN
from harness.tap import Cases
from harness.terminal import Terminal
from harness.world import main
from test_call import GRACE_S, Calls, share
from test_chat_screen import Chat

case = Cases()


class Chats(Calls):
    """Alice at the full screen, Bob line by line, each with a file for a microphone and one for a loudspeaker."""

    async def begin(self):
        await super().begin()
        self.screen = self.open(self.alice, 'alice', self.high)
        self.lines = self.open(self.bob, 'bob', self.low, '--plain')
        for chat in self.screen, self.lines:
            await chat.expect('Connected')
        self.screen.press('Enter')
        await self.screen.expect('Write a message')

    def open(self, sotto, name, play, *options):
        """A messenger, for as long as the file of tests takes."""
        chat = Chat(self, sotto, *self.sound(name, play), *options, name=name)
        self._clients.callback(chat.close)
        return chat

    async def looked(self):
        """A person sees that it rings before he answers."""
        await asyncio.sleep(1)


@case('a ring takes no key from what is written; F9 and a answer it; both hear the other, mute, hang up')
async def _(world):
    screen, lines = world.screen, world.lines
    screen.write('half a sen')
    lines.type('/open ' + world.alice.jid)
    lines.type('/call')
    await lines.expect('Calling alice@localhost: it rings')
    await screen.expect('bob@localhost calls')
    screen.write('tence, a x')
    await screen.expect('half a sentence, a x')
    await world.looked()
    screen.press('F9')
    await screen.expect('a answer, x decline')
    screen.press('a')
    await screen.expect('encrypted, not verified  loss')
    await lines.expect('In a call with alice@localhost: encrypted for a device')
    await screen.expect('Their sound: 0.')
    await asyncio.sleep(4)
    screen.press('m')
    await screen.expect('Your microphone is off.')
    screen.press('m')
    await screen.expect('Microphone off')
    await screen.escape()
    screen.press('C-u')
    lines.type('/calls')
    await lines.expect('Their sound:')
    lines.type('/hangup')
    await lines.expect('The call with alice@localhost is over.')
    await screen.expect('The call with bob@localhost is over.')
    await screen.expect('Call, 0:')
    await asyncio.sleep(1)
    assert share(world.at.folder / 'bob.wav', 880) > 0.5
    assert share(world.at.folder / 'alice.wav', 440) > 0.8


@case('what is not answered is missed; a call is taken back, declined, and a second one refused with words')
async def _(world):
    screen, lines = world.screen, world.lines
    await asyncio.sleep(GRACE_S)
    screen.type('/answer')
    await screen.expect('Nobody calls')
    screen.press('C-u')                         # what was refused stays, to be mended
    lines.type('/mute')
    await lines.expect('You are in no call')
    screen.press('F9')
    await screen.expect('Call bob@localhost with video')
    screen.press('Enter')
    await lines.expect('alice@localhost calls: /answer or /decline')
    await screen.expect('Calling bob@localhost: it rings')
    screen.type('/call')
    await screen.expect('You are in a call: hang up first')
    screen.press('C-u')
    screen.type('/hangup')
    await lines.expect('Call, missed')
    await screen.gone('Calling bob@localhost')
    screen.type('/call video')
    await lines.expect('alice@localhost calls with video')
    lines.type('/decline')
    await screen.expect('They declined.')
    await screen.expect('Video call, declined')


@case('words answer as keys do, and who leaves the messenger hangs up')
async def _(world):
    screen, lines = world.screen, world.lines
    await asyncio.sleep(GRACE_S)
    screen.type('/call')
    await screen.expect('Calling bob@localhost: it rings')
    await world.looked()
    lines.type('/answer')
    await lines.expect('In a call with alice@localhost: encrypted')
    await screen.expect('encrypted, not verified  loss')
    screen.press('C-z')                         # stopped, they would go on talking unseen
    await screen.expect('Hang up first')
    lines.press('C-z')
    await lines.expect('Hang up first')
    screen.kill('TSTP')
    lines.type('/calls')
    await lines.expect('Their sound:')
    screen.press('C-q')
    await screen.expect('ended with 0')
    await lines.expect('The call with alice@localhost is over.')
    lines.type('/quit')
    await lines.expect('ended with 0')
    assert (await world.records(world.bob, world.alice))[-1] == ('talked', world.alice.jid)
    assert (await world.records(world.alice, world.bob))[-1] == ('talked', world.alice.jid)


@case('Ctrl-Z without a call: the shell has the terminal, and fg brings the messenger back')
async def _(world):
    for words in ['--plain'], []:
        argv = [BIN / 'sotto', *world.alice.options[:2], *world.alice.options[3:], 'chat', *words]
        line = 'set -m; ' + shlex.join(map(str, argv)) + '; echo "stopped with $?"; read -r _; fg; echo "ended with $?"; read -r _'
        shell = Terminal(world.at.folder / f'shell{len(words)}', ['sh', '-c', line], {
            'LC_ALL': 'C.UTF-8', 'TERM': 'xterm-256color', 'TZ': 'UTC', 'HOME': world.at.folder})
        world._clients.callback(shell.close)
        await shell.expect('Connected')
        shell.press('C-z')
        await shell.expect('stopped with 148')
        shell.press('Enter')
        if words:
            shell.type('/mute')
            await shell.expect('You are in no call')
            shell.type('/quit')
        else:
            await shell.expect('F1 help')
            shell.press('C-q')
        await shell.expect('ended with 0')


@case('what came of each call is in an export, once, as words and as data')
async def _(world):
    out = world.at.folder
    for form in 'text', 'html', 'json':
        await world.bob.done('export', world.alice.jid, '--format', form, '-o', out / f'calls.{form}')
    text, page = (out / 'calls.text').read_text(), (out / 'calls.html').read_text()
    for words in '(Call, missed)', '(Video call, declined)', '(Call, 0:':
        assert words in text and words in page, (words, text)
    (chat,) = json.loads((out / 'calls.json').read_text())['chats']
    calls = [m for m in chat['messages'] if 'call' in m]
    assert [m['call']['state'] for m in calls] == ['talked', 'missed', 'declined', 'talked'], calls
    assert len({m['id'] for m in calls}) == len(calls) and not any(m['text'] for m in calls), calls
    assert calls[2]['call']['media'] == ['audio', 'video'] and calls[0]['call']['trust'] == 'trusted', calls
    assert [state for state, _ in await world.records(world.bob, world.alice)] == [m['call']['state'] for m in calls]


if __name__ == '__main__':
    main(case, Chats, __doc__)
