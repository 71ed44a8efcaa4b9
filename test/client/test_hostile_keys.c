/* test_hostile_keys.c: bundles that are not what they should be, and lists that are to make people write a weaker version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/devices.h"
#include "client/keys.h"
#include "test/client/stage.h"
#include "xmpp/ns.h"

/* ---- Bundles --------------------------------------------------------------------------------------- */

typedef void spoil(struct bundle *b, struct identity *other);

static void wrong_signature(struct bundle *b, struct identity *other)
{
    (void)other;
    b->signature[5] ^= 1;
}

static void swapped_identity(struct bundle *b, struct identity *other)
{
    memcpy(b->identity, other->ed, OMEMO_KEY);
}

static void zero_identity(struct bundle *b, struct identity *other)
{
    (void)other;
    memset(b->identity, 0, OMEMO_KEY);
}

static void zero_signed_prekey(struct bundle *b, struct identity *other)
{
    (void)other;
    memset(b->signed_key, 0, OMEMO_KEY);
}

static void no_prekeys(struct bundle *b, struct identity *other)
{
    (void)other;
    b->prekey_count = 0;
}

static const struct {
    const char *what;
    spoil *spoil;
    bool swap, warns; /* all of it is another's, properly signed; the person is told */
} bundles[] = {
    { "a signature that does not fit", wrong_signature, false, false },
    { "the identity of another", swapped_identity, false, false },
    { "no identity", zero_identity, false, false },
    { "a signed prekey of zero", zero_signed_prekey, false, false },
    { "no prekeys", no_prekeys, false, false },
    { "the bundle of another", NULL, true, true },
};

/* Bob has lost his session, and asks for Alice's bundle; the server answers with this. */
static bool check_bundle(struct scene *s, size_t at)
{
    struct arena a = { 0 };
    struct jid alice = stage_jid(&a, ALICE);
    struct bundle b = keys_bundle(s->alice.engine, &a, OMEMO_2);
    struct identity other;
    struct prekey signed_prekey;
    const struct request *r;
    struct xml_node *iq, *items, *item;
    struct remote remote;
    size_t before = s->bob.entry_count;
    struct buf out;
    bool good;

    identity_make(&other, &s->alice.random);
    prekey_make(&signed_prekey, 1, &s->alice.random);
    if (bundles[at].swap)
        bundle_make(OMEMO_2, &other, &signed_prekey, b.prekeys, b.prekey_count, &b);
    else
        bundles[at].spoil(&b, &other);
    devices_renew(s->bob.engine, OMEMO_2, &alice, stage_device(&s->alice));
    r = LIST_ENTRY(s->bob.engine->requests.head.prev, const struct request, link);
    iq = stanza_new(&a, STANZA_IQ, "result", STR(ALICE), STR(BOB), r->id);
    items =
        xml_add(&a, xml_add(&a, iq, STR(NS_PUBSUB), STR("pubsub")), STR(NS_PUBSUB), STR("items"));
    item = xml_add(&a, items, STR(NS_PUBSUB), STR("item"));
    xml_set(&a, item, STR("id"), arena_printf(&a, "%u", (unsigned)stage_device(&s->alice)));
    xml_append(item, bundle_write(&a, &b));
    buf_init(&out, XML_MAX);
    forge_put(&out, iq);
    devices_remote(s->bob.engine, OMEMO_2, STR(ALICE), stage_device(&s->alice), &remote);
    good = remote.count == 1;
    stage_inject(s, buf_str(&out));
    devices_remote(s->bob.engine, OMEMO_2, STR(ALICE), stage_device(&s->alice), &remote);
    good &= remote.count == 1;
    good &= stage_shown_since(&s->bob, before) == (bundles[at].warns ? 1 : 0);
    if (!good)
        print_error("%s: %u sessions, %zu entries\n", bundles[at].what, (unsigned)remote.count,
                    stage_shown_since(&s->bob, before));
    buf_deinit(&out);
    arena_deinit(&a);
    return good;
}

static void forged_bundles(void **state)
{
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(bundles); i++)
        good &= check_bundle(*state, i);
    assert_true(good);
}

/* ---- Downgrades ------------------------------------------------------------------------------------ */

#define LEGACY_LIST(DEVICES)                                                                       \
    "<message" CLIENT "type='headline' from='" ALICE "' to='" BOB                                  \
    "'><event xmlns='http://jabber.org/protocol/pubsub#event'><items "                             \
    "node='" NS_OMEMO_LEGACY_DEVICES "'><item id='current'><list xmlns='" NS_OMEMO_LEGACY          \
    "'>" DEVICES "</list></item></items></event></message>"

/* The server takes the list of OMEMO 2 away, or puts a device that knows 0.3 only into the other one, of which there is nothing else:
 * people who wrote OMEMO 2 go on writing it. */
static void downgrades(void **state)
{
    struct scene *s = *state;
    struct arena a = { 0 };

    stage_inject(s, STR(LIST(ALICE, "")));
    handset_write(&s->bob, ALICE, "without a list");
    stage_run(s);
    assert_int_equal(handset_last(&s->alice, ENTRY_MESSAGE)->encryption, ENCRYPTION_OMEMO_2);
    stage_inject(s, arena_printf(&a, LEGACY_LIST("<device id='%u'/><device id='4711'/>"),
                                 (unsigned)stage_device(&s->alice)));
    handset_write(&s->bob, ALICE, "with a ghost");
    stage_run(s);
    assert_int_equal(handset_count(&s->alice, "with a ghost", false), 1);
    assert_int_equal(handset_last(&s->alice, ENTRY_MESSAGE)->encryption, ENCRYPTION_OMEMO_2);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forged_bundles, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(downgrades, stage_set_up, stage_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
