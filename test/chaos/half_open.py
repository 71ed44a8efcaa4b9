#!/usr/bin/python3
"""half_open.py [--streams N] [--tls N]: streams that are opened and left alone, by the ten thousand.

They cost little memory, the server ends them by itself when their time to log in is over, and then
the memory is free again; somebody who is logged in is served all the time. Without
`limits.exempt`, an address gets only a few of them.

Streams and server are in different processes: each has its own limit of open files.
"""
import argparse
import os
import resource
import socket
import ssl
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'interop'))

from harness import server                                          # noqa: E402
from harness.raw import CLIENT, Raw                                 # noqa: E402

PASSWORD = server.new_password()
BATCH = 250
STREAM_BYTES = 32 * 1024                         # of memory for each half-open stream, at most
TLS_BYTES = 96 * 1024                            # with a TLS handshake done
LEFT_OF_IT = 0.25                                # of what it grew; the allocator keeps some
SLACK_BYTES = 16 * 1024 * 1024
LOGIN_S = 20
END_TIMEOUT_S = 90
BACK_S = 60
FEW = 5                                          # files that come and go by themselves
OPEN = (b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
        b"xmlns:stream='http://etherx.jabber.org/streams'><message to='alice@localhost'><body>")
HALF_REQUEST = (b'POST /invite/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n'
                b'Content-Type: application/x-www-form-urlencoded\r\n\r\nname=')


def rss(pid):
    """Resident memory of a process in bytes."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) * 1024
    raise AssertionError(f'{pid} has no memory')


def files(pid):
    """How many files a process has open."""
    return len(os.listdir(f'/proc/{pid}/fd'))


def ping(raw):
    """Somebody who is logged in is served."""
    raw.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    while (element := raw.next(60)) is not None:
        if element.tag == f'{CLIENT}iq' and element.get('id') == 'p':
            return
    raise AssertionError('somebody who is logged in is not served any more')


class Crowd:
    """Half-open streams; some came as far as TLS."""

    def __init__(self, at):
        self._at = at
        self._sockets = []
        self._context = ssl.create_default_context(cafile=str(at.ca))

    def add(self, count, tls):
        """Opens so many more."""
        for _ in range(count):
            sock = socket.create_connection(
                (self._at.host, self._at.ports['c2s_tls' if tls else 'c2s']), 30)
            if tls:
                sock = self._context.wrap_socket(sock, server_hostname='localhost')
            sock.sendall(OPEN)
            self._sockets.append(sock)

    def add_requests(self, count):
        """Opens so many of HTTPS, each with a request whose body does not come."""
        for _ in range(count):
            sock = socket.create_connection((self._at.host, self._at.ports['https']), 30)
            sock = self._context.wrap_socket(sock, server_hostname='localhost')
            sock.sendall(HALF_REQUEST)
            self._sockets.append(sock)

    def leave(self):
        """All go away."""
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()


def settled(condition, seconds):
    """Waits until something is true; the seconds it took, or None."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if condition():
            return time.monotonic() - start
        time.sleep(0.2)
    return None


def run(number, title, streams, tls):
    """So many streams, until the server has ended them; then their memory must be back."""
    with server.Sottod(options=['limits.exempt=127.0.0.0/8']) as at:
        at.add_user('alice', PASSWORD)
        alice = Raw(at)
        alice.start_tls()
        alice.login('alice', PASSWORD)
        crowd = Crowd(at)
        crowd.add(200, tls)                      # what is allocated once is allocated now
        crowd.leave()
        pid = at.server_process()
        quiet = settled(lambda: files(pid) < 150, 30)
        assert quiet is not None, 'connections that were closed stay open'
        files_before, before = files(pid), rss(pid)
        most = most_open = 0
        for done in range(0, streams, BATCH):
            crowd.add(min(BATCH, streams - done), tls)
            most, most_open = max(most, rss(pid)), max(most_open, files(pid) - files_before)
            ping(alice)
        print(f'# {title}: {most_open} at a time, {(most - before) / max(1, most_open) / 1024:.1f} '
              f'KiB each; {before / 2**20:.0f} MiB before, {most / 2**20:.0f} MiB at most')
        limit = most_open * (TLS_BYTES if tls else STREAM_BYTES) + SLACK_BYTES
        assert most - before <= limit, f'{most - before} octets for {most_open} streams'
        ended = settled(lambda: files(pid) <= files_before + 5, LOGIN_S + END_TIMEOUT_S)
        assert ended is not None, f'{files(pid) - files_before} streams are still open'
        crowd.leave()
        ping(alice)
        may_stay = (most - before) * LEFT_OF_IT + SLACK_BYTES
        back = settled(lambda: rss(pid) - before <= may_stay, BACK_S)       # the allocator is asked for it by the clock
        left = rss(pid) - before
        print(f'# ended by the server {ended:.0f} s later; {left / 2**20:.1f} MiB are not back')
        assert back is not None, f'{left} octets are not back'
        alice.close()
        print(f'ok {number} - {title} cost little, and nothing once they are gone', flush=True)


def run_requests(number, count):
    """Requests that stop in the middle, until the server has ended them."""
    with server.Sottod(options=['limits.exempt=127.0.0.0/8']) as at:
        pid = at.server_process()
        before = files(pid)
        crowd = Crowd(at)
        crowd.add_requests(count)
        assert settled(lambda: files(pid) >= before + count - FEW, END_TIMEOUT_S) is not None, files(pid) - before
        ended = settled(lambda: files(pid) <= before + FEW, END_TIMEOUT_S)
        assert ended is not None, f'{files(pid) - before} requests are still waited for'
        crowd.leave()
        print(f'# {count} half requests: ended by the server {ended:.0f} s later')
        print(f'ok {number} - half requests are not waited for', flush=True)


def run_limited(number):
    """One address, as the server is by default."""
    with server.Sottod() as at:
        pid = at.server_process()
        before = files(pid)
        crowd = Crowd(at)
        for _ in range(280):                     # fewer than an address may open in a minute
            try:
                crowd.add(1, False)
            except OSError:
                pass                             # refused at once
        most = 2 * 32 * (os.cpu_count() or 1)
        assert settled(lambda: files(pid) - before <= most, END_TIMEOUT_S) is not None, files(pid) - before
        now = files(pid) - before
        crowd.leave()
        print(f'# {now} of 280 from one address stayed open')
        assert now > 0, 'none was let in'
        print(f'ok {number} - one address gets a few only', flush=True)


def run_control(number):
    """It is the server's own time that ends them: those of another server, which has more, are still there."""
    with server.Sottod(options=['limits.login_s=3600']) as patient, \
            server.Sottod(options=['limits.login_s=1']) as hasty:
        before = {at: files(at.server_process()) for at in (patient, hasty)}
        crowds = [Crowd(at) for at in (patient, hasty)]
        for crowd in crowds:
            crowd.add(20, False)
        assert settled(lambda: files(patient.server_process()) >= before[patient] + 20, END_TIMEOUT_S) is not None
        assert settled(lambda: files(hasty.server_process()) <= before[hasty], END_TIMEOUT_S) is not None
        assert files(patient.server_process()) >= before[patient] + 20
        for crowd in crowds:
            crowd.leave()
        print(f'ok {number} - control: where there is more time they stay', flush=True)


def main():
    """TAP on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--streams', type=int, default=10000)
    parser.add_argument('--tls', type=int, default=1000)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = hard - 200
    print('1..5', flush=True)
    run(1, 'half-open streams', min(options.streams, room), False)
    run(2, 'half-open streams in TLS', min(options.tls, room), True)
    run_requests(3, 40)                          # few enough to be there all before the first is ended
    run_limited(4)
    run_control(5)


if __name__ == '__main__':
    main()
