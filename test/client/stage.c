/* stage.c: see stage.h. */
#include "test/client/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "client/devices.h"
#include "client/seal.h"
#include "omemo/payload.h"
#include "omemo/sce.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

void stage_run(struct scene *s)
{
    struct handset *const all[] = { &s->alice, &s->bob };

    handsets_run(all, COUNT_OF(all));
}

struct jid stage_jid(struct arena *a, const char *text)
{
    struct jid out;

    assert_int_equal(jid_parse(a, str_from(text), &out), ERR_NONE);
    return out;
}

uint32_t stage_device(const struct handset *h)
{
    return h->engine->identity->device_id;
}

/* Sessions in both versions, which both sides know. */
int stage_set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    struct world_options options = { .homes = 1 };
    struct arena a = { 0 };
    struct jid bob;

    s->world = world_new(&options);
    assert_true(world_account(s->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(world_account(s->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN));
    assert_true(
        world_roster(s->world, STR("alice"), STR("<item jid='" BOB "' subscription='both'/>")));
    assert_true(
        world_roster(s->world, STR("bob"), STR("<item jid='" ALICE "' subscription='both'/>")));
    handset_init(&s->alice, s->world, ALICE, 1);
    handset_init(&s->bob, s->world, BOB, 2);
    handset_start(&s->alice);
    handset_start(&s->bob);
    stage_run(s);
    handset_write(&s->alice, BOB, "hello");
    stage_run(s);
    handset_write(&s->bob, ALICE, "hello yourself");
    stage_run(s);
    bob = stage_jid(&a, BOB);
    assert_int_equal(devices_begin(s->alice.engine, OMEMO_03, &bob, stage_device(&s->bob)),
                     BUNDLE_ASKED);
    engine_end_round(s->alice.engine);
    stage_run(s);
    arena_deinit(&a);
    *state = s;
    return 0;
}

int stage_tear_down(void **state)
{
    struct scene *s = *state;
    const char *why = NULL;
    bool clean;

    handset_deinit(&s->alice);
    handset_deinit(&s->bob);
    clean = world_free(s->world, &why);
    mem_free(s);
    if (!clean)
        print_error("%s\n", why);
    return clean ? 0 : -1;
}

/* ---- Forging --------------------------------------------------------------------------------------- */

/* A message of Alice's device to Bob's, sealed by her session: the envelope is the forger's. */
struct xml_node *forge_sealed(struct scene *s, struct arena *a, enum omemo version,
                              struct bytes plain)
{
    struct engine *c = s->alice.engine;
    struct seal_target to = { version, STR(BOB), stage_device(&s->bob), 0 };
    struct encrypted_key key;
    struct payload p;
    struct encrypted e = { .version = version, .keys = &key, .count = 1, .has_payload = true };
    struct jid bob = stage_jid(a, BOB);
    struct xml_node *m;

    payload_seal(version, a, &c->random, plain, &p);
    assert_true(seal_key(c, a, &to, bytes_of(p.key, p.key_n), &key));
    e.sid = stage_device(&s->alice);
    e.iv = p.iv;
    e.payload = p.sealed;
    m = seal_wrap(a, &bob, random_token(&c->random, a, 15), version, encrypted_write(a, &e));
    xml_set(a, m, STR("from"), STR(ALICE "/x"));
    return m;
}

struct bytes forge_envelope(struct scene *s, struct arena *a, const char *from, const char *to)
{
    struct sce e = { .content = sce_content(a), .has_time = true, .time_ms = s->bob.now_ms };

    e.from = str_from(from);
    e.to = str_from(to);
    xml_add_text_child(a, e.content, STR(NS_CLIENT), STR("body"), STR(SECRET));
    return sce_write(a, &s->alice.random, &e);
}

struct xml_node *forge_message(struct scene *s, struct arena *a, enum omemo version)
{
    return forge_sealed(s, a, version,
                        version == OMEMO_2 ? forge_envelope(s, a, ALICE, BOB)
                                           : bytes_of_str(STR(SECRET)));
}

struct xml_node *forge_inside(const struct xml_node *n, const char *name)
{
    for (struct xml_node *i = xml_first_element(n); i != NULL; i = xml_next_element(i)) {
        struct xml_node *deeper = str_is(i->name, name) ? i : forge_inside(i, name);

        if (deeper != NULL)
            return deeper;
    }
    return NULL;
}

/* The text of an element becomes another. */
void forge_text(struct arena *a, struct xml_node *n, struct str text)
{
    struct xml_node *fresh = xml_new(a, n->ns, n->name);

    xml_add_text(a, fresh, text);
    n->first = fresh->first;
    n->last = fresh->last;
}

struct bytes forge_octets(struct arena *a, const struct xml_node *n)
{
    struct bytes out;

    assert_int_equal(base64_read(a, xml_text_of(a, n), &out), ERR_NONE);
    return arena_bytes(a, out);
}

void forge_set_octets(struct arena *a, struct xml_node *n, struct bytes octets)
{
    forge_text(a, n, base64_text(a, octets));
}

void forge_put(struct buf *out, const struct xml_node *n)
{
    xml_write(out, n, STR_NONE);
}

/* Into Bob's stream, between two stanzas of the server, which knows nothing of it: so it is not counted. */
void stage_inject(struct scene *s, struct str xml)
{
    struct line *l = &s->bob.engine->line;
    uint32_t before = l->received;

    engine_now(s->bob.engine, s->bob.now_ms);
    engine_received(s->bob.engine, xml);
    l->handled -= l->received - before;
    l->answered -= l->received - before;
    l->received = before;
    stage_run(s);
}

size_t stage_shown_since(const struct handset *h, size_t before)
{
    size_t n = 0;

    for (size_t i = before; i < h->entry_count; i++)
        n += h->entries[i].kind == ENTRY_MESSAGE || h->entries[i].kind == ENTRY_SEALED;
    return n;
}
