"""Prosody, as Debian packages it."""

import hashlib
import hmac
import os
import shutil
import sqlite3
import subprocess

from .server import Server, Unavailable, fill_template, make_certificate, output_of

ITERATIONS = 10000           # Prosody's own default


class Prosody(Server):
    name = "prosody"

    @staticmethod
    def version():
        return output_of("dpkg-query", "-W", "-f", "${Version}", "prosody")

    def check(self):
        if shutil.which("prosody") is None:
            raise Unavailable("apt-get install prosody")
        if not self.archive:
            return
        probe = "assert(require'DBI'.Connect('SQLite3', ':memory:'))"
        if subprocess.run(["lua5.4", "-e", probe], capture_output=True, check=False).returncode != 0:
            raise Unavailable("for its archive: apt-get install lua-dbi-sqlite3")

    def prepare(self, accounts):
        make_certificate(self.folder, self.domain)
        words = {"DIR": self.folder, "PORT": self.port, "DOMAIN": self.domain,
                 "MODULES": '"mam",' if self.archive else ""}
        with open(f"{self.folder}/prosody.cfg.lua", "w", encoding="utf-8") as f:
            f.write(fill_template(f"{self.here}/prosody.cfg.lua", words))
        self.write_accounts(accounts)
        # Prosody does not choose a journal; the file keeps the choice made here, its fastest.
        sqlite3.connect(f"{self.folder}/archive.sqlite").execute("PRAGMA journal_mode=WAL")

    def write_accounts(self, accounts):
        """One file per account, as mod_auth_internal_hashed stores them."""
        folder = f"{self.folder}/data/{self.domain}/accounts"
        os.makedirs(folder)
        for n in range(accounts):
            salt = f"salt-of-bench{n}"
            salted = hashlib.pbkdf2_hmac("sha1", self.password.encode(), salt.encode(), ITERATIONS)
            stored = hashlib.sha1(hmac.digest(salted, b"Client Key", "sha1")).hexdigest()
            server = hmac.digest(salted, b"Server Key", "sha1").hex()
            with open(f"{folder}/bench{n}.dat", "w", encoding="ascii") as f:
                f.write(f'return {{ iteration_count = {ITERATIONS}, salt = "{salt}",\n'
                        f'stored_key = "{stored}", server_key = "{server}" }}\n')

    def launch(self, accounts):
        self.spawn(["prosody", "-F", "--config", f"{self.folder}/prosody.cfg.lua"])

    def start_process(self, accounts):
        self.launch(accounts)
        self.wait_for(self.accepts, "listening")
