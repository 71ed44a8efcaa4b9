#!/usr/bin/python3
"""sottod and sottoctl as scripts and service managers see them: lines, signals, exit statuses, locks, the socket.

usage: test_cli.py SOTTOD SOTTOCTL ANCHOR [TEST...]
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
import tarfile
import time

from sottod_case import ANCHOR, Case, is_running, main, opened, PATIENCE_S, run, Server, SOTTOCTL, SOTTOD, wait_until


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


P256 = "ec", "-pkeyopt", "ec_paramgen_curve:P-256"


def make_pair(folder, name, *more, kind=P256):
    """A certificate of its own and its key, as options."""
    path = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-subj", "/CN=" + name, *more,
                    "-keyout", path + ".key", "-out", path + ".pem"], check=True, capture_output=True)
    return f"tls.certificate={path}.pem", f"tls.key={path}.key"


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

    def test_helpers_say_what_they_are_for(self):
        """Programs that others start: nobody who tries one meets a riddle, or a desktop that is not there."""
        build = os.path.dirname(os.path.dirname(os.path.realpath(ANCHOR)))
        programs = [ANCHOR, os.path.join(build, "media/sotto-media"), os.path.join(build, "sentinel/sotto-sentinel"),
                    os.path.join(build, "cli/sotto-keyring")]
        for program in filter(os.path.exists, programs):            # the last only where libsecret is
            name = os.path.basename(program)
            done = run([program, "--help"])
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertRegex(done.stdout, rf"^{name} [a-z].*; (sottod? [a-z].*|not built yet\.)\nusage: {name} ")
            self.assertRegex(run([program, "--version"]).stdout, rf"^{name} \d+\.\d+\.\d+\n$")
            done = run([program, "banana"])
            self.assertEqual((done.returncode, done.stdout), (2, ""), name)

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
            ("stats", "now"): "sottoctl: usage: sottoctl stats\n",
            ("user", "list", "now"): "sottoctl: usage: sottoctl user list\n",
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

    def test_manual_and_completion_know_every_type_of_event(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
        with open(os.path.join(root, "server/event.c")) as f:
            types = re.findall(r'\[EVENT_[A-Z]+\] = "([a-z]+)"', f.read())
        self.assertGreater(len(types), 9)
        with open(os.path.join(root, "docs/man/sottoctl.8")) as f:
            told = re.search(r"\none of ([a-z, ]+ and [a-z]+);", f.read())[1]
        with open(os.path.join(root, "packaging/completion/sottoctl.bash")) as f:
            completed = re.search(r'--type\).*?-W "([a-z ]*)"', f.read(), re.S)[1]
        self.assertEqual(re.split(", | and ", told), types)
        self.assertEqual(completed.split(), types)

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
            "listen.mux=127.0.0.2:1": "risk: listen.mux = 127.0.0.1: ",
            "policy.calls_direct=adapt": "risk: policy.calls_direct = adapt: ",
            "registration.mode=open": "risk: registration.mode = open: ",
            "auth.mechanisms=SCRAM-SHA-1-PLUS PLAIN": "risk: auth.mechanisms = SCRAM-SHA-1-PLUS PLAIN: ",
            "auth.mechanisms=SCRAM-SHA-1": "risk: auth.mechanisms = SCRAM-SHA-1: ",
            "auth.scram_iterations=4096": "risk: auth.scram_iterations = 4096: ",
            "store.ack=memory": "risk: store.ack = memory: acknowledged messages can be lost",
            "archive.retention_days=-1": "risk: archive.retention_days = -1: ",
            "listen.metrics=0.0.0.0:9100": "risk: listen.metrics = 0.0.0.0:9100: whoever reaches it",
            "listen.proxy_from=0.0.0.0/0": "risk: listen.proxy_from = 0.0.0.0/0: whoever connects",
            "listen.proxy_from=10.0.0.5 ::/0": "risk: listen.proxy_from = 10.0.0.5/32 ::/0: whoever connects",
            "store.url=sqlite::memory:": "risk: store.url = sqlite::memory:: accounts and messages",
            "archive.mode=off": "risk: archive.mode = off: what is sent to somebody who is online",
            "anchor.address=": "risk: anchor.address: calls ring",
            "auth.mechanisms=FAST": "risk: auth.mechanisms = FAST: only devices that hold a token",
            "limits.messages_per_account=1000000/s": "risk: limits.messages_per_account = 1000000/s: more than 100 times the "
                                                     "default of 600/min: ",
            "limits.unauthenticated_per_address=1000000": "risk: limits.unauthenticated_per_address = 1000000: more than 100 ",
            "limits.upload_bytes=1025GiB": "risk: limits.upload_bytes = 1025GiB: more than 100 times the default of 100MiB: ",
            "limits.messages_per_account=off": "risk: limits.messages_per_account = off: there is no limit",
            "limits.archive_messages=off": "risk: limits.archive_messages = off: there is no limit",
            "limits.fetch_exempt=127.0.0.0/8": "risk: limits.fetch_exempt = 127.0.0.0/8: ",
            "limits.exempt=10.0.0.0/8": "risk: limits.exempt = 10.0.0.0/8: ",
            "listen.s2s=0.0.0.0:5269": "unbuilt: listen.s2s = 0.0.0.0:5269: not opened: ",
            f"s2s.pin=far.test=192.0.2.1:5269={64 * 'a'}": "risk: s2s.pin: people of these servers ",
            "listen.component=127.0.0.1:5347": "unbuilt: listen.component = 127.0.0.1:5347: not opened: ",
            "store.url=postgresql://db": "unbuilt: store.url = postgresql://db: not built yet",
            "limits.request_messages=seven": "unbuilt: limits.request_messages = seven: not built yet, and when it is, it takes a "
                                             "number from 1 to 1000",
            "limits.request_messages=7": "unbuilt: limits.request_messages = 7: not built yet",
            "bus.url=nats://n": "unbuilt: bus.url = nats://n: not built yet",
        }.items():
            done = self.check(option)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([found for found in done.stdout.splitlines() if found.startswith(line)][0:1] and 1, 1,
                             f"{option}: {done.stdout}")
        done = self.check("listen.c2s=0.0.0.0:5222")
        self.assertIn("risk: listen.c2s = 0.0.0.0:5222: reachable from elsewhere with a self-signed certificate", done.stdout)
        self.assertIn("risk: server.domain = localhost: ", done.stdout)

    def test_check_says_nothing_of_what_gives_up_nothing(self):
        for options in [("listen.proxy_from=10.0.0.0/8 fd00::/16 192.0.2.1",), ("limits.messages_per_account=60000/min",),
                        ("limits.unauthenticated_per_address=3200",), ("limits.fetch_bytes=off",), ("limits.connections=1000000",),
                        ("listen.c2s=127.0.0.1:0 127.0.0.1:0 127.0.0.2:5222", "listen.c2s_tls=[::1]:5222")]:
            self.assertEqual(self.check(*options).stdout, "", options)

    def test_check_of_doors_that_are_not_for_clients(self):
        """No client judges a certificate there, or asks DNS for them."""
        done = self.check("listen.metrics=0.0.0.0:9100", "listen.component=0.0.0.0:5347", "component.secret=push.test=" + 16 * "x",
                          "server.domain=one.example")
        self.assertEqual([line.split(":")[1] for line in done.stdout.splitlines()], [" listen.metrics = 0.0.0.0", " listen.component = 0.0.0.0"])

    def test_one_address_for_two_listeners(self):
        for options, line in {
            ("listen.c2s=127.0.0.1:7000", "listen.mux=127.0.0.1:7000"): "listen.mux = 127.0.0.1:7000: listen.c2s has this address",
            ("listen.c2s=[::1]:7000 [0:0::1]:7000",): "listen.c2s = [0:0::1]:7000: listen.c2s has this address",
        }.items():
            done = self.check(*options)
            self.assertEqual(done.returncode, 1)
            self.assertIn("error: " + line, done.stdout)
        server = self.start("listen.c2s=127.0.0.1:7000", "listen.metrics=127.0.0.1:7000")
        self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertIn("sottod: listen.metrics = 127.0.0.1:7000: listen.c2s has this address already\n", server.text())

    def test_check_finds_what_cannot_work(self):
        path = self.write("empty.pem", "")
        done = self.check("tls.certificate=" + path, "tls.key=" + path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: tls.certificate", done.stdout)

    def test_key_that_does_not_fit(self):
        """Missing, unreadable, of another certificate, of another type: said before a start, and by a start that fails."""
        pair = make_pair(self.folder, "one")
        other = make_pair(self.folder, "other")
        rsa = make_pair(self.folder, "rsa", kind=("rsa:2048",))
        key = {name: os.path.join(self.folder, name) for name in ("one.key", "other.key", "rsa.key", "none.key", "one.pem")}
        for name, said in {
            "none.key": f"tls.key: cannot use the key {key['none.key']}: No such file or directory",
            "one.pem": f"tls.key: cannot use the key {key['one.pem']}: ",
            "other.key": f"tls.key: the key {key['other.key']} does not belong to the certificate {key['one.pem']}",
            "rsa.key": f"tls.key: the key {key['rsa.key']} does not belong to the certificate {key['one.pem']}",
        }.items():
            done = self.check(pair[0], "tls.key=" + key[name])
            self.assertEqual(done.returncode, 1, name)
            self.assertIn("error: " + said, done.stdout)
            server = self.start(pair[0], "tls.key=" + key[name])
            self.assertEqual(server.process.wait(PATIENCE_S), 1)
            self.assertIn("sottod: " + said, server.text())
            self.assertNotIn("/proc/self/fd", server.text())
        for good in pair, other, rsa:
            self.assertNotIn("tls.key", self.check(*good).stdout)


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

    def test_folder_of_others_is_left_alone(self):
        data_dir = os.path.join(self.folder, "data")
        for mode, content, why in ((0o1777, [], "others may write into it"), (0o770, [], "others may write into it"),
                                   (0o770, ["lock"], "others may write into it"),
                                   (0o755, ["letters"], "it holds files that no server made")):
            os.mkdir(data_dir)
            for name in content:
                self.write("data/" + name, "")
            os.chmod(data_dir, mode)
            server = self.start()
            self.assertEqual(server.process.wait(PATIENCE_S), 1, (mode, content))
            self.assertIn(f"sottod: server.data_dir: {data_dir} is not the server's alone: ", server.text())
            self.assertIn(f"{why}; name a folder of its own, or, if it is one, `chmod 0700 {data_dir}`\n", server.text())
            self.assertEqual(stat.S_IMODE(os.stat(data_dir).st_mode), mode)
            self.assertEqual(os.listdir(data_dir), content)
            shutil.rmtree(data_dir)

    def test_folder_that_is_ours_is_closed(self):
        data_dir = os.path.join(self.folder, "data")
        for mode, content in (0o755, []), (0o755, ["lock"]), (0o700, ["letters"]), (0o2700, ["letters"]):
            os.mkdir(data_dir)
            for name in content:
                self.write("data/" + name, "")
            os.chmod(data_dir, mode)
            server = self.start().ready()
            self.assertEqual(stat.S_IMODE(os.stat(data_dir).st_mode) & 0o777, 0o700)
            self.assertEqual(server.end(), 0)
            shutil.rmtree(data_dir)

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

    def test_wrong_key_changes_nothing(self):
        first = self.make_certificate("first")
        key = os.path.join(self.folder, "key.pem")
        server = self.start("tls.certificate=" + os.path.join(self.folder, "certificate.pem"), "tls.key=" + key).ready()
        good = self.read(key)
        make_pair(self.folder, "other")
        shutil.copy(os.path.join(self.folder, "other.key"), key)
        server.process.send_signal(signal.SIGHUP)
        server.says(rf"ERROR config\.not_reloaded why=\"the key {re.escape(key)} does not belong to ")
        self.assertNotIn("reloaded\n", server.text().replace("not_reloaded", ""))
        self.assertEqual(self.certificate(server), first)
        found = self.errors(server)
        self.assertEqual([f[0] for f in found], ["reload", "tls.key"], found)
        self.write("key.pem", good)
        self.assertEqual([f[0] for f in self.errors(server)], ["reload"])
        server.process.send_signal(signal.SIGHUP)
        server.says(r"INFO config\.reloaded")
        server.says(r"INFO server\.reloaded")
        self.assertEqual(self.errors(server), [])

    def test_refused_reload_is_known_after_a_crash(self):
        path = self.write("sotto.ini", "")
        server = self.start(file=path).ready()
        self.write("sotto.ini", "[policy]\ne2ee = perhaps\n")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"ERROR config\.not_reloaded")
        self.assertEqual([f[0] for f in self.errors(server)], ["reload"])
        os.kill(server.child(), signal.SIGKILL)
        server.says(r"INFO server\.restarted")
        wait_until("the word of it", lambda: [f[0] for f in self.errors(server)] == ["reload"])

    def test_check_judges_what_was_reloaded(self):
        options = make_pair(self.folder, "first", "-days", "3", "-addext", "subjectAltName=DNS:localhost")
        path = self.write("sotto.ini", "")
        server = self.start(*options, file=path).ready()
        ending = lambda: [f for f in json.loads(server.ctl("--json", "check").stdout) if f["text"].startswith("it ends at")]
        self.assertEqual(len(ending()), 1)
        make_pair(self.folder, "first", "-days", "90", "-addext", "subjectAltName=DNS:localhost")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"INFO server\.reloaded")
        self.assertEqual(ending(), [])

    def test_check_judges_the_configuration_that_was_reloaded(self):
        own = make_pair(self.folder, "own", "-days", "90", "-addext", "subjectAltName=DNS:localhost")
        path = self.write("sotto.ini", "")
        server = self.start(file=path).ready()
        self.write("sotto.ini", "[tls]\n" + "\n".join(option[4:] for option in own) + "\n")
        server.process.send_signal(signal.SIGHUP)
        server.says(r"INFO server\.reloaded")
        found = [f["text"] for f in json.loads(server.ctl("--json", "check").stdout) if f["key"] == "tls.certificate"]
        self.assertEqual(len(found), 1, found)              # no longer one of its own: nobody vouches for it
        self.assertIn("fullchain.pem", found[0])

    def errors(self, server):
        return [(f["key"], f["text"]) for f in json.loads(server.ctl("--json", "check").stdout) if f["kind"] == "error"
                and "% free" not in f["value"]]

    def read(self, path):
        with open(path) as f:
            return f.read()

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

    def test_invitation_withdrawn(self):
        server = self.start().ready()
        token = server.ask("invite", "create")["token"]
        self.assertEqual(server.ask("invite", "withdraw", token), {"inviter": ""})
        again = server.ctl("invite", "withdraw", token)
        self.assertEqual(again.returncode, 1)
        self.assertIn("no such invitation", again.stderr)

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
        code = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines if "\x1b[30;107m" in line]
        side = len(code[0])
        self.assertEqual((side - 8 - 21) % 4, 0)
        self.assertEqual([len(line) for line in code], [side] * ((side + 1) // 2))
        self.assertEqual(set(code[0]) | set(code[1]), {" "})
        # The finder in the upper left corner, two rows at a time.
        self.assertEqual(code[2][4:11], "\u2588\u2580\u2580\u2580\u2580\u2580\u2588")
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

    def test_check_says_what_has_no_value(self):
        server = self.start(*make_pair(self.folder, "else.example", "-days", "3"), "server.domain=one.example",
                            f"s2s.pin=far.test=127.0.0.1:9={64 * 'a'}").ready()
        found = [(key, text) for _, key, value, text in self.findings(server, 0) if value == ""]
        for wanted in [("tls.certificate", "it does not name one.example"), ("tls.certificate", "it ends at 20"),
                       ("s2s.pin", "people of these servers")]:
            self.assertTrue([f for f in found if f[0] == wanted[0] and f[1].startswith(wanted[1])], (wanted, found))
        said = server.ctl("check").stdout
        self.assertRegex(said, "(?m)^risk: tls.certificate: it does not name one.example")

    def test_check_reaches_a_listener_on_ipv6(self):
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                return                              # a machine without IPv6
        server = self.start("listen.c2s_tls=[::1]:0").ready()
        self.assertEqual(self.findings(server, 0), [])

    def test_check_doubts_a_certificate_that_nobody_knows(self):
        server = self.start(*make_pair(self.folder, "own", "-days", "90", "-addext", "subjectAltName=DNS:localhost")).ready()
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

    def test_sentinel_is_not_built(self):
        sentinel = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(ANCHOR))), "sentinel/sotto-sentinel")
        for arguments in ["--replay", "x.jsonl"], ["--json", "--replay", "x.jsonl"], ["--replay", "x.jsonl", "--json"]:
            done = run([sentinel, *arguments])
            self.assertEqual((done.returncode, done.stderr), (1, "sotto-sentinel --replay: not built yet\n"))
            if "--json" in arguments:
                self.assertEqual(json.loads(done.stdout)["code"], "unbuilt")
        for arguments in [], ["--json"], ["--replay"], ["--replay", "x", "y"], ["banana"]:
            self.assertEqual(run([sentinel, *arguments]).returncode, 2, arguments)

    def test_what_is_not_built(self):
        for command in ["store", "copy", "--from", "a", "--to", "b"], ["case", "list"], ["evidence", "export"]:
            done = run([SOTTOCTL, "--json", *command])
            self.assertEqual(done.returncode, 1)
            self.assertIn("not built yet", done.stderr)
            self.assertEqual(json.loads(done.stdout)["code"], "unbuilt")

    def test_bad_usage(self):
        for command in [], ["banana"], ["user"], ["user", "banana"], ["user", "list", "x"], ["stats", "--days", "1"], ["--banana"]:
            self.assertEqual(run([SOTTOCTL, *command]).returncode, 2, command)
        for command in ["--banana"], ["user", "add-many", "bench", "-1"], ["stats", "--days"], []:
            done = run([SOTTOCTL, "--json", *command])
            self.assertEqual(done.returncode, 2, command)
            self.assertEqual(json.loads(done.stdout)["code"], "usage", command)
            self.assertEqual(len(done.stderr.splitlines()), 1, command)

    def test_output_that_cannot_be_written(self):
        server = self.start().ready()
        for name in "one", "two":
            server.ctl("user", "add", f"{name}@localhost", "--password-stdin", password="secret\n")
        ctl = [SOTTOCTL, "-s", server.socket]
        for command in ([*ctl, "user", "list"], [*ctl, "--json", "user", "list"], [*ctl, "stats"], [*ctl, "invite", "create"],
                        [*ctl, "--version"], [SOTTOD, "-o", "policy.e2ee=off", "--check"], [SOTTOD, "--version"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1, command)
            self.assertIn("could be written: No space left", done.stderr, command)

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
    main()
