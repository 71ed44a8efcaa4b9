/* entry.c: entries as records. */
#include "client/entry.h"

#include "client/record.h"

/* 1 had neither timer nor attachment nor quote; 3 is 2 with a time of its author's, and what has none is written as before. */
enum { ENTRY_FORMAT_1 = 1, ENTRY_FORMAT_2 = 2, ENTRY_FORMAT = 3 };

void entry_write(struct buf *out, const struct entry *e)
{
    record_u8(out, e->said_ms > 0 ? ENTRY_FORMAT : ENTRY_FORMAT_2);
    record_u8(out, (uint8_t)e->kind);
    record_u8(out, e->outgoing);
    record_u8(out, (uint8_t)e->encryption);
    record_u8(out, (uint8_t)e->trust);
    record_u64(out, e->time_ms);
    record_u32(out, e->device);
    record_text(out, e->chat);
    record_text(out, e->author);
    record_text(out, e->id);
    record_text(out, e->archive_id);
    record_text(out, e->target);
    record_text(out, e->text);
    record_u32(out, e->expires_s);
    record_text(out, e->attachment);
    record_text(out, e->quote);
    if (e->said_ms > 0)
        record_u64(out, e->said_ms);
}

enum err entry_read(struct bytes in, struct entry *out)
{
    struct reader r = reader_of(in);
    struct entry e = { 0 };
    uint8_t format = read_u8(&r);

    if (format < ENTRY_FORMAT_1 || format > ENTRY_FORMAT)
        return ERR_MALFORMED;
    e.kind = read_u8(&r);
    e.outgoing = read_u8(&r) != 0;
    e.encryption = read_u8(&r);
    e.trust = read_u8(&r);
    e.time_ms = read_u64(&r);
    e.device = read_u32(&r);
    e.chat = read_text(&r);
    e.author = read_text(&r);
    e.id = read_text(&r);
    e.archive_id = read_text(&r);
    e.target = read_text(&r);
    e.text = read_text(&r);
    if (format != ENTRY_FORMAT_1) {
        e.expires_s = read_u32(&r);
        e.attachment = read_text(&r);
        e.quote = read_text(&r);
    }
    if (format == ENTRY_FORMAT)
        e.said_ms = read_u64(&r);
    if (!reader_done(&r) || e.kind < ENTRY_MESSAGE || e.kind > ENTRY_DEVICE)
        return ERR_MALFORMED;
    *out = e;
    return ERR_NONE;
}

struct entry entry_copy(struct arena *a, const struct entry *e)
{
    struct entry out = *e;

    out.chat = arena_str(a, e->chat);
    out.author = arena_str(a, e->author);
    out.id = arena_str(a, e->id);
    out.archive_id = arena_str(a, e->archive_id);
    out.target = arena_str(a, e->target);
    out.text = arena_str(a, e->text);
    out.attachment = arena_str(a, e->attachment);
    out.quote = arena_str(a, e->quote);
    return out;
}

bool entry_is_sealed(const struct entry *e)
{
    return e->encryption != ENCRYPTION_NONE || (e->outgoing && e->archive_id.n == 0);
}
