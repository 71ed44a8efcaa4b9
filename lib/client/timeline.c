/* timeline.c: see timeline.h: entries that come in and are erased, and how they look. */
#include "client/timeline_inside.h"

enum {
    TWINS_MAX =
        8, /* nodes with one id that are told apart by what they are; who sends more is lost in the crowd */
};

static const uint64_t FIRST_NOW = (uint64_t)1 << 63; /* above every number of a store */

struct timeline *timeline_new(const struct random *random)
{
    struct timeline *t = mem_alloc(sizeof *t);
    uint64_t seed[2];

    random_fill(random, seed, sizeof seed);
    map_init(&t->nodes, seed);
    map_init(&t->waiting, seed);
    t->order = FIRST_NOW; /* and a place of zeroes is before every message */
    return t;
}

void timeline_free(struct timeline *t)
{
    if (t == NULL)
        return;
    map_deinit(&t->nodes);
    map_deinit(&t->waiting);
    mem_free(t->list);
    arena_deinit(&t->arena);
    mem_free(t);
}

/* ---- Entries --------------------------------------------------------------------------------------- */

/* A message for several versions of OMEMO comes once in each, with one id; this device can read one of them. */
static struct node *other_form(struct node *first, const struct entry *e)
{
    for (struct node *n = first; n != NULL; n = n->twin)
        if (str_eq(entry_of(n)->author, e->author) && (n->unreadable || e->kind == ENTRY_SEALED)
            && is_text(n))
            return n;
    return NULL;
}

/* A message without words is one that was taken back. */
static bool is_empty(const struct entry *e)
{
    return (e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION) && e->text.n == 0
           && e->attachment.n == 0;
}

static struct node *known(struct node *first, const struct entry *e)
{
    for (struct node *n = first; n != NULL; n = n->twin)
        if (entry_of(n)->kind == e->kind && str_eq(entry_of(n)->author, e->author)
            && (e->kind == ENTRY_CALL /* this device's own word, and the server's */
                || (entry_of(n)->time_ms == e->time_ms
                    && (n->wiped || is_empty(e) || str_eq(entry_of(n)->text, e->text)))))
            return n;
    return NULL;
}

/* False: its id stands for enough others already. */
static bool name(struct timeline *t, struct node *n)
{
    struct node *first = map_get(&t->nodes, entry_of(n)->id);
    size_t twins = 0;

    for (const struct node *i = first; i != NULL; i = i->twin)
        twins++;
    if (entry_of(n)->id.n == 0 || twins == TWINS_MAX)
        return false;
    while (first != NULL && first->twin != NULL)
        first = first->twin;
    if (first != NULL)
        first->twin = n;
    else
        (void)map_put(&t->nodes, entry_of(n)->id, n);
    return true;
}

static struct node *node_new(struct timeline *t, const struct entry *e, uint64_t order)
{
    struct node *n = ARENA_NEW(&t->arena, struct node);

    n->message.entry = entry_copy(&t->arena, e);
    n->message.text = n->message.entry.text;
    n->order = order;
    n->unreadable = e->kind == ENTRY_SEALED;
    return n;
}

/* Reports have ids of their own that nobody names. */
static bool is_report(enum entry_kind k)
{
    return k == ENTRY_SENT || k == ENTRY_DELIVERED || k == ENTRY_READ || k == ENTRY_FAILED;
}

static bool is_shown(const struct node *n)
{
    enum entry_kind k = entry_of(n)->kind;

    return is_text(n) || k == ENTRY_TIMER || k == ENTRY_CALL || k == ENTRY_DEVICE;
}

/* It was added when it happened, or came twice: the first time counts. */
static void come_again(struct timeline *t, struct node *n, uint64_t order)
{
    if (order < n->order)
        timeline_move(t, n, order);
}

/* The unreadable form gives way to the readable one, whichever comes first. */
static void reveal(struct timeline *t, struct node *n, const struct entry *e)
{
    if (!n->unreadable || e->kind == ENTRY_SEALED)
        return;
    timeline_unlist(t, n);
    n->unreadable = false;
    n->message.entry = entry_copy(&t->arena, e);
    timeline_list(t, n);
    timeline_find_place(t, n);
    timeline_fold(t, n);
}

static void add(struct timeline *t, const struct entry *e, uint64_t order)
{
    struct node *first = map_get(&t->nodes, e->id), *n;

    if (!is_report(e->kind) && e->id.n > 0) {
        if ((n = known(first, e)) != NULL) {
            come_again(t, n, order);
            return;
        }
        n = e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED ? other_form(first, e) : NULL;
        if (n != NULL) {
            come_again(t, n, order);
            reveal(t, n, e);
            return;
        }
    }
    n = node_new(t, e, order);
    if (is_shown(n)) {
        timeline_list(t, n);
        timeline_fold(t, n);
    }
    timeline_find_place(t, n);
    if (!is_report(e->kind) && name(t, n))
        timeline_arrive(t, n);
}

void timeline_add(struct timeline *t, const struct entry *e)
{
    add(t, e, t->order++);
}

/* What has no id is known by its place. */
void timeline_add_kept(struct timeline *t, const struct entry *e, uint64_t number)
{
    if (!timeline_has(t, (struct place){ e->time_ms, number }))
        add(t, e, number);
}

void timeline_erase(struct timeline *t, struct str author, struct str id)
{
    struct node *n = map_get(&t->nodes, id);

    while (n != NULL && !(is_shown(n) && str_eq(entry_of(n)->author, author)))
        n = n->twin;
    if (n == NULL)
        return;
    n = timeline_root(n);
    timeline_unlist(t, n);
    timeline_wipe(n);
    n->said = NULL;
    n->message.reaction_count = 0;
}

/* ---- Looking --------------------------------------------------------------------------------------- */

static enum delivery delivery_of(const struct timeline *t, const struct node *n)
{
    const struct entry *e = entry_of(n);
    bool is_read = !is_before(t->read[!e->outgoing], place_of(n));
    bool sent = n->sent || n->delivered || e->archive_id.n > 0 || e->encryption != ENCRYPTION_NONE;

    if (!e->outgoing)
        return is_read ? DELIVERY_READ : DELIVERY_DELIVERED;
    if (n->failed && !n->delivered) /* one of their devices may refuse what another one has */
        return DELIVERY_FAILED;
    if (sent && is_read)
        return DELIVERY_READ;
    return n->delivered ? DELIVERY_DELIVERED : sent ? DELIVERY_SENT : DELIVERY_WAITING;
}

static const struct message *look(const struct timeline *t, struct node *n)
{
    struct node *about = n->reply_to != NULL ? timeline_root(n->reply_to) : NULL;

    n->message.delivery = delivery_of(t, n);
    n->message.reply_to = about != NULL && about->listed ? &about->message : NULL;
    return &n->message;
}

size_t timeline_count(const struct timeline *t)
{
    return t->count;
}

const struct message *timeline_at(const struct timeline *t, size_t i)
{
    return look(t, t->list[i]);
}

const struct message *timeline_find(const struct timeline *t, struct str id)
{
    for (struct node *n = map_get(&t->nodes, id); n != NULL; n = n->twin) {
        struct node *root = timeline_root(n);

        if (is_shown(n) && root->listed)
            return look(t, root);
    }
    return NULL;
}

bool message_answers(const struct message *m, struct entry *out)
{
    if (m->entry.kind != ENTRY_MESSAGE || m->entry.target.n == 0)
        return false;
    *out = (struct entry){ .id = m->entry.target, .text = m->entry.quote };
    if (m->reply_to != NULL)
        out->author = m->reply_to->entry.author;
    return true;
}
