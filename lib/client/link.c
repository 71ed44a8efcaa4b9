/* link.c: see link.h. */
#include "client/link.h"

#include <string.h>

#include "base/encode.h"
#include "client/record.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#define CODE_SCHEME "sotto-link:"
#define LABEL       "sotto link 1 "

enum {
    VERSION = 1,
    CHECK_OCTETS = 3, /* one code of sixteen million that is typed wrong passes */
    CODE_OCTETS = LINK_COMMITMENT + CHECK_OCTETS,
    CODE_GROUP = 4,
    CODE_TEXT_MAX = 512,
    HELLO_OCTETS = 1 + 32,
    DIGITS_RANGE = 1000000,
    WANTED = 1,
    KEY_ROOM = 64, /* of a key's record beside its account */
};

/* ---- The code ------------------------------------------------------------------------------------ */

static void code_check(const struct link_code *code, uint8_t out[CHECK_OCTETS])
{
    uint8_t tag[HASH_SIZE_MAX];

    hmac2(HASH_SHA256, bytes_of_str(STR(LABEL "check")), bytes_of_str(code->domain),
          bytes_of(code->commitment, LINK_COMMITMENT), tag);
    memcpy(out, tag, CHECK_OCTETS);
}

struct str link_code_text(struct arena *a, const struct link_code *code)
{
    uint8_t octets[CODE_OCTETS];
    struct str letters, text;
    struct buf out;

    memcpy(octets, code->commitment, LINK_COMMITMENT);
    code_check(code, octets + LINK_COMMITMENT);
    letters = base32_text(a, bytes_of(octets, sizeof octets));
    buf_init(&out, CODE_TEXT_MAX);
    buf_add(&out, STR(CODE_SCHEME));
    buf_add(&out, code->domain);
    for (size_t i = 0; i < letters.n; i++) {
        buf_add_char(&out, i == 0 ? '/' : '-');
        for (size_t k = 0; k < CODE_GROUP && i < letters.n; k++, i++)
            buf_add_char(&out, letters.p[i]);
        i--;
    }
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

/* Without what people put in between. */
static struct str letters_of(struct arena *a, struct str text)
{
    char *out = arena_raw(a, text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c != ' ' && c != '-' && c != '\t' && c != '\n')
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){ out, n };
}

enum err link_code_read(struct arena *a, struct str text, struct link_code *out)
{
    struct str rest = str_trim(text);
    struct link_code code = { 0 };
    uint8_t check[CHECK_OCTETS];
    struct bytes octets;

    if (text.n > CODE_TEXT_MAX || !str_starts(rest, STR(CODE_SCHEME)))
        return ERR_MALFORMED;
    rest = str_skip(rest, sizeof CODE_SCHEME - 1);
    code.domain = arena_str(a, str_split(&rest, '/'));
    if (code.domain.n == 0 || base32_read(a, letters_of(a, rest), &octets) != ERR_NONE
        || octets.n != CODE_OCTETS)
        return ERR_MALFORMED;
    memcpy(code.commitment, octets.p, LINK_COMMITMENT);
    code_check(&code, check);
    if (!ct_equal(check, octets.p + LINK_COMMITMENT, CHECK_OCTETS))
        return ERR_MALFORMED;
    *out = code;
    return ERR_NONE;
}

struct str link_channel(struct arena *a, const struct link_code *code)
{
    uint8_t id[LINK_ID];

    hkdf(bytes_of_str(code->domain), bytes_of(code->commitment, LINK_COMMITMENT),
         STR(LABEL "channel"), id, sizeof id);
    return base32_text(a, bytes_of(id, sizeof id));
}

/* ---- The messages -------------------------------------------------------------------------------- */

void link_secret_make(struct link_secret *out, const struct random *random)
{
    random_fill(random, out->scalar, sizeof out->scalar);
    x25519_clamp(out->scalar);
    x25519_public(out->scalar, out->public_key);
}

static struct bytes kept(struct arena *a, struct buf *b)
{
    struct bytes out = arena_bytes(a, buf_bytes(b));

    secure_zero(b->p, b->n);
    buf_deinit(b);
    return out;
}

struct bytes link_hello_write(struct arena *a, const struct link_secret *old)
{
    struct buf out;

    buf_init(&out, HELLO_OCTETS);
    record_u8(&out, VERSION);
    buf_add_bytes(&out, bytes_of(old->public_key, sizeof old->public_key));
    return kept(a, &out);
}

enum err link_hello_read(struct bytes message, uint8_t out_key[32])
{
    if (message.n != HELLO_OCTETS || message.p[0] != VERSION)
        return ERR_MALFORMED;
    memcpy(out_key, message.p + 1, 32);
    return ERR_NONE;
}

/* At the end of a record, and not there if it is not wanted: who does not know it need not. */
static void write_wish(struct buf *out, bool wanted)
{
    if (wanted)
        record_u8(out, WANTED);
}

static bool read_wish(struct reader *r)
{
    bool wanted = r->left.n > 0;

    r->failed |= wanted && read_u8(r) != WANTED;
    return wanted;
}

struct bytes link_answer_write(struct arena *a, const struct link_answer *answer)
{
    struct buf out;

    buf_init(&out, 256);
    record_u8(&out, VERSION);
    buf_add_bytes(&out, bytes_of(answer->key, sizeof answer->key));
    buf_add_bytes(&out, bytes_of(answer->nonce, sizeof answer->nonce));
    record_u32(&out, answer->device);
    buf_add_bytes(&out, bytes_of(answer->ed, sizeof answer->ed));
    record_text(&out, str_slice(answer->name, 0, LINK_NAME_MAX));
    write_wish(&out, answer->wants_history);
    return kept(a, &out);
}

static void read_octets(struct reader *r, uint8_t *out, size_t n)
{
    struct bytes octets = read_bytes(r, n);

    if (octets.n == n)
        memcpy(out, octets.p, n);
}

enum err link_answer_read(struct bytes message, struct link_answer *out)
{
    struct reader r = reader_of(message);
    struct link_answer answer = { 0 };
    struct identity_key identity;
    uint8_t version = read_u8(&r);

    read_octets(&r, answer.key, sizeof answer.key);
    read_octets(&r, answer.nonce, sizeof answer.nonce);
    answer.device = read_u32(&r);
    read_octets(&r, answer.ed, sizeof answer.ed);
    answer.name = read_text(&r);
    answer.wants_history = read_wish(&r);
    if (!reader_done(&r) || version != VERSION || answer.name.n > LINK_NAME_MAX
        || identity_key_read(OMEMO_2, answer.ed, &identity) != ERR_NONE)
        return ERR_MALFORMED;
    *out = answer;
    return ERR_NONE;
}

void link_commit(struct bytes answer, uint8_t out[LINK_COMMITMENT])
{
    uint8_t tag[HASH_SIZE_MAX];

    hmac(HASH_SHA256, bytes_of_str(STR(LABEL "commitment")), answer, tag);
    memcpy(out, tag, LINK_COMMITMENT);
}

/* The commitment stands for the answer, so the transcript is code and hello. */
static void transcript_of(const struct link_code *code, struct bytes hello, uint8_t out[32])
{
    struct hash_state h;

    hash_init(&h, HASH_SHA256);
    hash_update(&h, bytes_of_str(STR(LABEL "transcript")));
    hash_update(&h, bytes_of(code->commitment, LINK_COMMITMENT));
    hash_update(&h, hello); /* of a fixed length */
    hash_update(&h, bytes_of_str(code->domain));
    hash_final(&h, out);
}

static void digits_of(const struct link_shared *shared, const uint8_t secret[32],
                      char out[LINK_DIGITS + 1])
{
    uint8_t octets[8];
    struct reader r = reader_of(bytes_of(octets, sizeof octets));
    uint64_t number;

    hkdf(bytes_of(shared->transcript, sizeof shared->transcript), bytes_of(secret, 32),
         STR(LABEL "digits"), octets, sizeof octets);
    number = read_u64(&r) % DIGITS_RANGE; /* 2^64 is so much more that no digit is likelier */
    for (size_t i = LINK_DIGITS; i > 0; i--, number /= 10)
        out[i - 1] = (char)('0' + number % 10);
    out[LINK_DIGITS] = '\0';
}

enum err link_agree(const struct link_code *code, struct bytes hello, struct bytes answer,
                    const struct link_secret *own, const uint8_t theirs[32],
                    struct link_shared *out)
{
    uint8_t commitment[LINK_COMMITMENT], secret[32];
    enum err e;

    link_commit(answer, commitment);
    if (!ct_equal(commitment, code->commitment, sizeof commitment))
        return ERR_DENIED;
    if ((e = x25519(own->scalar, theirs, secret)) != ERR_NONE)
        return e;
    transcript_of(code, hello, out->transcript);
    hkdf(bytes_of(out->transcript, sizeof out->transcript), bytes_of(secret, sizeof secret),
         STR(LABEL "gift"), out->key, sizeof out->key);
    hkdf(bytes_of(out->transcript, sizeof out->transcript), bytes_of(secret, sizeof secret),
         STR(LABEL "history"), out->history, sizeof out->history);
    digits_of(out, secret, out->digits);
    secure_zero(secret, sizeof secret);
    return ERR_NONE;
}

/* ---- The gift ------------------------------------------------------------------------------------ */

static void write_key(struct buf *out, const struct link_key *k)
{
    record_text(out, k->account);
    record_u32(out, k->device);
    buf_add_bytes(out, bytes_of(k->curve, sizeof k->curve));
    record_u8(out, k->trust);
    record_u64(out, k->met_ms);
}

static size_t keys_with_room(const struct link_gift *gift)
{
    size_t room = LINK_GIFT_MAX / 2, n = 0;

    while (n < gift->key_count && n < LINK_KEYS_MAX && gift->keys[n].account.n + KEY_ROOM <= room)
        room -= gift->keys[n++].account.n + KEY_ROOM;
    return n;
}

/* The key is used once, so the nonce may be zero. */
struct bytes link_gift_seal(struct arena *a, const struct link_shared *shared,
                            const struct link_gift *gift)
{
    static const uint8_t nonce[XCHACHA_NONCE_SIZE];
    size_t n = keys_with_room(gift);
    struct bytes plain;
    uint8_t *sealed;
    struct buf out;

    buf_init(&out, LINK_GIFT_MAX);
    record_u8(&out, VERSION);
    record_text(&out, gift->jid);
    record_text(&out, gift->password);
    record_u32(&out, gift->device);
    buf_add_bytes(&out, bytes_of(gift->ed, sizeof gift->ed));
    record_u32(&out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        write_key(&out, &gift->keys[i]);
    write_wish(&out, gift->has_history);
    plain = kept(a, &out);
    sealed = (uint8_t *)arena_raw(a, plain.n + XCHACHA_TAG_SIZE);
    xchacha_seal(shared->key, nonce, bytes_of(shared->transcript, sizeof shared->transcript), plain,
                 sealed);
    secure_zero((void *)plain.p, plain.n);
    return bytes_of(sealed, plain.n + XCHACHA_TAG_SIZE);
}

static void read_key(struct reader *r, struct arena *a, struct link_key *out)
{
    out->account = arena_str(a, read_text(r));
    out->device = read_u32(r);
    read_octets(r, out->curve, sizeof out->curve);
    out->trust = read_u8(r);
    out->met_ms = read_u64(r);
    r->failed |= out->trust > LINK_TRUST_LINKED;
}

enum err link_gift_read(struct arena *a, struct bytes record, struct link_gift *out)
{
    struct reader r = reader_of(record);
    struct link_gift gift = { 0 };
    struct identity_key identity;
    uint8_t version = read_u8(&r);

    gift.jid = arena_str(a, read_text(&r));
    gift.password = arena_str(a, read_text(&r));
    gift.device = read_u32(&r);
    read_octets(&r, gift.ed, sizeof gift.ed);
    gift.key_count = read_u32(&r);
    if (r.failed || version != VERSION || gift.key_count > LINK_KEYS_MAX
        || identity_key_read(OMEMO_2, gift.ed, &identity) != ERR_NONE)
        return ERR_MALFORMED;
    gift.keys = arena_alloc(a, gift.key_count * sizeof *gift.keys);
    for (size_t i = 0; i < gift.key_count && !r.failed; i++)
        read_key(&r, a, &gift.keys[i]);
    gift.has_history = read_wish(&r);
    if (!reader_done(&r))
        return ERR_MALFORMED;
    *out = gift;
    return ERR_NONE;
}

enum err link_gift_open(struct arena *a, const struct link_shared *shared, struct bytes sealed,
                        struct link_gift *out)
{
    static const uint8_t nonce[XCHACHA_NONCE_SIZE];
    uint8_t *plain;
    enum err e;

    if (sealed.n < XCHACHA_TAG_SIZE || sealed.n > LINK_GIFT_MAX)
        return ERR_MALFORMED;
    plain = (uint8_t *)arena_raw(a, sealed.n);
    e = xchacha_open(shared->key, nonce, bytes_of(shared->transcript, sizeof shared->transcript),
                     sealed, plain);
    if (e == ERR_NONE)
        e = link_gift_read(a, bytes_of(plain, sealed.n - XCHACHA_TAG_SIZE), out);
    secure_zero(plain, sealed.n);
    return e;
}
