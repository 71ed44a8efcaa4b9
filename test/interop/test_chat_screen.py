#!/usr/bin/python3
"""test_chat_screen.py: `sotto chat` as a person uses it: on a screen of 80 columns and 24 lines under
tmux, and line by line; the other side is `sotto` too."""
import asyncio
import re
import shlex

from harness.server import BIN
from harness.sotto import Sotto
from harness.tap import Cases
from harness.terminal import Terminal
from harness.world import World, main

case = Cases()

SIZE = (80, 24)
# What the shell sees once the messenger is gone.
AFTER = 'stty -a | tr ";" "\\n" > {at}; echo "left with $?"; cat'


class Chat(Terminal):
    """A messenger on a screen, below a shell that tells how it left the terminal."""

    def __init__(self, world, sotto, *options, name='screen', env=(), size=SIZE):
        argv = [str(o) for o in [BIN / 'sotto', *sotto.options, 'chat', *options] if o != '--json']
        self.modes = world.at.folder / f'modes-{name}'
        line = f'{shlex.join(argv)}; echo "ended with $?"; ' + AFTER.format(at=self.modes)
        super().__init__(
            world.at.folder / name,
            ['sh', '-c', line],
            {
                'LC_ALL': 'C.UTF-8',
                'TERM': 'xterm-256color',
                'TZ': 'UTC',
                'HOME': world.at.folder,
                **dict(env),
            },
            size,
        )

    async def escape(self):
        """Esc, and the time after which it is not the beginning of another key."""
        self.press('Escape')
        await asyncio.sleep(0.2)

    async def restored(self):
        """The shell's terminal is as it was: lines, echo, signals."""
        await self.expect('left with')
        modes = self.modes.read_text().split()
        assert {'icanon', 'echo', 'isig', 'icrnl', 'opost'} <= set(modes), modes


class Talk(World):
    """Alice with the screen, Bob with commands, Carol once."""

    names = ('alice', 'bob', 'carol', 'dave')

    async def begin(self):
        self.alice, self.bob = Sotto(self, 'alice'), Sotto(self, 'bob')
        for sotto in (self.alice, self.bob):
            await sotto.login()
        self.chat, self.opened = None, 0

    def open(self, *options, **more):
        """Alice's messenger; the one before has ended."""
        if self.chat is not None:
            self.chat.close()
        self.opened += 1
        self.chat = Chat(self, self.alice, *options, name=f'screen-{self.opened}', **more)
        self._clients.callback(self.chat.close)
        return self.chat

    def say(self, text):
        """Words that nobody else may find."""
        self.at.spoken += [text]
        return text


@case('what came meanwhile is in the list, opened it is read, and an answer arrives')
async def _(world):
    first = world.say('The ferry leaves from pier two, be early.')
    second = world.say('And bring the large umbrella.')
    for text in (first, second):
        await world.bob.send(world.alice.jid, text)
    screen = world.open()
    await screen.expect('(2)')
    await screen.expect('Connected')
    screen.press('Enter')
    await screen.expect(first[:25])
    assert second in screen.screen() and ' new ' in screen.screen(), screen.screen()
    await screen.gone('(2)')
    answer = world.say('Then I bring both lamps as well.')
    screen.type(answer)
    await screen.expect(' ✓ ', '✓✓')
    assert [t for _, t, _ in await world.bob.hear()] == [answer]


@case('a message that comes while it is open appears; several lines are written and pasted')
async def _(world):
    screen = world.chat
    live = world.say('Coming over the bridge now.')
    await world.bob.send(world.alice.jid, live)
    await screen.expect(live)
    screen.paste('first pasted line\nsecond \x1b[31mpasted line')
    await screen.expect('second [31mpasted line')
    assert 'first pasted line' in screen.screen()
    screen.press('M-Enter')
    screen.write('third line')
    screen.press('Enter')
    world.say('first pasted line')
    (heard,) = await world.bob.hear()
    assert heard[1] == 'first pasted line\nsecond [31mpasted line\nthird line', heard


@case('escape sequences of others reach no terminal')
async def _(world):
    screen = world.chat
    await world.bob.send(world.alice.jid, 'red \x7f\u202etfel \u009b31m end')
    await screen.expect('red')
    line = next(t for t in screen.screen().splitlines() if 'red' in t)
    assert '\ufffd' in line and '\u202e' not in line and 'end' in line, line


@case('answers, corrections, signs and messages taken back reach the other side')
async def _(world):
    screen = world.chat
    question = world.say('Which bridge do you mean?')
    await world.bob.send(world.alice.jid, question)
    await screen.expect(question)
    screen.press('Up', 'r')
    await screen.expect('Answering: Which bridge')
    screen.type(world.say('The old one, of coarse.'))
    await screen.expect(f'┃ bob@localhost: {question[:20]}')
    screen.press('Up', 'e')
    await screen.expect('Correcting your message')
    screen.press('C-u')
    screen.type(world.say('The old one, of course.'))
    await screen.expect('of course. (edited)')
    screen.press('Up', 'Up', '+')
    await screen.expect('Which sign?')
    screen.press('Enter')
    await screen.expect('👍 you')
    screen.type(world.say('This one is a mistake.'))
    await screen.expect('This one is a mistake.')
    screen.press('Up', 'd')
    await screen.expect('Take this message back?')
    screen.press('Down', 'Enter')
    await screen.expect('(message taken back)')
    events = await world.bob.done('listen', '--count', '2', '--timeout', '30')
    events += await world.bob.done('listen', '--timeout', '2')
    kinds = [e['event'] for e in events]
    assert {'message', 'correction', 'reactions', 'retraction'} <= set(kinds), events
    (correction,) = [e for e in events if e['event'] == 'correction']
    assert correction['body'] == 'The old one, of course.', correction


@case('a file is sealed, sent, and comes out on the other side')
async def _(world):
    screen = world.chat
    path = world.at.folder / 'timetable.txt'
    path.write_text('06:10 06:50 07:30\n')
    world.say('06:10 06:50 07:30')
    screen.press('F7')
    await screen.expect('Which file?')
    screen.type(str(path))
    await screen.expect('[timetable.txt, 18 bytes]')
    await world.bob.rest()
    (file,) = await world.bob.done('file', 'list', world.alice.jid)
    to = world.at.folder / 'got.txt'
    await world.bob.done('file', 'get', world.alice.jid, file['id'], '-o', to)
    assert to.read_text() == path.read_text()
    screen.type('/file /nowhere/to/be/found')
    await screen.expect('cannot be opened')
    path.write_text(world.say('09:00 from the other pier\n'))
    await world.bob.done('file', 'send', world.alice.jid, path)
    await screen.expect('[timetable.txt, 26 bytes]')
    screen.press('Up', 's')
    await screen.expect('Saved as')
    assert (world.at.folder / 'timetable-2.txt').read_text() == path.read_text()
    screen.press('Up', 'Up', 's')
    await screen.expect('This device sent that file')


@case('what was said is found again, in the chat and in all of them')
async def _(world):
    screen = world.chat
    screen.press('F3')
    screen.type('ferry PIER')
    await screen.expect('bob@localhost: The ferry leaves')
    screen.press('Enter')
    await screen.expect('▌ The ferry leaves')
    await screen.escape()
    screen.press('F3')
    await screen.expect('Search in the chat')
    screen.press('F3')
    screen.type('umbrella')
    await screen.expect('bob@localhost: And bring the large')
    await screen.escape()
    screen.press('F3')
    screen.type('zeppelin')
    await screen.expect('Nothing found')
    await screen.escape()


async def bob_accepts(world):
    """As soon as her question has come: what she types takes its time."""
    for _ in range(50):
        status, told = await world.bob.run('contacts', 'accept', world.alice.jid)
        if status == 0:
            return
        assert told[-1]['code'] == 'unknown', told
    raise AssertionError(told)


@case('a contact is asked, accepts, and is seen; who asks is answered')
async def _(world):
    screen = world.chat
    screen.press('F5')
    await screen.expect('Add to the contacts')
    screen.press('Enter')
    await bob_accepts(world)
    await screen.expect('shows you now when they are there')
    screen.press('F5')
    await screen.expect('Change the name')
    screen.press('Enter')
    screen.type('Bob Miller')
    await screen.expect('Bob Miller  ')
    carol = Sotto(world, 'carol')
    await carol.login()
    await carol.done('contacts', 'add', world.alice.jid)
    await screen.expect('wants to reach you: F6', 'asks to be your contact: F6')
    screen.press('F6')
    await screen.expect('carol@localhost asks to be a contact')
    screen.press('a')
    await screen.expect('Nobody.')
    await screen.escape()
    (contact,) = [c for c in await carol.done('contacts') if c.get('event') == 'contact']
    assert contact['subscription'] in ('both', 'to'), contact
    screen.press('F5')
    await screen.expect('Change the name')
    screen.press('Enter')
    screen.press('C-u')
    screen.type(world.bob.jid)  # the cases below know him by it
    await screen.gone('Bob Miller')


@case('a stranger\'s message is a request; who is blocked is listed, and let in again')
async def _(world):
    screen = world.chat
    dave = Sotto(world, 'dave')
    await dave.login()
    await dave.send(world.alice.jid, world.say('You do not know me yet.'))
    await screen.expect('Somebody wants to reach you: F6')
    screen.press('F6')
    await screen.expect('dave@localhost wrote, as the chat shows')
    screen.press('x')
    await screen.gone('wrote, as')
    await screen.escape()
    screen.type('/open dave@localhost')
    await screen.expect('dave@localhost  ')
    screen.press('F5')
    await screen.expect('Block: not heard')
    screen.press('Down', 'Down', 'Down', 'Enter')
    await screen.expect('Block dave@localhost?')
    screen.press('Down', 'Enter')
    await screen.expect('is blocked')
    screen.press('F6')
    await screen.expect('dave@localhost is blocked; a lets them in again')
    screen.press('a')
    await screen.expect('Nobody.')
    await screen.escape()
    screen.type('/open bob@localhost')
    last = world.say('Still at the pier.')  # his chat is the first of the list again
    await world.bob.send(world.alice.jid, last)
    await screen.expect(last)


@case('the safety number is the same on both sides, and comparing it verifies')
async def _(world):
    screen = world.chat
    screen.press('F4')
    await screen.expect('Safety number')
    await screen.expect('nobody sits between you')
    ours = re.findall(r'\b\d{5}\b', screen.screen())
    assert len(ours) == 12, ours
    bob = Chat(world, world.bob, name='bob')
    try:
        await bob.expect('alice@')
        bob.press('Enter')
        await bob.expect('encrypted')
        bob.press('F4')
        await bob.expect('nobody sits between you')
        assert re.findall(r'\b\d{5}\b', bob.screen()) == ours, bob.screen()
        bob.press('C-q')
        await bob.expect('ended with 0')
    finally:
        bob.close()
    screen.press('m')
    await screen.expect('verified, since')
    screen.press('Escape')
    await screen.expect('encrypted, verified')
    keys = await screen_keys(world)
    assert keys == {'verified'}, keys


async def screen_keys(world):
    """What Alice's store says of Bob's keys, once the screen has ended."""
    world.chat.press('C-q')
    await world.chat.expect('ended with 0')
    await world.chat.restored()
    return {k['trust'] for k in await world.alice.done('trust', world.bob.jid)}


@case('a code is shown, and the other side\'s is checked')
async def _(world):
    screen = world.open(size=(100, 40))
    await screen.expect('bob@')
    screen.press('Enter', 'F4')
    await screen.expect('nobody sits between you')
    screen.press('c')
    await screen.expect('▀▀▀▀▀')
    code = ''.join(re.findall(r'(xmpp:alice@\S+|(?<=  )[0-9a-f]{20,})', screen.screen()))
    assert re.fullmatch(r'xmpp:alice@localhost\?omemo-sid-\d+=[0-9a-f]{64}', code), code
    await screen.escape()
    screen.press('F4')
    await screen.expect('nobody sits between you')
    screen.press('s')
    screen.paste(code)
    screen.press('Enter')
    await screen.expect('THE CODE DOES NOT FIT')
    screen.press('C-q')
    await screen.expect('ended with 0')


@case('drafts and what was read outlive the program')
async def _(world):
    screen = world.open()
    await screen.expect('bob@')
    screen.press('Enter')
    await screen.expect('Write a message')
    screen.write('an unfinished sent')
    await screen.expect('unfinished')
    screen.press('C-q')
    await screen.expect('ended with 0')
    screen = world.open()
    await screen.expect('Draft: an unfini')
    assert '(1)' not in screen.screen(), screen.screen()
    screen.press('Enter')
    await screen.expect('an unfinished sent')
    screen.press('C-u')
    await screen.expect('Write a message')


@case('it fits its window, and says when it cannot')
async def _(world):
    screen = world.chat
    for width, height in ((200, 60), (69, 20), (40, 10)):
        screen.resize(width, height)
        await screen.expect('Write a message')
        await asyncio.sleep(0.3)
        lines = screen.screen().splitlines()
        assert max(map(len, lines)) <= width and len(lines) <= height, lines
    screen.resize(39, 9)
    await screen.expect('too small')
    screen.resize(*SIZE)
    await screen.expect('Write a message')


@case('a link invites somebody, as words and as a picture')
async def _(world):
    screen = world.chat
    screen.type('/invite')
    await screen.expect('Who has this link first')
    assert re.search(r'(https://localhost\S*/invite/|xmpp:\S+;preauth=)', screen.screen()), screen.screen()
    assert 'shows it as a picture, too' in screen.screen() and 'until ' in screen.screen()
    await screen.escape()
    screen.resize(100, 40)
    screen.type('/invite')
    await screen.expect('▀▀▀▀▀')
    await screen.escape()
    screen.resize(*SIZE)
    await screen.expect('Write a message')


@case('help names the keys; Ctrl-C twice leaves')
async def _(world):
    screen = world.chat
    screen.press('F1')
    await screen.expect('What the keys do')
    await screen.escape()
    screen.press('C-c')
    await screen.expect('Ctrl-C again leaves')
    screen.press('C-c')
    await screen.expect('ended with 0')
    await screen.restored()


@case('ended by a signal, crashed or stopped: the terminal is the shell\'s again')
async def _(world):
    for signal, status in (('TERM', 0), ('SEGV', 139), ('ABRT', 134)):
        screen = world.open()
        await screen.expect('Connected')
        screen.kill(signal)
        await screen.expect(f'ended with {status}')
        await screen.restored()
        assert 'Connected' not in screen.screen(), screen.screen()


@case('without colours, and without UTF-8, everything is still there')
async def _(world):
    screen = world.open(env={'NO_COLOR': '1', 'TERM': 'vt100'}.items())
    await screen.expect('bob@')
    screen.press('Enter')
    await screen.expect('Then I bring both lamps')
    screen.press('C-q')
    await screen.expect('ended with 0')
    screen = world.open(env={'LC_ALL': 'C'}.items())
    await screen.expect('bob@')
    screen.press('Enter')
    await screen.expect('Then I bring both lamps')
    assert screen.screen().isascii(), screen.screen()
    screen.press('C-q')
    await screen.expect('ended with 0')


@case('messages disappear on both sides, and the screen says so')
async def _(world):
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter', 'F8')
    await screen.expect('How long do messages stay?')
    assert 'they stay, as it is now' in screen.screen()
    screen.press('Down', 'Down', 'Enter')
    await screen.expect('Messages disappear after 1 hour')
    (timer,) = [e for e in await world.bob.done('listen', '--timeout', '2') if e['event'] == 'timer']
    assert timer['expires'] == 3600, timer
    screen.type('/timer 2s')
    await screen.expect('Messages disappear after 2 seconds')
    fleeting = world.say('This sentence will be gone.')
    screen.type(fleeting)
    await screen.expect(fleeting)
    await screen.gone(fleeting)
    await world.bob.done('timer', world.alice.jid, 'off')
    await screen.expect('messages stay')
    await screen.gone('Messages disappear after')
    await world.bob.rest()


@case('line by line: each event is a line, commands are words')
async def _(world):
    chat = world.open('--plain')
    await chat.expect('Connected')
    live = world.say('Is the plain one listening?')
    await world.bob.send(world.alice.jid, live)
    await chat.expect(f'bob@localhost: {live}')
    chat.type('/open 1')
    await chat.expect('Chat with bob@localhost, encrypted, verified')
    answer = world.say('It is, word for word.')
    chat.type(answer)
    await chat.expect(f'You to bob@localhost: {answer}')
    assert [t for _, t, _ in await world.bob.hear()] == [answer]
    chat.type('/keys')
    await chat.expect('1. verified')
    chat.type('/nonsense')
    await chat.expect('There is no command /nonsense')
    assert '\x1b' not in chat.screen()
    chat.type('/open nobody')
    await chat.expect('No chat is open now')
    chat.type('meant for nobody who was open before')
    await chat.expect('No chat is open: /open and a name')
    chat.type('/quit')
    await chat.expect('ended with 0')
    await chat.restored()


@case('messages of one moment stand in their order, on every start and line by line; ours tell how far they are')
async def _(world):
    screen = world.open()
    await screen.expect('Connected')
    screen.type('/open bob@localhost')  # typed in the list of chats
    await screen.expect('Write a message')
    for n in range(1, 7):
        screen.type(world.say(f'burst number {n}'))
    last = 'You: burst number 6'
    sent = (last + '    ✓ ', last + '   ✓✓ ')
    await screen.expect(*sent)
    wanted = [str(n) for n in range(1, 7)]
    assert re.findall(r'│  burst number (\d)', screen.screen()) == wanted, screen.screen()
    screen.press('C-q')
    await screen.expect('ended with 0')
    screen = world.open()
    await screen.expect(last)
    assert any(s in screen.screen() for s in sent), screen.screen()  # not as if it waited
    screen.press('Enter')
    await screen.expect('│  burst number 1')
    assert re.findall(r'│  burst number (\d)', screen.screen()) == wanted, screen.screen()
    screen.press('C-q')
    await screen.expect('ended with 0')
    await world.bob.rest()
    chat = world.open('--plain')
    await chat.expect('Connected')
    chat.type('/open bob@localhost')
    await chat.expect('burst number 6 (sent)', 'burst number 6 (delivered)')
    assert re.findall(r'burst number (\d)', chat.screen()) == wanted[1:], chat.screen()
    chat.type('/quit')
    await chat.expect('ended with 0')


@case('another device of ours is a line in the chat that stays, and has a page')
async def _(world):
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter')
    await screen.expect('burst number 6')
    other = Sotto(world, 'alice', folder='sotto-alice-2')
    await other.login()
    await other.send(world.bob.jid, world.say('From my telephone.'))
    await screen.expect('From my telephone.')
    await screen.expect('YOU have another device')
    screen.press('C-q')
    await screen.expect('ended with 0')
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter')
    await screen.expect('YOU have another device')
    screen.type('/devices')
    await screen.expect('Your other devices get all that you write')
    await screen.expect('Who may log in')
    screen.press('C-q')
    await screen.expect('ended with 0')
    await world.bob.rest()


@case('a device of ours that waits for a decision stops every chat, and every chat says so')
async def _(world):
    for key in await world.alice.done('trust', world.alice.jid):
        await world.alice.done('verify', world.alice.jid, key['fingerprint'])
    third = Sotto(world, 'alice', folder='sotto-alice-3')
    await third.login()
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter')
    await third.send(world.bob.jid, world.say('From a third one.'))
    await screen.expect('A new device of YOURS waits: F4')
    await screen.expect('Connected. A device of YOURS waits: /devices')
    waiting = world.say('This stays here for now.')
    screen.type(waiting)
    await screen.expect(f'{waiting} ')
    row = next(t for t in screen.screen().splitlines() if waiting in t and '·' in t)
    assert '✓' not in row, row
    screen.press('F4')
    await screen.expect('Your other devices get all that you write')
    await screen.expect('waits for your decision')
    for _ in range(5):  # down to the one that waits
        if '▌ waits' in screen.screen():
            break
        screen.press('Down')
        await asyncio.sleep(0.2)
    screen.press('t')
    await screen.gone('waits for your decision')
    await screen.escape()
    await screen.gone('of YOURS waits')
    await screen.expect(f'{waiting}  ')
    await screen.expect(' ✓ ', '✓✓')
    screen.press('C-q')
    await screen.expect('ended with 0')
    await world.bob.rest()


@case('lines work without a terminal; the screen says that it cannot')
async def _(world):
    chat = await world.alice.start('chat', '--plain')
    chat.stdin.write(b'/open bob@localhost\n/help\n')
    await chat.stdin.drain()
    out = b''
    while b'/quit: leave' not in out or b'Chat with' not in out:
        line = await asyncio.wait_for(chat.stdout.readline(), 30)
        assert line, out
        out += line
    assert b'\x1b' not in out, out
    chat.stdin.close()
    assert await asyncio.wait_for(chat.wait(), 30) == 0
    status, events = await world.alice.run('chat')
    assert status == 2 and events[-1]['code'] == 'terminal', (status, events)


async def send_file(world, name):
    """Bob sends a file; where it is saved if it is."""
    folder = world.at.folder / 'of-bob'
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(world.say(f'Words of {name} for her alone.'))
    await world.bob.done('file', 'send', world.alice.jid, folder / name)
    await world.chat.expect(f'[{name}, ')
    return world.at.folder / name


async def saved(path):
    """It is there, as it was sent."""
    for _ in range(100):
        if path.exists():
            assert path.read_text() == f'Words of {path.name} for her alone.'
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f'{path} did not come')


@case('files come unasked only once the person has said so, and of contacts; the next run knows it')
async def _(world):
    screen = world.open()
    await screen.expect('Connected')
    screen.type('/open bob@localhost')
    await screen.expect('Write a message')
    unwanted = [await send_file(world, 'before.txt')]
    screen.type('/save always')
    await screen.expect('saved as they come')
    for name in 'first.txt', 'second.txt':
        await saved(await send_file(world, name))
    screen.type('/remove')
    for _ in range(50):                          # until the server has told
        screen.press('F5')
        await screen.expect('not a contact', 'Change the name')
        gone = 'not a contact' in screen.screen()
        await screen.escape()
        if gone:
            break
    assert gone, screen.screen()
    unwanted += [await send_file(world, 'of-nobody.txt')]
    screen.type('/add')
    await bob_accepts(world)
    await screen.expect('shows you now when they are there')
    screen.press('C-q')
    await screen.expect('ended with 0')
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter')
    await saved(await send_file(world, 'third.txt'))
    screen.type('/save ask')
    await screen.expect('saved when you ask')
    unwanted += [await send_file(world, 'after.txt')]
    await asyncio.sleep(1)
    screen.press('C-q')
    await screen.expect('ended with 0')
    alice = world.alice
    for words, when in (((), 'ask'), (('always',), 'always'), ((), 'always')):
        assert await alice.done('file', 'save', *words) == [{'event': 'save', 'when': when}], words
    for words in (('never',), ('always', 'ask'), ('always', '--direct'), ('always', '--limit', '3')):
        status, events = await alice.run('file', 'save', *words)
        assert status == 2 and events[-1]['code'] == 'usage', (words, events)
    screen = world.open()
    await screen.expect('Connected')
    screen.press('Enter')
    await saved(await send_file(world, 'by-script.txt'))
    screen.press('C-q')
    await screen.expect('ended with 0')
    await alice.done('file', 'save', 'ask')
    assert not [path for path in unwanted if path.exists()]


if __name__ == '__main__':
    main(case, Talk, __doc__)
