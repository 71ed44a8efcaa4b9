/* there.c: who is there (RFC 6121 §4), in memory: true while the session lasts.
 *
 * A contact is there with several devices. What is shown is that of the device with the highest priority, which is where a message
 * or a call goes first; among equals, of the one that is most at hand.
 */
#include "client/people_inside.h"
#include "xmpp/ns.h"

enum { DEVICES_EACH_MAX = 8, DEVICES_ALL_MAX = 50000, STATUS_MAX = 256 };

struct present_device {
    uint64_t resource; /* its hash: the name is nobody's business */
    int priority;
    enum show show;
    uint16_t status_n;
    char status[STATUS_MAX];
};

struct present {
    size_t count;
    struct present_device *devices; /* DEVICES_EACH_MAX at most */
    char bare[];
};

/* ---- What is kept ---------------------------------------------------------------------------------- */

static struct present *present_new(struct engine *c, struct str bare)
{
    struct present *p = mem_alloc(sizeof *p + bare.n);

    for (size_t i = 0; i < bare.n; i++)
        p->bare[i] = bare.p[i];
    map_put(&c->people.present, (struct str){ p->bare, bare.n }, p);
    return p;
}

void there_forget_one(struct engine *c, struct str bare)
{
    struct present *p = map_remove(&c->people.present, bare);

    if (p == NULL)
        return;
    c->people.devices -= p->count;
    mem_free(p->devices);
    mem_free(p);
}

void there_forget(struct engine *c)
{
    uint64_t seed[2] = { c->people.present.seed[0], c->people.present.seed[1] };
    struct map_slot slot;

    for (size_t cursor = 0; map_next(&c->people.present, &cursor, &slot);) {
        struct present *p = slot.value;

        mem_free(p->devices);
        mem_free(p);
    }
    map_deinit(&c->people.present);
    map_init(&c->people.present, seed);
    c->people.devices = 0;
}

/* NULL: they have too many, or everybody together has. */
static struct present_device *device_of(struct engine *c, struct str bare, uint64_t resource)
{
    struct present *p = map_get(&c->people.present, bare);

    for (size_t i = 0; p != NULL && i < p->count; i++)
        if (p->devices[i].resource == resource)
            return &p->devices[i];
    if (c->people.devices >= DEVICES_ALL_MAX || (p != NULL && p->count >= DEVICES_EACH_MAX))
        return NULL;
    if (p == NULL)
        p = present_new(c, bare);
    p->devices = mem_resize(p->devices, (p->count + 1) * sizeof *p->devices);
    c->people.devices++;
    p->devices[p->count] = (struct present_device){ .resource = resource };
    return &p->devices[p->count++];
}

static void device_left(struct engine *c, struct str bare, uint64_t resource)
{
    struct present *p = map_get(&c->people.present, bare);

    for (size_t i = 0; p != NULL && i < p->count; i++) {
        if (p->devices[i].resource != resource)
            continue;
        p->devices[i] = p->devices[--p->count];
        c->people.devices--;
        break;
    }
    if (p != NULL && p->count == 0)
        there_forget_one(c, bare);
}

/* ---- What is said ---------------------------------------------------------------------------------- */

static enum show show_of(struct str text)
{
    static const struct {
        const char *text;
        enum show show;
    } words[] = {
        { "chat", SHOW_CHAT }, { "away", SHOW_AWAY }, { "xa", SHOW_XA }, { "dnd", SHOW_DND }
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(text, words[i].text))
            return words[i].show;
    return SHOW_ONLINE;
}

static int priority_of(struct str text)
{
    bool negative = str_starts(text, STR("-"));
    uint64_t value;

    if (str_to_u64(negative ? str_skip(text, 1) : text, negative ? 128 : 127, &value) != ERR_NONE)
        return 0;
    return negative ? -(int)value : (int)value;
}

static void device_says(struct engine *c, struct str bare, uint64_t resource,
                        const struct stanza *presence)
{
    struct present_device *d = device_of(c, bare, resource);
    struct arena a = { 0 };
    struct str status;

    if (d == NULL)
        return;
    status = xml_child_text(&a, presence->node, STR(NS_CLIENT), STR("status"));
    status = people_cut(status, STATUS_MAX);
    d->show = show_of(xml_child_text(&a, presence->node, STR(NS_CLIENT), STR("show")));
    d->priority =
        priority_of(str_trim(xml_child_text(&a, presence->node, STR(NS_CLIENT), STR("priority"))));
    d->status_n = (uint16_t)status.n;
    for (size_t i = 0; i < status.n; i++)
        d->status[i] = status.p[i];
    arena_deinit(&a);
}

/* Whoever is not in the list may send it as well (RFC 6121 §4.6), but is not asked after. */
void there_came(struct engine *c, const struct stanza *presence)
{
    struct arena a = { 0 };
    struct str bare = jid_bare_text(&a, &presence->from);
    uint64_t resource = map_hash(c->people.present.seed, presence->from.resource);
    struct contact before = { 0 }, after = { 0 };
    struct roster_row row;

    if (contacts_row(c, bare, &row)) {
        there_of(c, bare, &before);
        before.status = arena_str(&a, before.status);
        if (presence->type == PRESENCE_AVAILABLE)
            device_says(c, bare, resource, presence);
        else if (jid_is_bare(&presence->from))
            there_forget_one(c, bare);
        else
            device_left(c, bare, resource);
        there_of(c, bare, &after);
        if (before.show != after.show || !str_eq(before.status, after.status))
            engine_tell(c, &(struct engine_event){ .kind = ENGINE_CONTACTS });
    }
    arena_deinit(&a);
}

static bool comes_first(const struct present_device *a, const struct present_device *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->show > b->show;
}

void there_of(const struct engine *c, struct str bare, struct contact *out)
{
    const struct present *p = map_get(&c->people.present, bare);
    const struct present_device *best = NULL;

    for (size_t i = 0; p != NULL && i < p->count; i++)
        if (best == NULL || comes_first(&p->devices[i], best))
            best = &p->devices[i];
    if (best == NULL)
        return;
    out->show = best->show;
    out->status = (struct str){ best->status, best->status_n };
}
