-- Prosody 0.12 for bench/compare: what an OMEMO messenger needs, nothing that slows it down.
-- Words between @ signs are filled in by prosody.py.

pidfile = "@DIR@/prosody.pid"
run_as_root = true -- used only where an unprivileged user cannot reach the folder
data_path = "@DIR@/data"
certificates = "@DIR@"
log = { error = "@DIR@/prosody.log" }

-- Of the collectors that keep the heap near its live size, the one that costs the least CPU.
gc = { mode = "generational" }
network_backend = "epoll"
network_settings = { tcp_backlog = 4096 }

interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
c2s_direct_tls_ports = {}
s2s_ports = {}
http_ports = {}
https_ports = {}
c2s_require_encryption = true
ssl = { certificate = "@DIR@/cert.pem", key = "@DIR@/key.pem", protocol = "tlsv1_3" }

-- Neither "limits" nor any other brake is loaded.
modules_enabled = {
    "roster", "saslauth", "tls", "disco", "ping", "carbons", "blocklist", "pep", "smacks", "posix",
    @MODULES@
}
modules_disabled = { "s2s", "admin_socket" }
authentication = "internal_hashed"

storage = { archive = "sql" }
sql = { driver = "SQLite3", database = "@DIR@/archive.sqlite" }
default_archive_policy = true
archive_expires_after = "never"

VirtualHost "@DOMAIN@"
