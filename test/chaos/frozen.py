#!/usr/bin/python3
"""frozen.py [--readers N] [--messages N]: one reader among a hundred stops reading. The others get
everything at once, in order; the frozen one, when it is back, gets everything too, from the archive,
in order and without a gap: whether it thaws in time or its connection was given up meanwhile.
"""
import argparse
import fcntl
import socket
import struct
import sys
import termios
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'interop'))

from harness import server                                          # noqa: E402
from harness.raw import CLIENT, NS_SM, NS_STREAM, Closed, Raw                  # noqa: E402

PREFIX = 'reader'
LAGGING_S = {False: 600, True: 10}              # by whether the frozen reader is given up
TIMEOUT_S = 120
# What the kernel takes for a frozen reader, megabytes on both sides, is not the server's to hold.
FILLER = 'x' * 16000
MESSAGE = (
    "<message type='chat' to='{to}' id='{ident}'><encrypted xmlns='eu.siacs.conversations.axolotl'>"
    "<header sid='1'><key rid='2'>MwohBQ==</key><iv>AAAAAAAAAAAAAAAA</iv></header>"
    "<payload>bm90{filler}</payload></encrypted></message>"
)
NS_DELAY = '{urn:xmpp:delay}'


def logged_in(at, name, password):
    """A connection that is available, with stream management."""
    raw = Raw(at)
    raw.start_tls()
    raw.login(name, password)
    raw.enable_sm()
    raw.send('<presence/>')
    return raw


def unread(sock):
    """Octets that the system holds for whoever would read this socket."""
    return struct.unpack('i', fcntl.ioctl(sock.fileno(), termios.FIONREAD, b'\0' * 4))[0]


class Reader(threading.Thread):
    """Reads and acknowledges until it has so many messages. `ids` in the order of arrival."""

    def __init__(self, raw, until):
        super().__init__(daemon=True)
        self.raw = raw
        self.until = until
        self.ids = []
        self.wrong = None

    def run(self):
        handled = 0
        deadline = time.monotonic() + TIMEOUT_S
        try:
            while self.until not in self.ids[-1:] and time.monotonic() < deadline:
                element = self.raw.next(TIMEOUT_S)
                if element is None:
                    break
                if element.tag == f'{NS_SM}r':
                    self.raw.send(f"<a xmlns='urn:xmpp:sm:3' h='{handled}'/>")
                elif element.tag.startswith(CLIENT):
                    handled += 1
                if element.tag == f'{CLIENT}message':
                    self.ids.append(element.get('id'))
            self.raw.send(f"<a xmlns='urn:xmpp:sm:3' h='{handled}'/>")
        except Closed as error:
            self.wrong = error


def send_round(sender, at, names, first, count, filler):
    """So many messages to everybody, in turn; returns when the server has them all."""
    for n in range(first, first + count):
        for name in names:
            sender.send(MESSAGE.format(to=at.jid(name), ident=f'm{n}', filler=filler))
    sender.send("<r xmlns='urn:xmpp:sm:3'/>")
    while True:
        element = sender.next(TIMEOUT_S)
        assert element is not None, 'the sender waits for the frozen reader'
        assert element.tag != f'{NS_STREAM}error', [c.tag for c in element]
        assert element.get('type') != 'error', [c.tag for c in element.iter()]
        if element.tag == f'{NS_SM}a':
            return


def run(number, at, password, readers, messages, give_up):
    """Freezes the first reader; it thaws in time, or only after its connection was given up."""
    names = [f'{PREFIX}{n}' for n in range(readers)]
    expected = [f'm{n}' for n in range(messages)]
    sender = logged_in(at, 'sender', password)
    frozen = logged_in(at, names[0], password)
    frozen.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    others = [Reader(logged_in(at, name, password), expected[-1]) for name in names[1:]]
    for reader in others:
        reader.start()
    # The frozen one gets much more than fits on the way; the others get their share in between.
    step = messages // 4
    for first in range(0, messages, step):
        send_round(sender, at, names[:1], first, step, FILLER)
        send_round(sender, at, names[1:], first, step, '')
    for reader in others:
        reader.join(TIMEOUT_S)
        assert not reader.is_alive() and reader.wrong is None, f'{reader.wrong}'
        assert reader.ids == expected, f'{reader.raw.jid}: {reader.ids[:5]} … {reader.ids[-5:]}'
    print(f'# {len(others)} others have all of their {messages} while one is frozen', flush=True)
    # Control: it is frozen. Most of what it was sent has not even reached its own side of the connection.
    waiting = unread(frozen.socket)
    print(f'# it has {waiting >> 10} of {messages * len(FILLER) >> 10} KiB before it, unread', flush=True)
    assert 0 < waiting < messages * len(FILLER) // 4, 'it was not frozen'
    ids = []
    if give_up:
        time.sleep(LAGGING_S[True] + 5)          # from where it is slow
        late = Reader(frozen, expected[-1])
        late.run()
        assert late.wrong is not None, 'its connection was not given up'
        ids = late.ids
        frozen = logged_in(at, names[0], password)
    late = Reader(frozen, expected[-1])
    late.run()
    assert late.wrong is None, late.wrong
    again = [i for i in late.ids if i in set(ids)]
    print(f'# the frozen one: {len(ids)} before, {len(late.ids)} after, {len(again)} of them again')
    whole = ids + [i for i in late.ids if i not in set(ids)]
    assert whole == expected, f'{len(whole)} of {messages}: {whole[:5]} … {whole[-5:]}'
    for reader in others:
        reader.raw.close()
    sender.close()
    frozen.close()
    what = 'given up and back' if give_up else 'thawed in time'
    print(f'ok {number} - a frozen reader among {readers}, {what}, misses nothing', flush=True)


def main():
    """TAP on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--readers', type=int, default=100)
    parser.add_argument('--messages', type=int, default=800)
    options = parser.parse_args()
    password = server.new_password()
    print('1..2', flush=True)
    for number, give_up in enumerate((False, True), 1):
        settings = ['limits.exempt=127.0.0.0/8', f'limits.lagging_s={LAGGING_S[give_up]}']
        with server.Sottod(options=settings) as at:
            at.ctl('user', 'add-many', PREFIX, str(options.readers), '--password-stdin',
                   stdin=password + '\n')
            at.add_user('sender', password)
            run(number, at, password, options.readers, options.messages, give_up)


if __name__ == '__main__':
    main()
