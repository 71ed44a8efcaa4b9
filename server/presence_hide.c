/* presence_hide.c: presence when an account blocks or unblocks somebody (XEP-0191 §3.3, §3.4).
 *
 * What the blocked must hear is collected when the block is decided and sent when it is durable. A
 * session that ends in between tells them nothing more, and yet nobody goes on seeing it.
 */
#include "server/limits.h"
#include "server/pep_events.h"
#include "server/router.h"
#include "server/session.h"

static void take_back(struct outcome *out, const struct session *s, struct str to)
{
    struct arena *a = outcome_arena(out);

    outcome_route(out, stanza_new(a, STANZA_PRESENCE, "unavailable", arena_str(a, s->full),
                                  arena_str(a, to), STR_NONE));
}

static void take_back_all(struct account *a, struct outcome *out, struct str to)
{
    LIST_EACH (&a->sessions, l) {
        const struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (s->flags & SESSION_AVAILABLE)
            take_back(out, s, to);
    }
}

/* Entries for one device of a contact that sees us. */
static void hide_from_devices(struct account *a, const struct map *blocks, struct outcome *out)
{
    struct arena *arena = outcome_arena(out);
    struct map_slot slot;
    struct jid j;

    for (size_t at = 0; map_next(blocks, &at, &slot);)
        if (jid_parse(arena, slot.key, &j) == ERR_NONE && j.local.n > 0 && !jid_is_bare(&j)
            && view_shows(&a->view, jid_bare_text(arena, &j)))
            take_back_all(a, out, slot.key);
}

static void hide_from_contacts(struct account *a, const struct map *blocks, struct outcome *out)
{
    struct map_slot slot;
    struct jid j;

    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);)
        if (view_shows(&a->view, slot.key)
            && jid_parse(outcome_arena(out), slot.key, &j) == ERR_NONE && blocks_cover(blocks, &j))
            take_back_all(a, out, slot.key);
}

static void hide_directed(struct session *s, const struct map *blocks, struct outcome *out)
{
    void *covered[DIRECTED_PRESENCES];
    struct map_slot slot;
    struct jid j;
    size_t n = 0;

    for (size_t at = 0; n < COUNT_OF(covered) && map_next(&s->directed, &at, &slot);)
        if (jid_parse(outcome_arena(out), slot.key, &j) == ERR_NONE && blocks_cover(blocks, &j))
            covered[n++] = slot.value;
    for (size_t i = 0; i < n; i++) {
        const struct str *to = covered[i];

        take_back(out, s, *to);
        map_remove(&s->directed, *to);
        mem_free(covered[i]);
    }
}

void presence_hide(struct account *a, const struct map *blocks, struct outcome *out)
{
    hide_from_contacts(a, blocks, out);
    hide_from_devices(a, blocks, out);
    LIST_EACH (&a->sessions, l)
        hide_directed(LIST_ENTRY(l, struct session, in_account), blocks, out);
}

void presence_show(struct account *a, struct str jid)
{
    struct arena scratch = { 0 };
    struct str bare;
    struct jid j;

    if (jid_parse(&scratch, jid, &j) != ERR_NONE || view_blocks(&a->view, &j))
        goto done;
    bare = jid_bare_text(&scratch, &j);
    if (view_shows(&a->view, bare))
        presence_announce(a, jid, true);
    if (view_watches(&a->view, bare)) {
        router_emit(a->home, stanza_new(&scratch, STANZA_PRESENCE, "probe", a->bare, jid, STR_NONE),
                    STR_NONE);
        pep_ask_of(a, bare); /* events of the blocked came to nobody */
    }
done:
    arena_deinit(&scratch);
}
