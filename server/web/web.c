/* web.c: all HTTPS connections of a worker. */
#include "server/web/web.h"

#include <unistd.h>

#include "server/web/fetch.h"
#include "server/web/http_conn.h"

struct web *web_new(const struct web_host *host)
{
    struct web *w = mem_alloc(sizeof *w);

    w->host = *host;
    list_init(&w->connections);
    return w;
}

void web_accept(struct web *w, const struct visitor *v, struct tls_context *tls)
{
    if (w->host.connections_max > 0 && w->connection_count >= w->host.connections_max)
        close(v->fd);
    else
        http_conn_accept(w, v, tls);
}

void web_take(struct web *w, struct conn *conn, struct str early)
{
    http_conn_take(w, conn, early);
}

bool web_idle(const struct web *w)
{
    return list_empty(&w->connections);
}

void web_drain(struct web *w)
{
    w->draining = true;
    LIST_EACH (&w->connections, l)
        http_conn_drain(l);
}

void web_close(struct web *w)
{
    if (w->host.fetch != NULL)
        w->host.fetch->over = true;
    LIST_EACH (&w->connections, l)
        http_conn_lost(l);
    if (w->host.fetch != NULL)
        fetch_relay_end(w->host.fetch);
}

void web_free(struct web *w)
{
    mem_free(w);
}
