/* child.c: start the server process, and be it. */
#include "server/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "io/tls.h"
#include "server/file.h"
#include "server/lifeline.h"
#include "server/sandbox.h"

#define HANDOVER_NAME "sottod-handover"

enum { CONFIG_MAX = 4 * 1024 * 1024, SECRETS_SIZE = 64 * 1024 };

/* ---- In the supervisor ---- */

static void keep_open(int fd)
{
    fcntl(fd, F_SETFD, 0);
}

/* Between fork and exec. Nothing here may return. */
static void become_server(int program, int handover_fd, const struct handover *h)
{
    char *const argv[] = { CHILD_NAME, NULL };
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!sandbox_tie_to_parent(h->supervisor_pid))
        _exit(1);
    keep_open(h->config_fd);
    keep_open(h->certificate_fd);
    keep_open(h->key_fd);
    keep_open(h->data_dir_fd);
    keep_open(h->server_lock_fd);
    keep_open(h->control_fd);
    keep_open(h->supervisor_fd);
    for (size_t i = 0; i < h->listener_count; i++) {
        for (unsigned w = 0; w < h->workers; w++)
            keep_open(h->listeners[i].fds[w]);
    }
    if (dup2(handover_fd, HANDOVER_FD) == HANDOVER_FD)
        fexecve(program, argv, environ);
    _exit(1);
}

static int write_handover(const struct handover *h)
{
    struct buf text;
    int fd;

    buf_init(&text, HANDOVER_MAX);
    handover_write(h, &text);
    fd = file_memory(HANDOVER_NAME, buf_bytes(&text));
    buf_deinit(&text);
    return fd;
}

enum err child_start(int program, const struct handover *h, pid_t *out_pid, int *out_fd)
{
    struct handover given = *h;
    int pair[2], text;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return ERR_IO;
    given.supervisor_pid = getpid();
    given.supervisor_fd = pair[1];
    text = write_handover(&given);
    pid = text >= 0 ? fork() : -1;
    if (pid == 0)
        become_server(program, text, &given);
    if (text >= 0)
        close(text);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return ERR_IO;
    }
    *out_pid = pid;
    *out_fd = pair[0];
    return ERR_NONE;
}

/* ---- In the server process ---- */

/* Not argv[0], which anybody chooses and valgrind replaces: only a supervisor makes this
 * descriptor. */
bool child_is_wanted(void)
{
    static const char memory[] = "/memfd:" HANDOVER_NAME;
    char fd_path[LIFELINE_PATH_MAX], name[sizeof memory - 1];
    int seals = fcntl(HANDOVER_FD, F_GET_SEALS);

    lifeline_path(HANDOVER_FD, fd_path);
    return seals >= 0 && (seals & F_SEAL_WRITE) != 0
           && readlink(fd_path, name, sizeof name) == sizeof name
           && memcmp(name, memory, sizeof name) == 0;
}

struct child {
    struct handover handover;
    struct arena arena;
    const struct config *config;
    struct secrets *secrets;
    uint8_t *server_key;
    struct log *log;
    struct tls_context *fetch_tls;
    int statm_fd, fds_fd;
};

static enum err read_whole(int fd, size_t limit, struct arena *a, struct str *out)
{
    struct buf text;
    enum err e;

    buf_init(&text, limit);
    e = file_read_fd(fd, &text);
    if (e == ERR_NONE)
        *out = arena_str(a, buf_str(&text));
    buf_deinit(&text);
    close(fd);
    return e;
}

static enum err take_handover(struct child *c)
{
    struct buf problems;
    struct str text;
    enum err e;

    if ((e = read_whole(HANDOVER_FD, HANDOVER_MAX, &c->arena, &text)) != ERR_NONE)
        return e;
    if ((e = handover_read(text, &c->arena, &c->handover)) != ERR_NONE)
        return e;
    if ((e = read_whole(c->handover.config_fd, CONFIG_MAX, &c->arena, &text)) != ERR_NONE)
        return e;
    buf_init(&problems, CONFIG_MAX);
    e = config_undump(text, &c->config, &problems);
    buf_deinit(&problems);
    return e;
}

static enum err take_server_key(struct child *c)
{
    int fd = openat(c->handover.data_dir_fd, "server.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, c->server_key, SERVER_KEY_SIZE) : -1;

    if (fd >= 0)
        close(fd);
    return n == SERVER_KEY_SIZE ? ERR_NONE : ERR_IO;
}

static void start_log(struct child *c)
{
    uint8_t key[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of(c->server_key, SERVER_KEY_SIZE),
         bytes_of_str(STR("accounts in the log")), key);
    c->log = log_new(STDERR_FILENO, c->config->log.level, c->config->log.format, key);
    secure_zero(key, sizeof key);
}

/* The authorities that others' certificates lead to have to be read before the sandbox closes. */
static void prepare_fetching(struct child *c)
{
    const char *authorities = tls_system_authorities();
    struct str why = STR("this system has no list of authorities (ca-certificates)");

    if (c->config->limits.fetch_bytes == 0 || c->config->listen.address[LISTEN_HTTPS].count == 0)
        return;
    if (authorities == NULL
        || tls_context_new_client(authorities, "http/1.1", &c->fetch_tls, &why, &c->arena)
               != ERR_NONE)
        LOG(c->log, WARN, "fetch.off", log_text("why", why));
}

static enum err give_up_powers(struct child *c)
{
    const char *folders[2] = { c->config->server.data_dir.p,
                               config_store_folder(c->config, &c->arena) };
    struct sandbox_rules rules = { folders, folders[1] != NULL ? 2 : 1,
                                   c->fetch_tls != NULL || c->config->s2s.pin.count > 0 };
    enum err e;

    if ((e = sandbox_drop_root(c->log)) != ERR_NONE)
        return e;
    /* Changing the user has cut the tie that the supervisor made before exec. */
    if (!sandbox_tie_to_parent(c->handover.supervisor_pid))
        return ERR_IO;
    return sandbox_enter(&rules, c->log);
}

static int run(struct child *c)
{
    char certificate[LIFELINE_PATH_MAX], key[LIFELINE_PATH_MAX];
    const struct handover *h = &c->handover;
    struct server_boot boot = {
        .config = c->config,
        .listeners = h->listeners,
        .listener_count = h->listener_count,
        .data_dir = c->config->server.data_dir.p,
        .data_dir_fd = h->data_dir_fd,
        .certificate = certificate,
        .key = key,
        .self_signed = h->self_signed,
        .fetch_tls = c->fetch_tls,
        .statm_fd = c->statm_fd,
        .fds_fd = c->fds_fd,
        .control_fd = h->control_fd,
        .supervisor_fd = h->supervisor_fd,
        .server_key = c->server_key,
        .secrets = c->secrets,
        .log = c->log,
    };

    lifeline_path(h->certificate_fd, certificate);
    lifeline_path(h->key_fd, key);
    /* SQLite sorts in files that must lie where we may write. */
    setenv("SQLITE_TMPDIR", arena_printf(&c->arena, "%s/tmp", boot.data_dir).p, 1);
    return server_run(&boot);
}

int child_main(void)
{
    struct child c = { 0 };
    int status = 1;

    prctl(PR_SET_NAME, CHILD_NAME);
    signal(SIGPIPE, SIG_IGN);
    /* The supervisor hears Ctrl-C and SIGTERM of the terminal's group, and tells us what to do. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    c.secrets = secrets_new(SECRETS_SIZE);
    c.server_key = secrets_alloc(c.secrets, SERVER_KEY_SIZE);
    if (take_handover(&c) != ERR_NONE || take_server_key(&c) != ERR_NONE) {
        fprintf(stderr,
                "sottod: the server process did not get what the supervisor should hand over\n");
        goto done;
    }
    start_log(&c);
    if (!secrets_locked(c.secrets))
        LOG(c.log, WARN, "secrets.unlocked",
            log_text("why", STR("the limit of locked memory is too small")));
    c.statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    c.fds_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    prepare_fetching(&c);
    if (give_up_powers(&c) == ERR_NONE)
        status = run(&c);
    tls_context_unref(c.fetch_tls);
    log_free(c.log);
done:
    config_unref(c.config);
    secrets_free(c.secrets);
    arena_deinit(&c.arena);
    return status;
}
