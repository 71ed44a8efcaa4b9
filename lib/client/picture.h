/* picture.h: takes out of a picture what tells where, when, with what and by whom it was taken, piece by piece.
 *
 * JPEG keeps what decodes it, its colours (ICC, Adobe) and which side is up; Exif, XMP, IPTC, comments, small pictures inside and
 * whatever follows the picture go. PNG keeps the chunks that decode it. The picture itself is not touched, so what it shows remains.
 * Other kinds of files carry such data, too; they are not known here.
 *
 * Owns: one part of the picture.  Threads: pure.  Units: bytes.
 * Errors: ERR_MALFORMED: it cannot be told what belongs to the picture; nothing of it is to be sent then.
 */
#ifndef SOTTO_CLIENT_PICTURE_H
#define SOTTO_CLIENT_PICTURE_H

#include "base/buf.h"

enum picture_kind { PICTURE_NONE, PICTURE_JPEG, PICTURE_PNG };

/* By the first octets; eight of them decide. */
enum picture_kind picture_kind_of(struct bytes beginning);
const char *picture_type(enum picture_kind kind); /* "image/jpeg"; NULL for none */

struct picture {
    enum picture_kind kind;
    int state; /* of picture_jpeg.c or picture_png.c */
    struct buf part;
    uint32_t left; /* octets of the part, or of the chunk */
    bool keep, turned, whole;
    uint8_t marker;
    uint32_t width, height; /* 0: not seen yet */
};

void picture_init(struct picture *p, enum picture_kind kind);
void picture_deinit(struct picture *p);
/* What stays of `in`, and of what came before, is added to `out`, which has room for in.n + PICTURE_ROOM octets. */
enum { PICTURE_ROOM = 70 * 1024 };
CHECKED enum err picture_piece(struct picture *p, struct bytes in, struct buf *out);
CHECKED enum err picture_end(const struct picture *p);

/* One kind each. */
CHECKED enum err picture_jpeg(struct picture *p, struct bytes in, struct buf *out);
CHECKED enum err picture_png(struct picture *p, struct bytes in, struct buf *out);

#endif
