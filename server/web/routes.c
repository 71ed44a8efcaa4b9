/* routes.c: from a request to the handler of its path. */
#include "server/web/routes.h"

#include "base/ip.h"
#include "server/counters.h"
#include "server/doorkeeper.h"

enum { MAY_GET = 1, MAY_POST = 2, MAY_PUT = 4, FORM_MAX = 4096 };

/* A segment that is NULL stands for any. */
static const struct route {
    const char *segments[3];
    size_t count;
    unsigned methods;
    bool shared; /* pages of other origins may use it */
    size_t
        body_max; /* of a body that is collected; 0: the handler takes it itself, or there is none */
    exchange_handler *handle;
} routes[] = {
    { { ".well-known", "host-meta" }, 2, MAY_GET, true, 0, host_meta_xml },
    { { ".well-known", "host-meta.json" }, 2, MAY_GET, true, 0, host_meta_json },
    { { "fetch" }, 1, MAY_GET, false, 0, fetch_file },
    { { "invite", NULL }, 2, MAY_GET | MAY_POST, false, FORM_MAX, invite_page },
    { { "upload", NULL, NULL }, 3, MAY_GET | MAY_PUT, true, 0, upload_file },
    { { "ws" }, 1, MAY_GET, true, 0, websocket_open },
};

static unsigned method_bit(enum http_method m)
{
    switch (m) {
    case HTTP_GET:
    case HTTP_HEAD: return MAY_GET;
    case HTTP_POST: return MAY_POST;
    case HTTP_PUT: return MAY_PUT;
    default: return 0;
    }
}

static bool matches(const struct route *route, const struct http_request *r)
{
    if (route->count != r->segment_count)
        return false;
    for (size_t i = 0; i < route->count; i++)
        if (route->segments[i] != NULL && !str_is(r->segments[i], route->segments[i]))
            return false;
    return true;
}

static const struct route *find(const struct http_request *r)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (matches(&routes[i], r))
            return &routes[i];
    return NULL;
}

/* A name that somebody else let point here (DNS rebinding) is not served. Addresses cannot be made to point. */
bool web_serves(const struct web_host *host, struct str name)
{
    uint8_t ip[4];

    return settings_serves(host->settings, name) || str_eq(name, host->settings->web_host)
           || str_is(name, "localhost") || name.p[0] == '[' || ip4_read(name, ip) == ERR_NONE;
}

static struct str allowed_methods(struct arena *a, unsigned methods)
{
    return arena_printf(a, "OPTIONS%s%s%s", methods & MAY_GET ? ", GET, HEAD" : "",
                        methods & MAY_POST ? ", POST" : "", methods & MAY_PUT ? ", PUT" : "");
}

/* OPTIONS, which a browser asks before a page of another origin may do more than read. */
static void tell_methods(struct exchange *x, const struct route *route, unsigned status)
{
    struct str methods = allowed_methods(&x->arena, route->methods);
    const struct http_field more[] = {
        { STR("Allow"), methods },
        { STR("Access-Control-Allow-Methods"), methods },
        { STR("Access-Control-Allow-Headers"), STR("Authorization, Content-Type, Range") },
        { STR("Access-Control-Max-Age"), STR("7200") },
    };

    exchange_answer(x,
                    &(struct http_response){ .status = status,
                                             .shared = route->shared,
                                             .more = more,
                                             .more_count = route->shared ? COUNT_OF(more) : 1 },
                    STR_NONE);
}

static void collected(struct exchange *x, struct str piece)
{
    x->body = piece;
    if (exchange_gone(x))
        exchange_end(x);
    else
        x->collected(x);
}

static void collect(struct exchange *x, const struct route *route)
{
    if (!x->request->has_length) {
        exchange_say(x, 411, route->shared, STR("Please say how long it is (Content-Length)."));
    } else if (x->request->length > route->body_max) {
        exchange_say(x, 413, route->shared, STR("That is too long."));
    } else {
        x->collected = route->handle;
        exchange_read(x, route->body_max, collected);
    }
}

void web_route(struct exchange *x)
{
    const struct http_request *r = x->request;
    const struct route *route = find(r);
    uint64_t wait_ms =
        doorkeeper_request(x->host->doorkeeper, exchange_peer(x), exchange_now_ms(x));

    if (wait_ms > 0) {
        exchange_event(x, EVENT(EVENT_REQUESTS));
        exchange_say_too_many(x, route != NULL && route->shared, wait_ms);
    } else if (!web_serves(x->host, r->host))
        exchange_say(x, 421, false, STR("That name is not served here."));
    else if (r->method == HTTP_OTHER)
        exchange_say(x, 501, false, STR("That method is not known here."));
    else if (route == NULL)
        exchange_say(x, 404, false, STR("There is nothing here."));
    else if (r->method == HTTP_OPTIONS)
        tell_methods(x, route, 204);
    else if ((route->methods & method_bit(r->method)) == 0)
        tell_methods(x, route, 405);
    else if (route->body_max > 0 && r->method == HTTP_POST)
        collect(x, route);
    else
        route->handle(x);
}
