"""What every server under comparison has: a folder, a port, a process that is started and stopped."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time

UNPRIVILEGED = "nobody"      # who runs the servers if we are root


class Unavailable(Exception):
    """The server or a part of it is not installed; the text says what to do."""


class Failed(Exception):
    """The server did not do what it should."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fill_template(path, words):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def make_certificate(folder, domain):
    """A self-signed P-256 certificate: the same kind for everybody, as its cost is part of a login."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", f"/CN={domain}", "-addext", f"subjectAltName=DNS:{domain}",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
        check=True, capture_output=True, timeout=30)
    with open(f"{folder}/both.pem", "w", encoding="ascii") as both:
        for part in "cert.pem", "key.pem":
            with open(f"{folder}/{part}", encoding="ascii") as f:
                both.write(f.read())


def output_of(*command):
    """The first line that a command prints, or "unknown"."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0]


def may_drop_root(folder):
    """Whether we are root and others may pass through all folders above: then nobody can run there."""
    if os.getuid() != 0:
        return False
    while folder != "/":
        folder = os.path.dirname(folder)
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
    return True


class Server:
    """Subclasses give `name`, version(), check(), prepare(accounts), start_process(accounts) and launch()."""

    name = None
    ready_accounts = 0           # at least so many are there when its start is timed
    here = os.path.dirname(os.path.abspath(__file__))

    def __init__(self, folder, domain, password, archive):
        self.folder = folder
        self.domain = domain
        self.password = password
        self.archive = archive
        self.port = None
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, accounts):
        """Sets up an empty server with the accounts bench0 … and waits until it takes connections."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.port = free_port()
        self.prepare(accounts)
        self.give_away()
        self.start_process(accounts)

    def give_away(self):
        """Root's files become those of the user that the server runs as."""
        if not may_drop_root(self.folder):
            return
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        for top, folders, files in os.walk(self.folder):
            for entry in folders + files:
                os.chown(os.path.join(top, entry), user.pw_uid, user.pw_gid)

    def identity(self):
        """Arguments of subprocess functions for running without privileges."""
        if not may_drop_root(self.folder):
            return {}
        return {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid, "extra_groups": []}

    def spawn(self, command, **more):
        """Starts the server, with its output in a file."""
        with open(f"{self.folder}/output", "ab") as out:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, start_new_session=True,
                                            **self.identity(), **more)

    def wait_for(self, ready, what, seconds=60, pause=0.1):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
            if ready():
                return
            time.sleep(pause)
        raise Failed(f"{self.name}: {what} did not happen within {seconds} s: {self.tail()}")

    def time_start(self):
        """Milliseconds from the start of the process, over what is stored, to the first answer on a stream."""
        self.stop()
        begin = time.monotonic()
        self.launch(0)
        self.wait_for(self.answers, "answering", pause=0.002)
        return (time.monotonic() - begin) * 1000

    def answers(self):
        header = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                  f"xmlns:stream='http://etherx.jabber.org/streams' to='{self.domain}'>")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                s.sendall(header.encode())
                return len(s.recv(1)) == 1
        except OSError:
            return False

    def accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def tail(self):
        try:
            with open(f"{self.folder}/output", encoding="utf-8", errors="replace") as f:
                return f.read()[-600:].strip() or "(no output)"
        except OSError:
            return "(no output)"

    def stop(self):
        """SIGTERM, then SIGKILL to what is left of the process group that we started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None
