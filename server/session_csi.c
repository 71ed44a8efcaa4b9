/* session_csi.c: Client State Indication (XEP-0352): a phone in a pocket is not woken for what can
 * wait.
 *
 * To an inactive client, presence, chat states and events of personal nodes are held back, of
 * presence and chat states only the newest. All of it goes out in order when the client is active
 * again, when something goes out that cannot wait, or when there is too much of it. So the client
 * misses nothing that still holds, and sees nothing in the wrong order.
 */
#include <string.h>

#include "base/map.h"
#include "server/limits.h"
#include "server/session.h"

struct held {
    struct link link;
    struct blob *stanza;
    struct str key; /* a newer one of the same key replaces it; n == 0: none does */
    char key_memory[];
};

struct csi {
    struct list held; /* oldest first */
    struct map by_key;
    size_t count, bytes;
};

static struct csi *csi_new(const struct random *random)
{
    struct csi *c = mem_alloc(sizeof *c);
    uint64_t seed[2];

    random_fill(random, seed, sizeof seed); /* keys are addresses of others */
    list_init(&c->held);
    map_init(&c->by_key, seed);
    return c;
}

/* Takes it out and gives its stanza to the caller. */
static struct blob *take(struct csi *c, struct held *h)
{
    struct blob *stanza = h->stanza;

    list_remove(&h->link);
    if (h->key.n > 0)
        map_remove(&c->by_key, h->key);
    c->count--;
    c->bytes -= stanza->n;
    mem_free(h);
    return stanza;
}

static void hold(struct csi *c, struct blob *stanza, struct str key)
{
    struct held *h = map_get(&c->by_key, key);

    if (h != NULL)
        blob_unref(take(c, h));
    h = mem_alloc(sizeof *h + key.n);
    h->stanza = blob_ref(stanza);
    h->key = (struct str){ memcpy(h->key_memory, key.p, key.n), key.n };
    if (key.n > 0)
        map_put(&c->by_key, h->key, h);
    list_add(&c->held, &h->link);
    c->count++;
    c->bytes += stanza->n;
}

void csi_free(struct session *s)
{
    if (s->csi == NULL)
        return;
    for (struct link *l; (l = list_first(&s->csi->held)) != NULL;)
        blob_unref(take(s->csi, LIST_ENTRY(l, struct held, link)));
    map_deinit(&s->csi->by_key);
    mem_free(s->csi);
    s->csi = NULL;
}

void csi_flush(struct session *s)
{
    struct csi *c = s->csi;

    s->csi = NULL; /* what is sent now is not held again, and need not wait for what is held */
    for (struct link *l; c != NULL && (l = list_first(&c->held)) != NULL;) {
        struct blob *stanza = take(c, LIST_ENTRY(l, struct held, link));

        session_send(s, stanza);
        blob_unref(stanza);
    }
    if (c == NULL)
        return;
    map_deinit(&c->by_key);
    mem_free(c);
}

void csi_activate(struct session *s)
{
    s->flags &= ~(unsigned)SESSION_INACTIVE;
    csi_flush(s);
}

bool csi_element(struct session *s, const struct xml_node *node)
{
    if (xml_is(node, STR(NS_CSI), STR("active")))
        csi_activate(s);
    else if (xml_is(node, STR(NS_CSI), STR("inactive")))
        s->flags |= SESSION_INACTIVE;
    else
        return false;
    return true;
}

/* ---- What can wait --------------------------------------------------------------------------------- */

/* Nothing but a chat state (XEP-0085), and what may accompany it. */
static bool is_chat_state(const struct xml_node *message)
{
    bool found = false;

    for (const struct xml_node *c = xml_first_element(message); c != NULL;
         c = xml_next_element(c)) {
        if (str_eq(c->ns, STR(NS_CHATSTATES)))
            found = true;
        else if (!str_eq(c->ns, STR(NS_HINTS)) && !str_eq(c->ns, STR(NS_SID))
                 && !xml_is(c, STR(NS_CLIENT), STR("thread")))
            return false;
    }
    return found;
}

bool csi_can_wait(const struct stanza *s)
{
    if (s->kind == STANZA_PRESENCE)
        return s->type == PRESENCE_AVAILABLE || s->type == PRESENCE_UNAVAILABLE;
    return s->kind == STANZA_MESSAGE && s->type != MESSAGE_ERROR && is_chat_state(s->node);
}

/* Presence of a device; what one device writes to one address. */
static struct str key_of(struct arena *a, const struct stanza *s)
{
    if (s == NULL)
        return STR("");
    if (s->kind == STANZA_PRESENCE)
        return arena_printf(a, "presence %.*s", STR_ARG(jid_text(a, &s->from)));
    return arena_printf(a, "message %.*s %.*s", STR_ARG(jid_text(a, &s->from)),
                        STR_ARG(jid_text(a, &s->to)));
}

void session_defer(struct session *s, struct blob *stanza, const struct stanza *of)
{
    struct arena a = { 0 };

    if (!(s->flags & SESSION_INACTIVE)) {
        session_send(s, stanza);
        return;
    }
    if (s->csi == NULL)
        s->csi = csi_new(&s->home->host->random);
    hold(s->csi, stanza, key_of(&a, of));
    if (s->csi->count > CSI_HELD_STANZAS || s->csi->bytes > s->home->settings->output_bytes)
        csi_flush(s);
    arena_deinit(&a);
}
