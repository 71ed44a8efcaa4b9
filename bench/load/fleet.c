/* fleet.c: the loop between sockets and clients. */
#include "bench/load/fleet.h"

#include <openssl/rand.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "bench/load/clock.h"

enum { NONCE_SIZE = 18 };

enum err fleet_init(struct fleet *f, size_t n, const char *user_prefix, uint64_t timeout_ns)
{
    f->user_prefix = user_prefix;
    f->timeout_ns = timeout_ns;
    f->n = n;
    f->members = mem_alloc(n * sizeof *f->members);
    f->arrived = mem_alloc_raw(WIRE_READ_SIZE);
    f->plain = mem_alloc_raw(WIRE_READ_SIZE);
    list_init(&f->unsent);
    list_init(&f->pending);
    for (size_t i = 0; i < n; i++) {
        f->members[i].index = (unsigned)i;
        client_init(&f->members[i].client, &f->profile);
        wire_init(&f->members[i].wire);
    }
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    return f->epoll >= 0 ? ERR_NONE : ERR_IO;
}

void fleet_deinit(struct fleet *f)
{
    for (size_t i = 0; i < f->n; i++) {
        client_deinit(&f->members[i].client);
        wire_close(&f->members[i].wire);
    }
    if (f->epoll >= 0)
        close(f->epoll);
    mem_free(f->members);
    mem_free(f->arrived);
    mem_free(f->plain);
}

static void watch(struct fleet *f, struct member *m, uint32_t interest)
{
    struct epoll_event event = { .events = interest, .data.ptr = m };

    if (m->interest == interest)
        return;
    epoll_ctl(f->epoll, m->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, m->wire.fd, &event);
    m->interest = interest;
}

/* Closing the descriptor takes it out of epoll; events of this batch that still name the member are
 * recognised by its state. */
static void drop(struct fleet *f, struct member *m)
{
    wire_close(&m->wire);
    m->interest = 0;
    m->state = MEMBER_IDLE;
    list_remove(&m->unsent);
    list_remove(&m->pending);
    if (f->current == m)
        f->current = NULL;
}

static void name_client(struct fleet *f, struct member *m, unsigned account, unsigned resource)
{
    struct arena scratch = { 0 };
    uint8_t nonce[NONCE_SIZE];

    if (RAND_bytes(nonce, sizeof nonce) != 1)
        abort(); /* a system without randomness */
    client_reset(&m->client, arena_printf(&scratch, "%s%u", f->user_prefix, account),
                 arena_printf(&scratch, "load%u", resource),
                 base64_text(&scratch, bytes_of(nonce, sizeof nonce)));
    arena_deinit(&scratch);
}

enum err fleet_open(struct fleet *f, struct member *m, unsigned account, unsigned resource)
{
    enum err e;

    name_client(f, m, account, resource);
    if ((e = wire_open(&m->wire, &f->setup, m->index)) != ERR_NONE)
        return e;
    m->state = MEMBER_CONNECTING;
    m->opened_ns = clock_ns();
    list_add(&f->pending, &m->pending);
    watch(f, m, EPOLLOUT);
    return ERR_NONE;
}

void fleet_close(struct fleet *f, struct member *m)
{
    client_close(&m->client);
    m->state = MEMBER_CLOSING;
    m->opened_ns = clock_ns();
    list_remove(&m->pending);
    list_add(&f->pending, &m->pending);
    fleet_queue(f, m);
}

void fleet_queue(struct fleet *f, struct member *m)
{
    if (m->unsent.next == NULL)
        list_add(&f->unsent, &m->unsent);
}

/* A write that fails is noticed as a read that fails: one place to report. */
static void flush(struct fleet *f, struct member *m)
{
    bool done = true;

    if (m->state == MEMBER_CONNECTING || m->state == MEMBER_IDLE)
        return;
    if (!m->wire.handshaking && wire_write(&m->wire, buf_str(&m->client.out)) == ERR_NONE)
        buf_reset(&m->client.out);
    if (wire_flush(&m->wire, &done) != ERR_NONE)
        done = true;
    watch(f, m, done ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void flush_all(struct fleet *f)
{
    struct link *l;

    while ((l = list_pop(&f->unsent)) != NULL)
        flush(f, LIST_ENTRY(l, struct member, unsent));
}

/* To the nanosecond where the kernel can (Linux 5.11), else to the millisecond after. */
static int wait_for_events(struct fleet *f, uint64_t ns)
{
    struct timespec wait = { (time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND) };
    int n = epoll_pwait2(f->epoll, f->batch, FLEET_BATCH, &wait, NULL);

    if (n < 0 && errno == ENOSYS)
        n = epoll_wait(f->epoll, f->batch, FLEET_BATCH, (int)((ns + NS_PER_MS - 1) / NS_PER_MS));
    return n;
}

void fleet_turn(struct fleet *f, uint64_t until_ns)
{
    uint64_t now;

    flush_all(f);
    now = clock_ns();
    f->batch_n = wait_for_events(f, until_ns > now ? until_ns - now : 0);
    f->batch_at = 0;
}

/* ---- events ---- */

static bool lost(struct fleet *f, struct member *m, struct str why, struct fleet_event *out)
{
    bool expected = m->state == MEMBER_CLOSING;

    drop(f, m);
    *out = (struct fleet_event){ .kind = expected ? FLEET_CLOSED : FLEET_LOST,
                                 .member = m,
                                 .text = why };
    return true;
}

static struct str keep_reason(struct member *m, const char *what)
{
    buf_reset(&m->client.why);
    buf_add(&m->client.why, str_from(what));
    buf_add(&m->client.why, STR(": "));
    buf_add(&m->client.why, str_from(wire_reason()));
    return buf_str(&m->client.why);
}

static void start_tls(struct fleet *f, struct member *m)
{
    wire_start_tls(&m->wire, &f->setup);
    fleet_queue(f, m);
}

static bool connected(struct fleet *f, struct member *m, struct fleet_event *out)
{
    if (wire_connected(&m->wire) != ERR_NONE)
        return lost(f, m, keep_reason(m, "connecting failed"), out);
    m->state = MEMBER_LOGGING_IN;
    watch(f, m, EPOLLIN);
    if (f->profile.tls == CLIENT_DIRECT_TLS)
        start_tls(f, m);
    else
        client_open(&m->client);
    fleet_queue(f, m);
    return false;
}

/* What the engine says, for the mode; false if there was nothing for it. */
static bool translate(struct fleet *f, struct member *m, const struct client_event *in,
                      struct fleet_event *out)
{
    *out = (struct fleet_event){ .member = m, .text = in->text, .tag = in->tag };
    switch (in->kind) {
    case CLIENT_WANTS_TLS: start_tls(f, m); return false;
    case CLIENT_READY:
        m->state = MEMBER_READY;
        list_remove(&m->pending);
        out->kind = FLEET_READY;
        return true;
    case CLIENT_MESSAGE: out->kind = FLEET_MESSAGE; return true;
    case CLIENT_ACKED: out->kind = FLEET_ACKED; return true;
    case CLIENT_REFUSED: return lost(f, m, in->text, out);
    case CLIENT_ENDED: return lost(f, m, STR("the server ended the stream"), out);
    }
    return false;
}

/* Events that the engine has ready. */
static bool drain_client(struct fleet *f, struct member *m, struct fleet_event *out)
{
    struct client_event event;

    while (f->current == m && client_next(&m->client, &event))
        if (translate(f, m, &event, out))
            return true;
    return false;
}

/* Takes the next plain bytes of the current member to its engine. */
static bool read_current(struct fleet *f, struct fleet_event *out)
{
    struct member *m = f->current;
    struct str text;

    switch (wire_read(&m->wire, f->plain, &text)) {
    case WIRE_NOTHING: f->current = NULL; return false;
    case WIRE_TEXT: client_feed(&m->client, text); return false;
    case WIRE_SECURED:
        client_secured(&m->client);
        fleet_queue(f, m);
        return false;
    case WIRE_CLOSED: return lost(f, m, STR("the server closed the connection"), out);
    case WIRE_FAILED: return lost(f, m, keep_reason(m, "the connection failed"), out);
    }
    return false;
}

/* Works on the current member until it has an event or no more bytes. */
static bool work_current(struct fleet *f, struct fleet_event *out)
{
    struct member *m = f->current;

    while (f->current == m) {
        if (drain_client(f, m, out))
            return true;
        if (f->current == m && read_current(f, out))
            return true;
    }
    if (m->client.out.n > 0 || m->wire.out.n > 0) /* an answer, or a piece of a TLS handshake */
        fleet_queue(f, m);
    return false;
}

/* Takes the next entry of the batch. */
static bool begin_member(struct fleet *f, const struct epoll_event *event, struct fleet_event *out)
{
    struct member *m = event->data.ptr;

    if (m->state == MEMBER_IDLE)
        return false;
    if (m->state == MEMBER_CONNECTING)
        return connected(f, m, out);
    if (event->events & EPOLLOUT)
        fleet_queue(f, m);
    if ((event->events & ~(uint32_t)EPOLLOUT) == 0)
        return false;
    switch (wire_receive(&m->wire, f->arrived)) {
    case WIRE_CLOSED: return lost(f, m, STR("the server closed the connection"), out);
    case WIRE_FAILED: return lost(f, m, keep_reason(m, "the connection failed"), out);
    case WIRE_TEXT: f->current = m; return false;
    default: return false;
    }
}

static bool overdue(struct fleet *f, struct fleet_event *out)
{
    struct link *l = list_first(&f->pending);
    struct member *m = l != NULL ? LIST_ENTRY(l, struct member, pending) : NULL;

    if (m == NULL || clock_ns() - m->opened_ns < f->timeout_ns)
        return false;
    return lost(f, m, STR("no answer from the server in time"), out);
}

bool fleet_next(struct fleet *f, struct fleet_event *out)
{
    for (;;) {
        if (f->current != NULL && work_current(f, out))
            return true;
        if (f->batch_at >= f->batch_n)
            return overdue(f, out);
        if (begin_member(f, &f->batch[f->batch_at++], out))
            return true;
    }
}
