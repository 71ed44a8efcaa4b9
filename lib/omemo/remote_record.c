/* remote_record.c: all that we know of a device as octets, for the store.
 *
 *   offset  size  what
 *   0       1     format, 1
 *   1       1     version of OMEMO
 *   2       1     flags
 *   3       64    identity: of Curve25519, of Ed25519
 *   67      1     sessions, at most 6
 *   then          each: length in two octets, record (ratchet_record.c)
 */
#include "omemo/remote.h"

#include <string.h>

#include "base/mem.h"
#include "base/reader.h"

enum { FORMAT = 1, FLAG_KNOWN = 1, FLAG_ED = 2, FLAGS_ALL = 3 };

size_t remote_write(const struct remote *r, uint8_t out[REMOTE_RECORD_MAX])
{
    size_t n = 0;

    out[n++] = FORMAT;
    out[n++] = (uint8_t)r->version;
    out[n++] = (uint8_t)((r->is_known ? FLAG_KNOWN : 0) | (r->identity.has_ed ? FLAG_ED : 0));
    memcpy(out + n, r->identity.curve, OMEMO_KEY);
    memcpy(out + n + OMEMO_KEY, r->identity.ed, OMEMO_KEY);
    n += 2 * OMEMO_KEY;
    out[n++] = r->count;
    for (int i = 0; i < r->count; i++) {
        size_t length = ratchet_write(&r->sessions[i], out + n + 2);

        out[n] = (uint8_t)(length >> 8);
        out[n + 1] = (uint8_t)length;
        n += 2 + length;
    }
    return n;
}

static enum err read_identity(struct reader *from, struct remote *r)
{
    uint8_t flags = read_u8(from);
    struct bytes keys = read_bytes(from, (size_t)2 * OMEMO_KEY);

    if (from->failed || flags > FLAGS_ALL)
        return ERR_MALFORMED;
    r->is_known = flags & FLAG_KNOWN;
    r->identity.has_ed = flags & FLAG_ED;
    memcpy(r->identity.curve, keys.p, OMEMO_KEY);
    memcpy(r->identity.ed, keys.p + OMEMO_KEY, OMEMO_KEY);
    return ERR_NONE;
}

static enum err read_sessions(struct reader *from, struct remote *r)
{
    r->count = read_u8(from);
    if (r->count > REMOTE_SESSIONS)
        return ERR_MALFORMED;
    for (int i = 0; i < r->count; i++) {
        struct bytes record = read_bytes(from, read_u16(from));

        if (ratchet_read(record, &r->sessions[i]) != ERR_NONE
            || r->sessions[i].version != r->version)
            return ERR_MALFORMED;
    }
    return reader_done(from) ? ERR_NONE : ERR_MALFORMED;
}

enum err remote_read(struct bytes in, struct remote *out)
{
    struct reader from = reader_of(in);
    uint8_t format = read_u8(&from), version = read_u8(&from);
    struct remote r;
    enum err e;

    if (format != FORMAT || version >= OMEMO_VERSIONS)
        return ERR_MALFORMED;
    remote_init(&r, (enum omemo)version);
    if ((e = read_identity(&from, &r)) == ERR_NONE && (e = read_sessions(&from, &r)) == ERR_NONE)
        *out = r;
    secure_zero(&r, sizeof r);
    return e;
}
