/* live.c: the process of a live server: started on what was prepared, ended as an operator does it. */
#include "test/script/live_inside.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    START_MS = 30 * 1000,
    STOP_MS = 10 * 1000,
    LOOK_MS = 5,
    LOG_BYTES = 256 * 1024,
    SHOWN = 2000
};

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000 * 1000 }, NULL);
}

/* A path in its folder, as C text. */
static const char *path_in(const struct live *l, const char *name)
{
    return arena_printf(l->arena, "%.*s/%s", STR_ARG(l->folder), name).p;
}

struct live *live_new(struct arena *a, const char *program)
{
    struct live *l = ARENA_NEW(a, struct live);
    char folder[] = "/tmp/sotto-script-XXXXXX";

    l->arena = a;
    l->program = program;
    l->room = arena_raw(a, LOG_BYTES);
    list_init(&l->wires);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(1);
    }
    l->folder = arena_cstr(a, folder);
    if (mkdir(path_in(l, "data"), 0700) != 0) {
        perror(folder);
        exit(1);
    }
    return l;
}

struct str live_store(const struct live *l)
{
    return arena_printf(l->arena, "sqlite:%s", path_in(l, "data/sotto.db"));
}

struct transport live_transport(struct live *l, struct world *prepared)
{
    l->prepared = prepared;
    return (struct transport){ &live_transport_ops, l };
}

/* ---- Its start ------------------------------------------------------------------------------------- */

/* Valid until the next call. */
static struct str log_text(const struct live *l)
{
    FILE *f = fopen(path_in(l, "log"), "rb");
    struct str text = { l->room, 0 };

    if (f != NULL) {
        text.n = fread(l->room, 1, LOG_BYTES, f);
        fclose(f);
    }
    return text;
}

/* `sotto: listening NAME 127.0.0.1:PORT`; 0: it has not said so. */
static unsigned port_of(struct str log, const char *name)
{
    while (log.n > 0) {
        struct str line = str_split(&log, '\n');
        uint64_t port;

        if (!str_starts(line, STR("sotto: listening ")))
            continue;
        line = str_skip(line, sizeof "sotto: listening " - 1);
        if (str_is(str_split(&line, ' '), name)
            && str_to_u64(str_skip(line, str_find_last(line, ':') + 1), UINT16_MAX, &port)
                   == ERR_NONE)
            return (unsigned)port;
    }
    return 0;
}

static bool is_ready(struct str log)
{
    while (log.n > 0)
        if (str_is(str_split(&log, '\n'), "sotto: ready"))
            return true;
    return false;
}

static const char **command_line(struct live *l)
{
    static const char *const own[] = {
        "server.workers=2",
        "listen.c2s=127.0.0.1:0",
        "listen.c2s_tls=127.0.0.1:0",
        "listen.https=127.0.0.1:0",
    };
    const char **words = arena_alloc(l->arena, (WORLD_WORDS_MAX + 16) * sizeof *words);
    size_t n = world_words(l->prepared, l->arena, words + 1) + 1;

    words[0] = l->program;
    words[n++] = "-o";
    words[n++] = arena_printf(l->arena, "server.data_dir=%s", path_in(l, "data")).p;
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        words[n++] = "-o";
        words[n++] = own[i];
    }
    words[n] = NULL;
    return words;
}

/* In the child. A runner that is killed leaves no server behind. */
static void become(const char **words, const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(words[0], (char *const *)(uintptr_t)words);
    perror(words[0]);
    _exit(127);
}

static bool has_ended(struct live *l, int *status)
{
    if (l->pid <= 0 || waitpid(l->pid, status, WNOHANG) != l->pid)
        return false;
    l->pid = -1;
    return true;
}

static struct str shown_log(const struct live *l)
{
    struct str log = log_text(l);

    return log.n > SHOWN ? str_skip(log, log.n - SHOWN) : log;
}

static bool wait_until_ready(struct live *l)
{
    int status;

    for (unsigned i = 0; i < START_MS / LOOK_MS; i++) {
        struct str log = log_text(l);

        l->port = port_of(log, "c2s");
        l->tls_port = port_of(log, "c2s_tls");
        if (is_ready(log))
            return true;
        if (has_ended(l, &status))
            break;
        sleep_ms(LOOK_MS);
    }
    l->why = arena_printf(l->arena, "the server did not start:\n%.*s", STR_ARG(shown_log(l)));
    return false;
}

bool live_start(struct live *l)
{
    const char **words, *log, *left;

    if (l->pid != 0 || l->why.n > 0)
        return l->why.n == 0;
    words = command_line(l);
    log = path_in(l, "log");
    if (!world_free(l->prepared, &left))
        l->why = str_from(left);
    l->prepared = NULL;
    l->tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_clear_mode(l->tls, SSL_MODE_AUTO_RETRY); /* a ticket alone is nothing to wait behind */
    l->pid = fork();
    if (l->pid == 0)
        become(words, log);
    return wait_until_ready(l) && l->why.n == 0;
}

/* ---- Its end --------------------------------------------------------------------------------------- */

static bool end_process(struct live *l)
{
    int status = -1;

    if (l->pid <= 0)
        return l->pid == 0;
    kill(l->pid, SIGTERM);
    for (unsigned i = 0; i < STOP_MS / LOOK_MS; i++) {
        if (has_ended(l, &status))
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        sleep_ms(LOOK_MS);
    }
    kill(l->pid, SIGKILL);
    waitpid(l->pid, &status, 0);
    return false;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

bool live_free(struct live *l, struct str *why)
{
    const char *left = NULL;
    bool good = l->prepared == NULL || world_free(l->prepared, &left);

    live_wires_free(l);
    if (!end_process(l) && l->why.n == 0)
        l->why =
            arena_printf(l->arena, "the server did not end well:\n%.*s", STR_ARG(shown_log(l)));
    if (!live_events_tell_nobody(l) && l->why.n == 0)
        l->why = STR("its event file holds a name or an address");
    *why = l->why.n > 0 ? l->why : str_from(left);
    SSL_CTX_free(l->tls);
    nftw(path_in(l, ""), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return good && l->why.n == 0;
}
