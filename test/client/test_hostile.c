/* test_hostile.c: what a hostile server, or a hostile peer with a session of his own, can put into the stream of a logged-in engine, and
 * what the person is shown then: nothing, or one plain sentence. Afterwards the next message is read as if nothing had been.
 * Each row forges one piece of the stream to Bob.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/devices.h"
#include "client/keys.h"
#include "client/seal.h"
#include "omemo/payload.h"
#include "test/client/stage.h"
#include "xmpp/ns.h"

#define ALTERED   "This message was altered on its way, or its session is lost."
#define BROKEN    "This message could not be decrypted."
#define NOT_OURS  "This message was not encrypted for this device."
#define ELSEWHERE "This message was written for another conversation. It was not opened."
#define OTHER_KEY "This message came from a device whose key has changed. It was not opened."

/* ---- Rows: messages -------------------------------------------------------------------------------- */

typedef void forge(struct scene *s, struct arena *a, struct buf *out);

static void flip(struct scene *s, struct arena *a, struct buf *out, enum omemo version,
                 const char *where, bool last)
{
    struct xml_node *m = forge_message(s, a, version), *n = forge_inside(m, where);
    struct bytes octets = forge_octets(a, n);

    ((uint8_t *)octets.p)[last ? octets.n - 1 : 0] ^= 1;
    forge_set_octets(a, n, octets);
    forge_put(out, m);
}

static void altered_payload_2(struct scene *s, struct arena *a, struct buf *out)
{
    flip(s, a, out, OMEMO_2, "payload", true);
}

static void altered_payload_03(struct scene *s, struct arena *a, struct buf *out)
{
    flip(s, a, out, OMEMO_03, "payload", true);
}

static void altered_key_2(struct scene *s, struct arena *a, struct buf *out)
{
    flip(s, a, out, OMEMO_2, "key", true);
}

static void altered_key_03(struct scene *s, struct arena *a, struct buf *out)
{
    flip(s, a, out, OMEMO_03, "key", true);
}

static void altered_iv(struct scene *s, struct arena *a, struct buf *out)
{
    flip(s, a, out, OMEMO_03, "iv", false);
}

static void key_of_size(struct scene *s, struct arena *a, struct buf *out, size_t n)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2), *key = forge_inside(m, "key");
    struct bytes octets = forge_octets(a, key);
    uint8_t *room = arena_alloc(a, n + 1);

    memcpy(room, octets.p, octets.n < n ? octets.n : n);
    forge_set_octets(a, key, bytes_of(room, n));
    forge_put(out, m);
}

static void truncated_key(struct scene *s, struct arena *a, struct buf *out)
{
    key_of_size(s, a, out, 20);
}

static void empty_key(struct scene *s, struct arena *a, struct buf *out)
{
    key_of_size(s, a, out, 0);
}

static void huge_key(struct scene *s, struct arena *a, struct buf *out)
{
    key_of_size(s, a, out, 100000);
}

static void not_base64(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    forge_text(a, forge_inside(m, "key"), STR("%%%not base64%%%"));
    forge_put(out, m);
}

static void empty_payload(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    forge_text(a, forge_inside(m, "payload"), STR(""));
    forge_put(out, m);
}

static struct xml_node *for_device_5(struct scene *s, struct arena *a)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    xml_set(a, forge_inside(m, "key"), STR("rid"), STR("5"));
    return m;
}

static void for_others(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = for_device_5(s, a);

    xml_add_text_child(a, m, STR(NS_CLIENT), STR("body"), STR("This is encrypted."));
    forge_put(out, m);
}

static void for_others_and_not_for_people(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out, for_device_5(s, a));
}

static void with_sid(struct scene *s, struct arena *a, struct buf *out, const char *sid)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    xml_set(a, forge_inside(m, "header"), STR("sid"), str_from(sid));
    forge_put(out, m);
}

static void sid_zero(struct scene *s, struct arena *a, struct buf *out)
{
    with_sid(s, a, out, "0");
}

static void sid_negative(struct scene *s, struct arena *a, struct buf *out)
{
    with_sid(s, a, out, "-1");
}

static void sid_too_big(struct scene *s, struct arena *a, struct buf *out)
{
    with_sid(s, a, out, "4294967297");
}

static void sid_of_another(struct scene *s, struct arena *a, struct buf *out)
{
    with_sid(s, a, out, "99");
}

static void replay(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    forge_put(out, m);
    xml_set(a, m, STR("id"), STR("another-id"));
    forge_put(out, m);
    forge_put(out, m);
}

/* ---- Rows: what is in the envelope ----------------------------------------------------------------- */

static void from_another(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out, forge_sealed(s, a, OMEMO_2, forge_envelope(s, a, MALLORY, BOB)));
}

static void to_another(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out, forge_sealed(s, a, OMEMO_2, forge_envelope(s, a, ALICE, MALLORY)));
}

static void compressed(struct scene *s, struct arena *a, struct buf *out)
{
    static const uint8_t deflated[] = { 0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d };

    forge_put(out, forge_sealed(s, a, OMEMO_2, bytes_of(deflated, sizeof deflated)));
}

static void no_envelope(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out,
              forge_sealed(s, a, OMEMO_2, bytes_of_str(STR("<body" CLIENT ">" SECRET "</body>"))));
}

static void entities(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out,
              forge_sealed(s, a, OMEMO_2,
                           bytes_of_str(STR("<!DOCTYPE e [<!ENTITY a 'b'>]><envelope xmlns='" NS_SCE
                                            "'><content/></envelope>"))));
}

static void no_words(struct scene *s, struct arena *a, struct buf *out)
{
    forge_put(out, forge_sealed(s, a, OMEMO_03, (struct bytes){ 0 }));
}

/* ---- Rows: beginnings of sessions ------------------------------------------------------------------ */

struct beginning {
    uint32_t prekey_id;     /* 0: a right one */
    const uint8_t *instead; /* of the ephemeral key */
    bool as_alice;          /* by somebody else, in the name of her device */
};

/* Another device, `b->as_alice` or a new one, begins a session with Bob. */
static void begin_with(struct scene *s, struct arena *a, struct buf *out, const struct beginning *b)
{
    struct bundle theirs = keys_bundle(s->bob.engine, a, OMEMO_2);
    struct bundle_prekey prekey = theirs.prekeys[0];
    const uint8_t *ephemeral;
    bool replaced = b->instead == NULL;
    struct session_end end;
    struct identity self;
    struct remote r;
    struct payload p;
    struct codec_out octets;
    struct encrypted_key key = { .jid = STR(BOB), .is_exchange = true };
    struct encrypted e = { .version = OMEMO_2, .keys = &key, .count = 1, .has_payload = true };
    struct jid bob = stage_jid(a, BOB);
    struct xml_node *m;

    identity_make(&self, &s->alice.random);
    if (b->prekey_id != 0)
        prekey.id = b->prekey_id;
    theirs.prekeys = &prekey;
    theirs.prekey_count = 1;
    remote_init(&r, OMEMO_2);
    assert_int_equal(remote_start(&r, &self, &theirs, &s->alice.random, &end), ERR_NONE);
    ephemeral = r.sessions[0].exchange.ephemeral;
    payload_seal(OMEMO_2, a, &s->alice.random, forge_envelope(s, a, ALICE, BOB), &p);
    assert_int_equal(remote_encrypt(&r, 0, &self, bytes_of(p.key, p.key_n), &octets), ERR_NONE);
    for (size_t i = 0; !replaced && i + OMEMO_KEY <= octets.n; i++)
        if (memcmp(octets.octets + i, ephemeral, OMEMO_KEY) == 0) {
            memcpy(octets.octets + i, b->instead, OMEMO_KEY);
            replaced = true;
        }
    assert_true(replaced);
    key.rid = stage_device(&s->bob);
    key.octets = bytes_of(octets.octets, octets.n);
    e.sid = b->as_alice ? stage_device(&s->alice) : GHOST;
    e.payload = p.sealed;
    m = seal_wrap(a, &bob, STR("beginning"), OMEMO_2, encrypted_write(a, &e));
    xml_set(a, m, STR("from"), STR(ALICE "/x"));
    forge_put(out, m);
}

static void unknown_prekey(struct scene *s, struct arena *a, struct buf *out)
{
    begin_with(s, a, out, &(struct beginning){ .prekey_id = 0xfffffe });
}

static void last_resort_prekey(struct scene *s, struct arena *a, struct buf *out)
{
    begin_with(s, a, out, &(struct beginning){ .prekey_id = 0xffffffff });
}

static void zero_point(struct scene *s, struct arena *a, struct buf *out)
{
    static const uint8_t zero[OMEMO_KEY];

    begin_with(s, a, out, &(struct beginning){ .instead = zero });
}

/* A point of order 8 (RFC 7748 §6.1: the shared secret is all zero then). */
static void low_order_point(struct scene *s, struct arena *a, struct buf *out)
{
    static const uint8_t point[OMEMO_KEY] = { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae,
                                              0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
                                              0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
                                              0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 };

    begin_with(s, a, out, &(struct beginning){ .instead = point });
}

static void other_identity(struct scene *s, struct arena *a, struct buf *out)
{
    begin_with(s, a, out, &(struct beginning){ .as_alice = true });
}

/* ---- Rows: in clear -------------------------------------------------------------------------------- */

static void beside(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    xml_add_text_child(a, m, STR(NS_CLIENT), STR("body"), STR("send money"));
    forge_put(out, m);
}

static void beside_what_is_broken(struct scene *s, struct arena *a, struct buf *out)
{
    struct xml_node *m = forge_message(s, a, OMEMO_2);

    forge_text(a, forge_inside(m, "key"), STR("AAAA"));
    xml_add_text_child(a, m, STR(NS_CLIENT), STR("body"), STR("send money"));
    forge_put(out, m);
}

static void instead(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR("<message" CLIENT "type='chat' id='clear' from='" ALICE "/x' to='" BOB
                     "'><body>send money</body></message>"));
}

/* ---- Rows: in the name of others ------------------------------------------------------------------- */

#define INNER                                                                                      \
    "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "                         \
    "stamp='2023-11-14T22:13:20Z'/><message" CLIENT "type='chat' id='inner' from='" ALICE          \
    "/x' to='" BOB "'><body>send money</body></message></forwarded>"

static void carbon_of_another(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR("<message" CLIENT "from='" MALLORY "' to='" BOB
                     "'><received xmlns='urn:xmpp:carbons:2'>" INNER "</received></message>"));
    buf_add(out, STR("<message" CLIENT "from='" BOB "/other' to='" BOB
                     "'><sent xmlns='urn:xmpp:carbons:2'>" INNER "</sent></message>"));
}

static void page_of_another(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s;
    buf_add(out, arena_printf(a,
                              "<message" CLIENT "from='" MALLORY "' to='" BOB
                              "'><result xmlns='urn:xmpp:mam:2' id='9' queryid='%.*s'>" INNER
                              "</result></message>",
                              STR_ARG(s->bob.engine->archive.query)));
}

static void page_that_nobody_wanted(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR("<message" CLIENT "from='" BOB "' to='" BOB
                     "'><result xmlns='urn:xmpp:mam:2' id='9' queryid='none'>" INNER
                     "</result></message>"));
    buf_add(out, STR("<message" CLIENT "to='" BOB "'><result xmlns='urn:xmpp:mam:2' id='9'>" INNER
                     "</result></message>"));
}

static void roster_of_another(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR("<iq" CLIENT "type='set' id='push' from='" MALLORY "/x' to='" BOB
                     "'><query xmlns='jabber:iq:roster'><item jid='" MALLORY
                     "' subscription='both' name='Alice'/></query></iq>"));
}

/* ---- Rows: device lists ---------------------------------------------------------------------------- */

static void list_of_another(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR(LIST(MALLORY, "<device id='666'/>")));
}

static void list_without_sense(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s, (void)a;
    buf_add(out, STR(LIST(ALICE, "<device id='0'/><device id='4294967296'/><device id='x'/>")));
    buf_add(out, STR(LIST(ALICE, "<device id='7'/><device id='7'/><device id='7'/>")));
}

static void list_without_end(struct scene *s, struct arena *a, struct buf *out)
{
    (void)s;
    buf_add(out, STR("<message" CLIENT "type='headline' from='" ALICE "' to='" BOB
                     "'><event xmlns='http://jabber.org/protocol/pubsub#event'><items "
                     "node='" NS_OMEMO_DEVICES "'><item id='current'>"
                     "<devices xmlns='urn:xmpp:omemo:2'>"));
    for (unsigned i = 1; i < 5000; i++)
        buf_add(out, arena_printf(a, "<device id='%u'/>", i));
    buf_add(out, STR("</devices></item></items></event></message>"));
}

/* ---- The table ------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    forge *make;
    const char *shown; /* NULL: nothing */
    enum entry_kind kind;
    enum entry_encryption encryption; /* of what is shown as a message */
} rows[] = {
    { "payload altered, 2", altered_payload_2, ALTERED, ENTRY_SEALED, 0 },
    { "payload altered, 0.3", altered_payload_03, ALTERED, ENTRY_SEALED, 0 },
    { "key altered, 2", altered_key_2, ALTERED, ENTRY_SEALED, 0 },
    { "key altered, 0.3", altered_key_03, ALTERED, ENTRY_SEALED, 0 },
    { "iv altered", altered_iv, ALTERED, ENTRY_SEALED, 0 },
    { "key cut short", truncated_key, BROKEN, ENTRY_SEALED, 0 },
    { "key of no octets", empty_key, BROKEN, ENTRY_SEALED, 0 },
    { "key of 100,000 octets", huge_key, BROKEN, ENTRY_SEALED, 0 },
    { "key that is no base64", not_base64, BROKEN, ENTRY_SEALED, 0 },
    { "payload of no octets", empty_payload, ALTERED, ENTRY_SEALED, 0 },
    { "for another device", for_others, NOT_OURS, ENTRY_SEALED, 0 },
    { "for another device, not for people", for_others_and_not_for_people, NULL, 0, 0 },
    { "device 0", sid_zero, BROKEN, ENTRY_SEALED, 0 },
    { "device -1", sid_negative, BROKEN, ENTRY_SEALED, 0 },
    { "device 2^32 + 1", sid_too_big, BROKEN, ENTRY_SEALED, 0 },
    { "in the name of an unknown device", sid_of_another, ALTERED, ENTRY_SEALED, 0 },
    { "the same again", replay, SECRET, ENTRY_MESSAGE, ENCRYPTION_OMEMO_2 },

    { "envelope from another", from_another, ELSEWHERE, ENTRY_SEALED, 0 },
    { "envelope to another", to_another, ELSEWHERE, ENTRY_SEALED, 0 },
    { "compressed", compressed, BROKEN, ENTRY_SEALED, 0 },
    { "no envelope", no_envelope, BROKEN, ENTRY_SEALED, 0 },
    { "entities", entities, BROKEN, ENTRY_SEALED, 0 },
    { "no words", no_words, NULL, 0, 0 },

    { "begins with a prekey that we never had", unknown_prekey, ALTERED, ENTRY_SEALED, 0 },
    { "begins with prekey 2^32 - 1", last_resort_prekey, ALTERED, ENTRY_SEALED, 0 },
    { "begins with zero", zero_point, BROKEN, ENTRY_SEALED, 0 },
    { "begins with a point of low order", low_order_point, BROKEN, ENTRY_SEALED, 0 },
    { "a known device with another key", other_identity, OTHER_KEY, ENTRY_SEALED, 0 },

    { "words beside the sealed ones", beside, SECRET, ENTRY_MESSAGE, ENCRYPTION_OMEMO_2 },
    { "words beside what is broken", beside_what_is_broken, BROKEN, ENTRY_SEALED, 0 },
    { "words in clear", instead, "send money", ENTRY_MESSAGE, ENCRYPTION_NONE },

    { "carbons of others", carbon_of_another, NULL, 0, 0 },
    { "an archive of another", page_of_another, NULL, 0, 0 },
    { "an archive that nobody asked for", page_that_nobody_wanted, NULL, 0, 0 },
    { "a roster of another", roster_of_another, NULL, 0, 0 },

    { "a device list of another", list_of_another, NULL, 0, 0 },
    { "a device list without sense", list_without_sense, NULL, 0, 0 },
    { "a device list without end", list_without_end, NULL, 0, 0 },
};

static bool check_row(struct scene *s, size_t at)
{
    size_t before = s->bob.entry_count, contacts = book_count(&s->bob.store, BOOK_CONTACT);
    const struct entry *e = &s->bob.entries[before];
    unsigned offline = s->bob.seen[ENGINE_OFFLINE];
    struct arena a = { 0 };
    struct buf out;
    bool good;

    buf_init(&out, XML_MAX);
    rows[at].make(s, &a, &out);
    stage_inject(s, buf_str(&out));
    good = stage_shown_since(&s->bob, before) == (rows[at].shown != NULL ? 1 : 0);
    if (good && rows[at].shown != NULL)
        good = str_is(e->text, rows[at].shown) && e->kind == rows[at].kind
               && (e->kind == ENTRY_SEALED || e->encryption == rows[at].encryption);
    if (!good)
        print_error("%s: %zu entries, the first says: %.*s\n", rows[at].what,
                    stage_shown_since(&s->bob, before), STR_ARG(e->text));
    good &= book_count(&s->bob.store, BOOK_CONTACT) == contacts;
    good &= !devices_lists(s->bob.engine, OMEMO_2, STR(BOB), 666);

    handset_write(&s->alice, BOB, rows[at].what);
    handset_write(&s->bob, ALICE, rows[at].what);
    stage_run(s);
    if (handset_count(&s->bob, rows[at].what, false) != 1
        || handset_count(&s->alice, rows[at].what, false) != 1
        || s->bob.seen[ENGINE_OFFLINE] != offline) {
        print_error("%s: afterwards nothing is read\n", rows[at].what);
        good = false;
    }
    buf_deinit(&out);
    arena_deinit(&a);
    return good;
}

static void forged_stanzas(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        void *scene;

        stage_set_up(&scene);
        good &= check_row(scene, i);
        good &= stage_tear_down(&scene) == 0;
    }
    assert_true(good);
}

/* All in a row to one engine: what one leaves behind does not help the next. */
static void all_of_them(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(check_row(s, i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forged_stanzas),
        cmocka_unit_test_setup_teardown(all_of_them, stage_set_up, stage_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
