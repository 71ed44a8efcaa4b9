/* entry.c: entries as records. */
#include "client/entry.h"

#include "client/record.h"

enum { ENTRY_FORMAT = 1 };

void entry_write(struct buf *out, const struct entry *e)
{
    record_u8(out, ENTRY_FORMAT);
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
}

enum err entry_read(struct bytes in, struct entry *out)
{
    struct reader r = reader_of(in);
    struct entry e = { 0 };

    if (read_u8(&r) != ENTRY_FORMAT)
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
    if (!reader_done(&r) || e.kind < ENTRY_MESSAGE || e.kind > ENTRY_SEALED)
        return ERR_MALFORMED;
    *out = e;
    return ERR_NONE;
}
