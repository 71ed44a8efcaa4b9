/* test_stanza.c: <encrypted/>, bundles, device lists and payloads: what is read, what is refused,
 * and the way back. */
#include "../check.h"

#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "omemo/encrypted.h"
#include "omemo/sce.h"
#include "vectors.h"
#include "xml/parser.h"
#include "xml/writer.h"

static const char *vectors_path;

static struct xml_node *tree_of(struct arena *a, struct str text)
{
    static const struct xml_limits limits = { 1 << 20, 16, 16, 65536 };
    struct xml_node *node = NULL;

    check_err("tree", xml_parse_document(a, text, &limits, &node), ERR_NONE);
    return node;
}

static struct str text_of(struct arena *a, const struct xml_node *node)
{
    struct buf out;
    struct str text;

    buf_init(&out, 1 << 20);
    xml_write(&out, node, STR_NONE);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

#define OLD "xmlns='eu.siacs.conversations.axolotl'"
#define NEW "xmlns='urn:xmpp:omemo:2'"

static const struct {
    const char *what, *text;
    enum err err;
    uint32_t sid;
    size_t keys;
    bool has_payload;
} encrypted_cases[] = {
    { "0.3",
      "<encrypted " OLD "><header sid='1'><key "
      "rid='2'>AQ==</key><iv>AAAA</iv></header><payload>AQ==</payload></encrypted>",
      ERR_NONE, 1, 1, true },
    { "0.3 without payload",
      "<encrypted " OLD "><header sid='1'><key rid='2'>AQ==</key></header></encrypted>", ERR_NONE,
      1, 1, false },
    { "2",
      "<encrypted " NEW "><header sid='2147483647'><keys jid='a@x'><key rid='2'>AQ==</key><key "
      "rid='3' kex='1'>AQ==</key></keys><keys jid='b@x'><key "
      "rid='2'>AQ==</key></keys></header></encrypted>",
      ERR_NONE, 2147483647, 3, false },
    { "payload before header",
      "<encrypted " NEW "><payload>AQ==</payload><header sid='1'/></encrypted>", ERR_NONE, 1, 0,
      true },
    { "unknown elements",
      "<encrypted " NEW "><x/><header sid='1'><x/><keys jid='a@x'><x/><key "
      "rid='1'>AQ==</key></keys></header></encrypted>",
      ERR_NONE, 1, 1, false },
    { "keys of the other version",
      "<encrypted " NEW "><header sid='1'><key rid='1'>AQ==</key></header></encrypted>", ERR_NONE,
      1, 0, false },
    { "a key for no number is for nobody",
      "<encrypted " OLD
      "><header sid='1'><key rid='x'>AQ==</key><key rid='0'>AQ==</key><key>AQ==</key><key "
      "rid='2147483648'>AQ==</key></header></encrypted>",
      ERR_NONE, 1, 0, false },
    { "somebody else's key is not looked at",
      "<encrypted " OLD "><header sid='1'><key rid='2'>!!</key></header></encrypted>", ERR_NONE, 1,
      1, false },
    { "no header", "<encrypted " OLD "><payload>AQ==</payload></encrypted>", ERR_MALFORMED, 0, 0,
      false },
    { "no sender", "<encrypted " OLD "><header/></encrypted>", ERR_MALFORMED, 0, 0, false },
    { "sender zero", "<encrypted " OLD "><header sid='0'/></encrypted>", ERR_MALFORMED, 0, 0,
      false },
    { "sender with a sign", "<encrypted " OLD "><header sid='+1'/></encrypted>", ERR_MALFORMED, 0,
      0, false },
    { "sender beyond 31 bits", "<encrypted " OLD "><header sid='2147483648'/></encrypted>",
      ERR_MALFORMED, 0, 0, false },
    { "payload no base64", "<encrypted " OLD "><header sid='1'/><payload>A</payload></encrypted>",
      ERR_MALFORMED, 0, 0, false },
    { "iv too long",
      "<encrypted " OLD "><header sid='1'><iv>AAAAAAAAAAAAAAAAAAAAAAAA</iv></header></encrypted>",
      ERR_TOO_BIG, 0, 0, false },
    { "another element", "<header " OLD " sid='1'/>", ERR_UNSUPPORTED, 0, 0, false },
    { "another namespace", "<encrypted xmlns='urn:xmpp:omemo:1'><header sid='1'/></encrypted>",
      ERR_UNSUPPORTED, 0, 0, false },
};

static void reading_encrypted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encrypted_cases); i++) {
        struct arena a = { 0 };
        struct encrypted e;
        enum err have = encrypted_read(&a, tree_of(&a, str_from(encrypted_cases[i].text)), &e);

        check_err(encrypted_cases[i].what, have, encrypted_cases[i].err);
        if (have == ERR_NONE) {
            assert_int_equal(e.sid, encrypted_cases[i].sid);
            assert_int_equal(e.count, encrypted_cases[i].keys);
            assert_int_equal(e.has_payload, encrypted_cases[i].has_payload);
        }
        arena_deinit(&a);
    }
}

static void too_many_keys(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct xml_node *node = xml_new(&a, dialect_of(OMEMO_03)->ns, STR("encrypted"));
        struct xml_node *header = xml_add(&a, node, node->ns, STR("header"));
        struct encrypted e;

        xml_set(&a, header, STR("sid"), STR("1"));
        for (size_t i = 0; i < ENCRYPTED_KEYS_MAX + more; i++)
            xml_set(&a, xml_add(&a, header, node->ns, STR("key")), STR("rid"), STR("7"));
        check_err("keys", encrypted_read(&a, node, &e), more ? ERR_TOO_BIG : ERR_NONE);
        if (more == 0) { /* all are for us: some are tried */
            size_t cursor = 0, tried = 0;

            while (encrypted_next_key(&e, STR_NONE, 7, &cursor) != NULL)
                tried++;
            assert_int_equal(tried, ENCRYPTED_TRIALS_MAX);
        }
    }
    arena_deinit(&a);
}

/* In OMEMO 2 the address decides as well. */
static void own_key(void **state)
{
    struct arena a = { 0 };
    struct encrypted e;
    size_t cursor = 0;
    const struct encrypted_key *key;

    (void)state;
    assert_int_equal(encrypted_read(&a, tree_of(&a, str_from(encrypted_cases[2].text)), &e),
                     ERR_NONE);
    key = encrypted_next_key(&e, STR("b@x"), 2, &cursor);
    assert_ptr_equal(key, &e.keys[2]);
    assert_null(encrypted_next_key(&e, STR("b@x"), 2, &cursor));
    cursor = 0;
    assert_null(encrypted_next_key(&e, STR("b@x"), 3, &cursor));
    arena_deinit(&a);
}

/* From the words to the stanza and back, over a session. */
static void whole_way(void **state)
{
    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v = (enum omemo)(v + 1)) {
        struct arena a = { 0 };
        struct actor alice, bob;
        struct bundle bundle;
        struct payload sealed, opened;
        struct codec_out out;
        struct encrypted_key to_bob = { .jid = STR("bob@sotto.test") };
        struct encrypted e = { .version = v, .keys = &to_bob, .count = 1 };
        struct remote_received got;
        struct bytes octets, plain;
        size_t cursor = 0;

        actor_init(&alice, v, 1);
        actor_init(&bob, v, 2);
        actor_bundle(&bob, v, &bundle);
        assert_int_equal(
            bundle_read(&a, tree_of(&a, text_of(&a, bundle_write(&a, &bundle))), &bundle),
            ERR_NONE);
        assert_int_equal(bundle.prekey_count, PREKEY_COUNT);
        assert_int_equal(actor_start(&alice, 0, &bundle), ERR_NONE);
        payload_seal(v, &a, &alice.random, bytes_of("the third stone", 15), &sealed);
        assert_int_equal(actor_send(&alice, 0, 0, bytes_of(sealed.key, sealed.key_n), &out),
                         ERR_NONE);
        e.sid = alice.self.device_id;
        to_bob.rid = bob.self.device_id;
        to_bob.is_exchange = out.is_exchange;
        to_bob.octets = bytes_of(out.octets, out.n);
        e.iv = sealed.iv;
        e.has_payload = sealed.has_sealed;
        e.payload = sealed.sealed;

        assert_int_equal(encrypted_read(&a, tree_of(&a, text_of(&a, encrypted_write(&a, &e))), &e),
                         ERR_NONE);
        assert_int_equal(encrypted_key_octets(&a,
                                              encrypted_next_key(&e, STR("bob@sotto.test"),
                                                                 bob.self.device_id, &cursor),
                                              &octets),
                         ERR_NONE);
        assert_int_equal(actor_receive(&bob, 0, e.keys[0].is_exchange, octets, &got), ERR_NONE);
        assert_true(got.wants_answer && got.began);
        opened = (struct payload){
            .key_n = got.message.plain_n, .iv = e.iv, .has_sealed = true, .sealed = e.payload
        };
        memcpy(opened.key, got.message.plain, opened.key_n);
        assert_int_equal(payload_open(v, &a, &opened, &plain), ERR_NONE);
        check_str("words", str_of_bytes(plain), "the third stone");
        for (size_t i = 0; i < opened.key_n; i++) { /* a key, tag or text that was altered */
            opened.key[i] ^= 1;
            check_err("altered", payload_open(v, &a, &opened, &plain), ERR_DENIED);
            opened.key[i] ^= 1;
        }
        ((uint8_t *)opened.sealed.p)[0] ^= 1;
        check_err("altered", payload_open(v, &a, &opened, &plain), ERR_DENIED);
        actor_deinit(&alice);
        actor_deinit(&bob);
        arena_deinit(&a);
    }
}

static void payload_vectors(void **state)
{
    static const struct {
        enum omemo version;
        const char *key, *rest, *iv, *sealed;
    } cases[] = {
        { OMEMO_03, "v03.payload_key", "v03.payload_tag", "v03.payload_iv", "v03.payload_ct" },
        { OMEMO_2, "v2.payload_key", "v2.payload_mac16", NULL, "v2.payload_ct" },
    };
    struct vectors v;
    struct arena a = { 0 };

    (void)state;
    vectors_load(&v, vectors_path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes key = vectors_get(&v, cases[i].key), rest = vectors_get(&v, cases[i].rest),
                     plain;
        struct payload p = { .key_n = key.n + rest.n,
                             .has_sealed = true,
                             .sealed = vectors_get(&v, cases[i].sealed) };

        memcpy(p.key, key.p, key.n);
        memcpy(p.key + key.n, rest.p, rest.n);
        if (cases[i].iv != NULL)
            p.iv = vectors_get(&v, cases[i].iv);
        assert_int_equal(payload_open(cases[i].version, &a, &p, &plain), ERR_NONE);
        assert_true(str_eq(str_of_bytes(plain), vectors_text(&v, "payload_plaintext_ascii")));
    }
    arena_deinit(&a);
    vectors_deinit(&v);
}

static void empty_payloads(void **state)
{
    static const uint8_t zeroes[32];
    struct arena a = { 0 };
    struct actor actor;
    struct payload p;

    (void)state;
    actor_init(&actor, OMEMO_03, 1);
    payload_empty(OMEMO_03, &a, &actor.random, &p);
    assert_true(p.key_n == 16 && p.iv.n == PAYLOAD_IV && !p.has_sealed);
    payload_empty(OMEMO_2, &a, &actor.random, &p);
    assert_true(p.key_n == 32 && !p.has_sealed);
    assert_memory_equal(p.key, zeroes, 32);
    actor_deinit(&actor);
    arena_deinit(&a);
}

#define KEY33 "BQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define SIG64                                                                                      \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define KEY32 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

static const struct {
    const char *what, *text;
    enum err err;
    size_t prekeys;
} bundle_cases[] = {
    { "0.3",
      "<bundle " OLD "><signedPreKeyPublic signedPreKeyId='1'>" KEY33
      "</signedPreKeyPublic><signedPreKeySignature>" SIG64
      "</signedPreKeySignature><identityKey>" KEY33
      "</identityKey><prekeys><preKeyPublic preKeyId='1'>" KEY33
      "</preKeyPublic></prekeys></bundle>",
      ERR_NONE, 1 },
    { "2, any order",
      "<bundle " NEW "><prekeys><pk id='5'>" KEY32 "</pk><pk id='6'>" KEY32
      "</pk></prekeys><ik>" KEY32 "</ik><spks>" SIG64 "</spks><spk id='1'>" KEY32 "</spk></bundle>",
      ERR_NONE, 2 },
    { "prekeys that cannot be read are passed over",
      "<bundle " NEW "><prekeys><pk id='5'>" KEY33 "</pk><pk>" KEY32 "</pk><pk id='6'>" KEY32
      "</pk></prekeys><ik>" KEY32 "</ik><spks>" SIG64 "</spks><spk id='1'>" KEY32 "</spk></bundle>",
      ERR_NONE, 1 },
    { "no prekeys",
      "<bundle " NEW "><ik>" KEY32 "</ik><spks>" SIG64 "</spks><spk id='1'>" KEY32
      "</spk></bundle>",
      ERR_NONE, 0 },
    { "no identity", "<bundle " NEW "><spks>" SIG64 "</spks><spk id='1'>" KEY32 "</spk></bundle>",
      ERR_MALFORMED, 0 },
    { "no signature", "<bundle " NEW "><ik>" KEY32 "</ik><spk id='1'>" KEY32 "</spk></bundle>",
      ERR_MALFORMED, 0 },
    { "short signature",
      "<bundle " NEW "><ik>" KEY32 "</ik><spks>" KEY32 "</spks><spk id='1'>" KEY32
      "</spk></bundle>",
      ERR_MALFORMED, 0 },
    { "no signed prekey", "<bundle " NEW "><ik>" KEY32 "</ik><spks>" SIG64 "</spks></bundle>",
      ERR_MALFORMED, 0 },
    { "signed prekey without id",
      "<bundle " NEW "><ik>" KEY32 "</ik><spks>" SIG64 "</spks><spk>" KEY32 "</spk></bundle>",
      ERR_MALFORMED, 0 },
    { "key of 0.3 without its type",
      "<bundle " OLD "><signedPreKeyPublic signedPreKeyId='1'>" KEY32
      "</signedPreKeyPublic><signedPreKeySignature>" SIG64
      "</signedPreKeySignature><identityKey>" KEY33 "</identityKey></bundle>",
      ERR_MALFORMED, 0 },
    { "another element", "<bundle xmlns='jabber:client'/>", ERR_UNSUPPORTED, 0 },
};

static void reading_bundles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bundle_cases); i++) {
        struct arena a = { 0 };
        struct bundle b;
        struct identity_key key;
        enum err have = bundle_read(&a, tree_of(&a, str_from(bundle_cases[i].text)), &b);

        check_err(bundle_cases[i].what, have, bundle_cases[i].err);
        if (have == ERR_NONE) {
            assert_int_equal(b.prekey_count, bundle_cases[i].prekeys);
            assert_true(bundle_verify(&b, &key) != ERR_NONE); /* none of them is signed */
        }
        arena_deinit(&a);
    }
}

static void device_lists(void **state)
{
    struct arena a = { 0 };
    struct device_list list;
    struct device_entry phone = { .id = 1, .label = STR("Telephone & more") };
    struct identity_key key, other;
    struct actor alice, bob;

    (void)state;
    assert_int_equal(
        device_list_read(
            &a,
            tree_of(&a,
                    STR("<list " OLD "><device id='1'/><device id='1'/><device id='x'/><device/><x "
                        "id='3'/><device id='2' label='no'/></list>")),
            &list),
        ERR_NONE);
    assert_int_equal(list.count, 2);
    assert_true(device_list_has(&list, 1) && device_list_has(&list, 2)
                && !device_list_has(&list, 3));
    assert_int_equal(list.devices[1].label.n, 0); /* 0.3 has none */
    assert_int_equal(device_list_read(&a, tree_of(&a, STR("<list " OLD "/>")), &list), ERR_NONE);
    assert_int_equal(list.count, 0);
    assert_int_equal(device_list_read(&a, tree_of(&a, STR("<devices " OLD "/>")), &list),
                     ERR_UNSUPPORTED);

    actor_init(&alice, OMEMO_2, 1);
    actor_init(&bob, OMEMO_2, 2);
    key = identity_public(&alice.self);
    other = identity_public(&bob.self);
    device_label_sign(&a, &alice.self, &phone);
    list = (struct device_list){ .version = OMEMO_2, .devices = &phone, .count = 1 };
    assert_int_equal(
        device_list_read(&a, tree_of(&a, text_of(&a, device_list_write(&a, &list))), &list),
        ERR_NONE);
    check_str("label", list.devices[0].label, "Telephone & more");
    assert_true(device_label_is_signed(&list.devices[0], &key));
    assert_false(device_label_is_signed(&list.devices[0], &other));
    actor_deinit(&alice);
    actor_deinit(&bob);
    arena_deinit(&a);
}

/* A bundle without prekeys: 0.3 does without, OMEMO 2 does not. */
static void no_prekeys(void **state)
{
    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v = (enum omemo)(v + 1)) {
        struct actor alice, bob;
        struct bundle bundle;
        struct codec_out out;
        struct remote_received got;

        actor_init(&alice, v, 1);
        actor_init(&bob, v, 2);
        actor_bundle(&bob, v, &bundle);
        bundle.prekey_count = 0;
        check_err("start", actor_start(&alice, 0, &bundle), v == OMEMO_03 ? ERR_NONE : ERR_MISSING);
        if (v == OMEMO_03) {
            assert_int_equal(actor_send(&alice, 0, 0, bytes_of("key", 3), &out), ERR_NONE);
            assert_int_equal(actor_receive(&bob, 0, true, bytes_of(out.octets, out.n), &got),
                             ERR_NONE);
            assert_false(got.prekey_used);
        }
        actor_deinit(&alice);
        actor_deinit(&bob);
    }
}

static const struct {
    const char *what, *from, *to;
    bool is_group;
    const char *text;
    enum err read, check;
} sce_cases[] = {
    { "all there", "a@x", "b@x", false, "<content/><rpad/><from jid='a@x'/><to jid='b@x'/>",
      ERR_NONE, ERR_NONE },
    { "prepared alike", "a@x", "b@x", false, "<content/><from jid='A@X'/><to jid='b@x/phone'/>",
      ERR_NONE, ERR_NONE },
    { "nothing but content", "a@x", "b@x", false, "<content/>", ERR_NONE, ERR_NONE },
    { "written by another", "a@x", "b@x", false, "<content/><from jid='c@x'/>", ERR_NONE,
      ERR_CONFLICT },
    { "written to another", "a@x", "b@x", false, "<content/><to jid='c@x'/>", ERR_NONE,
      ERR_CONFLICT },
    { "no address at all", "a@x", "b@x", false, "<content/><to jid='@'/>", ERR_NONE, ERR_CONFLICT },
    { "a room must be named", "a@x", "room@x", true, "<content/>", ERR_NONE, ERR_CONFLICT },
    { "a room that is named", "a@x", "room@x", true, "<content/><to jid='room@x'/>", ERR_NONE,
      ERR_NONE },
    { "no content", "a@x", "b@x", false, "<rpad/>", ERR_MALFORMED, ERR_NONE },
    { "content twice", "a@x", "b@x", false, "<content/><content/>", ERR_MALFORMED, ERR_NONE },
    { "from twice", "a@x", "b@x", false, "<content/><from jid='a@x'/><from jid='a@x'/>",
      ERR_MALFORMED, ERR_NONE },
    { "from without address", "a@x", "b@x", false, "<content/><from/>", ERR_MALFORMED, ERR_NONE },
    { "time that is none", "a@x", "b@x", false, "<content/><time stamp='yesterday'/>",
      ERR_MALFORMED, ERR_NONE },
};

static void envelopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sce_cases); i++) {
        struct arena a = { 0 };
        struct jid from, to;
        struct sce s;
        struct str text =
            arena_printf(&a, "<envelope xmlns='urn:xmpp:sce:1'>%s</envelope>", sce_cases[i].text);

        assert_int_equal(jid_parse(&a, str_from(sce_cases[i].from), &from), ERR_NONE);
        assert_int_equal(jid_parse(&a, str_from(sce_cases[i].to), &to), ERR_NONE);
        check_err(sce_cases[i].what, sce_read(&a, bytes_of_str(text), &s), sce_cases[i].read);
        if (sce_cases[i].read == ERR_NONE)
            check_err(sce_cases[i].what, sce_check(&a, &s, &from, &to, sce_cases[i].is_group),
                      sce_cases[i].check);
        arena_deinit(&a);
    }
}

static void envelope_round_trip(void **state)
{
    struct arena a = { 0 };
    struct actor dice;
    size_t shortest = SIZE_MAX, longest = 0;

    (void)state;
    actor_init(&dice, OMEMO_2, 1);
    for (int i = 0; i < 100; i++) {
        struct sce s = { .content = sce_content(&a),
                         .from = STR("a@x"),
                         .to = STR("b@x"),
                         .has_time = true,
                         .time_ms = 1700000000123 };
        struct bytes text;

        xml_add_text_child(&a, s.content, STR("jabber:client"), STR("body"),
                           STR("Hello & <goodbye>"));
        text = sce_write(&a, &dice.random, &s);
        shortest = text.n < shortest ? text.n : shortest;
        longest = text.n > longest ? text.n : longest;
        assert_int_equal(sce_read(&a, text, &s), ERR_NONE);
        check_str("from", s.from, "a@x");
        check_str("body", xml_child_text(&a, s.content, STR("jabber:client"), STR("body")),
                  "Hello & <goodbye>");
        assert_true(s.has_time && s.time_ms == 1700000000123);
        assert_false(sce_is_from_another_time(&s, 1700000000123 - SCE_LATE_MS + 1));
        assert_true(sce_is_from_another_time(&s, 1700000000123 + SCE_LATE_MS));
    }
    assert_true(shortest >= SCE_MIN && longest <= SCE_MIN + SCE_PADDING_MAX + 16
                && longest > shortest + 50);
    actor_deinit(&dice);
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_encrypted),
        cmocka_unit_test(too_many_keys),
        cmocka_unit_test(own_key),
        cmocka_unit_test(whole_way),
        cmocka_unit_test(payload_vectors),
        cmocka_unit_test(empty_payloads),
        cmocka_unit_test(reading_bundles),
        cmocka_unit_test(device_lists),
        cmocka_unit_test(no_prekeys),
        cmocka_unit_test(envelopes),
        cmocka_unit_test(envelope_round_trip),
    };

    if (argc != 2)
        return 2;
    vectors_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
