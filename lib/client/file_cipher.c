/* file_cipher.c: see file_cipher.h. */
#include "client/file_cipher.h"

#include <string.h>

static void begin(struct file_cipher *s, const struct attachment *f, bool seal)
{
    *s = (struct file_cipher){ .of = f };
    gcm_begin(&s->gcm, bytes_of(f->key, f->key_n), bytes_of(f->iv, f->iv_n), seal);
    hash_init(&s->plain, HASH_SHA256);
    hash_init(&s->sealed, HASH_SHA256);
}

void file_cipher_drop(struct file_cipher *s)
{
    gcm_drop(&s->gcm);
    hash_drop(&s->plain);
    hash_drop(&s->sealed);
    secure_zero(s, sizeof *s);
}

/* ---- In -------------------------------------------------------------------------------------------- */

void file_seal_begin(struct file_cipher *s, struct attachment *f, const struct random *random)
{
    f->key_n = 32;
    f->iv_n = 12;
    random_fill(random, f->key, f->key_n);
    random_fill(random, f->iv, f->iv_n);
    begin(s, f, true);
}

enum err file_seal_piece(struct file_cipher *s, struct bytes in, uint8_t *out)
{
    if (in.n > ATTACHMENT_SIZE_MAX - s->size)
        return ERR_TOO_BIG;
    s->size += in.n;
    hash_update(&s->plain, in);
    gcm_piece(&s->gcm, in, out);
    hash_update(&s->sealed, bytes_of(out, in.n));
    return ERR_NONE;
}

void file_seal_end(struct file_cipher *s, struct attachment *f, uint8_t out_tag[GCM_TAG_SIZE])
{
    gcm_end_seal(&s->gcm, out_tag);
    hash_update(&s->sealed, bytes_of(out_tag, GCM_TAG_SIZE));
    hash_final(&s->plain, f->hash);
    hash_final(&s->sealed, f->sealed_hash);
    f->size = s->size;
    f->has_size = f->has_hash = f->has_sealed_hash = true;
}

/* ---- Out ------------------------------------------------------------------------------------------- */

void file_open_begin(struct file_cipher *s, const struct attachment *f, uint64_t limit)
{
    begin(s, f, false);
    s->limit = f->has_size ? f->size : limit;
    if (s->limit > ATTACHMENT_SIZE_MAX)
        s->limit = ATTACHMENT_SIZE_MAX;
}

static void open_octets(struct file_cipher *s, const uint8_t *in, size_t n, uint8_t *out)
{
    if (n == 0)
        return;
    gcm_piece(&s->gcm, bytes_of(in, n), out);
    hash_update(&s->plain, bytes_of(out, n));
    s->size += n;
}

/* All but the last octets that came can be no part of the tag. */
enum err file_open_piece(struct file_cipher *s, struct bytes in, uint8_t *out, size_t *out_n)
{
    size_t all = s->held_n + in.n, n = all > GCM_TAG_SIZE ? all - GCM_TAG_SIZE : 0;
    size_t old = n < s->held_n ? n : s->held_n, new = n - old;

    if (n > s->limit - s->size)
        return ERR_TOO_BIG;
    hash_update(&s->sealed, in);
    open_octets(s, s->held, old, out);
    open_octets(s, in.p, new, out + old);
    memmove(s->held, s->held + old, s->held_n - old);
    s->held_n -= old;
    if (in.n > new)
        memcpy(s->held + s->held_n, in.p + new, in.n - new);
    s->held_n += in.n - new;
    *out_n = n;
    return ERR_NONE;
}

static bool fits(struct hash_state *h, bool told, const uint8_t *expected)
{
    uint8_t hash[HASH_SIZE_MAX];

    hash_final(h, hash);
    return !told || ct_equal(hash, expected, ATTACHMENT_HASH);
}

enum err file_open_end(struct file_cipher *s)
{
    const struct attachment *f = s->of;
    bool whole = s->held_n == GCM_TAG_SIZE && (!f->has_size || s->size == f->size);

    whole &= fits(&s->plain, f->has_hash, f->hash);
    whole &= fits(&s->sealed, f->has_sealed_hash, f->sealed_hash);
    whole &= gcm_end_open(&s->gcm, s->held) == ERR_NONE;
    secure_zero(s, sizeof *s);
    return whole ? ERR_NONE : ERR_DENIED;
}
