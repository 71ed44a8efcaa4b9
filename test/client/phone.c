/* phone.c: see phone.h. */
#include "test/client/phone.h"

#include <assert.h>

#include "base/map.h"

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint64_t *dice = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)world_next_random(dice);
}

void phone_init(struct phone *p, struct world *w, const char *jid, const char *password,
                unsigned number)
{
    enum err e;

    *p = (struct phone){ .world = w, .transport = world_transport(w) };
    e = jid_parse(&p->arena, str_from(jid), &p->account.jid);
    assert(e == ERR_NONE);
    (void)e;
    p->account.password = str_from(password);
    p->dice = map_hash((const uint64_t[2]){ number, 0 }, p->account.jid.local);
    p->account.agent_id = arena_printf(&p->arena, "d4565fa7-4d72-4749-b3d3-%012u", number);
    p->account.software = STR("Sotto");
    p->account.device = STR("telephone");
    p->random = (struct random){ fill, &p->dice };
    line_init(&p->line);
}

void phone_deinit(struct phone *p)
{
    phone_cut(p);
    line_deinit(&p->line);
    arena_deinit(&p->arena);
}

void phone_cut(struct phone *p)
{
    if (p->wire != NULL)
        p->transport.ops->cut(p->wire);
    p->wire = NULL;
    p->secured = false;
    line_closed(&p->line);
}

static void send_output(struct phone *p)
{
    struct str out = stream_output(&p->line.stream);

    if (p->wire == NULL || out.n == 0)
        return;
    p->transport.ops->write(p->wire, out);
    stream_sent(&p->line.stream, out.n);
}

static void take(struct phone *p, struct line_event *e)
{
    if (e->kind == LINE_START_TLS) {
        p->transport.ops->secure(p->wire);
        line_secured(&p->line, p->binding);
    }
    if (e->kind == LINE_STANZA) {
        e->node = xml_copy(&p->arena, e->node);
        line_handled(&p->line, 1);
        arena_deinit(&e->arena);
    }
    assert(p->event_count < PHONE_EVENTS_MAX);
    p->events[p->event_count++] = *e;
}

/* What came with one reading, and the answers to it. */
static bool turn(struct phone *p)
{
    struct line_event e;
    struct buf in;
    bool alive, moved;

    if (p->wire == NULL)
        return false;
    buf_init(&in, 1 << 20);
    line_flush(&p->line);
    send_output(p);
    p->transport.ops->settle(p->transport.ctx, p->wire);
    alive = p->transport.ops->read(p->wire, &in);
    moved = in.n > 0;
    line_feed(&p->line, buf_str(&in));
    while (line_next(&p->line, &e))
        take(p, &e);
    send_output(p);
    buf_deinit(&in);
    if (!alive)
        phone_cut(p);
    return moved && alive;
}

void phone_run(struct phone *p)
{
    p->event_count = 0;
    while (turn(p)) {
    }
}

void phone_connect(struct phone *p)
{
    phone_cut(p);
    p->wire = p->transport.ops->open(p->transport.ctx, STR("127.0.0.1"));
    line_open(&p->line, STREAM_TCP, &p->account, &p->random, false, (struct binding_data){ 0 });
    phone_run(p);
}

const struct line_event *phone_event(const struct phone *p, enum line_event_kind kind)
{
    for (size_t i = 0; i < p->event_count; i++)
        if (p->events[i].kind == kind)
            return &p->events[i];
    return NULL;
}

const struct xml_node *phone_stanza(const struct phone *p, const char *id)
{
    for (size_t i = 0; i < p->event_count; i++)
        if (p->events[i].kind == LINE_STANZA && str_is(xml_get(p->events[i].node, STR("id")), id))
            return p->events[i].node;
    return NULL;
}

void phone_keep_token(struct phone *p)
{
    p->account.token = arena_str(&p->arena, p->line.login.result.token);
    p->account.token_name = arena_str(&p->arena, p->line.login.result.token_name);
    p->account.pins = p->line.login.result.pins;
}
