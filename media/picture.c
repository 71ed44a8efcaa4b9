/* picture.c: patterns, files, pipes. */
#include "media/picture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { HEAD_MAX = 256, FRAME_LINE_MAX = 80, BAR = 80, SQUARE = 96 };

size_t picture_size(unsigned width, unsigned height)
{
    return (size_t)width * height + 2 * ((size_t)(width + 1) / 2 * ((height + 1) / 2));
}

static void begin(struct picture_in *p, enum picture_kind kind, int fd, unsigned width,
                  unsigned height)
{
    *p = (struct picture_in){
        .kind = kind, .fd = fd, .width = width, .height = height, .interval_ms = 1000 / PICTURE_RATE
    };
    p->size = picture_size(width, height);
    p->data = mem_alloc(p->size);
}

void picture_in_pattern(struct picture_in *p)
{
    begin(p, PICTURE_PATTERN, -1, PICTURE_WIDTH, PICTURE_HEIGHT);
}

void picture_in_pipe(struct picture_in *p, int fd)
{
    begin(p, PICTURE_PIPE, fd, PICTURE_WIDTH, PICTURE_HEIGHT);
}

void picture_in_deinit(struct picture_in *p)
{
    mem_free(p->data);
    p->data = NULL;
}

/* ---- Y4M ---- */

static enum err read_rate(struct str value, unsigned *out_interval_ms)
{
    struct str above = str_split(&value, ':');
    uint64_t n, d;

    if (str_to_u64(above, 1000000, &n) != ERR_NONE || str_to_u64(value, 1000000, &d) != ERR_NONE
        || n == 0 || d == 0)
        return ERR_MALFORMED;
    d = d * 1000 / n;
    *out_interval_ms = d < 1000 / PICTURE_RATE ? 1000 / PICTURE_RATE
                       : d > 1000              ? 1000
                                               : (unsigned)d;
    return ERR_NONE;
}

static enum err read_size(struct str value, unsigned max, unsigned *out)
{
    uint64_t n;
    enum err e = str_to_u64(value, max, &n);

    if (e == ERR_NONE && n < 16)
        return ERR_MALFORMED;
    if (e == ERR_NONE)
        *out = (unsigned)n;
    return e;
}

/* 8 bits; where the chroma lies between the luma makes no difference here. */
static bool is_420(struct str name)
{
    return str_is(name, "420") || str_is(name, "420jpeg") || str_is(name, "420mpeg2")
           || str_is(name, "420paldv");
}

enum err picture_read_head(struct bytes in, unsigned *out_width, unsigned *out_height,
                           unsigned *out_interval_ms, size_t *out_n)
{
    struct str line = str_slice(str_of_bytes(in), 0, HEAD_MAX);
    size_t end = str_find(line, '\n');
    unsigned width = 0, height = 0, interval = 1000 / PICTURE_RATE;
    enum err e = ERR_NONE;

    if (end == line.n || !str_starts(line, STR("YUV4MPEG2 ")))
        return ERR_MALFORMED;
    line = str_slice(line, 0, end);
    str_split(&line, ' ');
    while (line.p != NULL && e == ERR_NONE) {
        struct str word = str_split(&line, ' '), value = str_skip(word, 1);

        if (str_starts(word, STR("W")))
            e = read_size(value, PICTURE_WIDTH_MAX, &width);
        else if (str_starts(word, STR("H")))
            e = read_size(value, PICTURE_HEIGHT_MAX, &height);
        else if (str_starts(word, STR("F")))
            e = read_rate(value, &interval);
        else if (str_starts(word, STR("C")) && !is_420(value))
            e = ERR_UNSUPPORTED;
    }
    if (e == ERR_NONE && (width == 0 || height == 0))
        e = ERR_MALFORMED;
    if (e != ERR_NONE)
        return e;
    *out_width = width;
    *out_height = height;
    *out_interval_ms = interval;
    *out_n = end + 1;
    return ERR_NONE;
}

enum err picture_in_file(struct picture_in *p, int fd)
{
    uint8_t head[HEAD_MAX];
    unsigned width, height, interval;
    size_t n;
    ssize_t got = pread(fd, head, sizeof head, 0);
    enum err e;

    if (got < 0)
        return ERR_IO;
    e = picture_read_head(bytes_of(head, (size_t)got), &width, &height, &interval, &n);
    if (e != ERR_NONE)
        return e;
    begin(p, PICTURE_FILE, fd, width, height);
    p->interval_ms = interval;
    p->first_frame = (off_t)n;
    p->filled = 0;
    return ERR_NONE;
}

/* FRAME…\n, then the planes; at the end it begins again. */
static bool read_frame(struct picture_in *p, off_t *at)
{
    char line[FRAME_LINE_MAX];
    ssize_t n = pread(p->fd, line, sizeof line, *at);
    const char *end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;

    if (end == NULL || memcmp(line, "FRAME", 5) != 0)
        return false;
    *at += end + 1 - line;
    if (pread(p->fd, p->data, p->size, *at) != (ssize_t)p->size)
        return false;
    *at += (off_t)p->size;
    return true;
}

static bool next_of_file(struct picture_in *p)
{
    off_t at = p->first_frame + (off_t)p->filled;

    if (!read_frame(p, &at)) {
        at = p->first_frame;
        p->failed = !read_frame(p, &at);
    }
    p->filled = (size_t)(at - p->first_frame);
    return !p->failed;
}

/* ---- The others ---- */

/* Bars that wander, and a square that crosses them. */
static void draw(struct picture_in *p)
{
    unsigned moved = (unsigned)p->count * 3, left = moved * 2 % (p->width - SQUARE);
    unsigned top = moved % (p->height - SQUARE);
    uint8_t *chroma = p->data + (size_t)p->width * p->height;

    for (unsigned y = 0; y < p->height; y++)
        for (unsigned x = 0; x < p->width; x++)
            p->data[(size_t)y * p->width + x] = x - left < SQUARE && y - top < SQUARE
                                                    ? 235
                                                    : (uint8_t)(40 + (x + moved) / BAR % 8 * 22);
    memset(chroma, 128 + (int)(p->count / 8 % 64), p->size - (size_t)p->width * p->height);
}

/* Only the newest of what a camera has written counts; half a picture waits for the rest. */
static bool next_of_pipe(struct picture_in *p)
{
    while (p->filled < p->size) {
        ssize_t n = read(p->fd, p->data + p->filled, p->size - p->filled);

        if (n <= 0) {
            p->failed = n == 0 || (errno != EAGAIN && errno != EINTR);
            return false;
        }
        p->filled += (size_t)n;
    }
    p->filled = 0;
    return true;
}

bool picture_in_next(struct picture_in *p, struct picture *out)
{
    bool have =
        p->kind == PICTURE_FILE ? next_of_file(p) : p->kind != PICTURE_PIPE || next_of_pipe(p);

    if (!have)
        return false;
    if (p->kind == PICTURE_PATTERN)
        draw(p);
    p->count++;
    *out = (struct picture){ p->width, p->height, p->data };
    return true;
}
