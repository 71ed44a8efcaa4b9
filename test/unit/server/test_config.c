/* test_config.c: the grammar of every kind of key, files good and bad, overrides, lists, what a
 * reload takes over. */
#include "test/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config_value.h"
#include "server/file.h"

enum { PROBLEMS_MAX = 64 * 1024 };

static struct arena arena;
static struct buf problems;

static int setup(void **state)
{
    (void)state;
    buf_init(&problems, PROBLEMS_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_deinit(&problems);
    arena_deinit(&arena);
    return 0;
}

static size_t key_index(const char *name)
{
    struct str rest = str_from(name), section = str_split(&rest, '.');
    size_t i = config_key_find(section, rest);

    if (i == config_key_count)
        fail_msg("no key %s", name);
    return i;
}

static void check_value(const struct config *c, const char *key, const char *want)
{
    check_str(key, config_text(c, key_index(key), &arena), want);
}

static const struct config *load_overrides(const char *const *overrides, size_t count)
{
    const struct config *c = NULL;

    if (config_load(NULL, overrides, count, &c, &problems) != ERR_NONE)
        fail_msg("%s: %.*s", count > 0 ? overrides[0] : "defaults", STR_ARG(buf_str(&problems)));
    return c;
}

/* ---- Single values ---- */

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PINS                                                                                       \
    "s2s.pin: DOMAIN=ADDRESS:PORT=SHA256, separated by spaces: an IP address, and the hash of "    \
    "the certificate as 64 hexadecimal digits"
#define COLONS                                                                                     \
    "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:"                                 \
    "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"

static const struct {
    const char *key, *text, *want;
} good[] = {
    { "server.domain", "a.example", "a.example" },
    { "server.domain", "  A.Example   b.example ", "a.example b.example" },
    { "server.workers", "3", "3" },
    { "listen.c2s", "", "" },
    { "listen.c2s", "[::1]:5222 0.0.0.0:0", "[::1]:5222 0.0.0.0:0" },
    { "listen.c2s", "[2001:db8::1]:65535", "[2001:db8::1]:65535" },
    { "registration.mode", "OPEN", "open" },
    { "policy.e2ee", "off", "off" },
    { "policy.e2ee_allow", "A.example Room@b.example {urn:x}y {jabber:client}body-2",
      "a.example room@b.example {urn:x}y {jabber:client}body-2" },
    { "policy.e2ee_allow", "", "" },
    { "auth.mechanisms", "PLAIN scram-sha-1", "SCRAM-SHA-1 PLAIN" },
    { "auth.scram_iterations", "4096", "4096" },
    { "store.url", "postgresql://db/sotto", "postgresql://db/sotto" },
    { "store.url", "sqlite:/a/b.db", "sqlite:/a/b.db" },
    { "store.url", "sqlite::memory:", "sqlite::memory:" },
    { "archive.retention_days", "-1", "-1" },
    { "archive.retention_days", "1", "1" },
    { "limits.messages_per_account", "30/min", "30/min" },
    { "limits.messages_per_account", "60 / 60s", "60/min" },
    { "limits.messages_per_account", "600/10s", "600/10s" },
    { "limits.messages_per_account", "1/31day", "1/31day" },
    { "limits.messages_per_account", "off", "off" },
    { "limits.bytes_per_account", "64MiB/2h", "64MiB/2h" },
    { "limits.pep_bytes", "1048576", "1MiB" },
    { "limits.pep_bytes", "3 KiB", "3KiB" },
    { "limits.pep_bytes", "1025B", "1025" },
    { "log.format", "json", "json" },
    { "anchor.address", "10.0.0.1=192.0.2.1  2001:db8::1", "10.0.0.1=192.0.2.1 2001:db8::1" },
    { "anchor.address", "0.0.0.0=192.0.2.1", "0.0.0.0=192.0.2.1" },
    { "anchor.address", "", "" },
    { "anchor.port", "3478", "3478" },
    { "s2s.pin", "far.test=192.0.2.1:5269=" HASH, "far.test=192.0.2.1:5269=" HASH },
    { "s2s.pin", "far.test=[2001:db8::1]:1=" COLONS " x.test=127.0.0.1:65535=" HASH,
      "far.test=[2001:db8::1]:1=" COLONS " x.test=127.0.0.1:65535=" HASH },
    { "s2s.pin", "", "" },
    { "component.secret", "Push.Example=0123456789abcdef a.test=0123456789abcde=",
      "Push.Example=0123456789abcdef a.test=0123456789abcde=" },
    { "component.secret", "", "" },
    /* Features to come take anything. */
    { "tls.acme", "anything", "anything" },
    { "bus.url", "nats://n1", "nats://n1" },
    { "limits.request_messages", "seven", "seven" },
    { "limits.request_messages", " 7 ", "7" },
};

static void values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const char *text = arena_printf(&arena, "%s=%s", good[i].key, good[i].text).p;
        const struct config *c = load_overrides(&text, 1);

        check_str(text, config_text(c, key_index(good[i].key), &arena), good[i].want);
        assert_true(c->given[key_index(good[i].key)]);
        config_unref(c);
    }
}

#define EXEMPT                                                                                     \
    "policy.e2ee_allow: domains, addresses of rooms and {namespace}name of elements, separated "   \
    "by spaces"
#define RETENTION                                                                                  \
    "archive.retention_days: a number from 1 to 36500, or -1 (messages wait there for who is "     \
    "offline; archive.mode = off keeps no history)"
#define SECRETS                                                                                    \
    "component.secret: DOMAIN=SECRET, separated by spaces, each secret 16 to 256 printable "       \
    "characters"

static const struct {
    const char *text, *want;
} bad[] = {
    { "anchor.address=localhost",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=0.0.0.0",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=::",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=192.0.2.1:3478",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=10.0.0.1=",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=10.0.0.1=2001:db8::1",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "anchor.address=1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4 1.2.3.4",
      "anchor.address: at most 8 addresses such as 192.0.2.1, 2001:db8::1 or 10.0.0.1=192.0.2.1 "
      "separated by spaces; empty: off" },
    { "s2s.pin=far.test", PINS },
    { "s2s.pin=far.test=far.test:5269=" HASH, PINS },
    { "s2s.pin=far.test=192.0.2.1:0=" HASH, PINS },
    { "s2s.pin=far.test=192.0.2.1=" HASH, PINS },
    { "s2s.pin=a..b=192.0.2.1:1=" HASH, PINS },
    { "s2s.pin=far.test=192.0.2.1:1=0" HASH, PINS },
    { "s2s.pin=far.test=192.0.2.1:1=A:B" HASH, PINS },
    { "component.secret=push.test", SECRETS },
    { "component.secret=push.test=0123456789abcde", SECRETS },
    { "component.secret=a..b=0123456789abcdef", SECRETS },
    { "component.secret==0123456789abcdef", SECRETS },
    { "anchor.port=65535", "anchor.port: a number from 0 to 65534" },
    { "server.domain=", "server.domain: one or more domain names separated by spaces" },
    { "server.domain=a..b", "server.domain: one or more domain names separated by spaces" },
    { "server.workers=0", "server.workers: a number from 1 to 256, or cores" },
    { "server.workers=257", "server.workers: a number from 1 to 256, or cores" },
    { "server.workers=two", "server.workers: a number from 1 to 256, or cores" },
    { "listen.c2s=127.0.0.1", "listen.c2s: addresses such as 127.0.0.1:5222 or [::1]:5222 "
                              "separated by spaces; empty: off" },
    { "listen.c2s=localhost:5222", "listen.c2s: addresses such as 127.0.0.1:5222 or [::1]:5222 "
                                   "separated by spaces; empty: off" },
    { "listen.c2s=::1:5222", "listen.c2s: addresses such as 127.0.0.1:5222 or [::1]:5222 separated "
                             "by spaces; empty: off" },
    { "listen.c2s=[127.0.0.1]:5222", "listen.c2s: addresses such as 127.0.0.1:5222 or [::1]:5222 "
                                     "separated by spaces; empty: off" },
    { "listen.c2s=127.0.0.1:65536", "listen.c2s: addresses such as 127.0.0.1:5222 or [::1]:5222 "
                                    "separated by spaces; empty: off" },
    { "policy.e2ee_allow={urn:x", EXEMPT },
    { "policy.e2ee_allow={}y", EXEMPT },
    { "policy.e2ee_allow={urn:x}", EXEMPT },
    { "policy.e2ee_allow=a.example {urn:x}y/z", EXEMPT },
    { "policy.e2ee_allow=a@b.example/c", EXEMPT },
    { "policy.e2ee_allow=@b.example", EXEMPT },
    { "policy.e2ee_allow=a..b", EXEMPT },
    { "policy.e2ee_allow=https://a.example", EXEMPT },
    { "archive.mode=maybe", "archive.mode: one of on, off" },
    { "archive.mode=", "archive.mode: one of on, off" },
    { "store.url=mysql://x", "store.url: sqlite:PATH or postgresql://…" },
    { "store.url=sqlite:", "store.url: sqlite:PATH or postgresql://…" },
    { "archive.retention_days=-2", RETENTION },
    { "archive.retention_days=0", RETENTION },
    { "archive.retention_days=-0", RETENTION },
    { "archive.retention_days=36501", RETENTION },
    { "auth.scram_iterations=4095", "auth.scram_iterations: a number from 4096 to 10000000" },
    { "auth.scram_iterations=-4096", "auth.scram_iterations: a number from 4096 to 10000000" },
    { "limits.pep_item_bytes=1TiB", "limits.pep_item_bytes: a size from 1KiB to 4MiB" },
    { "limits.pep_item_bytes=99999999999999999999KiB",
      "limits.pep_item_bytes: a size from 1KiB to 4MiB" },
    { "tls.certificate=/c.pem", "tls.certificate: tls.certificate and tls.key are given together" },
    { "tls.key=/k.pem", "tls.key: tls.certificate and tls.key are given together" },
    { "server.nothing=1", "server.nothing: there is no such key; sotto.ini(5) lists them" },
    { "nothing.at_all=1", "nothing.at_all: there is no such key; sotto.ini(5) lists them" },
    { "server.domain", "server.domain: section.key=value" },
    { "domain=a.example", "domain=a.example: section.key=value" },
    { "server.domain=a\nb", "server.domain=a\nb: section.key=value" },
};

static void bad_values_are_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct config *c;

        buf_reset(&problems);
        check_err(bad[i].text, config_load(NULL, &bad[i].text, 1, &c, &problems), ERR_MALFORMED);
        check_str(bad[i].text, buf_str(&problems),
                  arena_printf(&arena, "sottod: -o %s\n", bad[i].want).p);
    }
}

/* The same where the feature may not exist yet, so that loading would take anything. */
static const struct {
    const char *key, *text;
} refused[] = {
    { "limits.archive_messages", "-1" },  { "limits.registrations", "5" },
    { "limits.registrations", "5/week" }, { "limits.registrations", "0/s" },
    { "limits.registrations", "5/0s" },   { "limits.registrations", "1/32day" },
    { "limits.exempt", "10.0.0.0/33" },   { "limits.exempt", "ten" },
};

static void grammars_refuse(void **state)
{
    const struct config *before = load_overrides(NULL, 0);
    struct config c = *before;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const struct config_key *key = &config_keys[key_index(refused[i].key)];

        check_err(refused[i].text,
                  config_value_set(&c, &arena, key, str_from(refused[i].text), false),
                  ERR_MALFORMED);
        assert_memory_equal(&c, before, sizeof c); /* results are written only on success */
    }
    config_unref(before);
}

static const struct {
    const char *key, *allowed;
} phrases[] = {
    { "limits.archive_messages", "a number from 1 up, or off" },
    { "limits.registrations",
      "a rate such as 30/min, 600/10s or 64MiB/h (units s, min, h, day), or off" },
    { "limits.exempt", "networks such as 10.0.0.0/8 or fd00::/8 separated by spaces" },
    { "limits.upload_bytes", "a size from 1KiB to 1048576GiB" },
};

static void grammars_are_phrased(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        check_str(phrases[i].key,
                  config_value_allowed(&config_keys[key_index(phrases[i].key)], &arena),
                  phrases[i].allowed);
}

/* ---- Defaults ---- */

static void defaults_are_written_as_they_are_shown(void **state)
{
    const struct config *c;

    (void)state;
    c = load_overrides((const char *[]){ "server.data_dir=/d" }, 1);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        const char *name = arena_printf(&arena, "%s.%s", key->section, key->name).p;

        if (strcmp(name, "server.data_dir") == 0 || strcmp(name, "server.workers") == 0)
            continue; /* depend on the machine */
        check_str(name, config_text(c, i, &arena),
                  strcmp(name, "store.url") == 0 ? "sqlite:/d/sotto.db" : key->standard);
        assert_false(c->given[i]);
    }
    assert_true(c->server.workers >= 1);
    config_unref(c);
}

/* The keys that other programs rely on, with a value each. */
static const char *const promised[] = {
    "server.domain=a.example",
    "server.data_dir=/d",
    "server.workers=1",
    "listen.c2s=127.0.0.1:0",
    "listen.c2s_tls=127.0.0.1:0",
    "listen.https=127.0.0.1:0",
    "listen.s2s=127.0.0.1:0",
    "listen.mux=127.0.0.1:0",
    "listen.metrics=127.0.0.1:0",
    "listen.component=127.0.0.1:0",
    "listen.proxy_from=10.0.0.0/8",
    "s2s.pin=far.test=192.0.2.1:5269=" HASH,
    "tls.certificate=/c",
    "tls.key=/k",
    "tls.acme=https://acme.example",
    "registration.mode=closed",
    "policy.e2ee=off",
    "policy.e2ee_allow=a.example",
    "limits.request_messages=seven",
    "policy.strangers=allow",
    "policy.calls=strict",
    "policy.calls_direct=adapt",
    "auth.mechanisms=PLAIN",
    "auth.scram_iterations=5000",
    "store.url=sqlite:x.db",
    "store.ack=memory",
    "bus.url=local",
    "archive.mode=off",
    "archive.retention_days=7",
    "limits.exempt=127.0.0.0/8",
    "admin.accounts=a@a.example",
    "anchor.address=192.0.2.1=198.51.100.1",
    "anchor.port=3478",
    "log.level=debug",
    "log.format=json",
};

static void promised_keys_are_accepted(void **state)
{
    (void)state;
    config_unref(load_overrides(promised, COUNT_OF(promised)));
}

/* ---- Files ---- */

static const char *write_file(const char *text, size_t n)
{
    static char path[] = "/tmp/sotto-test-config-XXXXXX";
    int fd;

    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes_of(text, n)), ERR_NONE);
    close(fd);
    return path;
}

static enum err load_text(const char *text, const struct config **out)
{
    const char *path = write_file(text, strlen(text));
    enum err e = config_load(path, NULL, 0, out, &problems);

    unlink(path);
    return e;
}

static void files_are_read(void **state)
{
    const struct config *c;

    (void)state;
    check_err("file",
              load_text("; a comment\n"
                        "# another\n"
                        "[server]\n"
                        "domain = a.example\r\n"
                        "   domain = b.example ; the second one\n"
                        "data_dir: /srv/sotto\n"
                        "\n"
                        "[limits]\n"
                        "roster_items=5\n"
                        "[server]\n"
                        "workers = 2",
                        &c),
              ERR_NONE);
    check_value(c, "server.domain", "a.example b.example");
    check_value(c, "server.data_dir", "/srv/sotto");
    check_value(c, "store.url", "sqlite:/srv/sotto/sotto.db");
    check_value(c, "limits.roster_items", "5");
    assert_int_equal(c->server.workers, 2);
    assert_int_equal(c->limits.roster_items, 5);
    config_unref(c);
}

#define LETTERS_50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct {
    const char *text;
    const char *want; /* without "sottod: FILE:" */
} bad_files[] = {
    { "[server]\ndomain = a..b\n",
      "2: server.domain: one or more domain names separated by spaces" },
    { "[server]\n\nbanana = 1\n",
      "3: server.banana: there is no such key; sotto.ini(5) lists them" },
    { "domain = a\n", "1: domain: a key stands below its [section]" },
    { "[server]\nworkers = 1\nworkers = 2\n", "3: server.workers: line 2 has it already" },
    { "[server]\nbanana\n",
      "2: a line is [section], key = value, or a comment that begins with ; or #" },
    { "[server\n", "1: a line is [section], key = value, or a comment that begins with ; or #" },
    { "[server]\ndomain = a.example\n  b.example\n",
      "3: a line is [section], key = value, or a comment that begins with ; or #" },
    { "[tls]\nkey = /k\n", "2: tls.key: tls.certificate and tls.key are given together" },
    { "[policy]\ne2ee_allow = " LETTERS_50 LETTERS_50 LETTERS_50
      "aaaaaaaaaabbbbbbbbbbccccccccccdddddd\n",
      "2: the line is longer than 198 bytes; a list may be written in several lines that repeat "
      "the key" },
};

static void bad_files_are_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_files); i++) {
        const char *path = write_file(bad_files[i].text, strlen(bad_files[i].text));
        const struct config *c;

        buf_reset(&problems);
        check_err(bad_files[i].text, config_load(path, NULL, 0, &c, &problems), ERR_MALFORMED);
        check_str(bad_files[i].text, buf_str(&problems),
                  arena_printf(&arena, "sottod: %s:%s\n", path, bad_files[i].want).p);
        unlink(path);
    }
}

/* 198 bytes fit whole; what libinih would cut is refused instead. */
static void longest_line_is_kept_whole(void **state)
{
    const struct config *c;
    struct str value;

    (void)state;
    check_err("198",
              load_text("[policy]\ne2ee_allow = {" LETTERS_50 LETTERS_50 LETTERS_50
                        "aaaaaaaaaabbbbbbbbbbcccccccc}ddddd\n",
                        &c),
              ERR_NONE);
    value = config_text(c, key_index("policy.e2ee_allow"), &arena);
    assert_int_equal(value.n, 185);
    assert_int_equal(value.p[184], 'd');
    config_unref(c);
}

static void nul_bytes_are_refused(void **state)
{
    static const char text[] = "[server]\ndomain = a\0b\n";
    const char *path = write_file(text, sizeof text - 1);
    const struct config *c;

    (void)state;
    check_err("NUL", config_load(path, NULL, 0, &c, &problems), ERR_MALFORMED);
    check_str("NUL", buf_str(&problems),
              arena_printf(&arena, "sottod: %s:2: the line holds a NUL byte\n", path).p);
    unlink(path);
}

static void missing_file_is_explained(void **state)
{
    const struct config *c;

    (void)state;
    check_err("missing", config_load("/nowhere/sotto.ini", NULL, 0, &c, &problems), ERR_IO);
    check_str("missing", buf_str(&problems),
              "sottod: /nowhere/sotto.ini: No such file or directory\n");
}

/* ---- File and command line together ---- */

static void overrides_win(void **state)
{
    static const char text[] = "[server]\ndomain = a.example\ndomain = b.example\nworkers = 2\n";
    static const char *const overrides[] = { "server.domain=c.example", "server.domain=d.example",
                                             "server.workers=3", "server.workers=4" };
    const char *path = write_file(text, sizeof text - 1);
    const struct config *c;

    (void)state;
    check_err("load", config_load(path, overrides, COUNT_OF(overrides), &c, &problems), ERR_NONE);
    unlink(path);
    check_value(c, "server.domain", "c.example d.example");
    assert_int_equal(c->server.workers, 4);
    assert_true(config_has_domain(c, STR("d.example")));
    assert_false(config_has_domain(c, STR("a.example")));
    config_unref(c);
}

static void everything_survives_the_handover(void **state)
{
    const struct config *before = load_overrides(promised, COUNT_OF(promised)), *after;
    struct buf text;

    (void)state;
    buf_init(&text, PROBLEMS_MAX);
    config_dump(before, &text);
    check_err("undump", config_undump(buf_str(&text), &after, &problems), ERR_NONE);
    for (size_t i = 0; i < config_key_count; i++) {
        struct str want = config_text(before, i, &arena), have = config_text(after, i, &arena);

        if (!str_eq(want, have) || before->given[i] != after->given[i])
            fail_msg("%s.%s: %.*s became %.*s", config_keys[i].section, config_keys[i].name,
                     STR_ARG(want), STR_ARG(have));
    }
    buf_deinit(&text);
    config_unref(before);
    config_unref(after);
}

static void reload_takes_live_keys_only(void **state)
{
    const struct config *running =
        load_overrides((const char *[]){ "server.domain=a.example", "log.level=error" }, 2);
    const struct config *wanted =
        load_overrides((const char *[]){ "server.domain=b.example", "log.level=debug" }, 2);
    const struct config *merged;
    struct buf text;

    (void)state;
    buf_init(&text, PROBLEMS_MAX);
    config_dump_reload(running, wanted, &text);
    check_err("undump", config_undump(buf_str(&text), &merged, &problems), ERR_NONE);
    check_value(merged, "server.domain", "a.example");
    check_value(merged, "log.level", "debug");
    buf_deinit(&text);
    config_unref(running);
    config_unref(wanted);
    config_unref(merged);
}

static const struct {
    const char *networks;
    uint8_t ip[16];
    bool holds;
} networks[] = {
    { "10.0.0.0/8", { [10] = 0xff, 0xff, 10, 1, 2, 3 }, true },
    { "10.0.0.0/8", { [10] = 0xff, 0xff, 11, 1, 2, 3 }, false },
    { "192.0.2.0/25", { [10] = 0xff, 0xff, 192, 0, 2, 127 }, true },
    { "192.0.2.0/25", { [10] = 0xff, 0xff, 192, 0, 2, 128 }, false },
    { "192.0.2.1", { [10] = 0xff, 0xff, 192, 0, 2, 1 }, true },
    { "192.0.2.1", { [10] = 0xff, 0xff, 192, 0, 2, 2 }, false },
    { "fd00::/8", { 0xfd, 1 }, true },
    { "fd00::/8", { 0xfe, 1 }, false },
    { "0.0.0.0/0", { [10] = 0xff, 0xff, 1, 2, 3, 4 }, true },
    { "0.0.0.0/0", { 0x20, 1 }, false },
    { "::/0", { 0x20, 1 }, true },
    { "10.0.0.0/8 ::1", { [15] = 1 }, true },
    { "", { [15] = 1 }, false },
};

static void networks_hold_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(networks); i++) {
        const char *text = arena_printf(&arena, "limits.exempt=%s", networks[i].networks).p;
        const struct config *c = load_overrides(&text, 1);

        if (cidr_list_holds(&c->limits.exempt, networks[i].ip) != networks[i].holds)
            fail_msg("row %zu: %s", i, networks[i].networks);
        config_unref(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_values_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(grammars_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(grammars_are_phrased, setup, teardown),
        cmocka_unit_test_setup_teardown(defaults_are_written_as_they_are_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(promised_keys_are_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_files_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(longest_line_is_kept_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(nul_bytes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_file_is_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(overrides_win, setup, teardown),
        cmocka_unit_test_setup_teardown(everything_survives_the_handover, setup, teardown),
        cmocka_unit_test_setup_teardown(reload_takes_live_keys_only, setup, teardown),
        cmocka_unit_test_setup_teardown(networks_hold_addresses, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
