/* call_kept.c: see call_kept.h. First the text, then rows, then what a new process makes of them. */
#include "server/call_kept.h"

#include <string.h>

#include "base/encode.h"
#include "server/calls_dial.h"
#include "server/home.h"
#include "server/stored.h"
#include "xmpp/ns.h"

/* ---- Writing ----------------------------------------------------------------------------------------- */

static void set_number(struct arena *a, struct xml_node *n, const char *name, uint64_t value)
{
    xml_set(a, n, str_from(name), arena_printf(a, "%llu", (unsigned long long)value));
}

static void write_leg(struct arena *a, struct xml_node *kept, const struct call_leg *leg,
                      unsigned side, unsigned transport)
{
    struct xml_node *n;

    if (!leg->made)
        return;
    n = xml_add(a, kept, STR(NS_CALL), STR("leg"));
    set_number(a, n, "side", side);
    set_number(a, n, "transport", transport);
    set_number(a, n, "two", leg->two_components);
    xml_set(a, n, STR("ufrag"), (struct str){ leg->ufrag, sizeof leg->ufrag });
    xml_set(a, n, STR("pwd"), (struct str){ leg->pwd, sizeof leg->pwd });
}

static void write_stream(struct arena *a, struct xml_node *content, const struct call_stream *s,
                         unsigned side)
{
    struct xml_node *n;

    if (!s->known)
        return;
    n = xml_add(a, content, STR(NS_CALL), STR("stream"));
    set_number(a, n, "side", side);
    set_number(a, n, "setup", s->setup);
    xml_set(a, n, STR("ufrag"), s->ufrag);
    xml_set(a, n, STR("pwd"), s->pwd);
    xml_set(a, n, STR("payloads"),
            hex_text(a, bytes_of(s->payload_types, sizeof s->payload_types)));
}

static void write_content(struct arena *a, struct xml_node *kept, const struct call_content *c)
{
    struct xml_node *n = xml_add(a, kept, STR(NS_CALL), STR("content"));

    xml_set(a, n, STR("name"), c->name);
    set_number(a, n, "transport", c->transport);
    set_number(a, n, "video", c->video);
    for (unsigned side = 0; side < 2; side++)
        write_stream(a, n, &c->of[side], side);
}

struct str call_kept_write(struct arena *a, const struct call_kept *k)
{
    const struct ledger *l = &k->ledger;
    const struct call_media *m = &k->media;
    struct xml_node *kept = xml_new(a, STR(NS_CALL), STR("kept"));

    xml_set(a, kept, STR("id"), l->id);
    xml_set(a, kept, STR("caller"), l->caller);
    xml_set(a, kept, STR("callee"), k->callee);
    xml_set(a, kept, STR("device"), l->device);
    if (l->called.n > 0)
        xml_set(a, kept, STR("called"), l->called);
    set_number(a, kept, "media", l->media);
    set_number(a, kept, "proposed", l->proposed_ms);
    set_number(a, kept, "talk", l->talk_ms);
    set_number(a, kept, "alive", k->alive_ms);
    set_number(a, kept, "number", m->number);
    set_number(a, kept, "bundled", m->bundled);
    set_number(a, kept, "tcp", m->knows_tcp[0] + 2u * m->knows_tcp[1]);
    for (unsigned t = 0; t < ANCHOR_TRANSPORTS; t++) {
        set_number(a, kept, t == 0 ? "first" : "second", m->content_of[t]);
        write_leg(a, kept, &m->legs[ANCHOR_CALLER][t], ANCHOR_CALLER, t);
        write_leg(a, kept, &m->legs[ANCHOR_CALLEE][t], ANCHOR_CALLEE, t);
    }
    for (size_t i = 0; i < m->content_count; i++)
        write_content(a, kept, &m->contents[i]);
    return element_text(a, kept);
}

/* ---- Reading: the text is ours, but a disk may have damaged it ----------------------------------------- */

struct reading {
    struct arena *arena;
    bool failed;
};

static uint64_t get_number(struct reading *r, const struct xml_node *n, const char *name,
                           uint64_t max)
{
    uint64_t value = 0;

    if (str_to_u64(xml_get(n, str_from(name)), max, &value) != ERR_NONE)
        r->failed = true;
    return value;
}

static struct str get_text(struct reading *r, const struct xml_node *n, const char *name)
{
    struct str value = xml_get(n, str_from(name));

    r->failed |= value.n == 0;
    return arena_str(r->arena, value);
}

static void get_exactly(struct reading *r, const struct xml_node *n, const char *name, char *out,
                        size_t size)
{
    struct str value = xml_get(n, str_from(name));

    if (value.n == size)
        memcpy(out, value.p, size);
    else
        r->failed = true;
}

static void read_leg(struct reading *r, const struct xml_node *n, struct call_media *m)
{
    uint64_t side = get_number(r, n, "side", 1);
    uint64_t transport = get_number(r, n, "transport", ANCHOR_TRANSPORTS - 1);
    struct call_leg *leg = &m->legs[side][transport];

    leg->made = true;
    leg->two_components = get_number(r, n, "two", 1) == 1;
    get_exactly(r, n, "ufrag", leg->ufrag, sizeof leg->ufrag);
    get_exactly(r, n, "pwd", leg->pwd, sizeof leg->pwd);
}

static void read_stream(struct reading *r, const struct xml_node *n, struct call_content *c)
{
    struct call_stream *s = &c->of[get_number(r, n, "side", 1)];
    struct bytes payloads;

    s->known = true;
    s->setup = (enum jingle_setup)get_number(r, n, "setup", JINGLE_PASSIVE);
    s->ufrag = get_text(r, n, "ufrag");
    s->pwd = get_text(r, n, "pwd");
    if (hex_read(r->arena, xml_get(n, STR("payloads")), &payloads) == ERR_NONE
        && payloads.n == sizeof s->payload_types)
        memcpy(s->payload_types, payloads.p, payloads.n);
    else
        r->failed = true;
}

static void read_content(struct reading *r, const struct xml_node *n, struct call_media *m)
{
    struct call_content *c = &m->contents[m->content_count % JINGLE_CONTENTS];

    r->failed |= m->content_count++ == JINGLE_CONTENTS;
    c->name = get_text(r, n, "name");
    c->transport = (unsigned)get_number(r, n, "transport", ANCHOR_TRANSPORTS - 1);
    c->video = get_number(r, n, "video", 1) == 1;
    for (const struct xml_node *i = xml_first_element(n); i != NULL; i = xml_next_element(i))
        read_stream(r, i, c);
}

static void read_media(struct reading *r, const struct xml_node *kept, struct call_media *m)
{
    uint64_t tcp = get_number(r, kept, "tcp", 3);

    m->number = get_number(r, kept, "number", UINT64_MAX);
    m->bundled = get_number(r, kept, "bundled", 1) == 1;
    m->knows_tcp[0] = (tcp & 1) != 0;
    m->knows_tcp[1] = (tcp & 2) != 0;
    m->content_of[0] = get_number(r, kept, "first", JINGLE_CONTENTS - 1);
    m->content_of[1] = get_number(r, kept, "second", JINGLE_CONTENTS - 1);
    m->told = m->answered = true;
    for (const struct xml_node *i = xml_first_element(kept); i != NULL && !r->failed;
         i = xml_next_element(i)) {
        if (str_is(i->name, "leg"))
            read_leg(r, i, m);
        else
            read_content(r, i, m);
    }
    r->failed |= m->content_count == 0 || m->number == 0;
}

enum err call_kept_parse(struct str text, struct call_kept *out)
{
    struct ledger *l = &out->ledger;
    struct reading r = { &l->arena, false };
    struct arena scratch = { 0 };
    const struct xml_node *kept = stored_element(&scratch, text);

    if (kept != NULL) {
        l->id = get_text(&r, kept, "id");
        l->caller = get_text(&r, kept, "caller");
        l->device = get_text(&r, kept, "device");
        l->called = arena_str(r.arena, xml_get(kept, STR("called")));
        l->media = (unsigned)get_number(&r, kept, "media", JINGLE_AUDIO | JINGLE_VIDEO);
        l->proposed_ms = get_number(&r, kept, "proposed", INT64_MAX);
        l->talk_ms = l->phase_ms = get_number(&r, kept, "talk", INT64_MAX);
        l->phase = CALL_ACTIVE;
        out->callee = get_text(&r, kept, "callee");
        out->alive_ms = get_number(&r, kept, "alive", INT64_MAX);
        read_media(&r, kept, &out->media);
    }
    arena_deinit(&scratch);
    return kept == NULL || r.failed ? ERR_MALFORMED : ERR_NONE;
}

/* ---- Rows -------------------------------------------------------------------------------------------- */

static struct str key_of(struct arena *a, struct str caller, struct str id)
{
    return arena_printf(a, "%.*s %.*s", STR_ARG(id), STR_ARG(caller));
}

static void row_stored(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

void call_kept_put(struct call *c)
{
    struct home *h = c->callee->home;
    struct write_set *w = mem_alloc(sizeof *w);
    struct row *row = write_set_add(w, ROW_DOCUMENT, c->callee->view.account);
    struct call_kept k = {
        .callee = c->callee->bare, .alive_ms = h->now_ms, .ledger = c->ledger, .media = c->media
    };

    c->kept_ms = h->now_ms;
    row->document.kind = DOC_CALL;
    row->document.key = key_of(&w->op.arena, calls_bare(c->ledger.caller), c->ledger.id);
    row->document.value = call_kept_write(&w->op.arena, &k);
    w->op.home = h->number;
    w->op.done = row_stored;
    store_commit_soon(h->store, w);
}

void call_kept_gone(struct outcome *out, struct str caller, struct str id)
{
    struct row *row = outcome_write(out, ROW_DOCUMENT);

    row->document.kind = DOC_CALL;
    row->document.key = key_of(outcome_arena(out), caller, id);
}

/* ---- A new process ----------------------------------------------------------------------------------- */

struct reader {
    struct store_query query;
    struct home *home;
    void (*then)(struct home *h);
};

/* Pinned; NULL: another home's. */
static struct account *account_here(struct home *h, struct str address)
{
    struct arena scratch = { 0 };
    struct account *a = NULL;
    struct jid jid;

    if (jid_parse(&scratch, address, &jid) == ERR_NONE && home_of(h, &jid) == h->number)
        a = account_get(h, &jid);
    arena_deinit(&scratch);
    return a;
}

static void resume_call(struct home *h, struct call_kept *k)
{
    struct account *a = account_here(h, k->callee);
    struct call *c;

    if (a == NULL)
        return;
    if ((k->media.number & 0xff) == h->number) {
        c = calls_resume(a, &k->ledger, &k->media);
        c->kept_ms = k->alive_ms;
        c->lost = h->now_ms > k->alive_ms + CALL_LOST_MS;
        k->ledger.arena = (struct arena){ 0 }; /* it is the call's */
    }
    account_unpin(a);
}

static void resume_dialled(struct home *h, const struct call_kept *k)
{
    struct account *a = account_here(h, k->ledger.caller);

    if (a == NULL)
        return;
    calls_dial_resume(a, &k->ledger, k->callee);
    account_unpin(a);
}

static void rows_read(struct store_op *op)
{
    struct store_query *q = CONTAINER_OF(op, struct store_query, op);
    struct reader *r = CONTAINER_OF(q, struct reader, query);

    for (size_t i = 0; op->result == ERR_NONE && i < q->out.documents.count; i++) {
        struct call_kept k = { 0 };

        if (call_kept_parse(q->out.documents.documents[i].value, &k) == ERR_NONE) {
            resume_dialled(r->home, &k);
            resume_call(r->home, &k);
        }
        ledger_close(&k.ledger);
    }
    r->then(r->home);
    arena_deinit(&op->arena);
    mem_free(r);
}

void call_kept_read(struct home *h, void (*then)(struct home *h))
{
    struct reader *r = mem_alloc(sizeof *r);

    r->home = h;
    r->then = then;
    r->query.kind = QUERY_DOCUMENTS;
    r->query.in.document.kind = DOC_CALL; /* of all accounts */
    r->query.op.home = h->number;
    r->query.op.done = rows_read;
    store_query(h->store, &r->query);
}
