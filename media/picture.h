/* picture.h: where pictures come from: a moving pattern, a file of Y4M, or a camera behind a pipe (camera.h).
 *
 * Pictures are I420: a plane of luma, two of chroma of half the width and height.
 * Owns: one picture, until picture_in_deinit(); not the descriptor.  Threads: one at a time.
 * Errors: ERR_MALFORMED, ERR_UNSUPPORTED (another sampling than 4:2:0), ERR_TOO_BIG.
 */
#ifndef SOTTO_MEDIA_PICTURE_H
#define SOTTO_MEDIA_PICTURE_H

#include <sys/types.h>

#include "base/str.h"

enum {
    PICTURE_WIDTH = 640, /* of the pattern and of a camera */
    PICTURE_HEIGHT = 480,
    PICTURE_WIDTH_MAX = 1280,
    PICTURE_HEIGHT_MAX = 720,
    PICTURE_RATE = 30, /* at most so many a second */
};

struct picture {
    unsigned width, height;
    const uint8_t *data;
};

enum picture_kind { PICTURE_NONE, PICTURE_PATTERN, PICTURE_FILE, PICTURE_PIPE };

struct picture_in {
    enum picture_kind kind;
    int fd;
    unsigned width, height;
    unsigned interval_ms;
    uint8_t *data;
    size_t size, filled;
    off_t first_frame; /* of a file: where it starts again */
    uint64_t count;
    bool failed;
};

size_t picture_size(unsigned width, unsigned height); /* in octets */
void picture_in_pattern(struct picture_in *p);
void picture_in_pipe(struct picture_in *p, int fd);
CHECKED enum err picture_in_file(struct picture_in *p, int fd);
void picture_in_deinit(struct picture_in *p);
/* False: no new one yet, or no more (`failed`). */
bool picture_in_next(struct picture_in *p, struct picture *out);

/* YUV4MPEG2 W… H… F…:… [C420…]; *out_n: the head's octets. */
CHECKED enum err picture_read_head(struct bytes in, unsigned *out_width, unsigned *out_height,
                                   unsigned *out_interval_ms, size_t *out_n);

#endif
