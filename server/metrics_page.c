/* metrics_page.c: the connections of whoever collects metrics. */
#include "server/metrics_page.h"

#include "io/listen.h"
#include "server/metrics.h"
#include "server/web/routes.h"

enum { COLLECTORS_MAX = 16 }; /* connections at a time */

struct metrics_page {
    struct web *web;
    struct meter *meter;
    struct listener **listeners;
    size_t listener_count;
};

static void answer(void *ctx, const struct reading *r)
{
    struct exchange *x = ctx;
    struct buf text;

    if (r == NULL) {
        exchange_say(x, 503, false, STR("The store did not answer."));
        return;
    }
    buf_init(&text, METRICS_MAX);
    metrics_write(&text, r);
    exchange_answer(x, &(struct http_response){ .status = 200, .type = STR(METRICS_TYPE) },
                    buf_str(&text));
    buf_deinit(&text);
}

/* A page in a browser on this machine may point a name of its own here (DNS rebinding), so names
 * that are not ours are refused like elsewhere. */
static void route(struct exchange *x)
{
    static const struct http_field allow = { STR("Allow"), STR("GET") };
    const struct http_request *r = x->request;
    const struct metrics_page *p = x->host->ctx;

    if (!web_serves(x->host, r->host))
        exchange_say(x, 421, false, STR("That name is not served here."));
    else if (r->segment_count != 1 || !str_is(r->segments[0], "metrics"))
        exchange_say(x, 404, false, STR("There is nothing here but /metrics."));
    else if (r->method != HTTP_GET)
        exchange_answer(
            x, &(struct http_response){ .status = 405, .more = &allow, .more_count = 1 }, STR_NONE);
    else
        meter_read(p->meter, answer, x);
}

static void accepted(void *ctx, int fd)
{
    const struct metrics_page *p = ctx;

    struct visitor v = visitor_of(fd);

    web_accept(p->web, &v, NULL);
}

/* Sockets were bound for as many workers as there are; here one loop takes all. */
static void listen_on(struct metrics_page *p, struct loop *l, const struct boot_listener *from,
                      unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        p->listeners[p->listener_count++] = listener_new(l, from->fds[i], accepted, p);
}

struct metrics_page *metrics_page_new(struct loop *l, const struct server_boot *boot,
                                      const struct settings *settings, struct meter *meter)
{
    struct metrics_page *p = mem_alloc(sizeof *p);
    unsigned workers = (unsigned)boot->config->server.workers;

    p->meter = meter;
    p->web = web_new(&(struct web_host){
        .loop = l,
        .boot = boot,
        .settings = settings,
        .uploads_fd = -1,
        .ctx = p,
        .route = route,
        .connections_max = COLLECTORS_MAX,
    });
    p->listeners = mem_alloc((boot->listener_count * workers + 1) * sizeof(struct listener *));
    for (size_t i = 0; i < boot->listener_count; i++)
        if (boot->listeners[i].kind == LISTEN_METRICS)
            listen_on(p, l, &boot->listeners[i], workers);
    return p;
}

void metrics_page_close(struct metrics_page *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->listener_count; i++)
        listener_free(p->listeners[i]);
    p->listener_count = 0;
    web_drain(p->web);
    web_close(p->web);
}

void metrics_page_free(struct metrics_page *p)
{
    if (p == NULL)
        return;
    web_free(p->web);
    mem_free(p->listeners);
    mem_free(p);
}
