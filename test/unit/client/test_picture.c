/* test_picture.c: what stays of pictures and what goes, wherever they are cut on their way. */
#include "../check.h"

#include <string.h>

#include "client/picture.h"

enum { ROOM = 4096 };

/* ---- JPEG ------------------------------------------------------------------------------------------ */

#define B(literal) STR(literal)
#define SOI        "\xff\xd8"
#define EOI        "\xff\xd9"
#define JFIF       "\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
#define JFIF_SMALL "\xff\xe0\0\x13JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01rgb"
#define JFXX       "\xff\xe0\0\x0bJFXX\0\x10..."
#define XMP        "\xff\xe1\0\x0fhttp://ns\0<x>"
#define ICC        "\xff\xe2\0\x11ICC_PROFILE\0\x01\x01."
#define MPF        "\xff\xe2\0\x08MPF\0II"
#define IPTC       "\xff\xed\0\x0ePhotoshop..."
#define ADOBE                                                                                      \
    "\xff\xee\0\x0e"                                                                               \
    "Adobe\0d\0\0\0\0\x01"
#define COMMENT                                                                                    \
    "\xff\xfe\0\x09"                                                                               \
    "me@home"
#define DQT "\xff\xdb\0\x04\0\x01"
#define SOF "\xff\xc2\0\x0b\x08\x01\x02\x03\x04\x01\x01\x11\0"
#define SCAN                                                                                       \
    "\xff\xda\0\x08\x01\x01\0\0\x3f\0"                                                             \
    "ab\xff\0c\xff\xd0"                                                                            \
    "d"
#define TIFF_II(value)                                                                             \
    "II\x2a\0\x08\0\0\0"                                                                           \
    "\x02\0"                                                                                       \
    "\x0f\x01\x02\0\x04\0\0\0"                                                                     \
    "acme"                                                                                         \
    "\x12\x01\x03\0\x01\0\0\0" value "\0\0\0"                                                      \
    "\0\0\0\0"
#define EXIF_II(value)                                                                             \
    "\xff\xe1\0\x2e"                                                                               \
    "Exif\0\0" TIFF_II(value)
#define TURNED(value)                                                                              \
    "\xff\xe1\0\x22"                                                                               \
    "Exif\0\0"                                                                                     \
    "MM\0\x2a\0\0\0\x08"                                                                           \
    "\0\x01"                                                                                       \
    "\x01\x12\0\x03\0\0\0\x01\0" value "\0\0"                                                      \
    "\0\0\0\0"

static const struct {
    const char *what;
    struct str in;
    enum err err; /* of picture_end() */
    struct str out;
} jpegs[] = {
    { "least", B(SOI DQT SOF SCAN EOI), ERR_NONE, B(SOI DQT SOF SCAN EOI) },
    { "all that tells something",
      B(SOI JFIF EXIF_II("\x01") XMP MPF IPTC ADOBE ICC COMMENT DQT SOF SCAN EOI), ERR_NONE,
      B(SOI JFIF ADOBE ICC DQT SOF SCAN EOI) },
    { "which side is up stays", B(SOI EXIF_II("\x06") DQT SOF SCAN EOI), ERR_NONE,
      B(SOI TURNED("\x06") DQT SOF SCAN EOI) },
    { "said again by what we wrote", B(SOI TURNED("\x08") SOF SCAN EOI), ERR_NONE,
      B(SOI TURNED("\x08") SOF SCAN EOI) },
    { "no such side", B(SOI EXIF_II("\x09") SOF SCAN EOI), ERR_NONE, B(SOI SOF SCAN EOI) },
    { "two of them", B(SOI EXIF_II("\x06") EXIF_II("\x08") SOF SCAN EOI), ERR_NONE,
      B(SOI TURNED("\x06") SOF SCAN EOI) },
    { "Exif that lies about its length",
      B(SOI "\xff\xe1\0\x10"
            "Exif\0\0II\x2a\0\xff\xff\xff\xff" SOF SCAN EOI),
      ERR_NONE, B(SOI SOF SCAN EOI) },
    { "a small picture in the first part", B(SOI JFIF_SMALL JFXX SOF SCAN EOI), ERR_NONE,
      B(SOI JFIF SOF SCAN EOI) },
    { "several scans", B(SOI SOF SCAN COMMENT DQT SCAN EOI), ERR_NONE,
      B(SOI SOF SCAN DQT SCAN EOI) },
    { "more after the end", B(SOI SOF SCAN EOI SOI EXIF_II("\x01") EOI "film"), ERR_NONE,
      B(SOI SOF SCAN EOI) },
    { "filled markers", B(SOI "\xff\xff" COMMENT SOF SCAN "\xff\xff\xff\xd9"), ERR_NONE,
      B(SOI SOF SCAN EOI) },
    { "cut", B(SOI SOF SCAN), ERR_MALFORMED, { NULL, 0 } },
    { "cut in a segment", B(SOI "\xff\xdb\0\x09."), ERR_MALFORMED, { NULL, 0 } },
    { "no marker where one belongs", B(SOI "x" SOF SCAN EOI), ERR_MALFORMED, { NULL, 0 } },
    { "a length that is none", B(SOI "\xff\xdb\0\x01" SCAN EOI), ERR_MALFORMED, { NULL, 0 } },
    { "a marker that nobody knows",
      B(SOI "\xff\xf0\0\x04.." SCAN EOI),
      ERR_MALFORMED,
      { NULL, 0 } },
    { "nothing", B(""), ERR_MALFORMED, { NULL, 0 } },
};

/* ---- PNG (checksums are not looked at) ------------------------------------------------------------- */

#define SIG  "\x89PNG\r\n\x1a\n"
#define IHDR "\0\0\0\x0dIHDR\0\0\x01\x02\0\0\x03\x04\x08\x02\0\0\0crc."
#define IDAT "\0\0\0\x04IDATdatacrc."
#define IEND "\0\0\0\0IENDcrc."

static const struct {
    const char *what;
    struct str in;
    enum err err;
    struct str out;
} pngs[] = {
    { "least", B(SIG IHDR IDAT IEND), ERR_NONE, B(SIG IHDR IDAT IEND) },
    { "all that tells something",
      B(SIG IHDR "\0\0\0\x02"
                 "eXIf..crc."
                 "\0\0\0\x03tEXta\0bcrc."
                 "\0\0\0\x01sRGB\0crc."
                 "\0\0\0\x02iTXt..crc."
                 "\0\0\0\x02zTXt..crc." IDAT "\0\0\0\x07tIME.......crc." IDAT IEND),
      ERR_NONE, B(SIG IHDR "\0\0\0\x01sRGB\0crc." IDAT IDAT IEND) },
    { "what an application made up",
      B(SIG IHDR "\0\0\0\x04"
                 "caBXdatacrc." IDAT IEND),
      ERR_NONE, B(SIG IHDR IDAT IEND) },
    { "more after the end", B(SIG IHDR IDAT IEND "film" IEND), ERR_NONE, B(SIG IHDR IDAT IEND) },
    { "cut", B(SIG IHDR IDAT), ERR_MALFORMED, { NULL, 0 } },
    { "another first chunk", B(SIG IDAT IEND), ERR_MALFORMED, { NULL, 0 } },
    { "the first chunk again", B(SIG IHDR IHDR IDAT IEND), ERR_MALFORMED, { NULL, 0 } },
    { "a chunk that decodes and nobody knows",
      B(SIG IHDR "\0\0\0\0CgBIcrc." IDAT IEND),
      ERR_MALFORMED,
      { NULL, 0 } },
    { "a chunk too long", B(SIG IHDR "\x80\0\0\0IDAT"), ERR_MALFORMED, { NULL, 0 } },
};

/* ---- Running --------------------------------------------------------------------------------------- */

static enum err clean(enum picture_kind kind, struct str in, size_t piece, struct buf *out,
                      struct picture *p)
{
    enum err e = ERR_NONE;

    picture_init(p, kind);
    for (size_t at = 0; at < in.n && e == ERR_NONE; at += piece)
        e = picture_piece(p, bytes_of_str(str_slice(in, at, piece)), out);
    picture_deinit(p);
    return e == ERR_NONE ? picture_end(p) : e;
}

static void check_picture(const char *what, enum picture_kind kind, struct str in, enum err err,
                          struct str want)
{
    for (size_t piece = 1; piece <= in.n + 1; piece++) {
        struct picture p;
        struct buf out;

        buf_init(&out, ROOM);
        check_err(what, clean(kind, in, piece, &out, &p), err);
        if (err == ERR_NONE && !str_eq(buf_str(&out), want))
            fail_msg("%s: not what should stay (in pieces of %zu)", what, piece);
        if (err == ERR_NONE && (p.width != 0x304 || p.height != 0x102) && kind == PICTURE_JPEG)
            fail_msg("%s: %u x %u", what, (unsigned)p.width, (unsigned)p.height);
        if (err == ERR_NONE && (p.width != 0x102 || p.height != 0x304) && kind == PICTURE_PNG)
            fail_msg("%s: %u x %u", what, (unsigned)p.width, (unsigned)p.height);
        buf_deinit(&out);
    }
}

static void jpeg(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(jpegs); i++)
        check_picture(jpegs[i].what, PICTURE_JPEG, jpegs[i].in, jpegs[i].err, jpegs[i].out);
}

static void png(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pngs); i++)
        check_picture(pngs[i].what, PICTURE_PNG, pngs[i].in, pngs[i].err, pngs[i].out);
}

static void kinds(void **state)
{
    (void)state;
    assert_int_equal(picture_kind_of(bytes_of_str(STR(SOI JFIF))), PICTURE_JPEG);
    assert_int_equal(picture_kind_of(bytes_of_str(STR(SIG))), PICTURE_PNG);
    assert_int_equal(picture_kind_of(bytes_of_str(STR("\x89PNG\r\n"))), PICTURE_NONE);
    assert_int_equal(picture_kind_of(bytes_of_str(STR("GIF89a.."))), PICTURE_NONE);
    assert_int_equal(picture_kind_of(bytes_of_str(STR(""))), PICTURE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg),
        cmocka_unit_test(png),
        cmocka_unit_test(kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
