/* web_url.c: "https://HOST[:PORT]". */
#include "server/web_url.h"

#include "http/target.h"

/* ":PORT" of our HTTPS listener, or else of listen.mux, "" for the standard port; p == NULL while none is open. */
static struct str https_port(const struct server_boot *boot)
{
    struct str found = STR_NONE;

    for (size_t i = 0; i < boot->listener_count; i++) {
        enum listener_kind kind = boot->listeners[i].kind;
        struct str address = boot->listeners[i].address;
        struct str port = str_skip(address, str_find_last(address, ':'));

        if (kind == LISTEN_HTTPS || (kind == LISTEN_MUX && found.p == NULL))
            found = str_is(port, ":443") ? STR("") : port;
        if (kind == LISTEN_HTTPS)
            break;
    }
    return found;
}

struct str web_url(const struct server_boot *boot, struct arena *a)
{
    const struct config *c = boot->config;
    struct str port = https_port(boot);

    if (port.p == NULL)
        return STR("");
    if (c->web.url.n > 0)
        return c->web.url;
    return arena_printf(a, "https://%.*s%.*s", STR_ARG(c->server.domain.items[0]), STR_ARG(port));
}

struct str web_url_host(struct str url, struct arena *a)
{
    struct str host = STR("");

    if (url.n > 0 && http_host_read(a, str_skip(url, sizeof "https://" - 1), &host) != ERR_NONE)
        return STR("");
    return host;
}
