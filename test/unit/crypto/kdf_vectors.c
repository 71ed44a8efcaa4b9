/* kdf_vectors.c: HKDF (RFC 5869), Argon2id (RFC 9106), BLAKE2b with a key (RFC 7693).
 *
 * RFC 9106's own vector has four lanes and a secret, which libsodium does not offer: reference.py
 * computes the RFC's, and then these. The keyed rows of BLAKE2b come from Python's hashlib.
 */
#include "base/mem.h"
#include "crypto/blake2b.h"
#include "crypto/kdf.h"
#include "vectors.h"

#include <string.h>

/* clang-format off */
static const struct { const char *salt, *ikm, *info, *okm; } hkdfs[] = {
    { "000102030405060708090a0b0c",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
      "34007208d5b887185865" },
    { "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
      "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
      "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
      "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
    { "",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
      "9d201395faa4b61a96c8" },
};

static const struct { const char *passphrase; uint32_t passes, memory_kib; const char *tag; } argon2s[] = {
    { "", 1, 8, "35858230a16f87fed2b29838c1fe2df6" },
    { "correct horse", 1, 64,
      "25ce5233cc1e4d37e9bca31bfef41710e40446cd1cb575932791c5fd3780bd3c" },
    { "correct horse", 3, 32,
      "476042d0b258a9fd963f0f64e5fdb6de6024d1d7e449b9a8ff50dc633cb21485" },
    { "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
      "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
      "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp", 2, 100,
      "21e85741069e883bad046714a501d363fe1596698ca439da099899751c80db14"
      "84edbd17709ac826ab998564f928dc14c2a122ad31ff101ba9e831fdc66cde1f" },
};

/* Key and input are the octets 0, 1, 2 … */
static const struct { size_t key_n, in_n; const char *out; } blake2bs[] = {
    { 64, 0,
      "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
      "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568" },
    { 64, 255,
      "142709d62e28fcccd0af97fad0f8465b971e82201dc51070faa0372aa43e9248"
      "4be1c1e73ba10906d5d1853db6a4106e0a7bf9800d373d6dee2d46d62ef2a461" },
    { 32, 20, "a0800c4b5cdf82d7bfe2cd6becd0997609aa638570c46bc76810989d71eac976" },
    { 16, 129, "0cd79bf3c7d9acbff9ef59ccdfc0a96a" },
    { 1, 1, "ca7a6e19994f3c8f3d21a28b2e2ecbee9eb9de06" },
};
/* clang-format on */

static void run_hkdf(struct arena *a, vector_report *report)
{
    uint8_t out[128], chained[128];

    for (size_t i = 0; i < COUNT_OF(hkdfs); i++) {
        struct bytes salt = vector_octets(a, hkdfs[i].salt), ikm = vector_octets(a, hkdfs[i].ikm);
        struct str info = str_of_bytes(vector_octets(a, hkdfs[i].info));
        size_t n = strlen(hkdfs[i].okm) / 2;

        hkdf(salt, ikm, info, out, n);
        report("hkdf, RFC 5869", vector_shows(a, out, hkdfs[i].okm));
        memcpy(chained, ikm.p, ikm.n);
        hkdf(salt, bytes_of(chained, ikm.n), info, chained, n);
        report("hkdf over its own input", vector_shows(a, chained, hkdfs[i].okm));
    }
}

/* Shorter results are beginnings of longer ones, at every length; nothing is written past them. */
static void run_hkdf_lengths(vector_report *report)
{
    static uint8_t longest[HKDF_OUT_MAX], out[HKDF_OUT_MAX + 1];
    struct bytes key = bytes_of("key", 3);
    bool prefix = true, within = true;

    hkdf(key, key, STR("info"), longest, sizeof longest);
    for (size_t n = 0; n <= sizeof longest; n += n < 130 ? 1 : 1003) {
        memset(out, 0xee, sizeof out);
        hkdf(key, key, STR("info"), out, n);
        prefix &= memcmp(out, longest, n) == 0;
        within &= vector_only(out + n, sizeof out - n, 0xee);
    }
    report("hkdf, every length", prefix);
    report("hkdf writes what was asked for", within);
}

static void run_argon2(struct arena *a, vector_report *report)
{
    uint8_t salt[ARGON2_SALT_SIZE], out[64];

    for (uint8_t i = 0; i < sizeof salt; i++)
        salt[i] = i;
    for (size_t i = 0; i < COUNT_OF(argon2s); i++) {
        struct argon2_cost cost = { argon2s[i].passes, argon2s[i].memory_kib };
        enum err e = argon2id(bytes_of_str(str_from(argon2s[i].passphrase)), salt, cost, out,
                              strlen(argon2s[i].tag) / 2);

        report("argon2id, as RFC 9106", e == ERR_NONE && vector_shows(a, out, argon2s[i].tag));
    }
}

static void run_blake2b(struct arena *a, vector_report *report)
{
    uint8_t counting[256], out[BLAKE2B_OUT_MAX];

    for (size_t i = 0; i < sizeof counting; i++)
        counting[i] = (uint8_t)i;
    for (size_t i = 0; i < COUNT_OF(blake2bs); i++) {
        blake2b(bytes_of(counting, blake2bs[i].key_n), bytes_of(counting, blake2bs[i].in_n), out,
                strlen(blake2bs[i].out) / 2);
        report("blake2b with a key", vector_shows(a, out, blake2bs[i].out));
    }
    blake2b(bytes_of(NULL, 0), bytes_of("abc", 3), out, sizeof out);
    report("blake2b, RFC 7693 appendix A",
           vector_shows(a, out,
                        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
}

void kdf_vectors_run(vector_report *report)
{
    struct arena a = { 0 };

    run_hkdf(&a, report);
    run_hkdf_lengths(report);
    run_argon2(&a, report);
    run_blake2b(&a, report);
    arena_deinit(&a);
}
