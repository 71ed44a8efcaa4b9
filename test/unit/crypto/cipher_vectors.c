/* cipher_vectors.c: AES-CBC and AES-GCM (NIST's CAVP; nonces of 16 octets: reference.py), XChaCha20
 * with Poly1305 (draft-irtf-cfrg-xchacha appendix A.3.1), and every kind of damage to them.
 */
#include <string.h>

#include "base/mem.h"
#include "crypto/aes.h"
#include "vectors.h"

enum { ROOM = 4096 };

/* clang-format off */
static const struct { const char *key, *iv, *plain, *sealed; } cbcs[] = {
    { "6ed76d2d97c69fd1339589523931f2a6cff554b15f738f21ec72dd97a7330907",
      "851e8764776e6796aab722dbb644ace8",
      "6282b8c05c5c1530b97d4816ca434762",
      "6acc04142e100a65f51b97adf5172c41" },
    { "dce26c6b4cfb286510da4eecd2cffe6cdf430f33db9b5f77b460679bd49d13ae",
      "fdeaa134c8d7379d457175fd1a57d3fc",
      "50e9eee1ac528009e8cbcd356975881f957254b13f91d7c6662d10312052eb00",
      "2fa0df722a9fd3b64cb18fb2b3db55ff2267422757289413f8f657507412a64c" },
    { "48be597e632c16772324c8d3fa1d9c5a9ecd010f14ec5d110d3bfec376c5532b",
      "d6d581b8cf04ebd3b6eaa1b53f047ee1",
      "0c63d413d3864570e70bb6618bf8a4b9585586688c32bba0a5ecc1362fada74a"
      "da32c52acfd1aa7444ba567b4e7daaecf7cc1cb29182af164ae5232b00286869"
      "5635599807a9a7f07a1f137e97b1e1c9dabc89b6a5e4afa9db5855edaa575056"
      "a8f4f8242216242bb0c256310d9d329826ac353d715fa39f80cec144d6424558"
      "f9f70b98c920096e0f2c855d594885a00625880e9dfb734163cecef72cf030b8",
      "fc5873e50de8faf4c6b84ba707b0854e9db9ab2e9f7d707fbba338c6843a18fc"
      "6facebaf663d26296fb329b4d26f18494c79e09e779647f9bafa87489630d79f"
      "4301610c2300c19dbf3148b7cac8c4f4944102754f332e92b6f7c5e75bc6179e"
      "b877a078d4719009021744c14f13fd2a55a2b9c44d18000685a845a4f632c7c5"
      "6a77306efa66a24d05d088dcd7c13fe24fc447275965db9e4d37fbc9304448cd" },
};

static const struct { const char *key, *iv, *plain, *sealed, *tag; } gcms[] = {
    { "11754cd72aec309bf52f7687212e8957",
      "3c819d9a9bed087615030b65",
      "",
      "",
      "250327c674aaf477aef2675748cf6971" },
    { "7fddb57453c241d03efbed3ac44e371c",
      "ee283a3fc75575e33efd4887",
      "d5de42b461646c255c87bd2962d3b9a2",
      "2ccda4a5415cb91e135c2a0f78c9b2fd",
      "b36d1df9b9d5e596f83e8b7f52971cb3" },
    { "fe9bb47deb3a61e423c2231841cfd1fb",
      "4d328eb776f500a2f7fb47aa",
      "f1cc3818e421876bb6b8bbd6c9",
      "b88c5c1977b35b517b0aeae967",
      "43fd4727fe5cdb4b5b42818dea7ef8c9" },
    { "9971071059abc009e4f2bd69869db338",
      "07a9a95ea3821e9c13c63251",
      "f54bc3501fed4f6f6dfb5ea80106df0bd836e6826225b75c0222f6e859b35983",
      "0556c159f84ef36cb1602b4526b12009c775611bffb64dc0d9ca9297cd2c6a01",
      "7870d9117f54811a346970f1de090c41" },
    { "594157ec4693202b030f33798b07176d",
      "49b12054082660803a1df3df",
      "3feef98a976a1bd634f364ac428bb59cd51fb159ec1789946918dbd50ea6c9d5"
      "94a3a31a5269b0da6936c29d063a5fa2cc8a1c",
      "c1b7a46a335f23d65b8db4008a49796906e225474f4fe7d39e55bf2efd97fd82"
      "d4167de082ae30fa01e465a601235d8d68bc69",
      "ba92d3661ce8b04687e8788d55417dc2" },
    { "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
      "516c33929df5a3284ff463d7",
      "",
      "",
      "bdc1ac884d332457a1d2664f168c76f0" },
    { "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
      "0d18e06c7c725ac9e362e1ce",
      "2db5168e932556f8089a0622981d017d",
      "fa4362189661d163fcd6a56d8bf0405a",
      "d636ac1bbedd5cc3ee727dc2ab4a9489" },
    { "82c4f12eeec3b2d3d157b0f992d292b237478d2cecc1d5f161389b97f999057a",
      "7b40b20f5f397177990ef2d1",
      "982a296ee1cd7086afad976945",
      "ec8e05a0471d6b43a59ca5335f",
      "113ddeafc62373cac2f5951bb9165249" },
    { "268ed1b5d7c9c7304f9cae5fc437b4cd3aebe2ec65f0d85c3918d3d3b5bba89b",
      "9ed9d8180564e0e945f5e5d4",
      "fe29a40d8ebf57262bdb87191d01843f4ca4b2de97d88273154a0b7d9e2fdb80",
      "791a4a026f16f3a5ea06274bf02baab469860abde5e645f3dd473a5acddeecfc",
      "05b2b74db0662550435ef1900e136b15" },
    { "1fded32d5999de4a76e0f8082108823aef60417e1896cf4218a2fa90f632ec8a",
      "1f3afa4711e9474f32e70462",
      "06b2c75853df9aeb17befd33cea81c630b0fc53667ff45199c629c8e15dce41e"
      "530aa792f796b8138eeab2e86c7b7bee1d40b0",
      "91fbd061ddc5a7fcc9513fcdfdc9c3a7c5d4d64cedf6a9c24ab8a77c36eefbf1"
      "c5dc00bc50121b96456c8cd8b6ff1f8b3e480f",
      "30096d340f3d5c42d82a6f475def23eb" },
    { "000102030405060708090a0b0c0d0e0f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "",
      "",
      "58761c0c0cdaf577e8d434831dc0c381" },
    { "000102030405060708090a0b0c0d0e0f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "000102030405060708090a0b0c",
      "1d297676caae1ac4416a308acc",
      "a21cae18b8527060f88a906b86a37fd9" },
    { "000102030405060708090a0b0c0d0e0f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
      "60616263",
      "1d297676caae1ac4416a308accacc5d381e5b9716c61e9b0b24f4b200161a0e0"
      "10f31aa6b0ae19f6a1efe647a3c45995403067c2442079267ebb0df44760e930"
      "75ba5b03325a17afcf1e095ae9ecc6c57372691f7c492dec7078ef1822b3caba"
      "bff0de00",
      "29710d27e8ba5df814bb565b9d03f346" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "",
      "",
      "eda80e2ccd05fdad37080e45ded87d98" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "000102030405060708090a0b0c",
      "24290d22923888fac6487032b6",
      "4e0bac82c4d775ea88de4bb9cf39e7de" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
      "60616263",
      "24290d22923888fac6487032b689f08ec7d53ab4ed6b17df3f01eea01e6f3653"
      "8e075b203b6216b02b0ba410c3be8eed8b69fdb7306eca398a0942207668b319"
      "43a55f413279a08fde1ee55a8d8952566b3fdc344c4c7124edf9b68fddf72fb5"
      "bdf9c2a3",
      "cf1306068b3dece508e31798f77779bf" },
    { "000102030405060708090a0b0c0d0e0f",
      "e96143346177b4b0fdc021f0fccd6d72",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f",
      "d5127161b4f5820ca206aa93040b5008757e762fa1d4ceec746c5fad8e514a6b"
      "d6465eb4d6a5e326975611fbc78d8186736aa99219409289b2ae4498f13c26af"
      "d32de58d225eb113039b2bc17aee3e47",
      "c8deebbb460666714afbe37730279648" },
    /* The first draft of OMEMO's payload: an own vector of an independent implementation. */
    { "000102030405060708090a0b0c0d0e0f",
      "6465666768696a6b6c6d6e6f",
      "48656c6c6f2c20536f74746f21",
      "520722c9b42e98a9f44a237fa7",
      "73dc52a65c28995d38ea786210344a86" },
};

static const char xchacha_text[] =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";
static const char xchacha_context[] = "50515253c0c1c2c3c4c5c6c7";
static const char xchacha_sealed[] =
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
    "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780a"
    "cf49";
/* clang-format on */

static void run_cbc_blocks(struct arena *a, vector_report *report)
{
    uint8_t out[ROOM];

    for (size_t i = 0; i < COUNT_OF(cbcs); i++) {
        const uint8_t *key = vector_octets(a, cbcs[i].key).p, *iv = vector_octets(a, cbcs[i].iv).p;
        struct bytes plain = vector_octets(a, cbcs[i].plain);
        size_t n;

        cbc_encrypt(key, iv, plain, out);
        report("cbc_encrypt, CAVP", vector_shows(a, out, cbcs[i].sealed));
        report("cbc_decrypt, CAVP",
               cbc_decrypt(key, iv, bytes_of(out, cbc_size(plain.n)), out, &n) == ERR_NONE
                   && n == plain.n && memcmp(out, plain.p, n) == 0);
        aes_cbc_decrypt(key, iv, vector_octets(a, cbcs[i].sealed), out);
        report("aes_cbc_decrypt, CAVP", memcmp(out, plain.p, plain.n) == 0);
    }
}

/* Every length comes back, in place and elsewhere; nothing is written past the end. */
static void run_cbc_lengths(vector_report *report)
{
    static const uint8_t key[32] = "a key of thirty-two octets, thus", iv[AES_BLOCK] = "sixteen";
    uint8_t plain[100], sealed[120], out[120];
    bool same = true, within = true;

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof plain; n++) {
        size_t sealed_n = cbc_size(n), out_n = 999;

        memset(sealed, 0xee, sizeof sealed);
        cbc_encrypt(key, iv, bytes_of(plain, n), sealed);
        within &= vector_only(sealed + sealed_n, sizeof sealed - sealed_n, 0xee);
        memcpy(out, plain, n);
        cbc_encrypt(key, iv, bytes_of(out, n), out);
        same &= memcmp(out, sealed, sealed_n) == 0;
        memset(out, 0xee, sizeof out);
        same &= cbc_decrypt(key, iv, bytes_of(sealed, sealed_n), out, &out_n) == ERR_NONE;
        same &= out_n == n && memcmp(out, plain, n) == 0;
        within &= vector_only(out + sealed_n, sizeof out - sealed_n, 0xee);
    }
    report("cbc of every length", same);
    report("cbc writes what was asked for", within);
}

/* A last block of `good` octets of data and 16 - good of padding whose octet `at` is `value`. */
static enum err decrypt_padded(size_t good, size_t at, uint8_t value, size_t *out_n)
{
    static const uint8_t key[32] = "another key", iv[AES_BLOCK] = "another iv";
    uint8_t block[2 * AES_BLOCK] = { 0 };

    memset(block + AES_BLOCK + good, (int)(AES_BLOCK - good), AES_BLOCK - good);
    block[AES_BLOCK + at] = value;
    aes_cbc_encrypt(key, iv, bytes_of(block, sizeof block), block);
    return cbc_decrypt(key, iv, bytes_of(block, sizeof block), block, out_n);
}

/* A last block of sixteen times the same. */
static enum err decrypt_full(uint8_t pad)
{
    static const uint8_t key[32] = "another key", iv[AES_BLOCK] = "another iv";
    uint8_t block[2 * AES_BLOCK];
    size_t n;

    memset(block, pad, sizeof block);
    aes_cbc_encrypt(key, iv, bytes_of(block, sizeof block), block);
    return cbc_decrypt(key, iv, bytes_of(block, sizeof block), block, &n);
}

/* RFC 5652 §6.3: 1 to 16, each octet the same. What stands before the padding does not matter. */
static void run_cbc_padding(vector_report *report)
{
    size_t n = 0;

    for (size_t good = 0; good < AES_BLOCK; good++)
        for (size_t at = 0; at < AES_BLOCK; at++) {
            uint8_t pad = (uint8_t)(AES_BLOCK - good);
            enum err e = decrypt_padded(good, at, at < good ? 0x55 : pad, &n);

            report("cbc_decrypt, padding", e == ERR_NONE && n == AES_BLOCK + good);
            if (at >= good && at < AES_BLOCK - 1)
                report("cbc_decrypt, wrong padding",
                       decrypt_padded(good, at, pad ^ 0x40, &n) == ERR_MALFORMED);
        }
    for (int pad = 0; pad < 256; pad++) /* a block full of it */
        if (pad != AES_BLOCK)
            report("cbc_decrypt, impossible padding",
                   decrypt_full((uint8_t)pad)
                       == (pad >= 1 && pad < AES_BLOCK ? ERR_NONE : ERR_MALFORMED));
    for (int last = 0; last < 256; last++) /* fifteen zeros and this */
        if (last != 1)
            report("cbc_decrypt, wrong last octet",
                   decrypt_padded(15, 15, (uint8_t)last, &n) == ERR_MALFORMED);
}

static void run_cbc_sizes(vector_report *report)
{
    static const uint8_t key[32], iv[AES_BLOCK];
    uint8_t block[40] = { 0 }, out[40];
    size_t n = 999;

    memset(out, 0xee, sizeof out);
    for (size_t size = 0; size < sizeof block; size++)
        if (size == 0 || size % AES_BLOCK != 0)
            report("cbc_decrypt, impossible size",
                   cbc_decrypt(key, iv, bytes_of(block, size), out, &n) == ERR_MALFORMED && n == 999
                       && vector_only(out, sizeof out, 0xee));
}

static void run_gcm(struct arena *a, vector_report *report)
{
    uint8_t out[ROOM], tag[GCM_TAG_SIZE];

    for (size_t i = 0; i < COUNT_OF(gcms); i++) {
        struct bytes key = vector_octets(a, gcms[i].key), iv = vector_octets(a, gcms[i].iv);
        struct bytes plain = vector_octets(a, gcms[i].plain);

        gcm_seal(key, iv, plain, out, tag);
        report("gcm_seal",
               vector_shows(a, out, gcms[i].sealed) && vector_shows(a, tag, gcms[i].tag));
        report("gcm_open in place", gcm_open(key, iv, bytes_of(out, plain.n), tag, out) == ERR_NONE
                                        && memcmp(out, plain.p, plain.n) == 0);
    }
}

/* Files go through in pieces: cut anywhere, the result is the same. */
static void run_gcm_pieces(struct arena *a, vector_report *report)
{
    uint8_t out[ROOM], tag[GCM_TAG_SIZE];
    struct gcm_stream s;
    bool sealed = true, opened = true, refused = true;

    for (size_t i = 0; i < COUNT_OF(gcms); i++) {
        struct bytes key = vector_octets(a, gcms[i].key), iv = vector_octets(a, gcms[i].iv);
        struct bytes plain = vector_octets(a, gcms[i].plain);

        for (size_t cut = 0; cut <= plain.n; cut++) {
            gcm_begin(&s, key, iv, true);
            gcm_piece(&s, bytes_of(plain.p, cut), out);
            gcm_piece(&s, bytes_of(plain.p + cut, plain.n - cut), out + cut);
            gcm_end_seal(&s, tag);
            sealed &= vector_shows(a, out, gcms[i].sealed) && vector_shows(a, tag, gcms[i].tag);
            gcm_begin(&s, key, iv, false);
            gcm_piece(&s, bytes_of(out, cut), out);
            gcm_piece(&s, bytes_of(out + cut, plain.n - cut), out + cut);
            opened &= gcm_end_open(&s, tag) == ERR_NONE && memcmp(out, plain.p, plain.n) == 0;
            gcm_begin(&s, key, iv, false);
            tag[cut % GCM_TAG_SIZE] ^= 1;
            refused &= gcm_end_open(&s, tag) == ERR_DENIED;
        }
    }
    report("gcm in pieces seals", sealed);
    report("gcm in pieces opens", opened);
    report("gcm in pieces, wrong tag", refused);
}

/* Each bit of the tag, the text and the nonce counts; what does not fit leaves zeros. */
static void run_gcm_flips(struct arena *a, vector_report *report)
{
    uint8_t all[GCM_TAG_SIZE + 16 + 51], out[51];
    uint8_t *tag = all, *iv = all + GCM_TAG_SIZE, *text = iv + 16;

    for (size_t i = 0; i < COUNT_OF(gcms); i++) {
        struct bytes key = vector_octets(a, gcms[i].key), nonce = vector_octets(a, gcms[i].iv);
        struct bytes sealed = vector_octets(a, gcms[i].sealed);
        bool refused = true, zeroed = true;

        if (sealed.n > sizeof out)
            continue;
        memcpy(tag, vector_octets(a, gcms[i].tag).p, GCM_TAG_SIZE);
        memset(iv, 0, 16);
        memcpy(iv, nonce.p, nonce.n);
        memcpy(text, sealed.p, sealed.n);
        for (size_t bit = 0; bit < (GCM_TAG_SIZE + 16 + sealed.n) * 8; bit++) {
            if (bit / 8 >= GCM_TAG_SIZE + nonce.n && bit / 8 < GCM_TAG_SIZE + 16)
                continue; /* a nonce of 12 octets ends before */
            memset(out, 0xee, sizeof out);
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refused &= gcm_open(key, bytes_of(iv, nonce.n), bytes_of(text, sealed.n), tag, out)
                       == ERR_DENIED;
            all[bit / 8] ^= (uint8_t)(1u << bit % 8);
            zeroed &= vector_only(out, sealed.n, 0)
                      && vector_only(out + sealed.n, sizeof out - sealed.n, 0xee);
        }
        report("gcm_open, a bit flipped", refused);
        report("gcm_open leaves zeros", zeroed);
    }
}

static void run_xchacha(struct arena *a, vector_report *report)
{
    uint8_t key[XCHACHA_KEY_SIZE], nonce[XCHACHA_NONCE_SIZE], out[256];
    struct bytes text = bytes_of(xchacha_text, sizeof xchacha_text - 1);
    struct bytes context = vector_octets(a, xchacha_context);
    size_t n = text.n + XCHACHA_TAG_SIZE;
    bool refused = true;

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(0x80 + i);
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(0x40 + i);
    memcpy(out, text.p, text.n);
    xchacha_seal(key, nonce, context, bytes_of(out, text.n), out);
    report("xchacha_seal, draft", vector_shows(a, out, xchacha_sealed));
    for (size_t bit = 0; bit < n * 8; bit++) {
        uint8_t copy[256];

        memcpy(copy, out, n);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused &= xchacha_open(key, nonce, context, bytes_of(copy, n), copy) == ERR_DENIED
                   && vector_only(copy, text.n, 0);
    }
    report("xchacha_open, a bit flipped", refused);
    report("xchacha_open, other context",
           xchacha_open(key, nonce, bytes_of(context.p, context.n - 1), bytes_of(out, n), out)
               == ERR_DENIED);
}

static void run_xchacha_sizes(struct arena *a, vector_report *report)
{
    uint8_t key[XCHACHA_KEY_SIZE], nonce[XCHACHA_NONCE_SIZE], out[256];
    struct bytes nothing = bytes_of(NULL, 0);

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(0x80 + i);
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(0x40 + i);
    xchacha_seal(key, nonce, nothing, nothing, out);
    report("xchacha_seal of nothing", vector_shows(a, out, "1dac8f73146d1e9da796cb7f7221a5df"));
    report("xchacha_open of nothing",
           xchacha_open(key, nonce, nothing, bytes_of(out, XCHACHA_TAG_SIZE), out) == ERR_NONE);
    for (size_t n = 0; n < XCHACHA_TAG_SIZE; n++)
        report("xchacha_open, impossible size",
               xchacha_open(key, nonce, nothing, bytes_of(out, n), out) == ERR_MALFORMED);
    for (size_t n = 0; n <= 200; n++) {
        uint8_t plain[200];

        memset(plain, 0x33, sizeof plain);
        memset(out, 0xee, sizeof out);
        xchacha_seal(key, nonce, bytes_of(plain, n), bytes_of(plain, n), out);
        report("xchacha_seal writes what was asked for",
               vector_only(out + n + XCHACHA_TAG_SIZE, sizeof out - n - XCHACHA_TAG_SIZE, 0xee));
        report(
            "xchacha_open of every length",
            xchacha_open(key, nonce, bytes_of(plain, n), bytes_of(out, n + XCHACHA_TAG_SIZE), out)
                    == ERR_NONE
                && vector_only(out, n, 0x33));
    }
}

void cipher_vectors_run(vector_report *report)
{
    struct arena a = { 0 };

    run_cbc_blocks(&a, report);
    run_cbc_lengths(report);
    run_cbc_padding(report);
    run_cbc_sizes(report);
    run_gcm(&a, report);
    run_gcm_pieces(&a, report);
    run_gcm_flips(&a, report);
    run_xchacha(&a, report);
    run_xchacha_sizes(&a, report);
    arena_deinit(&a);
}
