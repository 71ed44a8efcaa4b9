/* qr.c: see qr.h. */
#include "io/qr.h"

#include <qrencode.h>
#include <stdio.h>

enum { QUIET = 4, HALF_OCTETS = 3 }; /* ISO/IEC 18004 §5.3.8 */

static bool is_dark(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;

    return inside && (code->data[y * code->width + x] & 1) != 0;
}

static struct str row_of(struct arena *a, const QRcode *code, int quiet, int y)
{
    static const char *const halves[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };
    char *out = arena_raw(a, (size_t)(code->width + 2 * quiet) * HALF_OCTETS);
    size_t n = 0;

    for (int x = -quiet; x < code->width + quiet; x++) {
        struct str half =
            str_from(halves[(is_dark(code, x, y) ? 2 : 0) + (is_dark(code, x, y + 1) ? 1 : 0)]);

        for (size_t i = 0; i < half.n; i++)
            out[n++] = half.p[i];
    }
    return (struct str){ out, n };
}

size_t qr_rows(struct arena *a, struct str text, int quiet, const struct str **out_rows)
{
    const char *copy = arena_printf(a, "%.*s", STR_ARG(text)).p;
    QRcode *code = QRcode_encodeString(copy, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    struct str *rows;
    size_t n = 0;

    if (code == NULL)
        return 0;
    rows = arena_alloc(a, (size_t)(code->width + 2 * quiet) * sizeof *rows);
    for (int y = -quiet; y < code->width + quiet; y += 2)
        rows[n++] = row_of(a, code, quiet, y);
    QRcode_free(code);
    *out_rows = rows;
    return n;
}

bool qr_print(struct arena *a, struct str text)
{
    const struct str *rows;
    size_t n = qr_rows(a, text, QUIET, &rows);

    for (size_t i = 0; i < n; i++)
        printf("\033[30;107m%.*s\033[0m\n", STR_ARG(rows[i]));
    return n > 0;
}
