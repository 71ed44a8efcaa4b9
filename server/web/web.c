/* web.c: all HTTPS connections of a worker. */
#include "server/web/web.h"

#include <unistd.h>

#include "server/web/http_conn.h"

struct web *web_new(const struct web_host *host)
{
    struct web *w = mem_alloc(sizeof *w);

    w->host = *host;
    list_init(&w->connections);
    return w;
}

void web_accept(struct web *w, int fd, struct tls_context *tls)
{
    if (w->host.connections_max > 0 && w->connection_count >= w->host.connections_max)
        close(fd);
    else
        http_conn_accept(w, fd, tls);
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
    LIST_EACH (&w->connections, l)
        http_conn_lost(l);
}

void web_free(struct web *w)
{
    mem_free(w);
}
