/* test_vectors.c: the known answers of test/vectors/omemo.txt, from the seeds to the octets on the
 * wire. */
#include "../check.h"

#include <string.h>

#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "omemo/remote.h"
#include "omemo/x3dh.h"
#include "vectors.h"

static struct vectors vectors;

static const char *const prefix[OMEMO_VERSIONS] = { [OMEMO_03] = "v03.", [OMEMO_2] = "v2." };

static struct bytes get(const char *name)
{
    return vectors_get(&vectors, name);
}

static struct bytes get_of(enum omemo version, const char *name)
{
    return get(arena_printf(&vectors.arena, "%s%s%c", prefix[version], name, 0).p);
}

static void check_octets(const char *what, struct bytes have, struct bytes want)
{
    if (have.n != want.n || memcmp(have.p, want.p, want.n) != 0)
        fail_msg("%s: other octets", what);
}

static struct bytes key_of(const uint8_t key[OMEMO_KEY])
{
    return bytes_of(key, OMEMO_KEY);
}

static void load_prekey(struct prekey *out, uint32_t id, const char *secret, const char *public_key)
{
    out->id = id;
    memcpy(out->secret, get(secret).p, OMEMO_KEY);
    memcpy(out->public_key, get(public_key).p, OMEMO_KEY);
}

struct pair {
    struct identity a, b;
    struct prekey signed_prekey, prekey;
    struct bundle_prekey published;
    struct bundle bundle;
};

static void pair_init(struct pair *p, enum omemo version)
{
    identity_init(&p->a, 1234, get("ika.seed").p);
    identity_init(&p->b, 1, get("ikb.seed").p);
    load_prekey(&p->signed_prekey, 3, "spk.priv", "spk.pub");
    load_prekey(&p->prekey, 7, "opk.priv", "opk.pub");
    p->published.id = 7;
    memcpy(p->published.key, p->prekey.public_key, OMEMO_KEY);
    bundle_make(version, &p->b, &p->signed_prekey, &p->published, 1, &p->bundle);
}

/* Gives what remote_start() draws, in order: the choice of a prekey, the ephemeral key, the ratchet
 * key. */
static void draw(void *ctx, uint8_t *out, size_t n)
{
    static const char *const drawn[] = { "ek.priv", "ratchet_a.priv" };
    int *at = ctx;

    if (n == OMEMO_KEY)
        memcpy(out, get(drawn[(*at)++]).p, n);
    else
        memset(out, 0, n);
}

static void identities(void **state)
{
    struct identity a, b;
    struct str text;
    struct identity_key key;

    (void)state;
    identity_init(&a, 1, get("ika.seed").p);
    identity_init(&b, 2, get("ikb.seed").p);
    check_octets("a ed", key_of(a.ed), get("ika.ed25519"));
    check_octets("a curve", key_of(a.curve), get("ika.x25519"));
    check_octets("b scalar", key_of(b.scalar), get("ikb.x25519_priv"));
    check_octets("b ed", key_of(b.ed), get("ikb.ed25519"));
    check_octets("b curve", key_of(b.curve), get("ikb.x25519"));
    assert_int_equal(identity_key_read(OMEMO_2, a.ed, &key), ERR_NONE);
    check_octets("a from its other form", key_of(key.curve), get("ika.x25519"));
    text = identity_fingerprint(&vectors.arena, &key);
    check_str("fingerprint", text,
              "78ff04d0 74777084 57949a43 78af9e26 a2fda7db 517835d8 69fd2e04 08829929");
}

static void signatures(void **state)
{
    static const struct {
        enum omemo version;
        const char *seed, *signature;
    } cases[] = {
        { OMEMO_03, "ika.seed", "v03.signedPreKeySignature_by_ika" },
        { OMEMO_03, "ikb.seed", "v03.signedPreKeySignature_by_ikb" },
        { OMEMO_2, "ika.seed", "v2.spks_by_ika" },
        { OMEMO_2, "ikb.seed", "v2.spks_by_ikb" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t signature[OMEMO_SIGNATURE];
        struct identity self;
        struct identity_key mine, key;

        identity_init(&self, 1, get(cases[i].seed).p);
        mine = identity_public(&self);
        identity_sign(cases[i].version, &self, get("spk.pub").p, signature);
        check_octets(cases[i].signature, bytes_of(signature, sizeof signature),
                     get(cases[i].signature));
        assert_int_equal(
            identity_key_read(cases[i].version, identity_key_wire(cases[i].version, &mine), &key),
            ERR_NONE);
        assert_int_equal(identity_verify(cases[i].version, &key, get("spk.pub").p, signature),
                         ERR_NONE);
        assert_true(key.has_ed); /* in 0.3 the sign was learned */
        check_octets("learned", key_of(key.ed), key_of(self.ed));
        assert_int_equal(identity_verify(cases[i].version, &key, get("opk.pub").p, signature),
                         ERR_DENIED);
    }
}

static void agreement(void **state)
{
    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v++) {
        struct pair p;
        uint8_t secret[OMEMO_KEY];

        pair_init(&p, v);
        assert_int_equal(x3dh_initiate(v,
                                       &(struct x3dh_initiator){
                                           p.a.scalar,
                                           get("ek.priv").p,
                                           p.b.curve,
                                           p.signed_prekey.public_key,
                                           p.prekey.public_key,
                                       },
                                       secret),
                         ERR_NONE);
        check_octets("initiator", key_of(secret), get_of(v, "sk"));
        assert_int_equal(x3dh_accept(v,
                                     &(struct x3dh_acceptor){
                                         p.b.scalar,
                                         p.signed_prekey.secret,
                                         p.prekey.secret,
                                         p.a.curve,
                                         get("ek.pub").p,
                                     },
                                     secret),
                         ERR_NONE);
        check_octets("acceptor", key_of(secret), get_of(v, "sk"));
    }
}

static void sending(void **state)
{
    static const char *const wanted[] = { "prekey_message0", "prekey_message1" };

    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v++) {
        struct pair p;
        struct remote b;
        struct session_end end;
        int drawn = 0;
        struct random random = { draw, &drawn };

        pair_init(&p, v);
        remote_init(&b, v);
        assert_int_equal(remote_start(&b, &p.a, &p.bundle, &random, &end), ERR_NONE);
        check_octets("root", key_of(b.sessions[0].root), get_of(v, "rk1"));
        check_octets("chain", key_of(b.sessions[0].sending), get_of(v, "ck0"));
        for (size_t i = 0; i < COUNT_OF(wanted); i++) {
            struct codec_out out;

            assert_int_equal(remote_encrypt(&b, 0, &p.a, get_of(v, "plaintext"), &out), ERR_NONE);
            assert_true(out.is_exchange);
            check_octets(wanted[i], bytes_of(out.octets, out.n), get_of(v, wanted[i]));
        }
        b.sessions[0].is_pending = false; /* the same without the exchange */
        b.sessions[0].sent = 0;
        memcpy(b.sessions[0].sending, get_of(v, "ck0").p, OMEMO_KEY);
        struct codec_out out;
        assert_int_equal(remote_encrypt(&b, 0, &p.a, get_of(v, "plaintext"), &out), ERR_NONE);
        check_octets("message0", bytes_of(out.octets, out.n), get_of(v, "message0"));
    }
}

static void receiving(void **state)
{
    static const char *const sent[][2] = { { "prekey_message0", "prekey_message1" },
                                           { "prekey_message0", "message1" },
                                           { "prekey_message1", "prekey_message0" } };

    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v++)
        for (size_t i = 0; i < COUNT_OF(sent); i++) {
            struct pair p;
            struct remote_received got;
            struct remote a;
            struct kept_key kept;
            struct remote_rows rows = { &p.signed_prekey, &p.prekey, NULL };
            int drawn = 0;

            pair_init(&p, v);
            remote_init(&a, v);
            for (int j = 0; j < 2; j++) {
                struct codec_key key;

                assert_int_equal(codec_read(v, strlen(sent[i][j]) > 8, get_of(v, sent[i][j]), &key),
                                 ERR_NONE);
                assert_int_equal(
                    remote_decrypt(&a, &p.b, &key, &rows, &(struct random){ draw, &drawn }, &got),
                    ERR_NONE);
                check_octets(sent[i][j], bytes_of(got.message.plain, got.message.plain_n),
                             get_of(v, "plaintext"));
                a = got.remote;
                if (kept_next(&got.message.add, &kept)) {
                    check_octets("kept", key_of(kept.key), get_of(v, "mk0"));
                    rows.kept = &kept;
                }
            }
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities), cmocka_unit_test(signatures), cmocka_unit_test(agreement),
        cmocka_unit_test(sending),    cmocka_unit_test(receiving),
    };
    int failed;

    if (argc != 2)
        return 2;
    vectors_load(&vectors, argv[1]);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    vectors_deinit(&vectors);
    return failed;
}
