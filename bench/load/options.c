/* options.c: one table of options. */
#include "bench/load/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "bench/load/message.h"

enum kind { HEADING, TEXT, NUMBER, FLAG, CHOICE, PROCESS, PROCESS_TREE };

struct option_spec {
    enum kind kind;
    const char *name;
    size_t offset;     /* of its value in struct options */
    const char *value; /* its name in --help; for a choice the words, divided by '|' */
    uint64_t min, max, standard;
    const char *standard_text, *help;
};

#define AT(member) offsetof(struct options, member)

#define HEADING_SPEC(title)                                                                        \
    {                                                                                              \
        HEADING, title, 0, NULL, 0, 0, 0, NULL, NULL                                               \
    }
#define TEXT_SPEC(name, member, value, standard, help)                                             \
    {                                                                                              \
        TEXT, name, AT(member), value, 0, 0, 0, standard, help                                     \
    }
#define NUMBER_SPEC(name, member, unit, min, max, standard, help)                                  \
    {                                                                                              \
        NUMBER, name, AT(member), unit, min, max, standard, NULL, help                             \
    }
#define FLAG_SPEC(name, member, help)                                                              \
    {                                                                                              \
        FLAG, name, AT(member), NULL, 0, 0, 0, NULL, help                                          \
    }
#define CHOICE_SPEC(name, member, words, help)                                                     \
    {                                                                                              \
        CHOICE, name, AT(member), words, 0, 0, 0, NULL, help                                       \
    }
#define PROCESS_SPEC(kind, name, help)                                                             \
    {                                                                                              \
        kind, name, AT(server), "PID", 0, 0, 0, NULL, help                                         \
    }

enum { ACCOUNTS_MAX = 1000000, SESSIONS_MAX = 1000000, SECONDS_MAX = 86400 };

/* clang-format off */
static const struct option_spec specs[] = {
    HEADING_SPEC("Server"),
    TEXT_SPEC("host", host, "ADDRESS", "127.0.0.1", "its IP address"),
    NUMBER_SPEC("port", port, "N", 1, 65535, 5222, "its port"),
    TEXT_SPEC("domain", domain, "NAME", "localhost", "the XMPP domain"),
    CHOICE_SPEC("tls", tls, "starttls|direct|none", "how the connection is secured"),
    PROCESS_SPEC(PROCESS, "pid", "a process of the server, to be measured; repeatable"),
    PROCESS_SPEC(PROCESS_TREE, "pid-tree", "the same with all its descendants; repeatable"),

    HEADING_SPEC("Accounts and sessions"),
    TEXT_SPEC("user-prefix", user_prefix, "TEXT", "bench", "accounts are TEXT0, TEXT1, ..."),
    NUMBER_SPEC("count", accounts, "N", 1, ACCOUNTS_MAX, 200, "how many accounts there are"),
    NUMBER_SPEC("first", first_account, "N", 0, ACCOUNTS_MAX, 0, "number of the first one"),
    TEXT_SPEC("password-file", password_file, "FILE", NULL, "its first line is everybody's password"),
    TEXT_SPEC("mechanism", mechanism, "NAME", "SCRAM-SHA-1", "SCRAM-SHA-1, -256 or -512"),
    NUMBER_SPEC("sources", sources, "N", 0, 65536, 0, "connect from N loopback addresses"),
    NUMBER_SPEC("concurrency", concurrency, "N", 1, 10000, 32, "logins in progress at a time"),
    NUMBER_SPEC("timeout", timeout_s, "SECONDS", 1, 3600, 30, "for one login"),
    FLAG_SPEC("sm", acks, "stream management (XEP-0198) on every session"),
    FLAG_SPEC("no-presence", no_presence, "send no initial presence"),

    HEADING_SPEC("Modes login and idle"),
    NUMBER_SPEC("logins", logins, "N", 1, 10000000, 1000, "login: how many are measured"),
    NUMBER_SPEC("login-rate", login_rate, "N", 0, 1000000, 0, "login: per second; 0: all it can"),
    NUMBER_SPEC("sessions", sessions, "N", 1, SESSIONS_MAX, 1000, "idle: how many are measured"),
    NUMBER_SPEC("base", base, "N", 0, SESSIONS_MAX, 50, "idle: more that are opened before"),
    NUMBER_SPEC("settle", settle_s, "SECONDS", 0, 600, 3, "idle: rest before a measurement"),
    NUMBER_SPEC("hold", hold_s, "SECONDS", 0, SECONDS_MAX, 10, "idle: span of the CPU measurement"),

    HEADING_SPEC("Modes pairs and rate"),
    NUMBER_SPEC("pairs", pairs, "N", 1, MESSAGE_SENDER_MAX, 100, "senders, each with a receiver"),
    NUMBER_SPEC("window", window, "N", 1, 10000, 8, "pairs: messages under way per sender"),
    CHOICE_SPEC("done", done, "received|acked|both", "pairs: what ends a message (acks need --sm)"),
    NUMBER_SPEC("rate", rate, "N", 1, 10000000, 1000, "rate: messages per second in all"),
    NUMBER_SPEC("size", size, "BYTES", 1, MESSAGE_SIZE_MAX, 885, "of each message stanza"),
    CHOICE_SPEC("to", to, "bare|full", "address messages to accounts or to sessions"),
    NUMBER_SPEC("ack-every", ack_every, "N", 1, 10000, 1, "messages between requests for an ack"),
    NUMBER_SPEC("warmup", warmup_s, "SECONDS", 0, 3600, 3, "load that is not measured"),
    NUMBER_SPEC("duration", duration_s, "SECONDS", 1, SECONDS_MAX, 10, "load that is measured"),
    NUMBER_SPEC("messages", messages, "N", 0, 1000000000, 0, "measure so many instead"),
    NUMBER_SPEC("stall", stall_s, "SECONDS", 1, 3600, 10, "give up after so long without a delivery"),
    TEXT_SPEC("disk", disk, "FOLDER", NULL, "rate: time the disk itself there meanwhile"),
    TEXT_SPEC("log", log, "FILE", NULL, "a line per message: A|R ACCOUNT ID, acknowledged|received"),

    HEADING_SPEC("Output"),
    FLAG_SPEC("json", json, "one JSON value on standard output"),
    FLAG_SPEC("help", help, "this text"),
};
/* clang-format on */

static void *slot(const struct option_spec *spec, const struct options *o)
{
    return (char *)o + spec->offset;
}

static void set_defaults(struct options *o)
{
    *o = (struct options){ 0 };
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        if (specs[i].kind == NUMBER)
            *(uint64_t *)slot(&specs[i], o) = specs[i].standard;
        if (specs[i].kind == TEXT)
            *(const char **)slot(&specs[i], o) = specs[i].standard_text;
    }
}

/* The position of `word` in "a|b|c". */
static bool find_choice(const char *words, const char *word, uint64_t *out)
{
    struct str rest = str_from(words);

    for (uint64_t i = 0; rest.p != NULL; i++)
        if (str_is(str_split(&rest, '|'), word)) {
            *out = i;
            return true;
        }
    return false;
}

static bool add_process(struct options *o, const char *value, bool tree)
{
    uint64_t pid;

    if (o->server.n == PROC_NAMED_MAX || str_to_u64(str_from(value), INT32_MAX, &pid) != ERR_NONE)
        return false;
    o->server.named[o->server.n].pid = (pid_t)pid;
    o->server.named[o->server.n++].tree = tree;
    return true;
}

static bool set_number(const struct option_spec *spec, struct options *o, const char *value)
{
    uint64_t number;

    if (str_to_u64(str_from(value), spec->max, &number) != ERR_NONE || number < spec->min)
        return false;
    *(uint64_t *)slot(spec, o) = number;
    return true;
}

static bool set_value(const struct option_spec *spec, struct options *o, const char *value)
{
    switch (spec->kind) {
    case TEXT: *(const char **)slot(spec, o) = value; return true;
    case NUMBER: return set_number(spec, o, value);
    case CHOICE: return find_choice(spec->value, value, slot(spec, o));
    case PROCESS: return add_process(o, value, false);
    case PROCESS_TREE: return add_process(o, value, true);
    default: return false;
    }
}

static void complain_value(const struct option_spec *spec, const char *value)
{
    fprintf(stderr, "sotto-load: --%s: \"%s\" is not allowed; ", spec->name, value);
    if (spec->kind == NUMBER)
        fprintf(stderr, "a number from %llu to %llu is\n", (unsigned long long)spec->min,
                (unsigned long long)spec->max);
    else
        fprintf(stderr, "%s is\n", spec->value);
}

static const struct option_spec *find_spec(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(specs); i++)
        if (specs[i].kind != HEADING && str_is(name, specs[i].name))
            return &specs[i];
    return NULL;
}

/* Takes argv[*i], "--name value" or "--name=value". */
static bool take(struct options *o, int argc, char **argv, int *i)
{
    struct str rest = str_from(argv[*i]), name;
    const struct option_spec *spec = NULL;

    if (str_starts(rest, STR("--"))) {
        rest = str_skip(rest, 2);
        name = str_split(&rest, '=');
        spec = find_spec(name);
    }
    if (spec == NULL) {
        fprintf(stderr, "sotto-load: unknown option %s; --help lists all\n", argv[*i]);
        return false;
    }
    if (spec->kind == FLAG) {
        *(bool *)slot(spec, o) = true;
        return true;
    }
    if (rest.p == NULL && ++*i >= argc) {
        fprintf(stderr, "sotto-load: --%s needs a value: %s\n", spec->name, spec->value);
        return false;
    }
    if (rest.p == NULL)
        rest = str_from(argv[*i]);
    if (set_value(spec, o, rest.p))
        return true;
    complain_value(spec, rest.p);
    return false;
}

static bool consistent(const struct options *o)
{
    const char *wrong = NULL;

    if (o->help)
        return true;
    if (o->password_file == NULL)
        wrong = "--password-file is missing";
    else if (strlen(o->user_prefix) > 40)
        wrong = "--user-prefix is longer than 40 bytes";
    else if (o->done != DONE_RECEIVED && !o->acks)
        wrong = "--done acked and --done both need --sm";
    else if (o->ack_every > o->window && o->done != DONE_RECEIVED)
        wrong = "--ack-every is larger than --window: the window would never open again";
    if (wrong != NULL)
        fprintf(stderr, "sotto-load: %s\n", wrong);
    return wrong == NULL;
}

bool options_parse(struct options *o, int argc, char **argv)
{
    set_defaults(o);
    for (int i = 0; i < argc; i++)
        if (!take(o, argc, argv, &i))
            return false;
    return consistent(o);
}

static void print_spec(const struct option_spec *spec, FILE *out)
{
    char left[64];

    snprintf(left, sizeof left, "--%s %s", spec->name, spec->value != NULL ? spec->value : "");
    fprintf(out, "  %-32s %s", left, spec->help);
    if (spec->kind == NUMBER)
        fprintf(out, " (%llu)", (unsigned long long)spec->standard);
    else if (spec->kind == TEXT && spec->standard_text != NULL)
        fprintf(out, " (%s)", spec->standard_text);
    fputc('\n', out);
}

void options_usage(FILE *out)
{
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        if (specs[i].kind == HEADING)
            fprintf(out, "\n%s\n", specs[i].name);
        else
            print_spec(&specs[i], out);
    }
}

static json_t *choice_json(const char *words, uint64_t nth)
{
    struct str rest = str_from(words), word = STR_NONE;

    for (uint64_t i = 0; i <= nth; i++)
        word = str_split(&rest, '|');
    return json_stringn(word.p, word.n);
}

json_t *options_json(const struct options *o)
{
    json_t *all = json_object();

    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        const struct option_spec *s = &specs[i];
        const void *at = slot(s, o);

        switch (s->kind) {
        case TEXT: json_object_set_new(all, s->name, json_string(*(const char *const *)at)); break;
        case NUMBER:
            json_object_set_new(all, s->name, json_integer((json_int_t) * (const uint64_t *)at));
            break;
        case FLAG: json_object_set_new(all, s->name, json_boolean(*(const bool *)at)); break;
        case CHOICE:
            json_object_set_new(all, s->name, choice_json(s->value, *(const uint64_t *)at));
            break;
        default: break;
        }
    }
    return all;
}
