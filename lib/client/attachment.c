/* attachment.c: records, and what is true in every form. */
#include "client/attachment.h"

#include <string.h>

#include "client/record.h"

enum { FORMAT = 1 };
enum { HAS_SIZE = 1, HAS_HASH = 2, HAS_SEALED_HASH = 4, IS_VOICE = 8 };

/* ---- Addresses ------------------------------------------------------------------------------------- */

#define SCHEME "https://"

static bool is_of_host(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '-' || c == ':' || c == '[' || c == ']';
}

/* RFC 3986 §2, less the fragment's sign. */
static bool is_of_path(char c)
{
    return c > ' ' && c < 0x7f && memchr("\"#<>\\^`{|}", c, 10) == NULL;
}

bool attachment_url_valid(struct str url)
{
    struct str rest = str_skip(url, sizeof SCHEME - 1);
    size_t host = str_find(rest, '/');

    if (!str_starts(url, STR(SCHEME)) || url.n > ATTACHMENT_URL_MAX || host == 0 || host == rest.n)
        return false;
    for (size_t i = 0; i < rest.n; i++)
        if (!(i < host ? is_of_host(rest.p[i]) : is_of_path(rest.p[i])))
            return false;
    return true;
}

struct str attachment_place(const struct attachment *f)
{
    struct str rest = str_skip(f->url, sizeof SCHEME - 1);

    return str_slice(rest, 0, str_find(rest, '/'));
}

/* ---- Records --------------------------------------------------------------------------------------- */

void attachment_write(struct buf *out, const struct attachment *f)
{
    record_u8(out, FORMAT);
    record_u8(out, (uint8_t)((f->has_size ? HAS_SIZE : 0) | (f->has_hash ? HAS_HASH : 0)
                             | (f->has_sealed_hash ? HAS_SEALED_HASH : 0)
                             | (f->is_voice ? IS_VOICE : 0)));
    record_u64(out, f->size);
    record_u32(out, f->duration_ms);
    record_u32(out, f->width);
    record_u32(out, f->height);
    record_bytes(out, bytes_of(f->key, f->key_n));
    record_bytes(out, bytes_of(f->iv, f->iv_n));
    record_bytes(out, bytes_of(f->hash, f->has_hash ? sizeof f->hash : 0));
    record_bytes(out, bytes_of(f->sealed_hash, f->has_sealed_hash ? sizeof f->sealed_hash : 0));
    record_text(out, f->url);
    record_text(out, f->name);
    record_text(out, f->media_type);
}

static void read_octets(struct reader *r, uint8_t *out, size_t max, uint8_t *out_n)
{
    struct bytes b = read_field(r);

    r->failed |= b.n > max;
    if (r->failed)
        return;
    memcpy(out, b.p, b.n);
    *out_n = (uint8_t)b.n;
}

enum err attachment_read(struct bytes in, struct attachment *out)
{
    struct reader r = reader_of(in);
    struct attachment f = { 0 };
    uint8_t flags, hash_n = 0, sealed_n = 0;

    if (read_u8(&r) != FORMAT)
        return ERR_MALFORMED;
    flags = read_u8(&r);
    f.has_size = (flags & HAS_SIZE) != 0;
    f.has_hash = (flags & HAS_HASH) != 0;
    f.has_sealed_hash = (flags & HAS_SEALED_HASH) != 0;
    f.is_voice = (flags & IS_VOICE) != 0;
    f.size = read_u64(&r);
    f.duration_ms = read_u32(&r);
    f.width = read_u32(&r);
    f.height = read_u32(&r);
    read_octets(&r, f.key, sizeof f.key, &f.key_n);
    read_octets(&r, f.iv, sizeof f.iv, &f.iv_n);
    read_octets(&r, f.hash, sizeof f.hash, &hash_n);
    read_octets(&r, f.sealed_hash, sizeof f.sealed_hash, &sealed_n);
    f.url = read_text(&r);
    f.name = read_text(&r);
    f.media_type = read_text(&r);
    if (!reader_done(&r) || (f.key_n != 16 && f.key_n != 32) || (f.iv_n != 12 && f.iv_n != 16)
        || hash_n != (f.has_hash ? ATTACHMENT_HASH : 0)
        || sealed_n != (f.has_sealed_hash ? ATTACHMENT_HASH : 0) || f.size > ATTACHMENT_SIZE_MAX
        || (f.url.n > 0 && !attachment_url_valid(f.url)))
        return ERR_MALFORMED;
    *out = f;
    return ERR_NONE;
}
