/* s2s.c: one domain with which there is a link: what waits for it, and for how long. */
#include "server/s2s.h"

#include "server/home.h"
#include "server/s2s_inside.h"

enum {
    PARCELS_MAX = 1000,
    BYTES_MAX = 8 * 1024 * 1024,
    PAGE = 100,                             /* of the outbox at a time */
    HOLD_REQUEST_MS = 10 * 1000,            /* who asks waits for the answer */
    HOLD_MESSAGE_MS = 2 * 24 * 3600 * 1000, /* the other server is being repaired */
};

struct s2s *s2s_new(struct home *h, const struct remote_pin *pin, const struct s2s_ops *ops,
                    void *ctx)
{
    struct s2s *s = mem_alloc(sizeof *s);

    s->home = h;
    s->pin = pin;
    s->ops = ops;
    s->ctx = ctx;
    list_init(&s->in);
    list_init(&s->out.waiting);
    list_init(&s->out.sent);
    list_add(&h->servers, &s->in_home);
    return s;
}

struct s2s *s2s_find(const struct home *h, struct str domain)
{
    for (const struct link *l = list_first(&h->servers); l != NULL; l = list_next(&h->servers, l)) {
        struct s2s *s = LIST_ENTRY((struct link *)l, struct s2s, in_home);

        if (str_eq(s->pin->domain, domain))
            return s;
    }
    return NULL;
}

static void free_all(struct list *parcels)
{
    for (struct link *l; (l = list_pop(parcels)) != NULL;)
        remote_parcel_free(LIST_ENTRY(l, struct remote_parcel, link));
}

void s2s_free(struct s2s *s)
{
    free_all(&s->out.waiting);
    free_all(&s->out.sent);
    stream_deinit(&s->out.stream);
    list_remove(&s->in_home);
    mem_free(s);
}

/* ---- What waits -------------------------------------------------------------------------------------- */

static uint64_t hold_ms(const struct remote_parcel *p)
{
    return p->row_id != 0 ? HOLD_MESSAGE_MS : HOLD_REQUEST_MS;
}

void s2s_drop(struct s2s *s, struct remote_parcel *p)
{
    s->out.parcels--;
    s->out.bytes -= p->stanza->n;
    list_remove(&p->link);
}

void s2s_add(struct s2s *s, struct remote_parcel *p)
{
    struct s2s_out *out = &s->out;

    if (p->row_id != 0 && p->row_id <= s->loaded_id) {
        remote_parcel_free(p); /* it came from the store already */
        return;
    }
    if (out->parcels >= PARCELS_MAX || p->stanza->n > BYTES_MAX - out->bytes) {
        remote_bounce(s->home, p, COND_RESOURCE_CONSTRAINT);
        return;
    }
    p->until_ms = p->since_ms + hold_ms(p);
    list_add(&out->waiting, &p->link);
    out->parcels++;
    out->bytes += p->stanza->n;
    s2s_out_go(s);
}

/* A request is not asked twice: it may have been heard, and the answer is lost. */
void s2s_requeue(struct s2s *s)
{
    struct list again;

    list_init(&again);
    list_splice(&again, &s->out.sent);
    s->out.unacked = 0;
    LIST_EACH (&again, l) {
        struct remote_parcel *p = LIST_ENTRY(l, struct remote_parcel, link);

        if (p->kind == STANZA_IQ) {
            s2s_drop(s, p);
            remote_bounce(s->home, p, COND_REMOTE_SERVER_TIMEOUT);
        }
    }
    list_splice(&again, &s->out.waiting);
    list_splice(&s->out.waiting, &again);
}

/* ---- What an earlier run has left --------------------------------------------------------------------- */

static bool is_here(const struct list *parcels, uint64_t row_id)
{
    for (const struct link *l = list_first(parcels); l != NULL; l = list_next(parcels, l))
        if (LIST_ENTRY((struct link *)l, struct remote_parcel, link)->row_id == row_id)
            return true;
    return false;
}

static void take_record(struct home *h, const struct outbox_record *record)
{
    struct remote_parcel *p = remote_parcel_of(record);
    struct s2s *s = s2s_find(h, record->domain);

    if (p == NULL)
        return;
    if (s == NULL)
        remote_bounce(h, p, COND_REMOTE_SERVER_NOT_FOUND);
    else if (is_here(&s->out.waiting, p->row_id) || is_here(&s->out.sent, p->row_id))
        remote_parcel_free(p); /* of this run */
    else
        s2s_add(s, p);
    if (s != NULL)
        s->loaded_id = record->id;
}

struct loading {
    struct store_query query;
    struct home *home;
};

static void load_page(struct home *h, uint64_t after);

static void page_came(struct store_op *op)
{
    struct loading *l = CONTAINER_OF(op, struct loading, query.op);
    const struct outbox_record *records = l->query.out.outbox.records;
    size_t n = op->result == ERR_NONE ? l->query.out.outbox.count : 0;

    for (size_t i = 0; i < n; i++)
        take_record(l->home, &records[i]);
    if (n == PAGE)
        load_page(l->home, records[n - 1].id);
    arena_deinit(&op->arena);
    mem_free(l);
}

static void load_page(struct home *h, uint64_t after)
{
    struct loading *l = mem_alloc(sizeof *l);

    l->home = h;
    l->query.kind = QUERY_OUTBOX;
    l->query.in.outbox.after = after;
    l->query.in.outbox.max = PAGE;
    l->query.op.home = h->number;
    l->query.op.done = page_came;
    store_query(h->store, &l->query);
}

void s2s_load(struct home *h)
{
    load_page(h, 0);
}

/* ---- Time -------------------------------------------------------------------------------------------- */

static void give_up_late(struct s2s *s)
{
    LIST_EACH (&s->out.waiting, l) {
        struct remote_parcel *p = LIST_ENTRY(l, struct remote_parcel, link);

        if (s->home->now_ms < p->until_ms)
            continue;
        s2s_drop(s, p);
        remote_bounce(s->home, p, COND_REMOTE_SERVER_TIMEOUT);
    }
}

void s2s_wake(struct s2s *s)
{
    give_up_late(s);
    s2s_out_tick(s);
}

void s2s_shutdown(struct s2s *s)
{
    LIST_EACH (&s->in, l)
        s2s_in_shutdown(LIST_ENTRY(l, struct s2s_in, in_domain));
    s2s_out_end(s);
}
