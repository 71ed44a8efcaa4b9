/* caps.c: asking for, checking and remembering what clients want to hear of. */
#include "server/caps.h"

#include <string.h>

#include "server/limits.h"
#include "server/pep_events.h"
#include "xmpp/disco.h"

struct caps_cache {
    struct map by_ver;
};

static void caps_unref(struct caps *c)
{
    if (c != NULL && --c->refs == 0)
        mem_free(c);
}

struct caps_cache *caps_cache_new(const struct random *random)
{
    struct caps_cache *c = mem_alloc(sizeof *c);
    uint64_t seed[2];

    random_fill(random, seed, sizeof seed);
    map_init(&c->by_ver, seed);
    return c;
}

static void caps_cache_clear(struct caps_cache *c)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&c->by_ver, &at, &slot);)
        caps_unref(slot.value);
    map_deinit(&c->by_ver);
}

void caps_cache_free(struct caps_cache *c)
{
    if (c == NULL)
        return;
    caps_cache_clear(c);
    mem_free(c);
}

static void forget_question(struct session *s)
{
    mem_free((char *)s->caps_wanted.p);
    mem_free((char *)s->caps_ver.p);
    s->caps_wanted = s->caps_ver = STR_NONE;
}

struct str caps_announced(const struct session *s)
{
    return s->caps != NULL ? s->caps->ver : s->caps_ver;
}

void caps_forget(struct session *s)
{
    forget_question(s);
    caps_unref(s->caps);
    s->caps = NULL;
}

static struct str own(struct str text)
{
    char *p = mem_alloc_raw(text.n);

    if (text.n > 0)
        memcpy(p, text.p, text.n);
    return (struct str){ p, text.n };
}

static void adopt(struct session *s, struct caps *c)
{
    c->refs++;
    caps_unref(s->caps);
    s->caps = c;
    pep_ask(s);
}

static void ask(struct session *s, struct str node, struct str ver)
{
    struct arena a = { 0 };
    struct str id = home_iq_id(s->home, &a);
    struct xml_node *iq = stanza_new(&a, STANZA_IQ, "get", s->domain, s->full, id);

    xml_set(&a, xml_add(&a, iq, STR(NS_DISCO_INFO), STR("query")), STR("node"),
            arena_printf(&a, "%.*s#%.*s", STR_ARG(node), STR_ARG(ver)));
    forget_question(s);
    s->caps_wanted = own(id);
    s->caps_ver = own(ver);
    session_send_node(s, iq);
    arena_deinit(&a);
}

void caps_presence(struct session *s, const struct xml_node *presence)
{
    const struct xml_node *c = xml_child(presence, STR(NS_CAPS), STR("c"));
    struct str ver = c ? xml_get(c, STR("ver")) : STR_NONE;
    struct caps *known;

    /* Without the `hash` attribute it is the old format, which names nothing that can be checked. */
    if (c == NULL || ver.n == 0 || ver.n > 64 || xml_get(c, STR("hash")).n == 0)
        return;
    if ((s->caps != NULL && str_eq(s->caps->ver, ver)) || str_eq(s->caps_ver, ver))
        return;
    known = map_get(&s->home->caps->by_ver, ver);
    if (known != NULL)
        adopt(s, known);
    else
        ask(s, xml_get(c, STR("node")), ver);
}

static bool notify_node(const struct xml_node *feature, struct str *out)
{
    struct str var = xml_get(feature, STR("var")), end = STR("+notify");

    if (!str_eq(feature->name, STR("feature")) || !str_ends(var, end) || var.n == end.n)
        return false;
    *out = str_slice(var, 0, var.n - end.n);
    return true;
}

static struct caps *caps_new(const struct xml_node *query, struct str ver)
{
    struct str nodes[CAPS_NOTIFY];
    size_t n = 0, texts = ver.n;
    struct caps *c;
    char *at;

    for (const struct xml_node *f = xml_first_element(query); f != NULL && n < CAPS_NOTIFY;
         f = xml_next_element(f))
        if (notify_node(f, &nodes[n]))
            texts += nodes[n++].n;
    c = mem_alloc(sizeof *c + n * sizeof nodes[0] + texts);
    at = (char *)(c->nodes + n);
    c->count = n;
    c->ver = (struct str){ memcpy(at, ver.p, ver.n), ver.n };
    at += ver.n;
    for (size_t i = 0; i < n; i++) {
        c->nodes[i] = (struct str){ memcpy(at, nodes[i].p, nodes[i].n), nodes[i].n };
        at += nodes[i].n;
    }
    return c;
}

static void remember(struct caps_cache *cache, struct caps *c)
{
    if (cache->by_ver.n >= CAPS_CACHE) /* rare: a few dozen client versions are in use at a time */
        caps_cache_clear(cache);
    c->refs++;
    caps_unref(map_put(&cache->by_ver, c->ver, c));
}

bool caps_answer(struct session *s, const struct stanza *iq)
{
    struct arena a = { 0 };
    const struct xml_node *query;
    struct str hash;
    struct caps *c;

    if (s->caps_wanted.n == 0 || !str_eq(iq->id, s->caps_wanted))
        return false;
    query = iq->type == IQ_RESULT ? xml_child(iq->node, STR(NS_DISCO_INFO), STR("query")) : NULL;
    if (query != NULL) {
        c = caps_new(query, s->caps_ver);
        if (disco_caps_hash(&a, query, &hash) == ERR_NONE && str_eq(hash, s->caps_ver))
            remember(s->home->caps, c);
        adopt(s, c);
    }
    forget_question(s);
    arena_deinit(&a);
    return true;
}

bool caps_wants(const struct session *s, struct str node)
{
    if (s->caps == NULL || !(s->flags & SESSION_AVAILABLE))
        return false;
    for (size_t i = 0; i < s->caps->count; i++)
        if (str_eq(s->caps->nodes[i], node))
            return true;
    return false;
}
