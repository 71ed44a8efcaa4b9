/* backup.c: see backup.h.
 *
 *   "SOTTO-BK" ‖ version ‖ lock ‖ passes ‖ KiB ‖ salt 16 ‖ stream 24 ‖ check 16 ‖ proof 16
 *
 * `check` is a hash of what is before it: it tells damage from a wrong passphrase. `proof` is keyed with what opens the rest.
 */
#include "client/backup.h"

#include <string.h>

#include "client/record.h"
#include "crypto/blake2b.h"

enum {
    VERSION = 1,
    KEY = 32,
    MARK = 16,
    CHECKED_PART = BACKUP_HEADER - 2 * MARK,
    PROVEN_PART = BACKUP_HEADER - MARK,
    CHUNKS_MIN = 16,
};

static const char magic[8] = "SOTTO-BK";

struct keys {
    uint8_t stream[KEY], proof[KEY];
};

/* ---- Header -------------------------------------------------------------------------------------- */

void backup_header_make(struct backup_header *h, enum backup_lock lock, const struct random *random)
{
    *h = (struct backup_header){ .lock = lock, .cost = ARGON2_STRONG };
    random_fill(random, h->salt, sizeof h->salt);
    random_fill(random, h->stream, sizeof h->stream);
}

static void check_of(const uint8_t header[BACKUP_HEADER], uint8_t out[MARK])
{
    static const uint8_t known[KEY] = "sotto backup header";

    blake2b(bytes_of(known, sizeof known), bytes_of(header, CHECKED_PART), out, MARK);
}

static void proof_of(const struct keys *k, const uint8_t header[BACKUP_HEADER], uint8_t out[MARK])
{
    blake2b(bytes_of(k->proof, KEY), bytes_of(header, PROVEN_PART), out, MARK);
}

enum err backup_header_read(struct bytes in, struct backup_header *out)
{
    struct backup_header h = { 0 };
    struct reader r = reader_of(in);
    uint8_t check[MARK];
    uint8_t version;

    if (in.n < sizeof magic + 1 || memcmp(read_bytes(&r, sizeof magic).p, magic, sizeof magic) != 0)
        return ERR_MALFORMED;
    if ((version = read_u8(&r)) > VERSION)
        return ERR_UNSUPPORTED;
    if (version != VERSION || in.n != BACKUP_HEADER)
        return ERR_MALFORMED;
    check_of(in.p, check);
    if (memcmp(check, in.p + CHECKED_PART, MARK) != 0)
        return ERR_MALFORMED;
    h.lock = read_u8(&r);
    h.cost.passes = read_u32(&r);
    h.cost.memory_kib = read_u32(&r);
    memcpy(h.salt, read_bytes(&r, sizeof h.salt).p, sizeof h.salt);
    memcpy(h.stream, read_bytes(&r, sizeof h.stream).p, sizeof h.stream);
    if (h.lock < BACKUP_PASSPHRASE || h.lock > BACKUP_LINK || !argon2_cost_allowed(h.cost))
        return ERR_MALFORMED;
    *out = h;
    return ERR_NONE;
}

static void write_header(const struct backup_header *h, uint8_t out[BACKUP_HEADER])
{
    struct buf b;

    buf_init(&b, BACKUP_HEADER);
    buf_add(&b, (struct str){ magic, sizeof magic });
    record_u8(&b, VERSION);
    record_u8(&b, (uint8_t)h->lock);
    record_u32(&b, h->cost.passes);
    record_u32(&b, h->cost.memory_kib);
    buf_add_bytes(&b, bytes_of(h->salt, sizeof h->salt));
    buf_add_bytes(&b, bytes_of(h->stream, sizeof h->stream));
    memset(out, 0, BACKUP_HEADER);
    memcpy(out, b.p, b.n);
    buf_deinit(&b);
    check_of(out, out + CHECKED_PART);
}

static struct keys derive(const struct backup_header *h, struct bytes secret)
{
    struct bytes salt = bytes_of(h->salt, sizeof h->salt);
    struct keys out;

    hkdf(salt, secret, STR("sotto backup stream"), out.stream, KEY);
    hkdf(salt, secret, STR("sotto backup proof"), out.proof, KEY);
    return out;
}

/* ---- Writing ------------------------------------------------------------------------------------- */

uint64_t backup_padded(uint64_t chunks)
{
    unsigned exponent = 0, kept = 0;
    uint64_t mask;

    if (chunks <= CHUNKS_MIN)
        return CHUNKS_MIN;
    while (chunks >> (exponent + 1) != 0)
        exponent++;
    while (exponent >> kept != 0)
        kept++;
    mask = ((uint64_t)1 << (exponent - kept)) - 1;
    return (chunks + mask) & ~mask;
}

void backup_begin(struct backup_writer *w, const struct backup_header *h, struct bytes secret)
{
    struct keys k = derive(h, secret);

    *w = (struct backup_writer){ .chunks_end = UINT64_MAX };
    buf_init(&w->plain, BACKUP_RECORD_MAX + 2 * BACKUP_CHUNK);
    write_header(h, w->header);
    proof_of(&k, w->header, w->header + PROVEN_PART);
    sealed_stream_init(&w->stream, k.stream, h->stream);
    secure_zero(&k, sizeof k);
}

/* kind 1 ‖ length 4 ‖ table 1 ‖ number 8 ‖ key after its length ‖ value */
enum { RECORD_HEAD = 5, RECORD_FIXED = 1 + 8 + 4 };

enum err backup_put(struct backup_writer *w, const struct backup_record *r)
{
    if (r->key.n > BACKUP_RECORD_MAX || r->value.n > BACKUP_RECORD_MAX - RECORD_FIXED
        || r->key.n > BACKUP_RECORD_MAX - RECORD_FIXED - r->value.n)
        return ERR_TOO_BIG;
    record_u8(&w->plain, (uint8_t)r->kind);
    record_u32(&w->plain, (uint32_t)(RECORD_FIXED + r->key.n + r->value.n));
    record_u8(&w->plain, r->table);
    record_u64(&w->plain, r->number);
    record_bytes(&w->plain, r->key);
    buf_add_bytes(&w->plain, r->value);
    return w->plain.failed ? ERR_FULL : ERR_NONE; /* chunks were left lying */
}

void backup_end(struct backup_writer *w)
{
    record_u8(&w->plain, BACKUP_END);
    w->chunks_end = backup_padded(w->chunks + (w->plain.n + BACKUP_CHUNK - 1) / BACKUP_CHUNK);
    w->ended = true;
}

bool backup_chunk(struct backup_writer *w, uint8_t out[BACKUP_SEALED_CHUNK])
{
    size_t n = w->plain.n < BACKUP_CHUNK ? w->plain.n : BACKUP_CHUNK;
    struct bytes context = bytes_of(w->header, BACKUP_HEADER);
    uint8_t *plain;

    if (w->ended ? w->chunks == w->chunks_end : n < BACKUP_CHUNK)
        return false;
    plain = mem_alloc(BACKUP_CHUNK);
    if (n > 0)
        memcpy(plain, w->plain.p, n);
    buf_consume(&w->plain, n);
    w->chunks++;
    sealed_stream_push(&w->stream, w->chunks == w->chunks_end ? SEALED_FINAL : SEALED_MORE, context,
                       bytes_of(plain, BACKUP_CHUNK), out);
    secure_zero(plain, BACKUP_CHUNK);
    mem_free(plain);
    return true;
}

void backup_writer_deinit(struct backup_writer *w)
{
    sealed_stream_drop(&w->stream);
    if (w->plain.n > 0)
        secure_zero(w->plain.p, w->plain.n);
    buf_deinit(&w->plain);
}

/* ---- Reading ------------------------------------------------------------------------------------- */

enum err backup_open(struct backup_reader *r, struct bytes header, struct bytes secret)
{
    struct backup_header h;
    struct keys k;
    uint8_t proof[MARK];
    enum err e;

    *r = (struct backup_reader){ .read = 0 };
    buf_init(&r->plain, BACKUP_RECORD_MAX + 2 * BACKUP_CHUNK);
    if ((e = backup_header_read(header, &h)) != ERR_NONE)
        return e;
    k = derive(&h, secret);
    proof_of(&k, header.p, proof);
    if (memcmp(proof, header.p + PROVEN_PART, MARK) != 0) {
        e = ERR_DENIED;
    } else {
        memcpy(r->header, header.p, BACKUP_HEADER);
        sealed_stream_init(&r->stream, k.stream, h.stream);
    }
    secure_zero(&k, sizeof k);
    return e;
}

enum err backup_feed(struct backup_reader *r, const uint8_t sealed[BACKUP_SEALED_CHUNK])
{
    enum sealed_chunk kind;
    char *room;
    enum err e;

    if (r->final)
        return ERR_MALFORMED; /* something was put behind the end */
    if (r->ended)
        r->read = r->plain.n; /* zeros */
    if (r->read > 0)
        secure_zero(r->plain.p, r->read);
    buf_consume(&r->plain, r->read);
    r->read = 0;
    if ((room = buf_extend(&r->plain, BACKUP_CHUNK)) == NULL)
        return ERR_TOO_BIG; /* records were left lying */
    e = sealed_stream_pull(&r->stream, bytes_of(r->header, BACKUP_HEADER),
                           bytes_of(sealed, BACKUP_SEALED_CHUNK), &kind, (uint8_t *)room);
    if (e != ERR_NONE)
        buf_cut(&r->plain, r->plain.n - BACKUP_CHUNK);
    else
        r->final = kind == SEALED_FINAL;
    return e;
}

static enum err read_record(struct bytes in, struct backup_record *out)
{
    struct reader r = reader_of(in);

    out->table = read_u8(&r);
    out->number = read_u64(&r);
    out->key = read_field(&r);
    out->value = r.left;
    return r.failed ? ERR_MALFORMED : ERR_NONE;
}

enum err backup_next(struct backup_reader *r, struct backup_record *out)
{
    struct bytes left = bytes_of(r->plain.p + r->read, r->plain.n - r->read);
    struct reader head = reader_of(left);
    struct backup_record record = { 0 };
    uint32_t length;
    enum err e;

    if (r->ended || left.n == 0)
        return ERR_MISSING;
    if ((record.kind = read_u8(&head)) == BACKUP_END) {
        r->ended = true;
        return ERR_MISSING;
    }
    length = read_u32(&head);
    if (!head.failed && (length > BACKUP_RECORD_MAX || length < RECORD_FIXED))
        return ERR_MALFORMED;
    if (head.failed || head.left.n < length)
        return r->final ? ERR_MALFORMED : ERR_MISSING;
    if ((e = read_record(bytes_of(head.left.p, length), &record)) != ERR_NONE)
        return e;
    r->read += RECORD_HEAD + length;
    *out = record;
    return ERR_NONE;
}

bool backup_complete(const struct backup_reader *r)
{
    return r->final && r->ended;
}

void backup_reader_deinit(struct backup_reader *r)
{
    sealed_stream_drop(&r->stream);
    if (r->plain.n > 0)
        secure_zero(r->plain.p, r->plain.n);
    buf_deinit(&r->plain);
}
