/* client.c: connection and inbox of a scripted client. */
#include "test/script/client.h"
#include "test/script/client_caps.h"

#include <stdarg.h>
#include <stdio.h>

#include "xml/writer.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"

enum { CLIENT_LIMIT = 64 * 1024 * 1024 };

struct client *client_new(struct str name, struct str domain, const struct transport *t,
                          struct names *names)
{
    struct client *c = mem_alloc(sizeof *c);

    c->name = name;
    c->domain = domain;
    c->transport = t;
    c->names = names;
    list_init(&c->items);
    buf_init(&c->in, CLIENT_LIMIT);
    return c;
}

void item_free(struct item *i)
{
    if (i == NULL)
        return;
    arena_deinit(&i->arena);
    mem_free(i);
}

void client_forget(struct client *c)
{
    for (struct link *l; (l = list_pop(&c->items)) != NULL;)
        item_free(LIST_ENTRY(l, struct item, link));
}

void client_free(struct client *c)
{
    client_forget(c);
    stream_deinit(&c->stream);
    buf_deinit(&c->in);
    arena_deinit(&c->arena);
    mem_free(c);
}

bool client_fail(struct client *c, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->why = arena_cstr(&c->arena, text);
    return false;
}

/* ---- Connection ------------------------------------------------------------------------------------ */

static const struct xml_limits anything = { CLIENT_LIMIT, 1000, 1000, 10000000 };

void client_open(struct client *c, struct str address, bool secure)
{
    client_forget(c);
    stream_deinit(&c->stream);
    stream_init(&c->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_CLIENT), &anything);
    c->jid = STR_NONE;
    c->sm = c->sm_manual = false;
    c->wire = c->transport->ops->open(c->transport->ctx, address);
    if (secure)
        c->transport->ops->secure(c->wire);
}

static void trace(const struct client *c, const char *arrow, struct str text)
{
    if (c->trace)
        printf("# %.*s %s %.*s\n", STR_ARG(c->name), arrow, STR_ARG(text));
}

void client_write(struct client *c, struct str text)
{
    trace(c, "->", text);
    if (c->wire == NULL)
        return;
    c->transport->ops->write(c->wire, text);
}

void client_write_node(struct client *c, const struct xml_node *node)
{
    struct buf text;

    buf_init(&text, CLIENT_LIMIT);
    xml_write(&text, node, STR(NS_CLIENT));
    client_write(c, buf_str(&text));
    buf_deinit(&text);
}

static void flush(struct client *c)
{
    struct str out = stream_output(&c->stream);

    client_write(c, out);
    stream_sent(&c->stream, out.n);
}

void client_restart(struct client *c)
{
    (void)!stream_restart(&c->stream);
}

bool client_send_header(struct client *c)
{
    if (c->wire == NULL)
        return client_fail(c, "it is not connected");
    if (c->stream.header_sent)
        client_restart(c);
    stream_open(&c->stream, STR_NONE, c->domain, STR_NONE, STR_NONE);
    flush(c);
    return true;
}

void client_cut(struct client *c)
{
    if (c->wire != NULL)
        c->transport->ops->cut(c->wire);
    c->wire = NULL;
}

/* ---- What a client does by itself ------------------------------------------------------------------ */

static void acknowledge(struct client *c)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), STR("a"));

    xml_set(&a, node, STR("h"), arena_printf(&a, "%u", c->received));
    client_write_node(c, node);
    arena_deinit(&a);
}

static bool asks_for_caps(const struct client *c, const struct xml_node *node)
{
    const struct xml_node *query = xml_child(node, STR(NS_DISCO_INFO), STR("query"));

    return c->caps_ver.n > 0 && query != NULL && str_is(xml_get(node, STR("type")), "get")
           && str_ends(xml_get(query, STR("node")), c->caps_ver);
}

struct xml_node *client_caps(struct arena *a, struct str nodes)
{
    struct xml_node *query = xml_new(a, STR(NS_DISCO_INFO), STR("query"));

    disco_identity(a, query, STR("client"), STR("pc"), STR("script"));
    while (nodes.p != NULL)
        disco_feature(a, query, arena_concat(a, str_split(&nodes, ','), STR("+notify")));
    return query;
}

static void answer_caps(struct client *c, const struct xml_node *iq)
{
    struct arena a = { 0 };
    struct xml_node *result = xml_new(&a, STR(NS_CLIENT), STR("iq"));

    xml_set(&a, result, STR("type"), STR("result"));
    xml_set(&a, result, STR("id"), xml_get(iq, STR("id")));
    xml_append(result, client_caps(&a, c->caps_nodes));
    client_write_node(c, result);
    arena_deinit(&a);
}

static void note_address(struct client *c, struct str jid)
{
    c->jid = arena_str(&c->arena, jid);
    names_set(c->names, c->name, c->jid);
}

/* The address is the server's to give (RFC 6120 §7.6), whoever asked: connect or the script itself. */
static void note_bound(struct client *c, const struct xml_node *node)
{
    const struct xml_node *bound = xml_child(node, STR(NS_BIND), STR("bind"));

    if (bound != NULL && xml_child(bound, STR(NS_BIND), STR("jid")) != NULL)
        note_address(c, xml_child_text(&c->arena, bound, STR(NS_BIND), STR("jid")));
}

/* Likewise with all that comes in one go: XEP-0386 §3.2. */
static void note_success(struct client *c, const struct xml_node *success)
{
    const struct xml_node *bound = xml_child(success, STR(NS_BIND2), STR("bound")), *enabled;

    if (bound == NULL)
        return;
    note_address(
        c, xml_child_text(&c->arena, success, STR(NS_SASL2), STR("authorization-identifier")));
    enabled = xml_child(bound, STR(NS_SM), STR("enabled"));
    if (enabled == NULL)
        return;
    c->sm_id = arena_str(&c->arena, xml_get(enabled, STR("id")));
    c->received = 0;
}

/* True: the script does not see it. */
static bool handle(struct client *c, struct xml_node *node)
{
    note_bound(c, node);
    if (xml_is(node, STR(NS_SASL2), STR("success")))
        note_success(c, node);
    if (xml_is(node, STR(NS_SM), STR("enabled")))
        c->received = 0;
    if (str_eq(node->ns, STR(NS_CLIENT)))
        c->received++;
    if (c->sm && !c->sm_manual && xml_is(node, STR(NS_SM), STR("r"))) {
        acknowledge(c);
        return true;
    }
    if (!asks_for_caps(c, node))
        return false;
    answer_caps(c, node);
    return true;
}

/* ---- What has come --------------------------------------------------------------------------------- */

void client_take(struct client *c, enum item_kind kind, struct xml_node *node, struct arena *arena)
{
    struct item *i = mem_alloc(sizeof *i);

    i->kind = kind;
    i->node = node;
    if (arena != NULL)
        i->arena = arena_move(arena);
    list_add(&c->items, &i->link);
}

static void take_item(struct client *c, enum item_kind kind, struct stream_event *e)
{
    client_take(c, kind, e ? e->node : NULL, e ? &e->arena : NULL);
}

/* A new stream begins after these: RFC 6120 §5.4.3.3, §6.4.6. */
static bool ends_stream(const struct xml_node *node)
{
    return xml_is(node, STR(NS_TLS), STR("proceed")) || xml_is(node, STR(NS_SASL), STR("success"));
}

static void take_event(struct client *c, struct stream_event *e)
{
    bool restart = e->kind == STREAM_ELEMENT && ends_stream(e->node);

    switch (e->kind) {
    case STREAM_OPENED: take_item(c, ITEM_OPENED, e); break;
    case STREAM_ELEMENT:
        if (xml_is(e->node, STR(NS_STREAM), STR("features")))
            c->features = xml_copy(&c->arena, e->node);
        if (!handle(c, e->node))
            take_item(c, ITEM_ELEMENT, e);
        break;
    case STREAM_CLOSED: take_item(c, ITEM_CLOSED, NULL); break;
    case STREAM_FAILED: client_fail(c, "the server's stream is no XMPP"); break;
    }
    arena_deinit(&e->arena);
    if (restart)
        client_restart(c);
}

/* Until nothing more comes. What the client answers by itself may bring more. */
bool client_receive(struct client *c)
{
    struct stream_event e;
    bool open = true, came = false;

    if (c->fetch != NULL)
        return c->fetch(c);
    while (c->wire != NULL && open) {
        c->transport->ops->settle(c->transport->ctx, c->wire);
        open = c->transport->ops->read(c->wire, &c->in);
        if (c->in.n == 0 && open)
            break;
        came = true;
        trace(c, "<-", buf_str(&c->in));
        stream_feed(&c->stream, buf_str(&c->in));
        while (stream_next(&c->stream, &e))
            take_event(c, &e);
        buf_reset(&c->in);
    }
    if (!open) {
        take_item(c, ITEM_ENDED, NULL);
        c->wire = NULL;
    }
    return came;
}

struct item *client_peek(struct client *c)
{
    struct link *l;

    client_receive(c);
    l = list_first(&c->items);
    return l ? LIST_ENTRY(l, struct item, link) : NULL;
}

/* What has to come may be on its way still. */
static bool await_more(struct client *c)
{
    return c->wire != NULL && c->transport->ops->await != NULL && c->transport->ops->await(c->wire);
}

struct item *client_next(struct client *c)
{
    struct item *i;

    while ((i = client_peek(c)) == NULL && await_more(c))
        continue;
    if (i != NULL)
        list_remove(&i->link);
    return i;
}

struct item *client_search(struct client *c, const struct xml_node *pattern)
{
    client_receive(c);
    LIST_EACH (&c->items, l) {
        struct item *i = LIST_ENTRY(l, struct item, link);

        if (i->kind == ITEM_ELEMENT && pattern_matches(pattern, i->node, c->names)) {
            list_remove(l);
            return i;
        }
    }
    return NULL;
}

struct item *client_find(struct client *c, const struct xml_node *pattern)
{
    struct item *i;

    while ((i = client_search(c, pattern)) == NULL && await_more(c))
        continue;
    return i;
}

struct str item_text(struct arena *a, const struct item *i)
{
    struct buf text;
    struct str copy;

    if (i == NULL)
        return STR("nothing");
    if (i->kind == ITEM_CLOSED)
        return STR("</stream:stream>");
    if (i->kind == ITEM_ENDED)
        return STR("the end of the connection");
    buf_init(&text, CLIENT_LIMIT);
    if (i->kind == ITEM_OPENED)
        xml_write_root(&text, i->node, STR(NS_CLIENT));
    else
        xml_write(&text, i->node, STR(NS_CLIENT));
    copy = arena_str(a, buf_str(&text));
    buf_deinit(&text);
    return copy;
}
