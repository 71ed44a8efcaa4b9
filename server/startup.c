/* startup.c: from a command line to open ports. */
#include "server/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/loop.h"
#include "io/tls.h"
#include "server/check.h"
#include "server/file.h"

enum { PROBLEMS_MAX = 64 * 1024, DUMP_MAX = 4 * 1024 * 1024 };

/* ---- Configuration ---- */

enum err startup_load(const struct supervisor_options *options, const struct config **out)
{
    struct buf problems;
    enum err e;

    buf_init(&problems, PROBLEMS_MAX);
    e = config_load(options->file, options->overrides, options->override_count, out, &problems);
    if (problems.n > 0)
        fwrite(problems.p, 1, problems.n, stderr);
    buf_deinit(&problems);
    return e;
}

static int complain(struct str why)
{
    fprintf(stderr, "sottod: %.*s\n", STR_ARG(why));
    return 1;
}

/* Every start says what the configuration gives up. */
static int report_findings(struct startup *s)
{
    struct check_facts facts = {
        .certificate = data_dir_certificate_path(s->config, &s->arena).p,
        .key = data_dir_key_path(s->config, &s->arena).p,
        .self_signed = s->config->tls.certificate.n == 0,
        .now_ms = clock_wall_ms(),
    };
    struct findings found = check_config(s->config, &facts, &s->arena);
    int status = -1;

    for (size_t i = 0; i < found.count; i++) {
        const struct finding *f = &found.items[i];

        if (f->kind == FINDING_ERROR)
            status = complain(finding_line(f, &s->arena));
        else if (f->kind == FINDING_RISK)
            LOG(s->log, WARN, "config.risk", log_text("key", f->key), log_text("value", f->value),
                log_text("why", f->text));
        else
            LOG(s->log, INFO, "config.unbuilt", log_text("key", f->key),
                log_text("value", f->value));
    }
    if (str_starts(s->config->store.url, STR("postgresql:")))
        status = complain(STR("store.url: postgresql:// is not built yet; sqlite:PATH is"));
    return status;
}

/* ---- Surroundings ---- */

/* Descriptors 0 to 3 are taken, so that no file of ours ever gets the number of standard error
 * or of the handover. */
static bool reserve_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd < HANDOVER_FD);
    if (fd > HANDOVER_FD)
        close(fd);
    return fd >= 0;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* By its real name and not as /proc/self/exe, which under a debugger such as valgrind is the
 * debugger. */
static int open_program(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n < 0)
        return -1;
    path[n] = '\0';
    return open(path, O_PATH | O_CLOEXEC);
}

static enum err furnish(struct startup *s, struct str *why)
{
    enum err e, raised;
    struct str other;

    if ((e = data_dir_open(s->config->server.data_dir.p, &s->dir, why, &s->arena)) != ERR_NONE)
        return e;
    if ((e = data_dir_lower(why, &s->arena)) != ERR_NONE)
        return e;
    e = data_dir_make_key(&s->dir, why, &s->arena);
    if (e == ERR_NONE)
        e = data_dir_make_certificate(&s->dir, s->config, why, &s->arena);
    if (e == ERR_NONE)
        e = data_dir_listen(&s->dir, &s->control_fd, why, &s->arena);
    raised = data_dir_raise(&other, &s->arena);
    return e != ERR_NONE ? e : raised;
}

static enum err check_store_folder(struct startup *s, struct str *why)
{
    const char *folder = config_store_folder(s->config, &s->arena);

    if (folder == NULL || access(folder, R_OK | W_OK | X_OK) == 0)
        return ERR_NONE;
    *why = arena_printf(&s->arena, "store.url: the folder %s: %s", folder, strerror(errno));
    return ERR_IO;
}

static void announce(const struct bindings *b, const struct anchor_ports *anchor)
{
    for (size_t i = 0; i < b->count; i++)
        dprintf(STDERR_FILENO, "sotto: listening %s %.*s\n", listener_name(b->items[i].kind),
                STR_ARG(b->items[i].address));
    for (size_t i = 0; i < anchor->count; i++) {
        struct str ip = anchor->items[i].announced;
        bool is_v6 = str_find(ip, ':') < ip.n;

        dprintf(STDERR_FILENO, "sotto: listening anchor %s%.*s%s:%u/udp\n", is_v6 ? "[" : "",
                STR_ARG(ip), is_v6 ? "]" : "", anchor->items[i].port);
    }
}

int startup_open(const struct supervisor_options *options, struct startup *out)
{
    static const uint8_t no_key[LOG_KEY_SIZE]; /* the supervisor knows of no accounts */
    struct str why = STR_NONE;
    int status;

    *out = (struct startup){ .control_fd = -1, .program = -1 };
    if (!reserve_descriptors() || (out->program = open_program()) < 0)
        return complain(arena_printf(&out->arena, "/proc or /dev/null: %s", strerror(errno)));
    if (startup_load(options, &out->config) != ERR_NONE)
        return 2;
    raise_descriptor_limit();
    out->log = log_new(STDERR_FILENO, out->config->log.level, out->config->log.format, no_key);
    if (furnish(out, &why) != ERR_NONE || check_store_folder(out, &why) != ERR_NONE)
        return complain(why);
    if ((status = report_findings(out)) >= 0)
        return status;
    if (binding_open(out->config, &out->arena, &out->bindings, &why) != ERR_NONE
        || anchor_ports_open(out->config, &out->arena, &out->anchor_ports, &why) != ERR_NONE)
        return complain(why);
    announce(&out->bindings, &out->anchor_ports);
    return -1;
}

void startup_close(struct startup *s)
{
    if (s->control_fd >= 0) {
        unlinkat(s->dir.fd, "control.sock", 0);
        close(s->control_fd);
    }
    if (s->dir.path != NULL)
        data_dir_close(&s->dir);
    if (s->program >= 0)
        close(s->program);
    log_free(s->log);
    config_unref(s->config);
    arena_deinit(&s->arena);
    arena_deinit(&s->scratch);
}

/* ---- For one server process ---- */

static int seal_config(const struct config *c)
{
    struct buf text;
    int fd;

    buf_init(&text, DUMP_MAX);
    config_dump(c, &text);
    fd = file_memory("configuration", buf_bytes(&text));
    buf_deinit(&text);
    return fd;
}

/* Here, where the files still have their names: the server process sees sealed copies only. */
static bool pair_fits(struct startup *s, struct str *why)
{
    return tls_pair_check(data_dir_certificate_path(s->config, &s->scratch).p,
                          data_dir_key_path(s->config, &s->scratch).p, why, &s->scratch)
           == ERR_NONE;
}

static int seal_file(struct startup *s, const char *key, struct str path, struct str *why)
{
    int fd = file_memory_copy(key, path.p);

    if (fd < 0)
        *why = arena_printf(&s->scratch, "%s: %.*s: %s", key, STR_ARG(path), strerror(errno));
    return fd;
}

enum err startup_hand_over(struct startup *s, struct handover *out, struct str *why)
{
    const struct config *c = s->config;

    arena_deinit(&s->scratch);
    *why = STR("no memory for the handover");
    *out = (struct handover){
        .config_fd = seal_config(c),
        .certificate_fd =
            seal_file(s, "tls.certificate", data_dir_certificate_path(c, &s->scratch), why),
        .key_fd = seal_file(s, "tls.key", data_dir_key_path(c, &s->scratch), why),
        .data_dir_fd = s->dir.fd,
        .server_lock_fd = s->dir.server_lock_fd,
        .control_fd = s->control_fd,
        .self_signed = c->tls.certificate.n == 0,
        .listeners = s->bindings.items,
        .listener_count = s->bindings.count,
        .workers = (unsigned)c->server.workers,
    };
    return out->config_fd >= 0 && out->certificate_fd >= 0 && out->key_fd >= 0 && pair_fits(s, why)
               ? ERR_NONE
               : ERR_IO;
}

void startup_close_sealed(struct handover *h)
{
    int fds[] = { h->config_fd, h->certificate_fd, h->key_fd };

    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}
