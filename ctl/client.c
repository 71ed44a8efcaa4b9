/* client.c: lines of JSON over a Unix socket. */
#include "ctl/client.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_MAX = 256 * 1024 * 1024, READ_STEP = 64 * 1024 };

/* A socket's path has room for 107 bytes; by way of a descriptor of its folder any path fits. */
static bool connect_to(int fd, const char *path, struct arena *a)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    const char *folder = dirname((char *)arena_printf(a, "%s", path).p);
    const char *base = basename((char *)arena_printf(a, "%s", path).p);
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool connected;
    int why;

    if (folder_fd < 0)
        return false;
    connected = (size_t)snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/%s",
                                 folder_fd, base)
                    < sizeof name.sun_path
                && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    why = errno;
    close(folder_fd);
    errno = why;
    return connected;
}

enum err client_open(const char *path, struct client *out, struct str *why, struct arena *a)
{
    struct client c = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };

    if (c.fd >= 0 && connect_to(c.fd, path, a)) {
        buf_init(&c.in, REPLY_MAX);
        *out = c;
        return ERR_NONE;
    }
    *why = arena_printf(a,
                        "no server answers at %s (%s); is sottod running? -s SOCKET or "
                        "$SOTTO_SOCKET names another place",
                        path, strerror(errno));
    if (c.fd >= 0)
        close(c.fd);
    return ERR_MISSING;
}

void client_close(struct client *c)
{
    close(c->fd);
    buf_deinit(&c->in);
}

enum err client_send(struct client *c, const json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    struct buf line;
    enum err e = ERR_NONE;

    buf_init(&line, REPLY_MAX);
    buf_add(&line, str_from(text));
    buf_add_char(&line, '\n');
    for (size_t sent = 0; sent < line.n && e == ERR_NONE;) {
        ssize_t n = send(c->fd, line.p + sent, line.n - sent, MSG_NOSIGNAL);

        if (n > 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            e = ERR_IO;
    }
    secure_zero(text, strlen(text)); /* it may hold a password */
    secure_zero(line.p, line.n);
    mem_free(text);
    buf_deinit(&line);
    return e;
}

static enum err read_more(struct client *c)
{
    size_t before = c->in.n;
    char *at = buf_extend(&c->in, READ_STEP);
    ssize_t n = at != NULL ? recv(c->fd, at, READ_STEP, 0) : -1;

    buf_cut(&c->in, before + (n > 0 ? (size_t)n : 0));
    return n > 0 || (n < 0 && at != NULL && errno == EINTR) ? ERR_NONE : ERR_IO;
}

enum err client_receive(struct client *c, json_t **out)
{
    size_t searched = 0;
    json_error_t error;
    json_t *value;
    enum err e;

    while (c->in.n == searched || memchr(c->in.p + searched, '\n', c->in.n - searched) == NULL) {
        searched = c->in.n;
        if ((e = read_more(c)) != ERR_NONE)
            return e;
    }
    value = json_loadb(c->in.p, str_find(buf_str(&c->in), '\n'), 0, &error);
    buf_consume(&c->in, str_find(buf_str(&c->in), '\n') + 1);
    if (!json_is_object(value)) {
        json_decref(value);
        return ERR_MALFORMED;
    }
    *out = value;
    return ERR_NONE;
}
