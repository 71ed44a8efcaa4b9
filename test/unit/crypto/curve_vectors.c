/* curve_vectors.c: X25519 (RFC 7748 §5.2), Ed25519 (RFC 8032 §7.1), conversions between them, and the
 * inputs by which implementations have differed or leaked: points of small order, numbers with two
 * forms, points outside the base point's subgroup, signatures with a second S.
 */
#include <string.h>

#include "base/mem.h"
#include "crypto/curve.h"
#include "vectors.h"

enum { SIZE = CURVE_KEY_SIZE, PAIRS = 1000 };

/* clang-format off */
static const struct { const char *scalar, *u, *out; } agreements[] = {
    { "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
    { "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
    /* §6.1 */
    { "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
    { "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
};

/* Multiplied by 8 they are nothing: 0, 1, the two of order 8, -1; then p and p + 1. Each also with
 * the highest bit set, which X25519 ignores. */
static const char *const small_u[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* The eight points of small order, and second forms of two of them: y = p + 1 and y = p. */
static const char *const small_ed[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

/* A key plus a point of order 8, 4, 2 …: on the curve, nobody's key. The last but one is what
 * libsodium took for a key before CVE-2025-69277. */
static const char *const mixed_ed[] = {
    "d63c01223147541df4e170763e9e2788a8bf5971f52a93c5829dbe6f5ff6bba9",
    "e3b97bafaaff89d5daa423e9d78e9506371d40f044b78353daed01f30e3e687e",
    "1dd960b291c53514fece1341fc0dcd8a648b3934c2c533666f737a654ff1e1bf",
    "d600527f9723f2166ca2c99c90c52e4a21921cbec4edc771bac4fa0d5b3e2c24",
    "9599999999999999999999999999999999999999999999999999999999999999",
    "0900000000000000000000000000000000000000000000000000000000000000",
};
static const char *const mixed_u[] = {
    "3da8e774947065741fa2ac667994baf883772f2659e6ec33bbe6ca15198b6a0b",
    "b65b070b0c3c1540c1af519705d23c3b6f9d6fb010c1725a9b3f57eb86041003",
    "c340ab6283974609708daa05a06b10aae95baa213f3c720f969d5fa90f5f4d1c",
    "501ce1867cb3d46513097e28c717dcefd4545c547663b32a38a0f2a3badb7639",
    "0200000000000000000000000000000000000000000000000000000000000000", /* on the twist */
    "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* 9 + p */
    "0900000000000000000000000000000000000000000000000000000000000080", /* 9 + 2^255 */
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static const struct { const char *seed, *public_key, *message, *signature; } signatures[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
    { "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};

/* Two identities in both forms, from an independent implementation. */
static const struct { const char *seed, *ed, *u; } identities[] = {
    { "a9d2495e007d14ce09d426e6a9d40e9696e903faeade5815042103d5793f72e2",
      "b97ae1ec7e8ef8d98bafdcef3a6bad2f887a577e2ce916dd0e8ed49573d842ab",
      "78ff04d07477708457949a4378af9e26a2fda7db517835d869fd2e0408829929" },
    { "a2ca5b5e302bbf83a341bed6ebde8217beeed1ed43c3c75af87e5cd6354108f6",
      "e3b5c97b09b8a2f4067ad61aa8e72851e239405ade15b484152e887139d54721",
      "3697e06029309c5b624e85693de3f5a19bc96865f29cda778a16eded26e48a61" },
};
/* clang-format on */

static void read_key(struct arena *a, const char *hex, uint8_t out[SIZE])
{
    memcpy(out, vector_octets(a, hex).p, SIZE);
}

static void run_agreements(struct arena *a, vector_report *report)
{
    static const uint8_t nine[SIZE] = { 9 };
    uint8_t scalar[SIZE], u[SIZE], out[SIZE], base[SIZE];

    for (size_t i = 0; i < COUNT_OF(agreements); i++) {
        read_key(a, agreements[i].scalar, scalar);
        read_key(a, agreements[i].u, u);
        report("x25519, RFC 7748",
               x25519(scalar, u, out) == ERR_NONE && vector_shows(a, out, agreements[i].out));
        u[SIZE - 1] ^= 0x80;
        report("x25519 ignores the highest bit",
               x25519(scalar, u, out) == ERR_NONE && vector_shows(a, out, agreements[i].out));
        x25519_clamp(scalar);
        report("x25519 of a clamped scalar",
               x25519(scalar, u, u) == ERR_NONE && vector_shows(a, u, agreements[i].out));
        x25519_public(scalar, base);
        report("x25519_public",
               x25519(scalar, nine, out) == ERR_NONE && memcmp(base, out, SIZE) == 0);
    }
}

/* RFC 7748 §5.2: k, u = X25519(k, u), k, from 9 on. */
static void run_iterations(struct arena *a, vector_report *report)
{
    uint8_t k[SIZE] = { 9 }, u[SIZE] = { 9 }, out[SIZE];
    bool agreed = true;

    for (int i = 0; i < 1000; i++) {
        agreed &= x25519(k, u, out) == ERR_NONE;
        memcpy(u, k, SIZE);
        memcpy(k, out, SIZE);
        if (i == 0)
            report("x25519 once",
                   vector_shows(
                       a, k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
    }
    report("x25519 a thousand times",
           agreed
               && vector_shows(a, k,
                               "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

static void run_small_u(struct arena *a, vector_report *report)
{
    uint8_t scalar[SIZE] = { 1, 2, 3 }, u[SIZE], out[SIZE];

    memset(out, 0xee, SIZE);
    for (size_t i = 0; i < COUNT_OF(small_u); i++) {
        read_key(a, small_u[i], u);
        report("x25519 of small order", x25519(scalar, u, out) == ERR_MALFORMED);
        u[SIZE - 1] |= 0x80;
        report("x25519 of small order, highest bit", x25519(scalar, u, out) == ERR_MALFORMED);
        report("nothing is written then", vector_only(out, SIZE, 0xee));
    }
}

/* RFC 7748 §5: p..2^255-1 count as what is left modulo p, and mean the same point. */
static void run_other_form(vector_report *report)
{
    static const uint8_t scalar[SIZE] = { 7, 7, 7 };
    uint8_t u[SIZE] = { 0 }, other[SIZE], out1[SIZE], out2[SIZE];

    for (uint8_t rest = 2; rest < 19; rest++) {
        u[0] = rest;
        memset(other, 0xff, SIZE);
        other[0] = (uint8_t)(0xed + rest);
        other[SIZE - 1] = 0x7f;
        report("x25519 of p + u", x25519(scalar, u, out1) == ERR_NONE
                                      && x25519(scalar, other, out2) == ERR_NONE
                                      && memcmp(out1, out2, SIZE) == 0);
    }
}

static void run_signatures(struct arena *a, vector_report *report)
{
    uint8_t seed[SIZE], key[SIZE], signature[CURVE_SIGNATURE_SIZE];

    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        struct bytes message = vector_octets(a, signatures[i].message);

        read_key(a, signatures[i].seed, seed);
        ed25519_public(seed, key);
        report("ed25519_public, RFC 8032", vector_shows(a, key, signatures[i].public_key));
        ed25519_sign(seed, key, message, signature);
        report("ed25519_sign, RFC 8032", vector_shows(a, signature, signatures[i].signature));
        report("ed25519_verify, RFC 8032", ed25519_verify(key, message, signature));
    }
}

/* S + L signs the same message (RFC 8032 §5.1.7 step 1): carries from octet to octet. */
static bool add_order(uint8_t s[SIZE])
{
    static const uint8_t order[SIZE] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                         0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
    unsigned carry = 0;

    for (int i = 0; i < SIZE; i++) {
        carry += s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static void run_second_s(struct arena *a, vector_report *report)
{
    uint8_t key[SIZE], signature[CURVE_SIGNATURE_SIZE];
    struct bytes message = vector_octets(a, signatures[1].message);

    read_key(a, signatures[1].public_key, key);
    memcpy(signature, vector_octets(a, signatures[1].signature).p, sizeof signature);
    for (int times = 1; add_order(signature + SIZE); times++)
        report("ed25519_verify of S + n L", !ed25519_verify(key, message, signature));
}

static bool any_flip_passes(uint8_t *octets, size_t n, const uint8_t key[SIZE],
                            struct bytes message, const uint8_t *signature)
{
    bool passes = false;

    for (size_t bit = 0; bit < n * 8; bit++) {
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        passes |= ed25519_verify(key, message, signature);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return passes;
}

static void run_flips(struct arena *a, vector_report *report)
{
    uint8_t key[SIZE], signature[CURVE_SIGNATURE_SIZE], text[2];
    struct bytes message = bytes_of(text, sizeof text);

    read_key(a, signatures[2].public_key, key);
    memcpy(signature, vector_octets(a, signatures[2].signature).p, sizeof signature);
    memcpy(text, vector_octets(a, signatures[2].message).p, sizeof text);
    report("ed25519_verify, signature flipped",
           !any_flip_passes(signature, sizeof signature, key, message, signature));
    report("ed25519_verify, key flipped", !any_flip_passes(key, SIZE, key, message, signature));
    report("ed25519_verify, message flipped",
           !any_flip_passes(text, sizeof text, key, message, signature));
    report("ed25519_verify, nothing flipped", ed25519_verify(key, message, signature));
}

/* With a key of small order and S = 0, R = -hA fits for one message in eight at least, and a key that
 * is the neutral element for all. None may pass; as R beside a proper key neither. */
static void run_small_keys(struct arena *a, vector_report *report)
{
    uint8_t key[SIZE], proper[SIZE], signature[CURVE_SIGNATURE_SIZE];

    read_key(a, signatures[0].public_key, proper);
    for (size_t i = 0; i < COUNT_OF(small_ed); i++)
        for (size_t j = 0; j < COUNT_OF(small_ed); j++) {
            bool passes = false;

            read_key(a, small_ed[i], key);
            memset(signature, 0, sizeof signature);
            read_key(a, small_ed[j], signature);
            for (uint8_t m = 0; m < 16; m++)
                passes |= ed25519_verify(key, bytes_of(&m, 1), signature)
                          || ed25519_verify(proper, bytes_of(&m, 1), signature);
            report("ed25519_verify with points of small order", !passes);
        }
}

static void run_identities(struct arena *a, vector_report *report)
{
    uint8_t seed[SIZE], scalar[SIZE], key[SIZE], u[SIZE], back[SIZE];

    for (size_t i = 0; i < COUNT_OF(identities); i++) {
        read_key(a, identities[i].seed, seed);
        ed25519_public(seed, key);
        x25519_of_seed(seed, scalar);
        x25519_public(scalar, u);
        report("both forms of one seed",
               vector_shows(a, key, identities[i].ed) && vector_shows(a, u, identities[i].u));
        report("ed25519_of_x25519 of an identity",
               ed25519_of_x25519(u, key[SIZE - 1] >> 7, back) == ERR_NONE
                   && memcmp(back, key, SIZE) == 0);
    }
}

/* Every key gives the same point by all ways, and comes back; so does its negative. */
static void run_pairs(vector_report *report)
{
    uint8_t seed[SIZE] = "seeds, each the hash of the last", key[SIZE], scalar[SIZE];
    uint8_t u1[SIZE], u2[SIZE], back[SIZE];
    int signs[2] = { 0 }, good = 0;

    for (int i = 0; i < PAIRS; i++) {
        bool sign, same;

        hash_digest(HASH_SHA256, bytes_of(seed, SIZE), seed);
        ed25519_public(seed, key);
        x25519_of_seed(seed, scalar);
        x25519_public(scalar, u1);
        sign = key[SIZE - 1] >> 7;
        signs[sign]++;
        same = x25519_of_ed25519(key, u2) == ERR_NONE && memcmp(u1, u2, SIZE) == 0;
        same &= ed25519_of_x25519(u1, sign, back) == ERR_NONE && memcmp(back, key, SIZE) == 0;
        key[SIZE - 1] ^= 0x80;
        same &= ed25519_of_x25519(u1, !sign, back) == ERR_NONE && memcmp(back, key, SIZE) == 0;
        same &= x25519_of_ed25519(key, u2) == ERR_NONE && memcmp(u1, u2, SIZE) == 0;
        good += same;
    }
    report("a thousand keys in both forms", good == PAIRS);
    report("keys of either sign", signs[0] > PAIRS / 3 && signs[1] > PAIRS / 3);
}

static void refuse_ed(struct arena *a, const char *hex, vector_report *report)
{
    uint8_t key[SIZE], out[SIZE];

    memset(out, 0xee, SIZE);
    read_key(a, hex, key);
    report("x25519_of_ed25519 of no key",
           x25519_of_ed25519(key, out) == ERR_MALFORMED && vector_only(out, SIZE, 0xee));
}

static void refuse_u(struct arena *a, const char *hex, vector_report *report)
{
    uint8_t key[SIZE], out[SIZE];

    memset(out, 0xee, SIZE);
    read_key(a, hex, key);
    for (int sign = 0; sign < 2; sign++)
        report("ed25519_of_x25519 of no key",
               ed25519_of_x25519(key, sign, out) == ERR_MALFORMED && vector_only(out, SIZE, 0xee));
}

static void run_refusals(struct arena *a, vector_report *report)
{
    for (size_t i = 0; i < COUNT_OF(small_ed); i++)
        refuse_ed(a, small_ed[i], report);
    for (size_t i = 0; i < COUNT_OF(mixed_ed); i++)
        refuse_ed(a, mixed_ed[i], report);
    for (size_t i = 0; i < COUNT_OF(small_u); i++)
        refuse_u(a, small_u[i], report);
    for (size_t i = 0; i < COUNT_OF(mixed_u); i++)
        refuse_u(a, mixed_u[i], report);
    /* y = 2 is on no point. */
    refuse_ed(a, "0200000000000000000000000000000000000000000000000000000000000000", report);
}

void curve_vectors_run(vector_report *report)
{
    struct arena a = { 0 };

    run_agreements(&a, report);
    run_iterations(&a, report);
    run_small_u(&a, report);
    run_other_form(report);
    run_signatures(&a, report);
    run_second_s(&a, report);
    run_flips(&a, report);
    run_small_keys(&a, report);
    run_identities(&a, report);
    run_pairs(report);
    run_refusals(&a, report);
    arena_deinit(&a);
}
