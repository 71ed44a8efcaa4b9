/* test_traps.c: where implementations of OMEMO have gone wrong, or differ. One test each; where
 * both versions are concerned, for both. Server behaviour that clients depend on (legacy error
 * codes, publish-options, item-not-found) is tested in test/script. */
#include "../check.h"

#include <string.h>

#include "actor.h"
#include "base/encode.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "omemo/encrypted.h"
#include "xml/parser.h"
#include "xml/writer.h"

enum { MATERIAL = 48 };

#define FOR_EACH_VERSION(v) for (enum omemo v = OMEMO_03; v <= OMEMO_2; v = (enum omemo)(v + 1))

static uint8_t material[MATERIAL];

struct pair {
    struct actor a, b;
};

/* a knows b's bundle and has begun; nothing is sent yet. */
static void pair_init(struct pair *p, enum omemo version)
{
    struct bundle bundle;

    actor_init(&p->a, version, 1);
    actor_init(&p->b, version, 2);
    actor_bundle(&p->b, version, &bundle);
    assert_int_equal(actor_start(&p->a, 0, &bundle), ERR_NONE);
}

static void pair_deinit(struct pair *p)
{
    actor_deinit(&p->a);
    actor_deinit(&p->b);
}

static struct codec_out write_of(struct actor *from, size_t n)
{
    struct codec_out out;

    assert_int_equal(actor_send(from, 0, 0, bytes_of(material, n), &out), ERR_NONE);
    return out;
}

static enum err read_by(struct actor *to, const struct codec_out *m, struct remote_received *got)
{
    return actor_receive(to, 0, m->is_exchange, bytes_of(m->octets, m->n), got);
}

static void must_read(struct actor *to, const struct codec_out *m)
{
    struct remote_received got;

    check_err("read", read_by(to, m, &got), ERR_NONE);
}

static void say(struct actor *from, struct actor *to)
{
    struct codec_out m = write_of(from, MATERIAL);

    must_read(to, &m);
}

static void pair_talk(struct pair *p)
{
    say(&p->a, &p->b);
    say(&p->b, &p->a);
}

/* The MAC of b's first message, computed by hand: b is acceptor and sender. */
static void trap_1_order_of_identities(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        static const uint8_t salt[32];
        uint8_t message_key[32], keys[80], named[66], mac[32];
        struct bytes one, two;
        struct codec_key read;
        struct codec_out m;
        struct remote before;
        struct pair p;

        pair_init(&p, v);
        say(&p.a, &p.b);
        actor_load(&p.b, 0, &before);
        m = write_of(&p.b, MATERIAL);
        assert_int_equal(codec_read(v, m.is_exchange, bytes_of(m.octets, m.n), &read), ERR_NONE);
        hmac(HASH_SHA256, bytes_of(before.sessions[0].sending, 32), bytes_of("\1", 1), message_key);
        hkdf(bytes_of(salt, 32), bytes_of(message_key, 32), dialect_of(v)->message_info, keys, 80);
        /* 0.3: sender, receiver. 2: initiator, acceptor. */
        one = bytes_of(v == OMEMO_03 ? p.b.self.curve : p.a.self.ed, 32);
        two = bytes_of(v == OMEMO_03 ? p.a.self.curve : p.b.self.ed, 32);
        named[0] = named[33] = 5;
        memcpy(named + (v == OMEMO_03 ? 1 : 0), one.p, 32);
        memcpy(named + (v == OMEMO_03 ? 34 : 32), two.p, 32);
        hmac2(HASH_SHA256, bytes_of(keys + 32, 32), bytes_of(named, v == OMEMO_03 ? 66 : 64),
              read.message.covered, mac);
        assert_int_equal(read.message.mac.n, v == OMEMO_03 ? 8 : 16);
        assert_memory_equal(mac, read.message.mac.p, read.message.mac.n);
        pair_deinit(&p);
    }
}

static void trap_2_what_is_signed(void **state)
{
    struct pair p;
    struct identity_key key;
    uint8_t signature[OMEMO_SIGNATURE];

    (void)state;
    pair_init(&p, OMEMO_03);
    FOR_EACH_VERSION(v)
    {
        enum omemo other = v == OMEMO_03 ? OMEMO_2 : OMEMO_03;

        key = identity_public(&p.a.self);
        identity_sign(v, &p.a.self, p.b.self.curve, signature);
        assert_int_equal(identity_verify(v, &key, p.b.self.curve, signature), ERR_NONE);
        assert_int_equal(identity_verify(other, &key, p.b.self.curve, signature), ERR_DENIED);
    }
    pair_deinit(&p);
}

static bool contains(struct bytes in, const void *what, size_t n)
{
    for (size_t i = 0; n <= in.n && i <= in.n - n; i++)
        if (memcmp(in.p + i, what, n) == 0)
            return true;
    return false;
}

static void trap_3_counters_that_are_zero(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct pair p;
        struct codec_out m;

        pair_init(&p, v);
        m = write_of(&p.a, MATERIAL);
        assert_true(
            contains(bytes_of(m.octets, m.n), v == OMEMO_03 ? "\x10\0\x18\0" : "\x08\0\x10\0", 4));
        pair_deinit(&p);
    }
}

/* The sender says that its last chain was shorter than it was, by one or altogether. */
static void trap_4_previous_n_is_too_small(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        for (uint32_t less = 1; less <= 3; less++) {
            struct pair p;
            struct codec_out late[3];
            struct remote r;

            pair_init(&p, v);
            pair_talk(&p);
            say(&p.a, &p.b);
            for (int i = 0; i < 3; i++)
                late[i] = write_of(&p.a, MATERIAL);
            say(&p.b, &p.a); /* a turns its ratchet */
            actor_load(&p.a, 0, &r);
            assert_int_equal(r.sessions[0].previous_sent, 4);
            r.sessions[0].previous_sent -= less;
            actor_store(&p.a, 0, &r);
            say(&p.a, &p.b);
            for (int i = 3; i-- > 0;)
                must_read(&p.b, &late[i]);
            pair_deinit(&p);
        }
    }
}

static void trap_5_the_sign_bit(void **state)
{
    struct identity_key key, wrong;
    struct identity self;
    uint8_t seed[32] = { 0 }, signature[OMEMO_SIGNATURE];
    int seen[2] = { 0, 0 };

    (void)state;
    for (seed[0] = 0; seed[0] < 32; seed[0]++) {
        bool sign;

        identity_init(&self, 1, seed);
        sign = self.ed[31] & 0x80;
        seen[sign]++;
        identity_sign(OMEMO_03, &self, self.curve, signature);
        assert_int_equal((signature[63] & 0x80) != 0, sign);
        assert_int_equal(identity_key_read(OMEMO_03, self.curve, &key), ERR_NONE);
        assert_null(identity_key_wire(OMEMO_2, &key)); /* not known before */
        wrong = key;
        assert_int_equal(identity_verify(OMEMO_03, &key, self.curve, signature), ERR_NONE);
        assert_memory_equal(identity_key_wire(OMEMO_2, &key), self.ed, 32);
        signature[63] ^= 0x80;
        assert_int_equal(identity_verify(OMEMO_03, &wrong, self.curve, signature), ERR_DENIED);
        assert_false(wrong.has_ed);
    }
    assert_true(seen[0] > 0 && seen[1] > 0);
}

static void trap_6_key_transport_without_tag(void **state)
{
    static const size_t sizes[] = { 16, 32, 48 };

    (void)state;
    FOR_EACH_VERSION(v)
    {
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            struct pair p;
            struct codec_out m;
            struct remote_received got;

            pair_init(&p, v);
            m = write_of(&p.a, sizes[i]);
            assert_int_equal(read_by(&p.b, &m, &got), ERR_NONE);
            assert_int_equal(got.message.plain_n, sizes[i]);
            pair_deinit(&p);
        }
    }
}

static void trap_7_lengths_of_the_iv(void **state)
{
    static const struct {
        size_t n;
        enum err err;
    } cases[] = { { 12, ERR_NONE },
                  { 16, ERR_NONE },
                  { 0, ERR_MALFORMED },
                  { 8, ERR_MALFORMED },
                  { 13, ERR_MALFORMED } };
    static const uint8_t iv[16] = { 1, 2, 3 };
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct payload p = { .key_n = 32, .iv = bytes_of(iv, cases[i].n), .has_sealed = true };
        struct bytes plain;
        uint8_t sealed[5];

        if (cases[i].err == ERR_NONE)
            gcm_seal(bytes_of(p.key, 16), p.iv, bytes_of("hello", 5), sealed, p.key + 16);
        p.sealed = bytes_of(sealed, 5);
        assert_int_equal(payload_open(OMEMO_03, &a, &p, &plain), cases[i].err);
        if (cases[i].err == ERR_NONE)
            check_str("plain", str_of_bytes(plain), "hello");
    }
    arena_deinit(&a);
}

static void trap_8_the_tag_is_the_rest_of_the_key(void **state)
{
    struct arena a = { 0 };
    struct pair p;

    (void)state;
    pair_init(&p, OMEMO_03);
    for (size_t n = 0; n <= MATERIAL; n++) {
        struct payload sealed;
        struct bytes plain;

        payload_seal(OMEMO_03, &a, &p.a.random, bytes_of("hello", 5), &sealed);
        assert_int_equal(sealed.key_n, 32);
        sealed.key_n = n;
        assert_int_equal(payload_open(OMEMO_03, &a, &sealed, &plain), n == 32   ? ERR_NONE
                                                                      : n == 16 ? ERR_UNSUPPORTED
                                                                                : ERR_MALFORMED);
    }
    pair_deinit(&p);
    arena_deinit(&a);
}

static void trap_9_prekey_of_last_resort(void **state)
{
    (void)state;
    assert_int_equal(prekey_next_id(PREKEY_ID_LAST - 1), 0xfffffe);
    assert_int_equal(prekey_next_id(PREKEY_ID_LAST), 1); /* never 0xffffff */
    FOR_EACH_VERSION(v)
    {
        struct bundle_prekey last = { .id = 0xffffff };
        struct bundle bundle;
        struct pair p;
        struct codec_out m;
        struct codec_key read;

        pair_init(&p, v);
        actor_bundle(&p.b, v, &bundle);
        memcpy(last.key, p.b.prekeys[0].public_key, OMEMO_KEY);
        bundle.prekeys = &last;
        bundle.prekey_count = 1;
        assert_int_equal(actor_start(&p.a, 0, &bundle), ERR_NONE);
        m = write_of(&p.a, MATERIAL);
        assert_int_equal(codec_read(v, true, bytes_of(m.octets, m.n), &read), ERR_NONE);
        assert_int_equal(read.exchange.prekey_id, 0xffffff);
        pair_deinit(&p);
    }
}

/* Somebody else's device has our number; the key for us is the second one. */
static void trap_10_a_number_twice(void **state)
{
    struct arena a = { 0 };
    struct encrypted e = { .version = OMEMO_03, .sid = 9, .count = 3 };
    struct encrypted_key keys[3] = { { .rid = 7 }, { .rid = 8 }, { .rid = 7 } };
    const struct encrypted_key *key;
    struct codec_out m, other;
    struct actor stranger;
    struct bundle bundle;
    struct pair p;
    struct remote_received got;
    size_t cursor = 0;
    int tried = 0, read = 0;

    (void)state;
    pair_init(&p, OMEMO_03);
    actor_init(&stranger, OMEMO_03, 4);
    actor_bundle(&stranger, OMEMO_03, &bundle);
    assert_int_equal(actor_start(&p.a, 1, &bundle), ERR_NONE);
    assert_int_equal(actor_send(&p.a, 1, 0, bytes_of(material, 32), &other), ERR_NONE);
    m = write_of(&p.a, 32);
    keys[0].octets = keys[1].octets = bytes_of(other.octets, other.n);
    keys[2].octets = bytes_of(m.octets, m.n);
    keys[0].is_exchange = keys[1].is_exchange = keys[2].is_exchange = true;
    e.keys = keys;
    assert_int_equal(encrypted_read(&a, encrypted_write(&a, &e), &e), ERR_NONE);
    while ((key = encrypted_next_key(&e, STR_NONE, 7, &cursor)) != NULL) {
        struct bytes octets;

        assert_int_equal(encrypted_key_octets(&a, key, &octets), ERR_NONE);
        tried++;
        read += actor_receive(&p.b, 0, key->is_exchange, octets, &got) == ERR_NONE;
    }
    assert_int_equal(tried, 2);
    assert_int_equal(read, 1);
    actor_deinit(&stranger);
    pair_deinit(&p);
    arena_deinit(&a);
}

/* b's prekey is gone when the second message of an archived session repeats the exchange. */
static void trap_11_exchange_of_an_archived_session(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct bundle bundle;
        struct codec_out late;
        struct remote_received got;
        struct remote r;
        struct pair p;

        pair_init(&p, v);
        say(&p.a, &p.b);
        late = write_of(&p.a, MATERIAL);
        assert_true(late.is_exchange);
        for (int i = 0; i < 5; i++) { /* a begins anew, and anew */
            actor_bundle(&p.b, v, &bundle);
            assert_int_equal(actor_start(&p.a, 0, &bundle), ERR_NONE);
            say(&p.a, &p.b);
        }
        actor_load(&p.b, 0, &r);
        assert_int_equal(r.count, REMOTE_SESSIONS);
        assert_int_equal(read_by(&p.b, &late, &got), ERR_NONE);
        assert_false(got.began);
        assert_int_equal(got.session, 0); /* it is in use: current again */
        assert_int_equal(read_by(&p.b, &late, &got), ERR_EXISTS);
        pair_deinit(&p);
    }
}

static void trap_12_a_session_begins_with_a_genuine_message(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct codec_out m, bad;
        struct remote_received got;
        struct actor before;
        struct pair p;

        pair_init(&p, v);
        m = write_of(&p.a, MATERIAL);
        for (size_t at = 0; at < m.n; at++) {
            before = p.b;
            bad = m;
            bad.octets[at] ^= 1;
            if (read_by(&p.b, &bad, &got)
                == ERR_NONE) /* only what nothing depends on: the registration id */
                assert_true(v == OMEMO_03 && got.began);
            else
                assert_memory_equal(p.b.contacts, before.contacts, sizeof before.contacts);
            p.b = before;
        }
        must_read(&p.b, &m);
        pair_deinit(&p);
    }
}

static void trap_13_another_identity(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct bundle bundle;
        struct codec_out m;
        struct remote_received got;
        struct actor other;
        struct pair p;

        pair_init(&p, v);
        pair_talk(&p);
        actor_init(&other, v, 3); /* shows up under a's number */
        actor_bundle(&p.b, v, &bundle);
        assert_int_equal(actor_start(&other, 0, &bundle), ERR_NONE);
        m = write_of(&other, MATERIAL);
        assert_int_equal(read_by(&p.b, &m, &got), ERR_CONFLICT);
        actor_bundle(&other, v, &bundle);
        assert_int_equal(actor_start(&p.b, 0, &bundle), ERR_CONFLICT);
        say(&p.a, &p.b); /* nothing has changed */
        actor_deinit(&other);
        pair_deinit(&p);
    }
}

static void trap_14_products_that_are_zero(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        static const uint8_t zero[OMEMO_KEY];
        struct remote_received got;
        struct codec_key read;
        struct codec_out m;
        struct bundle bundle;
        struct pair p;

        pair_init(&p, v);
        m = write_of(&p.a, MATERIAL);
        assert_int_equal(codec_read(v, true, bytes_of(m.octets, m.n), &read), ERR_NONE);
        codec_write(v, &read.message, &read.exchange, &m);
        memcpy(read.exchange.ephemeral, zero, OMEMO_KEY);
        codec_write(v, &read.message, &read.exchange, &m);
        assert_int_equal(read_by(&p.b, &m, &got), ERR_MALFORMED);
        actor_bundle(&p.b, v, &bundle);
        memcpy(bundle.signed_key, zero, OMEMO_KEY);
        identity_sign(v, &p.b.self, zero, bundle.signature);
        assert_int_equal(actor_start(&p.a, 1, &bundle), ERR_MALFORMED);
        pair_deinit(&p);
    }
}

/* A message whose number lies: nothing is computed two thousand million times. */
static void trap_15_numbers_that_overflow(void **state)
{
    static const struct {
        uint32_t n;
        enum err err;
    } cases[] = {
        { 0, ERR_EXISTS },           { 2, ERR_DENIED },          { 2001, ERR_DENIED },
        { 2002, ERR_TOO_BIG },       { INT32_MAX, ERR_TOO_BIG }, { UINT32_MAX - 1, ERR_TOO_BIG },
        { UINT32_MAX, ERR_TOO_BIG },
    };

    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct pair p;
        struct codec_key read;
        struct codec_out m;

        pair_init(&p, v);
        pair_talk(&p);
        say(&p.a, &p.b);
        m = write_of(&p.a, MATERIAL);
        assert_int_equal(codec_read(v, false, bytes_of(m.octets, m.n), &read), ERR_NONE);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            uint8_t room[CODEC_OUT_MAX];
            struct codec_message lie = read.message;
            struct remote_received got;
            struct codec_out sent;

            lie.n = cases[i].n;
            lie.covered = codec_cover(v, &lie, room);
            codec_write(v, &lie, NULL, &sent);
            check_err("lie", read_by(&p.b, &sent, &got), cases[i].err);
        }
        must_read(&p.b, &m);
        pair_deinit(&p);
    }
}

static struct xml_node *tree_of(struct arena *a, const char *text)
{
    static const struct xml_limits limits = { 65536, 16, 16, 4096 };
    struct xml_node *node = NULL;

    assert_int_equal(xml_parse_document(a, str_from(text), &limits, &node), ERR_NONE);
    return node;
}

static void trap_16_white_space_in_base64(void **state)
{
    struct arena a = { 0 };
    struct encrypted e;
    struct bytes octets;
    size_t cursor = 0;

    (void)state;
    assert_int_equal(
        encrypted_read(
            &a,
            tree_of(&a,
                    "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'>"
                    "<key rid='2' prekey='1'>\n  MwohB\r\n\tQ==  </key><iv> uV5ymzpZ7r0/KiVI\n</iv>"
                    "</header><payload>aGVs\nbG8=</payload></encrypted>"),
            &e),
        ERR_NONE);
    check_str("payload", str_of_bytes(e.payload), "hello");
    assert_int_equal(e.iv.n, 12);
    assert_int_equal(
        encrypted_key_octets(&a, encrypted_next_key(&e, STR_NONE, 2, &cursor), &octets), ERR_NONE);
    assert_int_equal(octets.n, 4);
    assert_true(e.keys[0].is_exchange);
    arena_deinit(&a);
}

/* A room or a carbon brings our own message back: there is no key for us in it, and none is tried. */
static void trap_17_own_message_comes_back(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct arena a = { 0 };
        struct encrypted_key keys[] = { { .jid = STR("bob@sotto.test"), .rid = 7 },
                                        { .jid = STR("alice@sotto.test"), .rid = 8 } };
        struct encrypted e = { .version = v, .sid = 9, .keys = keys, .count = 2 };
        size_t cursor = 0;

        assert_int_equal(encrypted_read(&a, encrypted_write(&a, &e), &e), ERR_NONE);
        assert_null(encrypted_next_key(&e, STR("alice@sotto.test"), e.sid, &cursor));
        arena_deinit(&a);
    }
}

static bool is_clamped(const uint8_t secret[OMEMO_KEY])
{
    return (secret[0] & 7) == 0 && (secret[31] & 0xc0) == 0x40;
}

static void trap_20_secrets_are_stored_clamped(void **state)
{
    (void)state;
    FOR_EACH_VERSION(v)
    {
        struct pair p;
        struct remote r;

        pair_init(&p, v);
        assert_true(is_clamped(p.a.self.scalar) && is_clamped(p.a.signed_prekeys[0].secret));
        for (int i = 0; i < ACTOR_PREKEYS; i++)
            assert_true(is_clamped(p.a.prekeys[i].secret));
        for (int i = 0; i < 20; i++) {
            pair_talk(&p);
            actor_load(&p.a, 0, &r);
            assert_true(is_clamped(r.sessions[0].secret));
        }
        pair_deinit(&p);
    }
}

/* What is said to programs without OMEMO stands beside <encrypted/>, and never comes out of it. */
static void trap_21_the_body_beside(void **state)
{
    struct arena a = { 0 };
    struct xml_node *message =
        tree_of(&a, "<message xmlns='jabber:client'><body>not the message</body><encrypted "
                    "xmlns='urn:xmpp:omemo:2'><header sid='1'>"
                    "<body xmlns='jabber:client'>nor this</body></header><body>nor "
                    "this</body></encrypted></message>");
    struct encrypted e;

    (void)state;
    assert_int_equal(encrypted_read(&a, message, &e), ERR_UNSUPPORTED);
    assert_int_equal(encrypted_read(&a, xml_child_ns(message, STR("urn:xmpp:omemo:2")), &e),
                     ERR_NONE);
    assert_false(e.has_payload);
    assert_int_equal(e.count, 0);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_1_order_of_identities),
        cmocka_unit_test(trap_2_what_is_signed),
        cmocka_unit_test(trap_3_counters_that_are_zero),
        cmocka_unit_test(trap_4_previous_n_is_too_small),
        cmocka_unit_test(trap_5_the_sign_bit),
        cmocka_unit_test(trap_6_key_transport_without_tag),
        cmocka_unit_test(trap_7_lengths_of_the_iv),
        cmocka_unit_test(trap_8_the_tag_is_the_rest_of_the_key),
        cmocka_unit_test(trap_9_prekey_of_last_resort),
        cmocka_unit_test(trap_10_a_number_twice),
        cmocka_unit_test(trap_11_exchange_of_an_archived_session),
        cmocka_unit_test(trap_12_a_session_begins_with_a_genuine_message),
        cmocka_unit_test(trap_13_another_identity),
        cmocka_unit_test(trap_14_products_that_are_zero),
        cmocka_unit_test(trap_15_numbers_that_overflow),
        cmocka_unit_test(trap_16_white_space_in_base64),
        cmocka_unit_test(trap_17_own_message_comes_back),
        cmocka_unit_test(trap_20_secrets_are_stored_clamped),
        cmocka_unit_test(trap_21_the_body_beside),
    };

    for (int i = 0; i < MATERIAL; i++)
        material[i] = (uint8_t)i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
