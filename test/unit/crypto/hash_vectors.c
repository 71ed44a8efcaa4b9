/* hash_vectors.c: vectors of FIPS 180 (as in RFC 6234 §8.5), RFC 1321, RFC 2202, RFC 4231, RFC 6070,
 * RFC 7914.
 *
 * No RFC publishes PBKDF2 with SHA-512; those rows ("hashlib") were computed by an implementation
 * that shares no code with ours:
 *   python3 -c "import hashlib; print(hashlib.pbkdf2_hmac('sha512', b'password', b'salt', 4096).hex())"
 */
#include "vectors.h"

#include <string.h>

#include "crypto/md5.h"

enum { CUT_MAX = 512 }; /* longer inputs are not cut at every octet: the time grows with n² */

/* An input is a text, repeated. */
struct input {
    const char *p;
    size_t n, times;
};

/* clang-format off */
#define TEXT(literal) { literal, sizeof(literal) - 1, 1 }
#define TIMES(literal, count) { literal, sizeof(literal) - 1, count }

#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define TWO_LONG_BLOCKS "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" \
                        "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
#define COUNTING "\001\002\003\004\005\006\007\010\011\012\013\014\015\016" \
                 "\017\020\021\022\023\024\025\026\027\030\031"
#define LONG_KEY "Test Using Larger Than Block-Size Key - Hash Key First"
#define LONG_KEY_AND_DATA \
    "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"
#define LONG_BOTH \
    "This is a test using a larger than block-size key and a larger than block-size data. " \
    "The key needs to be hashed before being used by the HMAC algorithm."
#define LONG_PASSWORD "passwordPASSWORDpassword"
#define LONG_SALT "saltSALTsaltSALTsaltSALTsaltSALTsalt"

static const struct { enum hash hash; struct input in; const char *hex; } digests[] = {
    { HASH_SHA1, TEXT(""),
      "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { HASH_SHA1, TEXT("abc"),
      "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { HASH_SHA1, TEXT(TWO_BLOCKS),
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
    { HASH_SHA1, TEXT(TWO_LONG_BLOCKS),
      "a49b2446a02c645bf419f995b67091253a04a259" },
    { HASH_SHA1, TIMES("a", 1000000),
      "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
    { HASH_SHA256, TEXT(""),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { HASH_SHA256, TEXT("abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { HASH_SHA256, TEXT(TWO_BLOCKS),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { HASH_SHA256, TEXT(TWO_LONG_BLOCKS),
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
    { HASH_SHA256, TIMES("a", 1000000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
    { HASH_SHA512, TEXT(""),
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
    { HASH_SHA512, TEXT("abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
    { HASH_SHA512, TEXT(TWO_BLOCKS),
      "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
      "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445" },
    { HASH_SHA512, TEXT(TWO_LONG_BLOCKS),
      "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
      "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909" },
    { HASH_SHA512, TIMES("a", 1000000),
      "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
      "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b" },
};

/* RFC 1321 §A.5. */
static const struct { struct input in; const char *hex; } broken_digests[] = {
    { TEXT(""), "d41d8cd98f00b204e9800998ecf8427e" },
    { TEXT("a"), "0cc175b9c0f1b6a831c399e269772661" },
    { TEXT("abc"), "900150983cd24fb0d6963f7d28e17f72" },
    { TEXT("message digest"), "f96b697d7cb7938d525a2f31aaf161d0" },
    { TEXT("abcdefghijklmnopqrstuvwxyz"), "c3fcd3d76192e4007dfb496cca67e13b" },
    { TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
      "d174ab98d277d9f5a5611c2c9f419d9f" },
    { TIMES("1234567890", 8), "57edf4a22be3c955ac49da2e2107b67a" },
};

/* RFC 4231 §4.6 truncates: as many octets are compared as a row shows. */
static const struct {
    const char *source; enum hash hash; struct input key, in; const char *hex;
} hmacs[] = {
    { "RFC 2202 §3 case 1", HASH_SHA1, TIMES("\013", 20), TEXT("Hi There"),
      "b617318655057264e28bc0b6fb378c8ef146be00" },
    { "RFC 2202 §3 case 2", HASH_SHA1, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
    { "RFC 2202 §3 case 3", HASH_SHA1, TIMES("\252", 20), TIMES("\335", 50),
      "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
    { "RFC 2202 §3 case 4", HASH_SHA1, TEXT(COUNTING), TIMES("\315", 50),
      "4c9007f4026250c6bc8414f9bf50c86c2d7235da" },
    { "RFC 2202 §3 case 5", HASH_SHA1, TIMES("\014", 20), TEXT("Test With Truncation"),
      "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04" },
    { "RFC 2202 §3 case 6", HASH_SHA1, TIMES("\252", 80), TEXT(LONG_KEY),
      "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
    { "RFC 2202 §3 case 7", HASH_SHA1, TIMES("\252", 80), TEXT(LONG_KEY_AND_DATA),
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91" },
    { "RFC 4231 §4.2", HASH_SHA256, TIMES("\013", 20), TEXT("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "RFC 4231 §4.3", HASH_SHA256, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "RFC 4231 §4.4", HASH_SHA256, TIMES("\252", 20), TIMES("\335", 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "RFC 4231 §4.5", HASH_SHA256, TEXT(COUNTING), TIMES("\315", 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { "RFC 4231 §4.6", HASH_SHA256, TIMES("\014", 20), TEXT("Test With Truncation"),
      "a3b6167473100ee06e0c796c2955552b" },
    { "RFC 4231 §4.7", HASH_SHA256, TIMES("\252", 131), TEXT(LONG_KEY),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { "RFC 4231 §4.8", HASH_SHA256, TIMES("\252", 131), TEXT(LONG_BOTH),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    { "RFC 4231 §4.2", HASH_SHA512, TIMES("\013", 20), TEXT("Hi There"),
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
    { "RFC 4231 §4.3", HASH_SHA512, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
    { "RFC 4231 §4.4", HASH_SHA512, TIMES("\252", 20), TIMES("\335", 50),
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
      "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },
    { "RFC 4231 §4.5", HASH_SHA512, TEXT(COUNTING), TIMES("\315", 50),
      "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
      "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },
    { "RFC 4231 §4.6", HASH_SHA512, TIMES("\014", 20), TEXT("Test With Truncation"),
      "415fad6271580a531d4179bc891d87a6" },
    { "RFC 4231 §4.7", HASH_SHA512, TIMES("\252", 131), TEXT(LONG_KEY),
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
      "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
    { "RFC 4231 §4.8", HASH_SHA512, TIMES("\252", 131), TEXT(LONG_BOTH),
      "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
      "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58" },
};

static const struct {
    const char *source; enum hash hash; struct input password, salt; uint32_t iterations;
    const char *hex;
} derivations[] = {
    { "RFC 6070 §2", HASH_SHA1, TEXT("password"), TEXT("salt"), 1,
      "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
    { "RFC 6070 §2", HASH_SHA1, TEXT("password"), TEXT("salt"), 2,
      "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
    { "RFC 6070 §2", HASH_SHA1, TEXT("password"), TEXT("salt"), 4096,
      "4b007901b765489abead49d926f721d065a429c1" },
    { "RFC 6070 §2", HASH_SHA1, TEXT(LONG_PASSWORD), TEXT(LONG_SALT), 4096,
      "3d2eec4fe41c849b80c8d83662c0e44a8b291a96" },
    { "RFC 6070 §2", HASH_SHA1, TEXT("pass\000word"), TEXT("sa\000lt"), 4096,
      "56fa6aa75548099dcc37d7f03425e0c3" },
    { "RFC 7914 §11", HASH_SHA256, TEXT("passwd"), TEXT("salt"), 1,
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" },
    { "RFC 7914 §11", HASH_SHA256, TEXT("Password"), TEXT("NaCl"), 80000,
      "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" },
    { "hashlib", HASH_SHA256, TEXT(LONG_PASSWORD), TEXT(LONG_SALT), 4096,
      "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1" },
    { "hashlib", HASH_SHA512, TEXT("password"), TEXT("salt"), 1,
      "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
      "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce" },
    { "hashlib", HASH_SHA512, TEXT("password"), TEXT("salt"), 4096,
      "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5"
      "143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5" },
    { "hashlib", HASH_SHA512, TEXT(LONG_PASSWORD), TEXT(LONG_SALT), 4096,
      "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71"
      "115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8" },
};
/* clang-format on */

static struct bytes input_bytes(struct arena *a, struct input in)
{
    char *p = arena_raw(a, in.n * in.times);

    for (size_t i = 0; i < in.times; i++)
        memcpy(p + i * in.n, in.p, in.n);
    return bytes_of(p, in.n * in.times);
}

/* In two updates, and continued from a copy of the first half: both must give the same digest. */
static bool digest_cut(struct arena *a, enum hash h, struct bytes in, size_t cut, const char *hex)
{
    struct hash_state s, copy;
    uint8_t first[HASH_SIZE_MAX], second[HASH_SIZE_MAX];

    hash_init(&s, h);
    hash_update(&s, (struct bytes){ in.p, cut });
    hash_init(&copy, h);
    hash_update(&copy, in); /* to be forgotten */
    hash_copy(&copy, &s);
    hash_update(&s, (struct bytes){ in.p + cut, in.n - cut });
    hash_end(&s, first);
    hash_drop(&s);
    hash_update(&copy, (struct bytes){ in.p + cut, in.n - cut });
    hash_final(&copy, second);
    return vector_shows(a, first, hex) && vector_shows(a, second, hex);
}

static void run_digests(struct arena *a, vector_report *report)
{
    uint8_t out[HASH_SIZE_MAX];

    for (size_t i = 0; i < COUNT_OF(digests); i++) {
        struct bytes in = input_bytes(a, digests[i].in);
        bool cut_anywhere = true;

        hash_digest(digests[i].hash, in, out);
        report("hash_digest, FIPS 180", vector_shows(a, out, digests[i].hex));
        for (size_t cut = 0; cut <= in.n && in.n <= CUT_MAX; cut++)
            cut_anywhere &= digest_cut(a, digests[i].hash, in, cut, digests[i].hex);
        report("hash_update and hash_copy, FIPS 180", cut_anywhere);
    }
}

static void run_broken_digests(struct arena *a, vector_report *report)
{
    uint8_t out[MD5_SIZE];

    for (size_t i = 0; i < COUNT_OF(broken_digests); i++) {
        md5(input_bytes(a, broken_digests[i].in), out);
        report("md5, RFC 1321", vector_shows(a, out, broken_digests[i].hex));
    }
}

static void run_hmacs(struct arena *a, vector_report *report)
{
    uint8_t out[HASH_SIZE_MAX];

    for (size_t i = 0; i < COUNT_OF(hmacs); i++) {
        struct bytes key = input_bytes(a, hmacs[i].key), in = input_bytes(a, hmacs[i].in);
        bool cut_anywhere = true;

        hmac(hmacs[i].hash, key, in, out);
        report(hmacs[i].source, vector_shows(a, out, hmacs[i].hex));
        for (size_t cut = 0; cut <= in.n; cut++) {
            hmac2(hmacs[i].hash, key, (struct bytes){ in.p, cut },
                  (struct bytes){ in.p + cut, in.n - cut }, out);
            cut_anywhere &= vector_shows(a, out, hmacs[i].hex);
        }
        report("hmac2, in two parts", cut_anywhere);
    }
}

static void run_derivations(struct arena *a, vector_report *report)
{
    uint8_t out[HASH_SIZE_MAX];

    for (size_t i = 0; i < COUNT_OF(derivations); i++) {
        pbkdf2(derivations[i].hash, input_bytes(a, derivations[i].password),
               input_bytes(a, derivations[i].salt), derivations[i].iterations, out);
        report(derivations[i].source, vector_shows(a, out, derivations[i].hex));
    }
}

void hash_vectors_run(vector_report *report)
{
    struct arena a = { 0 };

    run_digests(&a, report);
    run_broken_digests(&a, report);
    run_hmacs(&a, report);
    run_derivations(&a, report);
    arena_deinit(&a);
}
