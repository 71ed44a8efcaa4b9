#!/usr/bin/python3
"""The anchor as a child of sottod: started, watched, restarted, ended with it.

usage: test_cli_anchor.py SOTTOD SOTTOCTL ANCHOR [TEST...]
"""
import os
import re
import signal
import socket

from sottod_case import ANCHOR, Case, is_running, main, opened, PATIENCE_S, SOTTOD, wait_until


class Anchor(Case):
    def start_with_anchor(self, *options):
        """From a folder with both programs, as they are installed: links to them will do."""
        for program in SOTTOD, ANCHOR:
            link = os.path.join(self.folder, os.path.basename(program))
            if not os.path.exists(link):
                os.symlink(os.path.abspath(program), link)
        return self.start(*options, program=os.path.join(self.folder, os.path.basename(SOTTOD)))

    def anchor_says(self, server, times):
        wait_until(f"{times} anchors", lambda: server.text().count("INFO anchor.connected places=1\n") == times)
        return server.child(b"sotto-anchor")

    def anchor_port(self, server):
        return int(server.says(r"^sotto: listening anchor 127\.0\.0\.1:(\d+)/udp$")[1])

    def test_crashed_anchor_is_restarted(self):
        server = self.start_with_anchor().ready()
        port = self.anchor_port(server)
        first = self.anchor_says(server, 1)
        os.kill(first, signal.SIGKILL)
        server.says(r"ERROR anchor\.crashed signal=9 ")
        self.assertNotEqual(self.anchor_says(server, 2), first)
        self.assertEqual(self.anchor_port(server), port)
        os.kill(server.child(), signal.SIGKILL)
        server.says(r"INFO server\.restarted pid=")
        self.anchor_says(server, 3)                    # the same anchor, a new link
        self.assertEqual(server.ask("stats")["anchor"]["up"], True)
        self.assertEqual(server.end(), 0)

    def test_anchor_ends_with_the_supervisor(self):
        first = self.start_with_anchor().ready()
        anchor, port = self.anchor_says(first, 1), self.anchor_port(first)
        first.process.send_signal(signal.SIGKILL)
        second = self.start_with_anchor(f"anchor.port={port}").ready()
        self.assertFalse(is_running(anchor))
        self.anchor_says(second, 1)
        self.assertEqual(second.end(), 0)

    def test_anchor_has_nothing_but_its_sockets(self):
        server = self.start_with_anchor("anchor.address=127.0.0.1", "anchor.address=::1").ready()
        wait_until("an anchor", lambda: "anchor.connected places=2" in server.text())
        names = [name for name in opened(server.child(b"sotto-anchor")) if not name.startswith("socket:")]
        harmless = ("/dev/null", server.log, "anon_inode:[eventpoll]")
        self.assertEqual([name for name in names if name not in harmless and "pipe:" not in name], [])
        self.assertEqual(server.end(), 0)

    def test_busy_anchor_port_names_its_key(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            server = self.start(f"anchor.port={port}")
            self.assertEqual(server.process.wait(PATIENCE_S), 1)
        self.assertIn("another program has it; stop it, or choose another port with -o anchor.port=PORT", server.text())

    def test_without_anchor(self):
        server = self.start("anchor.address=").ready()
        self.assertEqual(re.findall(r".*anchor.*", server.text()), re.findall(r".* WARN config\.risk key=anchor\.address .*",
                                                                               server.text()))
        self.assertEqual(server.ask("stats")["anchor"]["up"], False)
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    main()
