/* keyring_helper.c: see keyring_helper.h. */
#include "cli/keyring_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "io/loop.h"

/* Somebody may have to type the keyring's password first. */
enum { PATIENCE_MS = 120 * 1000, TOLD_ROOM = 1024 };

/* Exit statuses of the helper: keyring/main.c. */
enum { KEYRING_MISSING = 3, KEYRING_LOCKED, KEYRING_NONE };

extern char **environ;

struct told {
    char text[TOLD_ROOM];
    size_t n;
    int status; /* its exit status; -1: it could not be run; -2: it did not come to an end */
};

/* Beside this program and nowhere else: what PATH finds is not to be handed keys. */
static const char *helper_path(struct arena *a)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    while (n > 0 && path[n - 1] != '/')
        n--;
    return arena_printf(a, "%.*ssotto-keyring", n > 0 ? (int)n : 0, path).p;
}

static int spawn(const char *path, char *const argv[], int channel, pid_t *out)
{
    posix_spawn_file_actions_t files;
    int error;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, channel, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, channel, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = posix_spawn(out, path, &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Until it closes its end; what does not fit is none of its answers. False: time is up. */
static bool listen_to(int channel, struct told *t)
{
    uint64_t until = clock_steady_ms() + PATIENCE_MS, now;

    while (t->n < sizeof t->text && (now = clock_steady_ms()) < until) {
        struct pollfd wait = { .fd = channel, .events = POLLIN };
        ssize_t n = poll(&wait, 1, (int)(until - now)) > 0
                        ? recv(channel, t->text + t->n, sizeof t->text - t->n, 0)
                        : -1;

        if (n == 0 || (n < 0 && wait.revents != 0 && errno != EINTR))
            return true;
        t->n += n > 0 ? (size_t)n : 0;
    }
    return false;
}

static int end_of(pid_t helper, bool in_time)
{
    int status = 0;

    if (!in_time)
        kill(helper, SIGTERM);
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void run(struct arena *a, char *const argv[], struct str input, struct told *t)
{
    int channel[2];
    pid_t helper;

    *t = (struct told){ .status = -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
        return;
    if (spawn(helper_path(a), argv, channel[1], &helper) == 0) {
        close(channel[1]);
        if (input.n > 0)
            (void)send(channel[0], input.p, input.n, MSG_NOSIGNAL);
        shutdown(channel[0], SHUT_WR);
        t->status = end_of(helper, listen_to(channel[0], t));
    } else {
        close(channel[1]);
    }
    close(channel[0]);
}

static enum err understand(const struct told *t, struct str *why)
{
    switch (t->status) {
    case 0: return ERR_NONE;
    case -1:
        *why = STR("the program sotto-keyring is not installed beside this one");
        return ERR_UNSUPPORTED;
    case KEYRING_MISSING:
        *why = STR("the keyring of this desktop has no key for this store any more");
        return ERR_MISSING;
    case KEYRING_LOCKED: *why = STR("the keyring of this desktop stays locked"); return ERR_DENIED;
    case KEYRING_NONE:
        *why = STR("there is no keyring in this session (no Secret Service on its D-Bus)");
        return ERR_UNSUPPORTED;
    default: *why = STR("the keyring of this desktop does not answer"); return ERR_IO;
    }
}

static char *argument(struct arena *a, struct str text)
{
    return (char *)arena_printf(a, "%.*s", STR_ARG(text)).p;
}

enum err keyring_get(struct arena *a, struct str name, struct bytes *out, struct str *why)
{
    char *argv[] = { "sotto-keyring", "get", argument(a, name), NULL };
    struct told t;
    enum err e;

    run(a, argv, STR_NONE, &t);
    e = understand(&t, why);
    if (e == ERR_NONE
        && (hex_read(a, str_trim((struct str){ t.text, t.n }), out) != ERR_NONE
            || out->n != KEYRING_KEY)) {
        *why = STR("what the keyring holds for this store is no key");
        e = ERR_MALFORMED;
    }
    secure_zero(&t, sizeof t);
    return e;
}

enum err keyring_put(struct arena *a, struct str name, struct str label, struct bytes key,
                     struct str *why)
{
    char *argv[] = { "sotto-keyring", "put", argument(a, name), argument(a, label), NULL };
    struct str digits = hex_text(a, key);
    struct told t;

    run(a, argv, digits, &t);
    secure_zero((void *)digits.p, digits.n);
    return understand(&t, why);
}

void keyring_clear(struct arena *a, struct str name)
{
    char *argv[] = { "sotto-keyring", "clear", argument(a, name), NULL };
    struct told t;

    run(a, argv, STR_NONE, &t);
}
