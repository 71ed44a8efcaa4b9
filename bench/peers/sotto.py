"""Sotto, as built in this tree."""

import os
import subprocess

from .server import Failed, Server, Unavailable, output_of


class Sotto(Server):
    name = "sotto"
    binaries = None          # the folder with sottod and sottoctl; set by bench/compare
    options = ()             # more "key=value" for sottod
    ready_accounts = 10000

    @classmethod
    def version(cls):
        return output_of(f"{cls.binaries}/sottod", "--version")

    def check(self):
        for program in "sottod", "sottoctl":
            if not os.access(f"{self.binaries}/{program}", os.X_OK):
                raise Unavailable(f"{self.binaries}/{program} is not built: make")

    def prepare(self, accounts):
        os.makedirs(f"{self.folder}/data", mode=0o700)

    def launch(self, accounts):
        keys = [f"server.domain={self.domain}", f"server.data_dir={self.folder}/data",
                f"listen.c2s=127.0.0.1:{self.port}", "listen.c2s_tls=", "listen.https=", "anchor.port=0",
                "limits.exempt=127.0.0.0/8", f"archive.mode={'on' if self.archive else 'off'}",
                "log.level=error", *self.options]
        self.spawn([f"{self.binaries}/sottod", *(word for key in keys for word in ("-o", key))])

    def start_process(self, accounts):
        self.launch(accounts)
        self.wait_for(lambda: "sotto: ready" in self.output(), "starting")
        self.add_accounts("bench", accounts)

    def time_start(self):
        self.add_accounts("more", self.ready_accounts)
        return super().time_start()

    def output(self):
        with open(f"{self.folder}/output", encoding="utf-8", errors="replace") as f:
            return f.read()

    def add_accounts(self, prefix, accounts):
        added = subprocess.run(
            [f"{self.binaries}/sottoctl", "-s", f"{self.folder}/data/control.sock", "user", "add-many",
             prefix, str(accounts), "--password-stdin"],
            input=self.password + "\n", capture_output=True, text=True, check=False, timeout=600,
            **self.identity())
        if added.returncode != 0:
            raise Failed(f"sottoctl user add-many: {added.stderr.strip() or added.stdout.strip()}")
