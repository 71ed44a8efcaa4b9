"""A sottod of its own for each test, and sottoctl to talk to it; programs and tests to run come from the command line.

Servers listen on ports that the system picks; every wait is bounded and nothing is measured.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOTTOD, SOTTOCTL, ANCHOR = sys.argv[1:4]
PATIENCE_S = 30


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.02)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def opened(pid):
    """The names of its open files."""
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:                                      # one was closed meanwhile
        return []


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


class Server:
    """One sottod; its standard error is a file, so that nothing is lost when it is killed."""

    def __init__(self, folder, *options, file=None, env=None, program=SOTTOD):
        self.data_dir = os.path.join(folder, "data")
        self.socket = os.path.join(self.data_dir, "control.sock")
        self.log = os.path.join(folder, f"log{time.monotonic_ns()}")
        command = [program, "-o", "server.data_dir=" + self.data_dir, "-o", "listen.c2s=127.0.0.1:0",
                   "-o", "listen.c2s_tls=127.0.0.1:0", "-o", "listen.https=127.0.0.1:0",
                   "-o", "server.workers=2"]
        command += ["-c", file or "/dev/null"]
        for option in options:
            command += ["-o", option]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stderr=log, env={**os.environ, **(env or {})})

    def text(self):
        with open(self.log) as f:
            return f.read()

    def says(self, pattern):
        wait_until(f"{pattern!r} in\n{self.text()}",
                   lambda: re.search(pattern, self.text(), re.M) or self.process.poll() is not None)
        found = re.search(pattern, self.text(), re.M)
        if not found:
            raise AssertionError(f"no {pattern!r} in\n{self.text()}")
        return found

    def ready(self):
        self.says("^sotto: ready$")
        return self

    def port(self, kind="c2s"):
        return int(self.says(rf"^sotto: listening {kind} 127\.0\.0\.1:(\d+)$")[1])

    def child(self, name=b"sottod: server"):
        for child in children_of(self.process.pid):
            with open(f"/proc/{child}/cmdline", "rb") as f:
                if f.read().startswith(name):
                    return child
        raise IndexError(f"there is no {name}")

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def ctl(self, *arguments, password=None):
        return run([SOTTOCTL, "-s", self.socket, *arguments], password)

    def ask(self, *arguments, password=None):
        """The value that --json prints; the command must succeed."""
        done = self.ctl("--json", *arguments, password=password)
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.stderr}")
        return json.loads(done.stdout)


def run(command, text=None):
    return subprocess.run(command, input=text if text is not None else "", capture_output=True, text=True,
                          timeout=PATIENCE_S)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sotto-test-cli-")
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            server.end(signal.SIGKILL)
        shutil.rmtree(self.folder)

    def start(self, *options, **more):
        self.servers.append(Server(self.folder, *options, **more))
        return self.servers[-1]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
