/* host_meta.c: where WebSocket is to be found (XEP-0156 §4, RFC 6415), for clients that know only the domain. */
#include "server/web/routes.h"

#include "xml/writer.h"

#define NS_XRD        "http://docs.oasis-open.org/ns/xri/xrd-1.0"
#define REL_WEBSOCKET "urn:xmpp:alt-connections:websocket"

enum { DOCUMENT_MAX = 4096 };

/* "https://host:port" to "wss://host:port/ws". */
static struct str websocket_url(struct exchange *x)
{
    struct str url = x->host->settings->web_url;

    return arena_printf(&x->arena, "wss%.*s/ws", STR_ARG(str_skip(url, sizeof "https" - 1)));
}

static void answer(struct exchange *x, struct str type, struct str document)
{
    exchange_answer(
        x,
        &(struct http_response){
            .status = 200, .type = type, .shared = true, .cache = STR("public, max-age=3600") },
        document);
}

void host_meta_xml(struct exchange *x)
{
    struct arena *a = &x->arena;
    struct xml_node *xrd = xml_new(a, STR(NS_XRD), STR("XRD")),
                    *link = xml_add(a, xrd, STR(NS_XRD), STR("Link"));
    struct buf out;

    xml_set(a, link, STR("rel"), STR(REL_WEBSOCKET));
    xml_set(a, link, STR("href"), websocket_url(x));
    buf_init(&out, DOCUMENT_MAX);
    buf_add(&out, STR("<?xml version='1.0' encoding='utf-8'?>\n"));
    xml_write(&out, xrd, STR_NONE);
    answer(x, STR("application/xrd+xml; charset=utf-8"), arena_str(a, buf_str(&out)));
    buf_deinit(&out);
}

/* A URL made of prepared host names and numbers needs no escaping in JSON. */
void host_meta_json(struct exchange *x)
{
    answer(x, STR("application/json; charset=utf-8"),
           arena_printf(&x->arena,
                        "{\"links\":[{\"rel\":\"" REL_WEBSOCKET "\",\"href\":\"%.*s\"}]}\n",
                        STR_ARG(websocket_url(x))));
}
