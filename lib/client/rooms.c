/* rooms.c: see rooms.h: rows, and what the person decides. */
#include "client/rooms_inside.h"

#include "client/record.h"
#include "xml/chars.h"

enum {
    FORMAT = 1,
    KEPT_MAX = 16 * 1024,
    ROW_MAX = KEPT_MAX + 4 * 1024,
    BIT_AUTOJOIN = 1,
    BIT_WAITING = 2,
    BIT_DROPPED = 4,
    BIT_LOCKED = 8,
};

static bool read_row(struct bytes key, struct bytes value, struct room_row *out)
{
    struct reader r = reader_of(value);
    uint8_t bits;

    *out = (struct room_row){ .room.jid = str_of_bytes(key) };
    if (read_u8(&r) != FORMAT)
        return false;
    bits = read_u8(&r);
    out->room.autojoin = (bits & BIT_AUTOJOIN) != 0;
    out->room.waiting = (bits & BIT_WAITING) != 0;
    out->dropped = (bits & BIT_DROPPED) != 0;
    out->locked = (bits & BIT_LOCKED) != 0;
    out->number = read_u32(&r);
    out->room.name = read_text(&r);
    out->room.nick = read_text(&r);
    out->kept = read_field(&r);
    return reader_done(&r);
}

bool rooms_row(const struct engine *c, struct str bare, struct room_row *out)
{
    struct bytes value = book_get(&c->book, BOOK_ROOM, bytes_of_str(bare));

    return value.p != NULL && read_row(bytes_of_str(bare), value, out);
}

void rooms_put(struct engine *c, const struct room_row *row)
{
    struct bytes key = bytes_of_str(row->room.jid), had = book_get(&c->book, BOOK_ROOM, key);
    bool fits = row->kept.n <= KEPT_MAX;
    struct buf value;

    if (had.p == NULL && book_count(&c->book, BOOK_ROOM) >= ROOMS_MAX)
        return;
    buf_init(&value, ROW_MAX);
    record_u8(&value, FORMAT);
    record_u8(&value,
              (uint8_t)((row->room.autojoin ? BIT_AUTOJOIN : 0)
                        | (row->room.waiting ? BIT_WAITING : 0) | (row->dropped ? BIT_DROPPED : 0)
                        | (row->locked || !fits ? BIT_LOCKED : 0)));
    record_u32(&value, row->number);
    record_text(&value, row->room.name);
    record_text(&value, row->room.nick);
    record_bytes(&value, fits ? row->kept : bytes_of("", 0));
    if (!value.failed && (had.p == NULL || !str_eq(str_of_bytes(had), buf_str(&value))))
        book_put(&c->book, BOOK_ROOM, key, buf_bytes(&value));
    buf_deinit(&value);
}

void rooms_take(struct engine *c, struct str bare)
{
    book_delete(&c->book, BOOK_ROOM, bytes_of_str(bare));
}

void rooms_tell(struct engine *c)
{
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_ROOMS });
}

bool engine_room(const struct engine *c, struct str bare, struct room *out)
{
    struct room_row row;

    if (!rooms_row(c, bare, &row) || row.dropped)
        return false;
    *out = row.room;
    return true;
}

bool engine_next_room(const struct engine *c, size_t *cursor, struct room *out)
{
    struct bytes key, value;
    struct room_row row;

    while (book_next(&c->book, BOOK_ROOM, cursor, &key, &value))
        if (read_row(key, value, &row) && !row.dropped) {
            *out = row.room;
            return true;
        }
    return false;
}

/* ---- What the person decides ------------------------------------------------------------------------ */

static void decide(struct engine *c, struct room_row *row)
{
    row->room.waiting = true;
    row->number++;
    rooms_put(c, row);
    bookmarks_send(c, row);
    rooms_tell(c);
    engine_end_round(c);
}

/* The row of before with what the person wants now. */
static enum err changed(const struct engine *c, const struct room *room, struct room_row *row)
{
    bool known = rooms_row(c, row->room.jid, row);

    if (!known && book_count(&c->book, BOOK_ROOM) >= ROOMS_MAX)
        return ERR_TOO_BIG;
    if (row->locked || room->name.n > ROOM_NAME_MAX || room->nick.n > ROOM_NICK_MAX)
        return ERR_TOO_BIG;
    if (!xml_chars_valid(room->name) || !xml_chars_valid(room->nick))
        return ERR_MALFORMED;
    row->room.name = room->name;
    row->room.nick = room->nick;
    row->room.autojoin = room->autojoin;
    row->dropped = false;
    return ERR_NONE;
}

enum err engine_keep_room(struct engine *c, const struct jid *jid, const struct room *room)
{
    struct arena a = { 0 };
    struct room_row row = { .room.jid = jid_text(&a, jid) };
    enum err e = jid_is_bare(jid) && jid->local.n > 0 ? ERR_NONE : ERR_MALFORMED;

    if (e == ERR_NONE && (e = changed(c, room, &row)) == ERR_NONE) {
        row.kept = arena_bytes(&a, row.kept); /* the row goes */
        decide(c, &row);
    }
    arena_deinit(&a);
    return e;
}

enum err engine_drop_room(struct engine *c, const struct jid *jid)
{
    struct arena a = { 0 };
    struct str bare = jid_text(&a, jid);
    struct room_row row;
    enum err e = rooms_row(c, bare, &row) && !row.dropped ? ERR_NONE : ERR_MISSING;

    if (e == ERR_NONE) {
        row = (struct room_row){ .room.jid = bare, .dropped = true, .number = row.number };
        decide(c, &row);
    }
    arena_deinit(&a);
    return e;
}
