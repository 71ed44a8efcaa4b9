/* lifeline.c: datagrams between supervisor and server. The first octet says what, descriptors
 * ride along. */
#include "server/lifeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/watch.h"
#include "server/file.h"

enum {
    WORD_READY = 'R',
    WORD_DRAIN = 'D',
    WORD_RELOAD = 'L',
    WORD_REFUSED = 'N',
    WORD_ANCHOR = 'A'
};
enum { CONFIG_MAX = 4 * 1024 * 1024 };

struct passed {
    int config, certificate, key; /* of a reload; alone the first is the anchor's link */
};
enum { FD_COUNT = sizeof(struct passed) / sizeof(int) };

struct lifeline {
    int fd;
    struct watch *watch;
    const struct lifeline_handlers *handlers;
    void *ctx;
    struct passed kept; /* of the last reload; -1: none */
};

/* ---- Datagrams ---- */

static enum err send_word(int fd, char word, const int *fds, size_t count)
{
    char room[CMSG_SPACE(sizeof(struct passed))] = { 0 };
    struct iovec part = { &word, 1 };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

    if (count > 0) {
        struct cmsghdr *c = (struct cmsghdr *)room;

        m.msg_control = room;
        m.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof *fds);
        memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) == 1 ? ERR_NONE : ERR_IO;
}

/* The word, 0 if none is there now, -1 if the other side is gone. */
static int receive_word(int fd, struct passed *out_fds)
{
    char word, room[CMSG_SPACE(sizeof *out_fds)];
    struct iovec part = { &word, 1 };
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room
    };
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c;

    *out_fds = (struct passed){ -1, -1, -1 };
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len <= CMSG_LEN(sizeof *out_fds))
        memcpy(out_fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    return word;
}

static void close_fds(struct passed *fds)
{
    int list[FD_COUNT] = { fds->config, fds->certificate, fds->key };

    for (size_t i = 0; i < FD_COUNT; i++) {
        if (list[i] >= 0)
            close(list[i]);
    }
    *fds = (struct passed){ -1, -1, -1 };
}

/* ---- The server's side ---- */

static const struct config *read_config(int fd)
{
    const struct config *config = NULL;
    struct buf text, problems;

    /* What the supervisor wrote out of a checked configuration reads back; the problems are for
     * nobody. */
    buf_init(&text, CONFIG_MAX);
    buf_init(&problems, CONFIG_MAX);
    if (file_read_fd(fd, &text) != ERR_NONE
        || config_undump(buf_str(&text), &config, &problems) != ERR_NONE)
        config = NULL;
    buf_deinit(&text);
    buf_deinit(&problems);
    return config;
}

static void take_reload(struct lifeline *line, struct passed *fds)
{
    const struct config *config = read_config(fds->config);
    char certificate[LIFELINE_PATH_MAX], key[LIFELINE_PATH_MAX];
    struct passed before = line->kept;

    if (config == NULL) {
        close_fds(fds);
        return;
    }
    lifeline_path(fds->certificate, certificate);
    lifeline_path(fds->key, key);
    line->kept = *fds;
    line->handlers->reload(line->ctx, config, certificate, key);
    config_unref(config);
    close_fds(&before);
}

static void on_ready(void *ctx, bool readable, bool writable)
{
    struct lifeline *line = ctx;
    struct passed fds;
    int word = receive_word(line->fd, &fds);

    (void)readable;
    (void)writable;
    if (word == WORD_RELOAD) {
        take_reload(line, &fds);
        return;
    }
    if (word == WORD_ANCHOR && fds.config >= 0) {
        line->handlers->anchor(line->ctx, fds.config);
        return;
    }
    close_fds(&fds);
    if (word == WORD_DRAIN)
        line->handlers->drain(line->ctx);
    if (word == WORD_REFUSED)
        line->handlers->refused(line->ctx);
    if (word >= 0)
        return;
    watch_set(line->watch, false, false);
    line->handlers->orphaned(line->ctx);
}

struct lifeline *lifeline_new(struct loop *l, int fd, const struct lifeline_handlers *handlers,
                              void *ctx)
{
    struct lifeline *line = mem_alloc(sizeof *line);

    *line = (struct lifeline){ .fd = fd, .handlers = handlers, .ctx = ctx, .kept = { -1, -1, -1 } };
    line->watch = watch_new(l, fd, on_ready, line);
    watch_set(line->watch, true, false);
    return line;
}

void lifeline_ready(struct lifeline *line)
{
    enum err ignored =
        send_word(line->fd, WORD_READY, NULL, 0); /* a lost supervisor shows as `orphaned` */

    (void)ignored;
}

void lifeline_free(struct lifeline *line)
{
    if (line == NULL)
        return;
    watch_free(line->watch);
    close_fds(&line->kept);
    mem_free(line);
}

/* ---- The supervisor's side ---- */

void lifeline_path(int fd, char out[LIFELINE_PATH_MAX])
{
    snprintf(out, LIFELINE_PATH_MAX, "/proc/self/fd/%d", fd);
}

enum err lifeline_order(int fd, enum order order, int config_fd, int certificate_fd, int key_fd)
{
    int fds[FD_COUNT] = { config_fd, certificate_fd, key_fd };

    if (order != ORDER_RELOAD)
        return send_word(fd, order == ORDER_DRAIN ? WORD_DRAIN : WORD_REFUSED, NULL, 0);
    return send_word(fd, WORD_RELOAD, fds, FD_COUNT);
}

enum err lifeline_pass(int fd, int passed_fd)
{
    return send_word(fd, WORD_ANCHOR, &passed_fd, 1);
}

enum heard lifeline_hear(int fd)
{
    struct passed fds;
    int word = receive_word(fd, &fds);

    close_fds(&fds);
    return word == WORD_READY ? HEARD_READY : word < 0 ? HEARD_GONE : HEARD_NOTHING;
}
