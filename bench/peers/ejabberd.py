"""ejabberd, as Debian packages it, in an Erlang VM of its own that takes part in no cluster: without a
node name there is no epmd, no cookie and no port but the one for clients."""

import glob
import os
import sqlite3
import subprocess

from .server import Server, Unavailable, fill_template, make_certificate, output_of

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
SCHEMA = "/usr/share/ejabberd/sql/lite.sql"

# Busy waiting of schedulers is off: it burns CPU without adding throughput on few cores.
VM = ["+K", "true", "+P", "1000000", "+Q", "65536", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio",
      "none", "-noinput"]

START = """
{{ok, _}} = application:ensure_all_started(ejabberd),
[ok = ejabberd_auth:try_register(<<"bench", (integer_to_binary(N))/binary>>, <<"{domain}">>,
     <<"{password}">>) || N <- lists:seq(0, {accounts} - 1)],
ok = file:write_file("{folder}/ready", <<>>).
"""


def libraries():
    given = os.environ.get("ERL_LIBS")
    return f"{LIBRARIES}:{given}" if given else LIBRARIES


class Ejabberd(Server):
    name = "ejabberd"

    @staticmethod
    def version():
        return output_of("dpkg-query", "-W", "-f", "${Version}", "ejabberd")

    def check(self):
        if not glob.glob(f"{LIBRARIES}/ejabberd-*/ebin/ejabberd.beam"):
            raise Unavailable("apt-get install ejabberd")
        if not self.archive:
            return
        probe = "halt(case code:which(sqlite3) of non_existing -> 1; _ -> 0 end)."
        found = subprocess.run(["erl", "-noinput", "-eval", probe], check=False, timeout=60,
                               env=os.environ | {"ERL_LIBS": libraries()})
        if found.returncode != 0:
            raise Unavailable("for its archive: apt-get install erlang-p1-sqlite3")

    def prepare(self, accounts):
        make_certificate(self.folder, self.domain)
        archive = "  mod_mam:\n    db_type: sql\n    default: always\n" \
                  "    request_activates_archiving: false\n"
        words = {"DIR": self.folder, "PORT": self.port, "DOMAIN": self.domain,
                 "MODULES": archive if self.archive else ""}
        with open(f"{self.folder}/ejabberd.yml", "w", encoding="utf-8") as f:
            f.write(fill_template(f"{self.here}/ejabberd.yml", words))
        database = sqlite3.connect(f"{self.folder}/archive.sqlite")
        with open(SCHEMA, encoding="utf-8") as f:
            database.executescript(f.read())
        # ejabberd does not choose a journal; the file keeps the choice made here, its fastest.
        database.execute("PRAGMA journal_mode=WAL")
        database.close()

    def launch(self, accounts):
        start = START.format(domain=self.domain, password=self.password, accounts=accounts,
                             folder=self.folder)
        env = os.environ | {
            "ERL_LIBS": libraries(),
            "HOME": self.folder,
            "EJABBERD_CONFIG_PATH": f"{self.folder}/ejabberd.yml",
            "EJABBERD_LOG_PATH": f"{self.folder}/ejabberd.log",
            "ERL_CRASH_DUMP_BYTES": "0",
        }
        self.spawn(["erl", *VM, "-mnesia", "dir", f'"{self.folder}/mnesia"', "-eval", start], env=env)

    def start_process(self, accounts):
        self.launch(accounts)
        self.wait_for(lambda: os.path.exists(f"{self.folder}/ready"), "starting", 120)
