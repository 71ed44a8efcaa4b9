/* world_anchor.c: the world's media anchor: it says what scripts want, and remembers as elements what it was told. */
#include <string.h>

#include "test/script/world_state.h"
#include "xmpp/ns.h"

struct told {
    struct link link;
    struct anchor_order order; /* its texts are in the arena */
    struct arena arena;
};

/* ---- What it is told ------------------------------------------------------------------------------- */

/* One word of it for all homes, as the host of a server does it. */
static bool is_last_synced(struct world *w, const struct anchor_order *o)
{
    return o->kind != ANCHOR_SYNCED || ++w->synced == w->options.homes;
}

void world_anchor_order(struct world *w, const struct anchor_order *o)
{
    struct told *t;

    if (!is_last_synced(w, o))
        return;
    t = mem_alloc(sizeof *t);
    t->order = *o;
    t->order.ufrag = arena_str(&t->arena, o->ufrag);
    t->order.pwd = arena_str(&t->arena, o->pwd);
    list_add(&w->orders, &t->link);
}

static void set_bool(struct arena *a, struct xml_node *n, struct str name, bool value)
{
    xml_set(a, n, name, value ? STR("true") : STR("false"));
}

static void set_number(struct arena *a, struct xml_node *n, struct str name, uint64_t value)
{
    xml_set(a, n, name, arena_printf(a, "%llu", (unsigned long long)value));
}

static void set_credentials(struct arena *a, struct xml_node *n, const struct anchor_order *o)
{
    xml_set(a, n, STR("side"), o->side == ANCHOR_CALLER ? STR("caller") : STR("callee"));
    set_number(a, n, STR("transport"), o->transport);
    xml_set(a, n, STR("ufrag"), arena_str(a, o->ufrag));
    xml_set(a, n, STR("pwd"), arena_str(a, o->pwd));
}

static void set_flow(struct arena *a, struct xml_node *n, const struct flow_config *f)
{
    static const char *const roles[] = { "unknown", "client", "server" };
    struct str payloads = STR("");

    for (unsigned i = 0; i < 128; i++)
        if ((f->payload_types[i / 8] >> i % 8 & 1) != 0)
            payloads = arena_printf(a, "%.*s%s%u", STR_ARG(payloads), payloads.n > 0 ? " " : "", i);
    xml_set(a, n, STR("role"), str_from(roles[f->role]));
    set_bool(a, n, STR("video"), f->video);
    xml_set(a, n, STR("payloads"), payloads);
}

static struct xml_node *order_element(struct arena *a, const struct anchor_order *o)
{
    static const char *const names[] = {
        "call", "leg", "client", "gate", "end", "synced", "reach"
    };
    struct xml_node *n = xml_new(a, STR(NS_CLIENT), str_from(names[o->kind]));

    if (o->kind != ANCHOR_SYNCED)
        set_number(a, n, STR("call"), o->call);
    if (o->kind == ANCHOR_LEG || o->kind == ANCHOR_CLIENT)
        set_credentials(a, n, o);
    if (o->kind == ANCHOR_LEG)
        set_bool(a, n, STR("two-components"), o->two_components);
    if (o->kind == ANCHOR_CLIENT) {
        set_bool(a, n, STR("controlling"), o->controlling);
        set_flow(a, n, &o->flow);
    }
    if (o->kind == ANCHOR_GATE)
        set_bool(a, n, STR("open"), o->open);
    return n;
}

struct xml_node *world_anchor_next(struct world *w, struct arena *a)
{
    struct link *l = list_pop(&w->orders);
    struct told *t = l ? LIST_ENTRY(l, struct told, link) : NULL;
    struct xml_node *element = t ? order_element(a, &t->order) : NULL;

    if (t != NULL) {
        arena_deinit(&t->arena);
        mem_free(t);
    }
    return element;
}

/* ---- What it says ---------------------------------------------------------------------------------- */

static void report_to(struct world *w, unsigned home, const struct anchor_report *report)
{
    home_now(&w->places[home].home, w->now_ms);
    home_anchor_reported(&w->places[home].home, report);
}

void world_anchor_ready(struct world *w, bool there)
{
    static const struct stun_address address = { .ip = { 192, 0, 2, 7 }, .port = 7000 };
    struct anchor_report report = { .kind = ANCHOR_READY, .place_count = there ? 2 : 0 };

    report.places[0] = (struct anchor_place){ .address = address };
    report.places[1] = (struct anchor_place){ .address = address, .tcp = true };
    w->synced = 0;
    for (unsigned i = 0; i < w->options.homes; i++)
        report_to(w, i, &report);
    world_run(w); /* the first time, homes read which calls there are */
}

bool world_anchor_reports(struct world *w, const struct anchor_report *report)
{
    unsigned home = (unsigned)(report->call & 0xff);

    if (home >= w->options.homes)
        return false;
    report_to(w, home, report);
    return true;
}

void world_anchor_free(struct world *w)
{
    struct arena a = { 0 };

    while (world_anchor_next(w, &a) != NULL)
        continue;
    arena_deinit(&a);
}
