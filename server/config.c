/* config.c: load a configuration: defaults, then the file, then the command line, then checks of
 * the whole. */
#include "server/config.h"

#include <ini.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config_value.h"
#include "server/file.h"

enum { FILE_MAX = 1024 * 1024 };

struct config_private {
    struct arena arena;
    _Atomic(unsigned) refs;
};

enum { FROM_DEFAULT = 0, FROM_OVERRIDE = -1 }; /* else the line of the file */

struct loading {
    struct config *config;
    struct arena *arena;
    struct buf *problems;
    const char *file;
    struct str rest; /* of the file */
    int line;
    int *from; /* per key: where its value comes from */
    bool *given;
    struct str *unread;
    size_t problem_count;
};

/* ---- Complaints ---- */

static void complain(struct loading *l, int from, struct str key, struct str what)
{
    struct str place = from == FROM_OVERRIDE ? STR("-o ") : STR("");

    if (from > 0)
        place = arena_printf(l->arena, "%s:%d: ", l->file, from);
    buf_add(l->problems, STR("sottod: "));
    buf_add(l->problems, place);
    buf_add(l->problems, key);
    buf_add(l->problems, key.n > 0 ? STR(": ") : STR(""));
    buf_add(l->problems, what);
    buf_add_char(l->problems, '\n');
    l->problem_count++;
}

static struct str key_text(struct loading *l, const struct config_key *key)
{
    return arena_printf(l->arena, "%s.%s", key->section, key->name);
}

/* ---- One value ---- */

static void assign(struct loading *l, struct str section, struct str name, struct str value,
                   int from)
{
    size_t i = config_key_find(section, name);
    const struct config_key *key = &config_keys[i];
    bool adds = i < config_key_count && config_value_is_list(key) && l->given[i]
                && (l->from[i] == FROM_OVERRIDE) == (from == FROM_OVERRIDE);

    if (i == config_key_count) {
        complain(l, from, arena_printf(l->arena, "%.*s.%.*s", STR_ARG(section), STR_ARG(name)),
                 STR("there is no such key; sotto.ini(5) lists them"));
        return;
    }
    if (l->given[i] && !adds && from > 0) {
        complain(l, from, key_text(l, key),
                 arena_printf(l->arena, "line %d has it already", l->from[i]));
        return;
    }
    /* A key whose feature does not exist yet takes any value, so that tomorrow's files load
     * today; --check says what it will take. */
    l->unread[i] = STR_NONE;
    if (config_value_set(l->config, l->arena, key, value, adds) != ERR_NONE) {
        if (key->built)
            complain(l, from, key_text(l, key), config_value_allowed(key, l->arena));
        else
            l->unread[i] = arena_str(l->arena, str_trim(value));
    }
    l->given[i] = true;
    l->from[i] = from;
}

static void assign_override(struct loading *l, struct str text)
{
    struct str value = text, name = str_split(&value, '='), section;

    section = str_split(&name, '.');
    if (value.p == NULL || name.p == NULL || str_find(text, '\n') < text.n) {
        complain(l, FROM_OVERRIDE, text, STR("section.key=value"));
        return;
    }
    assign(l, str_trim(section), str_trim(name), value, FROM_OVERRIDE);
}

/* ---- The file ---- libinih asks us for lines and gives back keys. Debian's build of it cuts a
 * line at its buffer without a word, so our reader refuses what does not fit. Indentation means
 * nothing: it is removed, which also switches off inih's continuation lines, where a forgotten
 * `=` would silently extend the value above. */

static char *read_line(char *line, int room, void *ctx)
{
    struct loading *l = ctx;
    struct str text;

    if (l->rest.p == NULL || l->rest.n == 0)
        return NULL;
    text = str_trim(str_split(&l->rest, '\n'));
    l->line++;
    if (memchr(text.p, '\0', text.n) != NULL) {
        complain(l, l->line, STR(""), STR("the line holds a NUL byte"));
        text = STR_NONE;
    }
    if (text.n + 2 > (size_t)room) {
        complain(
            l, l->line, STR(""),
            arena_printf(
                l->arena,
                "the line is longer than %d bytes; a list may be written in several lines that "
                "repeat the key",
                room - 2));
        text = STR_NONE;
    }
    snprintf(line, (size_t)room, "%.*s\n", STR_ARG(text));
    return line;
}

static int take_key(void *ctx, const char *section, const char *name, const char *value)
{
    struct loading *l = ctx;

    if (section[0] == '\0')
        complain(l, l->line, str_from(name), STR("a key stands below its [section]"));
    else
        assign(l, str_from(section), str_from(name), str_from(value), l->line);
    return 1;
}

static enum err load_file(struct loading *l)
{
    struct buf content;
    enum err e;
    int bad_line;

    buf_init(&content, FILE_MAX);
    if ((e = file_read(l->file, &content)) != ERR_NONE) {
        complain(l, FROM_DEFAULT, str_from(l->file),
                 e == ERR_TOO_BIG ? STR("longer than 1 MiB") : str_from(strerror(errno)));
        goto done;
    }
    l->rest = buf_str(&content);
    bad_line = ini_parse_stream(read_line, l, take_key, l);
    if (bad_line != 0)
        complain(l, bad_line, STR(""),
                 STR("a line is [section], key = value, or a comment that begins with ; or #"));
done:
    buf_deinit(&content);
    return e;
}

/* ---- The whole ---- */

static uint64_t usable_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (uint64_t)CPU_COUNT(&set);
}

static struct str home_folder(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user;

    if (home == NULL || home[0] != '/') {
        user = getpwuid(geteuid());
        home = user != NULL ? user->pw_dir : "/";
    }
    return str_from(home);
}

static struct str absolute(struct arena *a, struct str path)
{
    char here[PATH_MAX];

    if (path.n == 0 || path.p[0] == '/' || getcwd(here, sizeof here) == NULL)
        return path;
    return arena_printf(a, "%s/%.*s", here, STR_ARG(path));
}

static void resolve_paths(struct config *c, struct arena *a)
{
    struct str scheme = STR("sqlite:"), path;

    if (c->server.data_dir.n == 0 && geteuid() == 0)
        c->server.data_dir = STR("/var/lib/sotto");
    else if (c->server.data_dir.n == 0)
        c->server.data_dir = arena_printf(a, "%.*s/.local/share/sotto", STR_ARG(home_folder()));
    c->server.data_dir = absolute(a, c->server.data_dir);
    c->tls.certificate = absolute(a, c->tls.certificate);
    c->tls.key = absolute(a, c->tls.key);
    path = str_skip(c->store.url, scheme.n);
    if (str_starts(c->store.url, scheme) && path.p[0] != '/' && path.p[0] != ':')
        c->store.url =
            arena_printf(a, "sqlite:%.*s/%.*s", STR_ARG(c->server.data_dir), STR_ARG(path));
}

static void check_tls_pair(struct loading *l)
{
    const char *given = l->config->tls.certificate.n > 0 ? "certificate" : "key";
    size_t i = config_key_find(STR("tls"), str_from(given));

    if ((l->config->tls.certificate.n > 0) != (l->config->tls.key.n > 0))
        complain(l, l->from[i], key_text(l, &config_keys[i]),
                 STR("tls.certificate and tls.key are given together"));
}

static void set_defaults(struct loading *l)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_value_set(l->config, l->arena, &config_keys[i],
                             str_from(config_keys[i].standard), false)
            != ERR_NONE)
            complain(l, FROM_DEFAULT, key_text(l, &config_keys[i]),
                     STR("the built-in default is not allowed"));
    }
}

static struct config *config_new(void)
{
    struct arena arena = { 0 };
    struct config *c = ARENA_NEW(&arena, struct config);

    c->private = ARENA_NEW(&arena, struct config_private);
    atomic_init(&c->private->refs, 1);
    c->private->arena = arena_move(&arena);
    return c;
}

static void begin(struct loading *l, struct buf *problems)
{
    struct config *c = config_new();

    *l = (struct loading){ .config = c, .arena = &c->private->arena, .problems = problems };
    l->given = arena_alloc(l->arena, config_key_count * sizeof *l->given);
    l->unread = arena_alloc(l->arena, config_key_count * sizeof *l->unread);
    c->unread = l->unread;
    l->from = arena_alloc(l->arena, config_key_count * sizeof *l->from);
    c->given = l->given;
    set_defaults(l);
}

static enum err finish(struct loading *l, const struct config **out)
{
    struct config *c = l->config;

    check_tls_pair(l);
    if (l->problem_count > 0) {
        config_unref(c);
        return ERR_MALFORMED;
    }
    if (c->server.workers == 0)
        c->server.workers = usable_cores();
    resolve_paths(c, l->arena);
    *out = c;
    return ERR_NONE;
}

enum err config_load(const char *file, const char *const *overrides, size_t override_count,
                     const struct config **out, struct buf *problems)
{
    struct loading l;

    begin(&l, problems);
    l.file = file;
    if (file != NULL && load_file(&l) != ERR_NONE) {
        config_unref(l.config);
        return ERR_IO;
    }
    for (size_t i = 0; i < override_count; i++) {
        assign_override(&l, str_from(overrides[i]));
    }
    return finish(&l, out);
}

/* ---- From process to process ---- One line per key, in the order of the table: `+` or `-` for
 * given or not, then what an override says. All keys are written, because defaults depend on the
 * machine and on who asks. */

static void dump_key(const struct config *c, size_t i, struct buf *out)
{
    struct arena a = { 0 };

    buf_add_char(out, c->given[i] ? '+' : '-');
    buf_add(out, str_from(config_keys[i].section));
    buf_add_char(out, '.');
    buf_add(out, str_from(config_keys[i].name));
    buf_add_char(out, '=');
    buf_add(out, config_text(c, i, &a));
    buf_add_char(out, '\n');
    arena_deinit(&a);
}

void config_dump(const struct config *c, struct buf *out)
{
    for (size_t i = 0; i < config_key_count; i++)
        dump_key(c, i, out);
}

void config_dump_reload(const struct config *running, const struct config *wanted, struct buf *out)
{
    for (size_t i = 0; i < config_key_count; i++)
        dump_key(config_keys[i].live ? wanted : running, i, out);
}

enum err config_undump(struct str text, const struct config **out, struct buf *problems)
{
    struct loading l;

    begin(&l, problems);
    for (size_t i = 0; text.n > 0 && i < config_key_count; i++) {
        struct str line = str_split(&text, '\n');

        assign_override(&l, str_skip(line, 1));
        l.given[i] = str_starts(line, STR("+"));
    }
    return finish(&l, out);
}

/* ---- Uses ---- */

const struct config *config_ref(const struct config *c)
{
    atomic_fetch_add_explicit(&c->private->refs, 1, memory_order_relaxed);
    return c;
}

void config_unref(const struct config *c)
{
    struct arena arena;

    if (c == NULL || atomic_fetch_sub_explicit(&c->private->refs, 1, memory_order_acq_rel) != 1)
        return;
    arena = arena_move(&c->private->arena);
    arena_deinit(&arena);
}

bool config_has_domain(const struct config *c, struct str domain)
{
    for (size_t i = 0; i < c->server.domain.count; i++) {
        if (str_eq(c->server.domain.items[i], domain))
            return true;
    }
    return false;
}

bool cidr_list_holds(const struct cidr_list *list, const uint8_t ip[16])
{
    for (size_t i = 0; i < list->count; i++) {
        unsigned whole = list->items[i].bits / 8, part = list->items[i].bits % 8;
        const uint8_t *net = list->items[i].ip;

        if (memcmp(net, ip, whole) == 0
            && (part == 0 || ((net[whole] ^ ip[whole]) >> (8 - part)) == 0))
            return true;
    }
    return false;
}

const char *listener_name(enum listener_kind kind)
{
    static const char *const names[LISTEN_KIND_COUNT] = { "c2s", "c2s_tls", "https",    "s2s",
                                                          "mux", "metrics", "component" };

    return names[kind];
}

const char *config_store_folder(const struct config *c, struct arena *a)
{
    struct str path = str_skip(c->store.url, sizeof "sqlite:" - 1);

    if (!str_starts(c->store.url, STR("sqlite:/")))
        return NULL;
    return arena_printf(a, "/%.*s", STR_ARG(str_slice(path, 1, str_find_last(path, '/') - 1))).p;
}

struct str config_text(const struct config *c, size_t key_index, struct arena *a)
{
    if (c->unread[key_index].n > 0)
        return c->unread[key_index];
    return config_value_text(c, a, &config_keys[key_index]);
}
