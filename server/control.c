/* control.c: connections of the control socket: lines in, one call at a time each, lines out. */
#include "server/control.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/watch.h"
#include "server/control_parse.h"

enum { REPLY_MAX = 256 * 1024 * 1024, READ_STEP = 4096, TABLES_MAX = 8 };
enum { PROGRESS_BACKLOG_MAX = 16 * 1024 }; /* who does not read gets no more of it */

struct control {
    struct loop *loop;
    int fd;
    struct watch *watch;
    const struct config *config;
    struct log *log;
    struct control_table tables[TABLES_MAX];
    size_t table_count;
    struct list peers;
    size_t peer_count;
};

/* A peer lives until its call has ended or the whole socket is freed, even if nobody is there
 * any more. */
struct control_peer {
    struct link link;
    struct control *control;
    int fd;
    struct watch *watch;
    struct buf in, out;
    struct control_call *call; /* NULL: reads the next line */
    bool working;              /* inside peer_work() */
    bool ended;                /* has sent all that it will send */
    bool broken;               /* takes nothing any more */
};

/* ---- Peers ---- */

static void peer_free(struct control_peer *p)
{
    list_remove(&p->link);
    p->control->peer_count--;
    watch_free(p->watch);
    close(p->fd);
    if (p->in.p != NULL)
        secure_zero(p->in.p, p->in.room); /* passwords came this way */
    buf_deinit(&p->in);
    buf_deinit(&p->out);
    mem_free(p);
}

static void peer_flush(struct control_peer *p)
{
    while (p->out.n > 0 && !p->broken) {
        ssize_t n = send(p->fd, p->out.p, p->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0 && errno != EINTR)
            p->broken = true;
        buf_consume(&p->out, n > 0 ? (size_t)n : 0);
    }
    /* Reading stops while a call is in work: what comes meanwhile waits in the kernel. */
    watch_set(p->watch, p->call == NULL && !p->ended && !p->broken, p->out.n > 0 && !p->broken);
}

static void peer_write(struct control_peer *p, json_t *reply)
{
    char *text = json_dumps(reply, JSON_COMPACT);

    buf_add(&p->out, str_from(text));
    buf_add_char(&p->out, '\n');
    control_json_free(text);
    json_decref(reply);
}

static json_t *refusal(const char *code, struct str why)
{
    return json_pack("{s:b,s:s%,s:s}", "ok", 0, "error", why.p, why.n, "code", code);
}

/* ---- Calls ---- */

bool control_gone(const struct control_call *call)
{
    return call->peer == NULL || call->peer->broken;
}

void control_progress(struct control_call *call, uint64_t done, uint64_t total)
{
    struct control_peer *p = call->peer;

    if (p == NULL || p->out.n > PROGRESS_BACKLOG_MAX)
        return;
    peer_write(p, json_pack("{s:{s:I,s:I}}", "progress", "done", (json_int_t)done, "total",
                            (json_int_t)total));
    peer_flush(p);
}

static void call_free(struct control_call *call)
{
    secure_zero((char *)call->args.password.p, call->args.password.n);
    arena_deinit(&call->arena);
    mem_free(call);
}

static void call_start(struct control_peer *p, struct str line)
{
    const struct control *control = p->control;
    struct control_call *call = mem_alloc(sizeof *call);
    const struct control_command *command = NULL;
    struct control_problem problem;

    call->peer = p;
    p->call = call;
    if (control_parse(line, control->tables, control->table_count, control->config, &call->arena,
                      &command, &call->ctx, &call->args, &problem)
        != ERR_NONE) {
        control_fail(call, problem.code, problem.why);
        return;
    }
    LOG(control->log, INFO, "control.command", log_text("name", str_from(command->name)));
    command->handler(call);
}

/* Lines that are here, one call after the other. A handler that answers at once comes back into
 * this loop and not deeper. Frees the peer when all is done. */
static void peer_work(struct control_peer *p)
{
    struct str in;
    size_t n;

    if (p->working)
        return;
    p->working = true;
    while (p->call == NULL && !p->broken && (in = buf_str(&p->in), n = str_find(in, '\n')) < in.n) {
        call_start(p, str_slice(in, 0, n));
        buf_consume(&p->in, n + 1);
    }
    p->working = false;
    if (p->call == NULL && p->in.n == CONTROL_LINE_MAX) {
        peer_write(p, refusal("usage", STR("the line is too long")));
        buf_reset(&p->in);
        p->ended = true;
    }
    peer_flush(p);
    if (p->call == NULL && (p->broken || (p->ended && p->out.n == 0)))
        peer_free(p);
}

static void finish(struct control_call *call, json_t *reply)
{
    struct control_peer *p = call->peer;

    call_free(call);
    if (p == NULL) {
        json_decref(reply);
        return;
    }
    p->call = NULL;
    peer_write(p, reply);
    peer_work(p);
}

void control_done(struct control_call *call, json_t *result)
{
    finish(call, json_pack("{s:b,s:o}", "ok", 1, "result", result != NULL ? result : json_null()));
}

void control_fail(struct control_call *call, const char *code, struct str why)
{
    finish(call, refusal(code, why));
}

void control_fail_err(struct control_call *call, enum err e, const char *what)
{
    static const char *const codes[] = {
        [ERR_MALFORMED] = "usage",     [ERR_TOO_BIG] = "too-big",
        [ERR_UNSUPPORTED] = "unbuilt", [ERR_DENIED] = "denied",
        [ERR_MISSING] = "missing",     [ERR_EXISTS] = "exists",
        [ERR_CONFLICT] = "conflict",   [ERR_FULL] = "full",
        [ERR_TIMEOUT] = "timeout",     [ERR_IO] = "io",
    };

    control_fail(call, codes[e], arena_printf(&call->arena, "%s: %s", what, err_text(e)));
}

/* ---- The socket ---- */

static void peer_read(struct control_peer *p)
{
    size_t before = p->in.n,
           step = CONTROL_LINE_MAX - before < READ_STEP ? CONTROL_LINE_MAX - before : READ_STEP;
    char *at = step > 0 ? buf_extend(&p->in, step) : NULL;
    ssize_t n = at != NULL ? recv(p->fd, at, step, MSG_DONTWAIT) : -1;
    int why = errno;

    buf_cut(&p->in, before + (n > 0 ? (size_t)n : 0));
    if (n == 0)
        p->ended = true;
    else if (n < 0 && at != NULL && why != EAGAIN && why != EINTR)
        p->broken = true;
}

static void on_peer(void *ctx, bool readable, bool writable)
{
    struct control_peer *p = ctx;

    (void)writable;
    if (readable && p->call == NULL && !p->ended)
        peer_read(p);
    peer_work(p);
}

/* The mode of the socket says so already; this also holds where somebody has changed it. */
static bool may_command(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0
           && (peer.uid == 0 || peer.uid == geteuid());
}

static void peer_new(struct control *c, int fd)
{
    struct control_peer *p = mem_alloc(sizeof *p);

    p->control = c;
    p->fd = fd;
    buf_init(&p->in, CONTROL_LINE_MAX);
    buf_init(&p->out, REPLY_MAX);
    p->watch = watch_new(c->loop, fd, on_peer, p);
    list_add(&c->peers, &p->link);
    c->peer_count++;
    watch_set(p->watch, true, false);
}

static void on_socket(void *ctx, bool readable, bool writable)
{
    struct control *c = ctx;
    int fd;

    (void)readable;
    (void)writable;
    while ((fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        if (c->peer_count < CONTROL_CONNECTIONS_MAX && may_command(fd))
            peer_new(c, fd);
        else
            close(fd);
    }
}

struct control *control_new(struct loop *l, int listening_fd, const struct config *config,
                            struct log *log)
{
    struct control *c = mem_alloc(sizeof *c);

    control_json_init();
    c->loop = l;
    c->fd = listening_fd;
    c->config = config;
    c->log = log;
    list_init(&c->peers);
    c->watch = watch_new(l, listening_fd, on_socket, c);
    watch_set(c->watch, true, false);
    return c;
}

void control_add(struct control *c, const struct control_command *commands, size_t count, void *ctx)
{
    assert(c->table_count < TABLES_MAX);
    c->tables[c->table_count++] = (struct control_table){ commands, count, ctx };
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    LIST_EACH (&c->peers, link) {
        struct control_peer *p = LIST_ENTRY(link, struct control_peer, link);

        if (p->call != NULL)
            p->call->peer = NULL; /* its handler finds nobody to answer */
        peer_free(p);
    }
    watch_free(c->watch);
    mem_free(c);
}
