/* fetch.c: see fetch.h. One fetch from its ticket to its end. */
#include "server/web/fetch.h"

#include "base/ip.h"
#include "http/answer.h"
#include "http/target.h"
#include "http/url.h"
#include "io/conn.h"
#include "io/connect.h"
#include "server/web/routes.h"

enum {
    RUNNING_MAX = 64,          /* at a time, of one worker */
    HEAD_MS = 30 * 1000,       /* for the way there and the head, redirects included */
    PIECE_MS = 30 * 1000,      /* for the next piece */
    WHOLE_MS = 30 * 60 * 1000, /* for all of it */
    REDIRECTS_MAX = 3,
    HELD_MAX = 64 * 1024, /* twice what one call of `received` brings */
    REQUEST_MAX = URL_MAX + 1024,
    AGAIN_MS = 10 * 1000,
};

struct fetch {
    struct link link; /* relay.running */
    struct fetch_relay *relay;
    struct exchange *exchange;   /* NULL: answered */
    struct fetch_ticket *ticket; /* NULL: given back */
    struct arena arena;          /* of the URL and where it redirects to */
    struct https_url url;
    struct connect *connect;
    struct conn *conn;  /* to the other host; NULL: not yet, or gone */
    struct str checked; /* the address that it is on, for the way of a redirect */
    struct timer *deadline;
    uint64_t until_ms; /* of WHOLE_MS */
    struct answer_parser parser;
    struct buf held; /* read and not parsed */
    uint64_t bytes;  /* of the body */
    unsigned redirects;
    bool begun;     /* the head of our answer has left */
    bool writing;   /* a piece is on its way to the person */
    bool whole;     /* the last one was */
    bool following; /* a redirect: as soon as the connection is gone */
    bool running;   /* fetch_go_on() is on the stack */
};

/* ---- The end --------------------------------------------------------------------------------------- */

static void free_if_over(struct fetch *f)
{
    if (f->exchange != NULL || f->running || (f->conn != NULL && !f->relay->over))
        return;
    list_remove(&f->link);
    f->relay->count--;
    timer_free(f->deadline);
    answer_parser_deinit(&f->parser);
    buf_deinit(&f->held);
    arena_deinit(&f->arena);
    mem_free(f);
}

static void give_back(struct fetch *f)
{
    f->ticket->fetched_bytes = f->bytes;
    if (f->relay->over)
        fetch_ticket_free(f->ticket);
    else
        f->relay->give_back(f->relay->ctx, f->ticket);
    f->ticket = NULL;
}

/* The exchange has been ended. The connection to the other host may still have to report that it is gone. */
static void fetch_end(struct fetch *f)
{
    f->exchange = NULL;
    give_back(f);
    timer_stop(f->deadline);
    connect_free(f->connect);
    f->connect = NULL;
    if (f->conn != NULL && !f->relay->over)
        conn_abort(f->conn);
    free_if_over(f);
}

/* What has begun can only be cut off. */
static void fetch_fail(struct fetch *f, unsigned status, struct str sentence)
{
    struct exchange *x = f->exchange;

    if (f->begun) {
        x->last = true;
        exchange_end(x);
    } else {
        exchange_say(x, status, false, sentence);
    }
    fetch_end(f);
}

static void fetch_whole(struct fetch *f)
{
    exchange_end(f->exchange);
    fetch_end(f);
}

/* How it went wrong there stays there: a status that told more would make this server a scanner. */
static void host_failed(struct fetch *f)
{
    fetch_fail(f, 502, STR("The file could not be fetched from its host."));
}

static void too_late(void *ctx)
{
    fetch_fail(ctx, 504, STR("The file's host did not answer in time."));
}

static void expect_within(struct fetch *f, uint64_t ms)
{
    uint64_t now_ms = clock_steady_ms(), left = f->until_ms > now_ms ? f->until_ms - now_ms : 0;

    timer_start(f->deadline, ms < left ? ms : left);
}

/* ---- Our answer ------------------------------------------------------------------------------------ */

static void fetch_go_on(struct fetch *f);

static void piece_sent(struct exchange *x)
{
    struct fetch *f = x->state;

    f->writing = false;
    if (exchange_gone(x)) {
        exchange_end(x);
        fetch_end(f);
    } else if (f->whole) {
        fetch_whole(f);
    } else {
        fetch_go_on(f);
    }
}

static void send_piece(struct fetch *f, struct str bytes)
{
    f->writing = true;
    timer_stop(f->deadline); /* the person has a deadline of its own: exchange_write() */
    exchange_write(f->exchange, bytes, piece_sent);
}

/* RFC 9112 §7.1; an empty one is the last. */
static void send_chunk(struct fetch *f, struct str body)
{
    struct buf out;
    struct arena a = { 0 };

    buf_init(&out, body.n + 64);
    buf_add(&out, arena_printf(&a, "%zx\r\n", body.n));
    buf_add(&out, body);
    buf_add(&out, STR("\r\n"));
    send_piece(f, buf_str(&out));
    buf_deinit(&out);
    arena_deinit(&a);
}

static void pass_on(struct fetch *f, struct str body)
{
    f->bytes += body.n;
    if (f->bytes > f->ticket->limit_bytes) /* announced it is refused at its head */
        fetch_fail(f, 413, STR_NONE);
    else if (f->parser.answer.chunked)
        send_chunk(f, body);
    else
        send_piece(f, body);
}

static void pass_end(struct fetch *f)
{
    f->whole = true;
    if (f->parser.answer.chunked)
        send_chunk(f, STR(""));
    else
        fetch_whole(f);
}

static void begin(struct fetch *f)
{
    static const struct http_field more[] = {
        { STR_INIT("Content-Disposition"), STR_INIT("attachment") },
    };

    f->begun = true;
    exchange_begin(f->exchange,
                   &(struct http_response){ .status = 200,
                                            .type = STR("application/octet-stream"),
                                            .policy = STR("default-src 'none'; sandbox; "
                                                          "frame-ancestors 'none'"),
                                            .length = f->parser.answer.length,
                                            .chunked = f->parser.answer.chunked,
                                            .more = more,
                                            .more_count = COUNT_OF(more) });
}

/* ---- The other host's answer ----------------------------------------------------------------------- */

static void set_out(struct fetch *f, struct str address);

static void follow_on(struct fetch *f)
{
    f->following = false;
    set_out(f, f->checked);
}

/* On the same host, by the address that was checked: a name that pointed elsewhere meanwhile leads nowhere. */
static void follow(struct fetch *f)
{
    const struct http_answer *answer = &f->parser.answer;
    struct str location = http_field_find(answer->fields, answer->field_count, "Location");

    if (f->redirects == REDIRECTS_MAX
        || https_url_follow(&f->arena, &f->url, location, &f->url) != ERR_NONE) {
        host_failed(f);
        return;
    }
    f->redirects++;
    f->following = true;
    answer_parser_deinit(&f->parser);
    answer_parser_init(&f->parser);
    buf_reset(&f->held);
    if (f->conn != NULL)
        conn_abort(f->conn); /* when it is gone, the next one sets out */
    else
        follow_on(f);
}

static void answered(struct fetch *f)
{
    const struct http_answer *answer = &f->parser.answer;

    switch (answer->status) {
    case 200:
        if (answer->length > f->ticket->limit_bytes)
            fetch_fail(f, 413, STR("The file is too large to be fetched."));
        else
            begin(f);
        break;
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: follow(f); break;
    case 404:
    case 410: fetch_fail(f, 404, STR("The file's host does not have it, or not any more.")); break;
    default: host_failed(f); break;
    }
}

/* Everything that was read is parsed: the other host is read again, if it is still there. */
static void read_on(struct fetch *f)
{
    if (f->conn == NULL) { /* cut off in the middle of it */
        host_failed(f);
        return;
    }
    if (f->begun)
        expect_within(f, PIECE_MS);
    conn_pause(f->conn, false);
}

static void take_event(struct fetch *f, const struct answer_event *e)
{
    switch (e->kind) {
    case ANSWER_MORE: read_on(f); break;
    case ANSWER_HEAD: answered(f); break;
    case ANSWER_BODY: pass_on(f, e->body); break;
    case ANSWER_DONE: pass_end(f); break;
    case ANSWER_REFUSED: host_failed(f); break;
    }
}

/* True while there is something to do here and now. */
static bool fetch_step(struct fetch *f)
{
    struct str in = buf_str(&f->held);
    struct answer_event e;
    size_t used;

    if (f->exchange == NULL || f->writing || f->following || f->connect != NULL)
        return false;
    answer_parse(&f->parser, &in, &e);
    used = f->held.n - in.n;
    if (e.kind != ANSWER_BODY) /* which borrows it */
        buf_consume(&f->held, used);
    take_event(f, &e);
    if (e.kind == ANSWER_BODY)
        buf_consume(&f->held, used);
    return e.kind != ANSWER_MORE;
}

static void fetch_go_on(struct fetch *f)
{
    if (f->running)
        return;
    f->running = true;
    while (fetch_step(f))
        ;
    f->running = false;
    free_if_over(f);
}

/* ---- The connection to the other host -------------------------------------------------------------- */

static void on_received(void *ctx, struct str bytes)
{
    struct fetch *f = ctx;

    if (f->exchange == NULL || f->following)
        return;
    buf_add(&f->held, bytes);
    conn_pause(f->conn, true); /* until all of it has been taken */
    fetch_go_on(f);
}

/* No word of who asks, or with what: the least that a request can say. */
static void on_secured(void *ctx)
{
    struct fetch *f = ctx;
    const struct https_url *url = &f->url;
    struct arena a = { 0 };
    struct str port = url->port == HTTPS_PORT ? STR("") : arena_printf(&a, ":%u", url->port);

    if (f->exchange != NULL)
        conn_write(f->conn, arena_printf(&a,
                                         "GET %.*s HTTP/1.1\r\nHost: %.*s%.*s\r\nAccept: */*\r\n"
                                         "Accept-Encoding: identity\r\nConnection: close\r\n\r\n",
                                         STR_ARG(url->target), STR_ARG(url->host), STR_ARG(port)));
    arena_deinit(&a);
}

static void on_closed(void *ctx, enum err why)
{
    struct fetch *f = ctx;

    (void)why; /* it would name the host, if only by what is wrong with it */
    f->conn = NULL;
    if (f->following && f->exchange != NULL)
        follow_on(f);
    else
        fetch_go_on(f);
}

static const struct conn_handlers handlers = {
    .received = on_received,
    .secured = on_secured,
    .closed = on_closed,
};

static struct str address_text(struct arena *a, struct peer_address at)
{
    struct str ip = ip6_text(a, at.ip), mapped = STR("::ffff:");

    return str_starts(ip, mapped)
               ? arena_printf(a, "%.*s:%u", STR_ARG(str_skip(ip, mapped.n)), at.port)
               : arena_printf(a, "[%.*s]:%u", STR_ARG(ip), at.port);
}

static void on_connected(void *ctx, int fd, bool tls)
{
    struct fetch *f = ctx;

    (void)tls; /* always */
    connect_free(f->connect);
    f->connect = NULL;
    f->conn = conn_accept(f->exchange->host->loop, fd, &handlers, f);
    if (f->conn == NULL) {
        host_failed(f);
        return;
    }
    f->checked = address_text(&f->arena, conn_peer(f->conn));
    conn_start_tls_client(f->conn, f->relay->tls, f->url.name);
}

static void on_failed(void *ctx, struct str why)
{
    (void)why;
    host_failed(ctx);
}

static bool is_reachable(const struct fetch *f, const uint8_t *ip, size_t ip_n)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint8_t wide[16];

    for (size_t i = 0; i < sizeof wide; i++)
        wide[i] = ip_n == sizeof wide ? ip[i]
                  : i < sizeof mapped ? mapped[i]
                                      : ip[i - sizeof mapped];
    if (cidr_list_holds(f->relay->exempt, wide))
        return true;
    return (ip_n == sizeof wide ? ip6_is_public(ip) : ip4_is_public(ip))
           && !connect_is_own(ip, ip_n);
}

/* The only place that decides where this server can be sent to. */
static bool on_allows(void *ctx, const uint8_t *ip, size_t ip_n)
{
    const struct fetch *f = ctx;

    if (is_reachable(f, ip, ip_n))
        return true;
    exchange_event(f->exchange, EVENT(EVENT_FETCH_TARGET, .rule = "address"));
    return false;
}

static const struct connect_handlers connect_events = {
    .connected = on_connected,
    .failed = on_failed,
    .allows = on_allows,
};

static void set_out(struct fetch *f, struct str address)
{
    f->connect = connect_new(f->exchange->host->loop, &(struct connect_to){ .address = address },
                             &connect_events, f);
}

/* ---- The beginning --------------------------------------------------------------------------------- */

static void fetch_start(struct exchange *x, struct fetch_relay *relay, struct fetch_ticket *t)
{
    struct fetch *f = mem_alloc(sizeof *f);

    f->relay = relay;
    f->exchange = x;
    f->ticket = t;
    x->state = f;
    answer_parser_init(&f->parser);
    buf_init(&f->held, HELD_MAX);
    f->deadline = timer_new(x->host->loop, too_late, f);
    f->until_ms = clock_steady_ms() + WHOLE_MS;
    list_add(&relay->running, &f->link);
    relay->count++;
    if (https_url_read(&f->arena, t->url, &f->url) != ERR_NONE) { /* it was when it was given out */
        host_failed(f);
        return;
    }
    expect_within(f, HEAD_MS);
    set_out(f, arena_printf(&f->arena, "%.*s:%u", STR_ARG(f->url.host), f->url.port));
}

static void refuse_ticket(struct exchange *x)
{
    exchange_event(x, EVENT(EVENT_FETCH_TARGET, .rule = "ticket"));
    exchange_say(x, 403, false, STR("There is no such ticket, or not any more."));
}

void fetch_given(struct exchange *x, enum err e, struct fetch_ticket *t)
{
    if (e == ERR_NONE)
        fetch_start(x, x->host->fetch, t);
    else if (e == ERR_FULL)
        exchange_say_too_many(x, false, AGAIN_MS);
    else
        refuse_ticket(x);
}

void fetch_file(struct exchange *x)
{
    struct fetch_relay *relay = x->host->fetch;
    struct str token = http_form_value(&x->arena, x->request->query, "ticket");

    if (relay == NULL || relay->tls == NULL)
        exchange_say(x, 404, false, STR("There is nothing here."));
    else if (x->request->method != HTTP_GET)
        exchange_say(x, 405, false, STR("A file can be fetched, not looked at.")); /* HEAD */
    else if (relay->count >= RUNNING_MAX)
        exchange_say_too_many(x, false, AGAIN_MS);
    else
        relay->redeem(relay->ctx, x, token);
}

void fetch_relay_end(struct fetch_relay *r)
{
    LIST_EACH (&r->running, l) {
        struct fetch *f = LIST_ENTRY(l, struct fetch, link);

        if (f->exchange == NULL)
            free_if_over(f);
        else
            fetch_fail(f, 503, STR_NONE);
    }
}
