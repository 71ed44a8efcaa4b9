/* timeline_said.c: what is said later about messages: what it may be about, and where it waits until that is there. */
#include "client/timeline_inside.h"

/* Paths are cut short on the way, so that long chains are walked once. */
struct node *timeline_root(struct node *n)
{
    struct node *root = n;

    while (root->up != NULL)
        root = root->up;
    while (n != root) {
        struct node *up = n->up;

        n->up = root;
        n = up;
    }
    return root;
}

static bool is_about(const struct node *s, const struct node *n)
{
    bool fits = is_text(n) && (entry_is_sealed(entry_of(s)) || !entry_is_sealed(entry_of(n)));

    switch (entry_of(s)->kind) {
    case ENTRY_CORRECTION:
    case ENTRY_RETRACTION: return fits && same_author(s, n);
    case ENTRY_MESSAGE: return is_text(n) && s != n;
    case ENTRY_REACTIONS: return fits;
    case ENTRY_SENT:
    case ENTRY_FAILED: return same_author(s, n) && entry_of(s)->outgoing;
    case ENTRY_DELIVERED:
    case ENTRY_READ: return is_text(n) && !same_author(s, n);
    default: return false;
    }
}

/* In the order of time. Of what others say only the last of a kind counts; ours may fail, and then the one before it counts again. */
static void say(struct node *root, struct node *s)
{
    struct node **at = &root->said;

    while (*at != NULL) {
        struct node *o = *at;

        if (entry_of(s)->outgoing || entry_of(o)->kind != entry_of(s)->kind || !same_author(o, s)) {
            at = &o->next;
        } else if (is_before(place_of(s), place_of(o))) {
            return;
        } else {
            *at = o->next;
        }
    }
    for (at = &root->said; *at != NULL && !is_before(place_of(s), place_of(*at));)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
}

static void correct(struct timeline *t, struct node *root, struct node *s)
{
    struct node *said = s->said;

    timeline_unlist(t, s);
    s->up = root;
    s->said = NULL;
    while (said != NULL) { /* it was shown by itself until now */
        struct node *next = said->next;

        say(root, said);
        said = next;
    }
    say(root, s);
    if (root->unreadable) /* what it says now is not */
        root->message.entry.kind = ENTRY_MESSAGE;
}

static void fail(struct timeline *t, struct node *n, const struct entry *why)
{
    struct node *root = n->up != NULL ? timeline_root(n) : n;

    n->failed = true;
    n->message.why = why->text;
    if (root->listed)
        timeline_fold(t, root);
}

/* False: they are in a circle. */
static bool attach(struct timeline *t, struct node *s, struct node *n)
{
    struct node *root = timeline_root(n);

    switch (entry_of(s)->kind) {
    case ENTRY_CORRECTION:
        if (root == timeline_root(s))
            return false;
        correct(t, root, s);
        break;
    case ENTRY_RETRACTION:
    case ENTRY_REACTIONS:
        s->up = root;
        say(root, s);
        break;
    case ENTRY_MESSAGE: s->reply_to = n; return true;
    case ENTRY_SENT:
        n->sent = true;
        n->message.entry.encryption = entry_of(s)->encryption;
        n->message.entry.trust = entry_of(s)->trust;
        return true;
    case ENTRY_FAILED: fail(t, n, entry_of(s)); return true;
    case ENTRY_DELIVERED: root->delivered = true; return true;
    case ENTRY_READ:
        if (is_before(t->read[entry_of(s)->outgoing], place_of(n)))
            t->read[entry_of(s)->outgoing] = place_of(n);
        return true;
    default: return true;
    }
    timeline_fold(t, root);
    return true;
}

/* The other side's first: people react to others, and answer them, more than themselves. */
static struct node *named(const struct timeline *t, const struct node *s)
{
    struct node *own = NULL;

    for (struct node *n = map_get(&t->nodes, entry_of(s)->target); n != NULL; n = n->twin) {
        if (!is_about(s, n))
            continue;
        if (!same_author(s, n))
            return n;
        own = n;
    }
    return own;
}

static void wait_for(struct timeline *t, struct node *s)
{
    s->next = map_get(&t->waiting, entry_of(s)->target);
    (void)map_put(&t->waiting, entry_of(s)->target, s);
}

void timeline_find_place(struct timeline *t, struct node *s)
{
    struct node *n = entry_of(s)->target.n > 0 ? named(t, s) : NULL;

    if (entry_of(s)->target.n > 0 && (n == NULL || !attach(t, s, n)))
        wait_for(t, s);
}

/* What waited for this id, or for somebody else's message with it. */
void timeline_arrive(struct timeline *t, struct node *n)
{
    struct node *s = map_remove(&t->waiting, entry_of(n)->id);

    while (s != NULL) {
        struct node *next = s->next;

        s->next = NULL;
        if (!is_about(s, n) || !attach(t, s, n))
            wait_for(t, s);
        s = next;
    }
}

/* Among what was said about its root. */
static void say_anew(struct timeline *t, struct node *s)
{
    struct node *root = timeline_root(s);

    for (struct node **at = &root->said; *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            say(root, s);
            break;
        }
    if (root->listed)
        timeline_fold(t, root);
}

void timeline_move(struct timeline *t, struct node *n, uint64_t order)
{
    struct place before = place_of(n);
    bool listed = n->listed;

    timeline_unlist(t, n);
    n->order = order;
    for (size_t i = 0; i < COUNT_OF(t->read); i++)
        if (t->read[i].time_ms == before.time_ms && t->read[i].order == before.order)
            t->read[i] = place_of(n);
    if (listed)
        timeline_list(t, n);
    if (n->up != NULL)
        say_anew(t, n);
}
