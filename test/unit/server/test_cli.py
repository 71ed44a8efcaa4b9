#!/usr/bin/python3
"""sottod and sottoctl as scripts and service managers see them: lines, signals, exit statuses, locks, the socket.

usage: test_cli.py SOTTOD SOTTOCTL [TEST...]
Servers listen on ports that the system picks; every wait is bounded and nothing is measured.
"""
import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

SOTTOD, SOTTOCTL = sys.argv[1:3]
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

    def __init__(self, folder, *options, file=None, env=None):
        self.data_dir = os.path.join(folder, "data")
        self.socket = os.path.join(self.data_dir, "control.sock")
        self.log = os.path.join(folder, f"log{time.monotonic_ns()}")
        command = [SOTTOD, "-o", "server.data_dir=" + self.data_dir, "-o", "listen.c2s=127.0.0.1:0",
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

    def child(self):
        return children_of(self.process.pid)[0]

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


def write_backup(path, members):
    """A backup made by somebody else: (name, octets, {type, linkname}), with the digest that belongs to it."""
    archive = io.BytesIO()

    def add(name, octets, more):
        info = tarfile.TarInfo(name)
        info.type = more.get("type", tarfile.REGTYPE)
        info.linkname = more.get("linkname", "")
        info.size = len(octets) if info.type == tarfile.REGTYPE else 0
        archive.write(info.tobuf(tarfile.USTAR_FORMAT))
        if info.size:
            archive.write(octets + bytes(-len(octets) % 512))

    for member in members:
        add(*member)
    add("sha256", hashlib.sha256(archive.getvalue()).hexdigest().encode() + b"\n", {})
    with open(path, "wb") as f:
        f.write(archive.getvalue() + bytes(1024))


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


class CommandLine(Case):
    def expect(self, arguments, status, out=None, err=None):
        done = run([SOTTOD, *arguments])
        self.assertEqual(done.returncode, status, done.stderr)
        if out is not None:
            self.assertEqual(done.stdout, out)
        if err is not None:
            self.assertEqual(done.stderr, err)
        return done

    def test_version(self):
        self.assertRegex(self.expect(["--version"], 0).stdout, r"^sottod \d+\.\d+\.\d+\n$")
        self.assertRegex(run([SOTTOCTL, "--version"]).stdout, r"^sottoctl \d+\.\d+\.\d+\n$")

    def test_bad_usage(self):
        for arguments in ["--banana"], ["-c"], ["-o"], ["banana"], ["--version", "banana"]:
            self.assertIn("usage:", self.expect(arguments, 2, out="").stderr)

    def test_sottoctl_explains_itself(self):
        for arguments in ["--help"], ["-h"], ["help"], ["user", "add", "--help"]:
            done = run([SOTTOCTL, *arguments])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("backup FILE [--without-keys]\n      write all that", done.stdout)
        done = run([SOTTOCTL])
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: sottoctl", done.stderr)
        for arguments, said in {
            ("banana",): "sottoctl: banana: there is no such command; sottoctl --help lists them\n",
            ("user",): "sottoctl: user: one of add, add-many, list, delete, id is to follow; sottoctl --help explains them\n",
            ("user", "ad"): "sottoctl: user: one of add,",
            ("backup",): "sottoctl: usage: sottoctl backup FILE [--without-keys]\n",
            ("stats", "now"): "sottoctl: usage: sottoctl stats",
        }.items():
            done = run([SOTTOCTL, *arguments])
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertTrue(done.stderr.startswith(said), done.stderr)

    def test_manual_and_completion_know_every_command(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
        with open(os.path.join(root, "docs/man/sottoctl.8")) as f:
            manual = re.sub(r"\\f.", "", f.read().replace("\\-", "-")).replace('"', "")
        with open(os.path.join(root, "packaging/completion/sottoctl.bash")) as f:
            completion = f.read()
        usage = run([SOTTOCTL, "--help"]).stdout
        commands = re.findall(r"^  ([a-z]\S*)((?: [a-z]\S*)?)(.*)$", usage, re.M)
        self.assertGreater(len(commands), 12)
        for first, second, rest in commands:
            self.assertIn(first + second, manual)
            for word in [first, second.strip(), *re.findall(r"--[a-z-]+", rest)]:
                if (first, second) != ("store", " copy") or not word.startswith("--"):   # not built yet
                    self.assertTrue(word == "" or re.search(rf"[ \"]{word}[ \"]", completion), word)
                    self.assertIn(word, manual)

    def test_replay_is_not_built(self):
        self.expect(["--replay-stanzas", "x"], 1, err="sottod: --replay-stanzas: not built yet\n")

    def test_bad_configuration(self):
        path = self.write("bad.ini", "[policy]\ne2ee = perhaps\n[log]\nlevel = loud\n")
        for task in [], ["--check"]:
            self.expect(["-c", path, "-o", "server.workers=no", *task], 2, out="",
                        err=f"sottod: {path}:2: policy.e2ee: one of required, off\n"
                            f"sottod: {path}:4: log.level: one of error, warn, info, debug\n"
                            "sottod: -o server.workers: a number from 1 to 256, or cores\n")
        self.expect(["-c", "/nowhere/x.ini"], 2, err="sottod: /nowhere/x.ini: No such file or directory\n")

    def test_example_is_a_configuration(self):
        example = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../packaging/sotto.ini")
        self.expect(["-c", example, "--check"], 0, err="")
        with open(example) as f:      # and so is each line of it that is commented out
            live = self.write("live.ini", re.sub(r"^;(\w+ =)", r"\1", f.read(), flags=re.M))
        self.assertIn("/etc/letsencrypt", run([SOTTOD, "-c", live, "--check"]).stdout)

    def check(self, *options):
        arguments = ["-c", "/dev/null", "-o", "server.data_dir=" + self.folder, "-o", "listen.https="]
        for option in options:
            arguments += ["-o", option]
        return run([SOTTOD, "--check", *arguments])

    def test_check_with_nothing_wrong(self):
        done = self.check()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_check_says_what_is_given_up(self):
        for option, line in {
            "policy.e2ee=off": "risk: policy.e2ee = off: ",
            "policy.e2ee_allow=b.example": "risk: policy.e2ee_allow = b.example: ",
            "policy.strangers=allow": "risk: policy.strangers = allow: ",
            "registration.mode=open": "risk: registration.mode = open: ",
            "auth.mechanisms=SCRAM-SHA-1-PLUS PLAIN": "risk: auth.mechanisms = SCRAM-SHA-1-PLUS PLAIN: ",
            "auth.mechanisms=SCRAM-SHA-1": "risk: auth.mechanisms = SCRAM-SHA-1: ",
            "auth.scram_iterations=4096": "risk: auth.scram_iterations = 4096: ",
            "store.ack=memory": "risk: store.ack = memory: acknowledged messages can be lost",
            "archive.retention_days=-1": "risk: archive.retention_days = -1: ",
            "listen.metrics=0.0.0.0:9100": "risk: listen.metrics = 0.0.0.0:9100: whoever reaches it",
            "limits.exempt=10.0.0.0/8": "risk: limits.exempt = 10.0.0.0/8: ",
            "listen.s2s=0.0.0.0:5269": "unbuilt: listen.s2s = 0.0.0.0:5269: not built yet",
            "store.url=postgresql://db": "unbuilt: store.url = postgresql://db: not built yet",
            "bus.url=nats://n": "unbuilt: bus.url = nats://n: not built yet",
        }.items():
            done = self.check(option)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([found for found in done.stdout.splitlines() if found.startswith(line)][0:1] and 1, 1,
                             f"{option}: {done.stdout}")
        done = self.check("listen.c2s=0.0.0.0:5222")
        self.assertIn("risk: listen.c2s: reachable from elsewhere with a self-signed certificate", done.stdout)
        self.assertIn("risk: server.domain = localhost: ", done.stdout)

    def test_check_finds_what_cannot_work(self):
        path = self.write("empty.pem", "")
        done = self.check("tls.certificate=" + path, "tls.key=" + path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: tls.certificate", done.stdout)


class Life(Case):
    def test_start_and_stop(self):
        notify_path = os.path.join(self.folder, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.settimeout(PATIENCE_S)
        manager.bind(notify_path)
        server = self.start("store.ack=memory", "listen.s2s=127.0.0.1:0", env={"NOTIFY_SOCKET": notify_path}).ready()
        self.assertEqual(manager.recv(1000), b"READY=1")
        for kind in "c2s", "c2s_tls":
            socket.create_connection(("127.0.0.1", server.port(kind)), PATIENCE_S).close()
        self.assertNotIn("listening s2s", server.text())
        self.assertEqual(stat.S_IMODE(os.stat(server.data_dir).st_mode), 0o700)
        self.assertTrue(stat.S_ISSOCK(os.stat(server.socket).st_mode))
        self.assertEqual(stat.S_IMODE(os.stat(server.socket).st_mode), 0o600)
        for line in server.text().splitlines():
            self.assertRegex(line, r"^sotto: |^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|WARN|INFO|DEBUG) [a-z_.]+( |$)")
        self.assertRegex(server.text(), r"WARN config\.risk key=store\.ack .*can be lost")
        self.assertEqual(server.end(), 0)
        self.assertEqual(manager.recv(1000), b"STOPPING=1")
        self.assertEqual(server.text().count("sotto: ready\n"), 1)
        self.assertFalse(os.path.exists(server.socket))

    def test_interrupt_ends_cleanly(self):
        self.assertEqual(self.start().ready().end(signal.SIGINT), 0)

    def test_log_as_json(self):
        server = self.start("log.format=json", "store.ack=memory").ready()
        events = [json.loads(line) for line in server.text().splitlines() if line.startswith("{")]
        self.assertIn(("config.risk", "store.ack"), [(e["event"], e.get("key")) for e in events])

    def test_server_process_is_confined(self):
        server = self.start().ready()
        with open(f"/proc/{server.child()}/cmdline") as f:
            self.assertEqual(f.read().rstrip("\0"), "sottod: server")
        if "this is a sanitizer build" in server.text():
            return                               # its sandbox is off, and it says so
        with open(f"/proc/{server.child()}/status") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        with open(f"/proc/{server.child()}/limits") as f:
            self.assertRegex(f.read(), r"Max core file size +0 +0 ")

    def test_busy_port_names_its_key(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            server = self.start(f"listen.c2s=127.0.0.1:{port}")
            self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertRegex(server.text(), rf"sottod: listen\.c2s: 127\.0\.0\.1:{port} is in use.*-o listen\.c2s=")

    def test_one_server_per_folder(self):
        first = self.start().ready()
        second = self.start()
        self.assertEqual(second.process.wait(PATIENCE_S), 1)
        self.assertRegex(second.text(), r"^sottod: server\.data_dir: .* is in use by another server")
        self.assertEqual(first.ask("user", "list"), [])

    def test_folder_in_use_for_a_moment(self):
        self.start().ready().end()
        with open(os.path.join(self.folder, "data", "lock"), "r+") as dying:
            fcntl.lockf(dying, fcntl.LOCK_EX, 1, 0)     # the supervisor's byte
            server = self.start()
            wait_until("an attempt to lock", lambda: opened(server.process.pid).count(dying.name) == 2)
            time.sleep(0.1)                              # it does not give up meanwhile
            self.assertIsNone(server.process.poll())
        self.assertEqual(server.ready().ask("user", "list"), [])

    def test_killed_supervisor_takes_everything_along(self):
        first = self.start().ready()
        ports, child = (first.port("c2s"), first.port("c2s_tls")), first.child()
        first.ask("user", "add", "n@localhost", "--password-stdin", password="x\n")
        first.process.send_signal(signal.SIGKILL)
        # Restarted at once, without waiting for anything to go away, on the same ports and the same folder.
        second = self.start(f"listen.c2s=127.0.0.1:{ports[0]}", f"listen.c2s_tls=127.0.0.1:{ports[1]}").ready()
        self.assertFalse(is_running(child))
        self.assertEqual(second.ask("user", "list"), ["n@localhost"])
        self.assertEqual(second.end(), 0)

    def test_crashed_server_is_restarted(self):
        server = self.start().ready()
        child, port = server.child(), server.port()
        os.kill(child, signal.SIGKILL)
        server.says(r"ERROR server\.crashed signal=9 ")
        server.says(r"INFO server\.restarted pid=")
        self.assertNotEqual(server.child(), child)
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
        self.assertEqual(server.ask("user", "list"), [])
        self.assertEqual(server.text().count("sotto: ready\n"), 1)
        self.assertEqual(server.end(), 0)

    def test_store_that_is_not_built_fails_the_start(self):
        server = self.start("store.url=postgresql://db")
        self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertIn("sottod: store.url: postgresql:// is not built yet; sqlite:PATH is\n", server.text())

    def test_leftovers_are_removed(self):
        server = self.start().ready()
        server.end(signal.SIGKILL)
        for name in "tmp/x", "backup/y":
            with open(os.path.join(server.data_dir, name), "w"):
                pass
        self.start().ready()
        self.assertEqual([os.listdir(os.path.join(server.data_dir, name)) for name in ("tmp", "backup")], [[], []])

    def test_store_that_cannot_open_fails_the_start(self):
        server = self.start("store.url=sqlite:" + self.write("other.db", "this is no database" * 100))
        self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertIn("server.not_started", server.text())

    def test_newer_store_is_refused_and_left_alone(self):
        server = self.start().ready()
        self.assertEqual(server.end(), 0)
        path = os.path.join(server.data_dir, "sotto.db")
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA user_version = 9999")
            before = list(database.iterdump())
        server = self.start()
        self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertRegex(server.text(), r"ERROR store\.failed reason=.*newer version")
        with contextlib.closing(sqlite3.connect(path)) as database:
            self.assertEqual(list(database.iterdump()), before)
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (9999,))

    def test_store_folder_that_is_missing_is_named(self):
        server = self.start("store.url=sqlite:/nowhere/sotto.db")
        self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertIn("sottod: store.url: the folder /nowhere: No such file or directory\n", server.text())

    def test_store_elsewhere(self):
        server = self.start("store.url=sqlite:" + os.path.join(self.folder, "other.db")).ready()
        server.ask("user", "add", "n@localhost", "--password-stdin", password="x\n")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "other.db")))
        self.assertFalse(os.path.exists(os.path.join(server.data_dir, "sotto.db")))

    def test_folder_with_a_long_name(self):
        deep = os.path.join(self.folder, "x" * 100, "y" * 100)
        os.makedirs(deep)
        self.servers.append(Server(deep))
        self.assertEqual(self.servers[-1].ready().ask("user", "list"), [])


class Reload(Case):
    def certificate(self, server):
        """What the server shows after STARTTLS (RFC 6120 §5.4)."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", server.port()), PATIENCE_S) as plain:
            plain.sendall(b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                          b"to='localhost' version='1.0'>")
            self.read_until(plain, b"</stream:features>")
            plain.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self.read_until(plain, b"<proceed")
            with context.wrap_socket(plain) as secured:
                return ssl.DER_cert_to_PEM_cert(secured.getpeercert(True))

    def read_until(self, peer, what):
        text = b""
        while what not in text:
            part = peer.recv(4096)
            self.assertTrue(part, text)
            text += part

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost", "-days", "30",
                        "-keyout", os.path.join(self.folder, "key.pem"),
                        "-out", os.path.join(self.folder, "certificate.pem")], check=True, capture_output=True)
        with open(os.path.join(self.folder, "certificate.pem")) as f:
            return f.read()

    def test_new_certificate(self):
        first = self.make_certificate("first")
        server = self.start("tls.certificate=" + os.path.join(self.folder, "certificate.pem"),
                            "tls.key=" + os.path.join(self.folder, "key.pem")).ready()
        self.assertEqual(self.certificate(server), first)
        second = self.make_certificate("second")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"INFO config\.reloaded")
        wait_until("the new certificate", lambda: self.certificate(server) == second)

    def test_self_signed_certificate_is_made_once(self):
        server = self.start().ready()
        first = self.certificate(server)
        self.assertEqual(ssl.get_server_certificate(("127.0.0.1", server.port("c2s_tls")), timeout=PATIENCE_S), first)
        server.end()
        self.assertEqual(self.certificate(self.start().ready()), first)

    def test_changed_file(self):
        path = self.write("sotto.ini", "[log]\nlevel = error\n[server]\ndomain = a.example\n")
        server = self.start(file=path).ready()
        self.write("sotto.ini", "[log]\nlevel = info\n[server]\ndomain = b.example\n")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"INFO config\.reloaded")
        server.ask("user", "add", "n@a.example", "--password-stdin", password="x\n")
        server.says(r"INFO control\.command")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"WARN config\.needs_restart key=server\.domain")

    def test_broken_file_changes_nothing(self):
        path = self.write("sotto.ini", "")
        server = self.start(file=path).ready()
        self.write("sotto.ini", "[policy]\ne2ee = perhaps\n")
        server.process.send_signal(signal.SIGHUP)
        server.says(rf"^sottod: {re.escape(path)}:2: policy\.e2ee: one of required, off$")
        server.says(r"ERROR config\.not_reloaded")
        self.assertEqual(server.ask("user", "list"), [])


class Control(Case):
    def test_accounts(self):
        server = self.start("server.domain=a.example b.example").ready()
        self.assertEqual(server.ask("user", "add", "N@a.example", "--password-stdin", password="x\n"), {"jid": "n@a.example"})
        again = server.ctl("user", "add", "n@a.example", "--password-stdin", password="x\n")
        self.assertEqual((again.returncode, again.stdout, again.stderr), (1, "", "sottoctl: n@a.example exists already\n"))
        self.assertEqual(server.ctl("user", "add", "n@c.example", "--password-stdin", password="x\n").returncode, 2)
        self.assertEqual(server.ctl("user", "add", "m@a.example", "--password-stdin", password="\n").returncode, 2)
        self.assertEqual(server.ctl("user", "add", "m@a.example").returncode, 2)
        self.assertEqual(server.ask("user", "list"), ["n@a.example"])
        self.assertEqual(server.ask("user", "delete", "n@a.example"), {"jid": "n@a.example"})
        gone = server.ctl("--json", "user", "delete", "n@a.example")
        self.assertEqual(gone.returncode, 1)
        self.assertEqual(json.loads(gone.stdout), {"code": "missing", "error": "there is no account n@a.example"})
        self.assertEqual(server.ask("user", "list"), [])

    def test_many_accounts(self):
        server = self.start().ready()
        self.assertEqual(server.ask("user", "add-many", "u", "2100", "--password-stdin", password="x\n"),
                         {"added": 2100, "existed": 0})
        self.assertEqual(server.ask("user", "add-many", "u", "2101", "--password-stdin", password="x\n"),
                         {"added": 1, "existed": 2100})
        self.assertEqual(sorted(server.ask("user", "list")), sorted(f"u{i}@localhost" for i in range(2101)))
        self.assertEqual(server.ask("stats")["accounts"], 2101)
        for count in "0", "-1", "many", "10000001":
            self.assertEqual(server.ctl("user", "add-many", "u", count, "--password-stdin", password="x\n").returncode, 2)

    def test_name_in_the_log_stays(self):
        first = self.start().ready()
        name = first.ask("user", "id", "n@localhost")
        self.assertRegex(name["id"], "^[0-9a-f]{8}$")
        self.assertNotEqual(first.ask("user", "id", "m@localhost"), name)
        first.end()
        self.assertEqual(self.start().ready().ask("user", "id", "n@localhost"), name)

    def test_invitation(self):
        server = self.start("server.domain=a.example b.example").ready()
        first, second = (server.ask("invite", "create", *more) for more in ([], ["--domain", "b.example", "--days", "1"]))
        self.assertEqual(set(first), {"uri", "page", "token", "expires"})
        self.assertRegex(first["token"], "^[a-z2-7]{26}$")
        self.assertEqual(first["uri"], "xmpp:a.example?register;preauth=" + first["token"])
        self.assertTrue(second["uri"].startswith("xmpp:b.example?"))
        self.assertNotEqual(first["token"], second["token"])
        self.assertLess(second["expires"], first["expires"])
        with open(os.path.join(server.data_dir, "sotto.db"), "rb") as f:
            self.assertNotIn(first["token"].encode(), f.read())

    # What this very machine is like is no part of the tests.
    OF_THE_MACHINE = "clock", "descriptors"

    def findings(self, server, status):
        done = server.ctl("--json", "check")
        self.assertEqual(done.returncode, status, done.stdout)
        return [(f["kind"], f["key"], f["value"], f["text"]) for f in json.loads(done.stdout)
                if f["key"] not in self.OF_THE_MACHINE and "% free" not in f["value"]]

    def test_invitation_as_a_code(self):
        server = self.start().ready()
        lines = server.ctl("invite", "create", "--qr").stdout.splitlines()
        self.assertTrue(lines[0].startswith("xmpp:localhost?register;preauth="))
        code = [re.sub(r"\x1b\[[0-9;]*m", "", line)[2:] for line in lines if "\x1b[97;40m" in line]
        side = len(code[0])
        self.assertEqual((side - 8 - 21) % 4, 0)
        self.assertEqual([len(line) for line in code], [side] * ((side + 1) // 2))
        self.assertEqual(set(code[0]) | set(code[1]), {"\u2588"})
        # The finder in the upper left corner, two rows at a time.
        self.assertEqual(code[2][4:11], " \u2584\u2584\u2584\u2584\u2584 ")
        self.assertNotIn("\x1b", server.ctl("--json", "invite", "create", "--qr").stdout)

    def test_check(self):
        server = self.start("policy.e2ee=off", "listen.https=").ready()
        self.assertEqual([found[:3] for found in self.findings(server, 0)], [("risk", "policy.e2ee", "off")])

    def test_check_looks_at_the_machine(self):
        server = self.start("listen.metrics=127.0.0.1:0").ready()
        self.assertEqual(self.findings(server, 0), [])
        key = os.path.join(server.data_dir, "tls/key.pem")
        os.chmod(key, 0o644)
        os.chmod(server.data_dir, 0o750)
        self.assertEqual([found[:3] for found in self.findings(server, 1)],
                         [("error", "tls.key", key), ("error", "server.data_dir", server.data_dir)])
        said = server.ctl("check")
        self.assertIn(f"error: tls.key = {key}: every user of this machine can read it: chmod o-rwx {key}\n",
                      said.stdout)
        os.chmod(key, 0o600)
        os.chmod(server.data_dir, 0o700)
        self.assertEqual(self.findings(server, 0), [])

    def test_check_doubts_a_certificate_that_nobody_knows(self):
        path = os.path.join(self.folder, "own")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "90", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", path + ".key", "-out", path + ".pem"],
                       check=True, capture_output=True)
        server = self.start(f"tls.certificate={path}.pem", f"tls.key={path}.key").ready()
        found = self.findings(server, 0)
        self.assertEqual([f[:2] for f in found], [("risk", "tls.certificate")])
        self.assertIn("fullchain.pem", found[0][3])

    def test_backup_and_restore(self):
        server = self.start().ready()
        copy = os.path.join(self.folder, "copy.db")
        server.ask("user", "add", "n@localhost", "--password-stdin", password="x\n")
        self.assertEqual(server.ask("backup", copy),
                         {"file": copy, "bytes": os.stat(copy).st_size, "uploads": 0})
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder).count("copy.db.part"), 0)
        server.ask("user", "add", "later@localhost", "--password-stdin", password="x\n")
        self.assertEqual(os.listdir(os.path.join(server.data_dir, "backup")), [])
        self.assertEqual(server.ctl("restore", copy).returncode, 1)
        self.assertEqual(server.end(), 0)
        self.assertEqual(server.ctl("restore", self.write("no.db", "nothing" * 1000)).returncode, 1)
        self.assertEqual(server.ctl("restore", copy).returncode, 0)
        again = self.start().ready()
        self.assertEqual(again.ask("user", "list"), ["n@localhost"])

    def backup(self):
        """A server with one account and one upload's file, stopped; and its backup."""
        server = self.start().ready()
        server.ask("user", "add", "n@localhost", "--password-stdin", password="x\n")
        copy = os.path.join(self.folder, "copy")
        server.ask("backup", copy)
        self.assertEqual(server.end(), 0)
        return server, copy

    def test_backup_is_a_tar_file(self):
        server, copy = self.backup()
        with tarfile.open(copy) as tar:
            names = tar.getnames()
            key = tar.extractfile("server.key").read()
        self.assertEqual(names, ["sotto-backup", "sotto.db", "server.key", "tls/certificate.pem",
                                 "tls/key.pem", "sha256"])
        with open(os.path.join(server.data_dir, "server.key"), "rb") as f:
            self.assertEqual(f.read(), key)

    def test_backup_without_keys(self):
        server = self.start().ready()
        copy = os.path.join(self.folder, "copy")
        self.assertEqual(server.ctl("backup", copy, "--without-keys").returncode, 0)
        with tarfile.open(copy) as tar:
            self.assertEqual(tar.getnames(), ["sotto-backup", "sotto.db", "sha256"])
        self.assertEqual(server.end(), 0)
        key = self.read(server.data_dir, "server.key")
        self.assertEqual(server.ctl("restore", copy).returncode, 0)
        self.assertEqual(self.read(server.data_dir, "server.key"), key)

    def test_restore_into_a_folder_that_is_not_there(self):
        server, copy = self.backup()
        before = {name: self.read(server.data_dir, name) for name in ("server.key", "tls/key.pem")}
        shutil.rmtree(server.data_dir)
        self.assertEqual(server.ctl("restore", copy).returncode, 0)
        self.assertEqual(before, {name: self.read(server.data_dir, name) for name in before})
        self.assertEqual(stat.S_IMODE(os.stat(server.data_dir).st_mode), 0o700)
        self.assertEqual(self.start().ready().ask("user", "list"), ["n@localhost"])

    def test_restore_keeps_what_was_there(self):
        server, copy = self.backup()
        with open(os.path.join(server.data_dir, "server.key"), "wb") as f:
            f.write(b"k" * 32)
        self.assertEqual(server.ctl("restore", copy).returncode, 0)
        self.assertEqual(self.read(server.data_dir, "server.key.before-restore"), b"k" * 32)
        self.assertTrue(os.path.exists(os.path.join(server.data_dir, "sotto.db.before-restore")))
        self.assertFalse(os.path.exists(os.path.join(server.data_dir, "restoring")))

    def test_restore_of_the_database_alone(self):
        server, copy = self.backup()
        with tarfile.open(copy) as tar:
            tar.extract("sotto.db", self.folder)
        key = self.read(server.data_dir, "server.key")
        self.assertEqual(server.ctl("restore", os.path.join(self.folder, "sotto.db")).returncode, 0)
        self.assertEqual(self.read(server.data_dir, "server.key"), key)
        self.assertEqual(self.start().ready().ask("user", "list"), ["n@localhost"])

    def test_restore_refuses_what_was_cut_or_changed(self):
        server, copy = self.backup()
        with open(copy, "rb") as f:
            good = f.read()
        before = self.contents(server.data_dir)
        cuts = [0, 1, 511, 512, 1023, 1024, 1536, 2000, len(good) // 2, len(good) - 2048,
                len(good) - 1024, len(good) - 1]
        spoiled = [good[:n] for n in cuts] + [good + b"x", good + bytes(512)]
        for at in 0, 100, 512, 1030, 1700, len(good) // 2, len(good) - 2100, len(good) - 2048:
            spoiled.append(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        for octets in spoiled:
            path = os.path.join(self.folder, "spoiled")
            with open(path, "wb") as f:
                f.write(octets)
            done = server.ctl("restore", path)
            self.assertEqual(done.returncode, 1, len(octets))
            self.assertIn("spoiled", done.stderr)
            self.assertEqual(self.contents(server.data_dir), before)

    def test_restore_refuses_hostile_archives(self):
        server, copy = self.backup()
        before = self.contents(server.data_dir)
        evil = os.path.join(self.folder, "evil")
        outside = os.path.join(self.folder, "outside")
        with tarfile.open(copy) as tar:
            database = tar.extractfile("sotto.db").read()
        for extra in (
            {"name": "../outside"}, {"name": outside}, {"name": "uploads/../../../outside"},
            {"name": "uploads/" + "a" * 25}, {"name": "uploads/" + "A" * 26}, {"name": "control.sock"},
            {"name": "uploads/" + "a" * 26, "type": tarfile.SYMTYPE, "linkname": outside},
            {"name": "uploads/" + "a" * 26, "type": tarfile.LNKTYPE, "linkname": outside},
            {"name": "uploads", "type": tarfile.SYMTYPE, "linkname": self.folder},
            {"name": "tls", "type": tarfile.DIRTYPE}, {"name": "tls/key.pem", "type": tarfile.FIFOTYPE},
            {"name": "server.key", "size": 31}, {"name": "tls/key.pem", "size": 2 << 20},
            {"name": "sotto.db", "size": 0}, {"name": "lock"}, {"name": "tls/../lock"},
        ):
            members = [("sotto-backup", b"1\n", {}), ("sotto.db", database, {}),
                       (extra["name"], bytes(extra.get("size", 3)), extra)]
            if extra["name"] == "sotto.db":
                del members[1]
            write_backup(evil, members)
            done = server.ctl("restore", evil)
            self.assertEqual(done.returncode, 1, extra)
            self.assertFalse(os.path.lexists(outside), extra)
            self.assertEqual(self.contents(server.data_dir), before, extra)
        for members in (
            [("sotto.db", database, {})],
            [("sotto-backup", b"1\n", {})],
            [("sotto-backup", b"2\n", {}), ("sotto.db", database, {})],
            [("sotto-backup", b"1\n", {}), ("sotto.db", database, {}), ("sotto.db", database, {})],
            [("sotto-backup", b"1\n", {}), ("sotto.db", b"no database" * 512, {})],
        ):
            write_backup(evil, members)
            self.assertEqual(server.ctl("restore", evil).returncode, 1)
            self.assertEqual(self.contents(server.data_dir), before)
        write_backup(evil, [("sotto-backup", b"1\n", {}), ("sotto.db", database, {})])
        self.assertEqual(server.ctl("restore", evil).returncode, 0)

    def test_backup_says_what_it_could_not_write(self):
        server = self.start().ready()
        done = server.ctl("backup", "/nowhere/at/all")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/at/all: No such file or directory", done.stderr)
        self.assertEqual(os.listdir(os.path.join(server.data_dir, "backup")), [])

    def read(self, *path):
        with open(os.path.join(*path), "rb") as f:
            return f.read()

    def contents(self, folder):
        """Every file under it but the lock."""
        found = {}
        for at, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(at, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    found[path] = self.read(path)
        return found

    def test_drain_ends_the_server(self):
        server = self.start().ready()
        self.assertEqual(server.ctl("drain").returncode, 0)
        self.assertEqual(server.process.wait(PATIENCE_S), 0)

    def test_nobody_there(self):
        done = run([SOTTOCTL, "-s", os.path.join(self.folder, "none"), "--json", "stats"])
        self.assertEqual(done.returncode, 3)
        self.assertEqual(json.loads(done.stdout)["code"], "unreachable")

    def test_what_is_not_built(self):
        for command in ["events"], ["store", "copy", "--from", "a", "--to", "b"], ["case", "list"], ["evidence", "export"]:
            done = run([SOTTOCTL, *command, "--json"])
            self.assertEqual(done.returncode, 1)
            self.assertIn("not built yet", done.stderr)
            self.assertEqual(json.loads(done.stdout)["code"], "unbuilt")

    def test_bad_usage(self):
        for command in [], ["banana"], ["user"], ["user", "banana"], ["user", "list", "x"], ["stats", "--days", "1"], ["--banana"]:
            self.assertEqual(run([SOTTOCTL, *command]).returncode, 2, command)

    def converse(self, server, text):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(PATIENCE_S)
            peer.connect(server.socket)
            peer.sendall(text)
            peer.shutdown(socket.SHUT_WR)
            return [json.loads(line) for line in peer.makefile().read().splitlines()]

    def test_requests_in_one_go(self):
        server = self.start().ready()
        one = b'{"command":"user id","jid":"n@localhost"}\n'
        replies = self.converse(server, one * 500 + b'{"command":"user list"}\nbanana\n' + one)
        self.assertEqual([reply["ok"] for reply in replies], [True] * 501 + [False, True])
        self.assertEqual(replies[500]["result"], [])

    def test_requests_too_long(self):
        server = self.start().ready()
        replies = self.converse(server, b"x" * (64 * 1024))
        self.assertEqual([(reply["ok"], reply["code"]) for reply in replies], [(False, "usage")])
        self.assertEqual(server.ask("user", "list"), [])

    def test_progress(self):
        server = self.start().ready()
        replies = self.converse(server, b'{"command":"user add-many","prefix":"u","count":1000,"password":"x"}\n')
        self.assertEqual(replies[0], {"progress": {"done": 250, "total": 1000}})
        self.assertEqual(replies[-1], {"ok": True, "result": {"added": 1000, "existed": 0}})

    def test_peer_that_goes_away(self):
        server = self.start().ready()
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(server.socket)
            peer.sendall(b'{"command":"user add-many","prefix":"u","count":1000000,"password":"x"}\n')
            peer.recv(1)
        self.assertLess(server.ask("stats")["accounts"], 1000000)
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
