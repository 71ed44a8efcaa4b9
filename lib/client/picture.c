/* picture.c: which kind of picture it is. */
#include "client/picture.h"

#include <string.h>

enum { PART_MAX = 65535 };

static bool begins(struct bytes b, const char *magic, size_t n)
{
    return b.n >= n && memcmp(b.p, magic, n) == 0;
}

enum picture_kind picture_kind_of(struct bytes b)
{
    if (begins(b, "\xff\xd8\xff", 3))
        return PICTURE_JPEG;
    return begins(b, "\x89PNG\r\n\x1a\n", 8) ? PICTURE_PNG : PICTURE_NONE;
}

const char *picture_type(enum picture_kind kind)
{
    static const char *const types[] = { NULL, "image/jpeg", "image/png" };

    return types[kind];
}

void picture_init(struct picture *p, enum picture_kind kind)
{
    *p = (struct picture){ .kind = kind };
    buf_init(&p->part, PART_MAX);
}

void picture_deinit(struct picture *p)
{
    buf_deinit(&p->part);
}

enum err picture_piece(struct picture *p, struct bytes in, struct buf *out)
{
    enum err e = p->kind == PICTURE_JPEG ? picture_jpeg(p, in, out) : picture_png(p, in, out);

    return e == ERR_NONE && out->failed ? ERR_TOO_BIG : e;
}

enum err picture_end(const struct picture *p)
{
    return p->whole ? ERR_NONE : ERR_MALFORMED;
}
