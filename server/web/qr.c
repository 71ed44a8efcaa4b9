/* qr.c: libqrencode's dots as one path. */
#include "server/web/qr.h"

#include <qrencode.h>

#include "base/buf.h"

enum {
    MARGIN = 4,
    DARK = 1,
    SVG_MAX = 1024 * 1024
}; /* a quiet zone of four dots: ISO/IEC 18004 §5.3.8 */

static void draw(struct buf *out, struct arena *a, const QRcode *code)
{
    int side = code->width + 2 * MARGIN;

    buf_add(out, arena_printf(
                     a,
                     "<svg class=\"qr\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"QR code\">"
                     "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"",
                     side, side, side, side));
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (code->data[y * code->width + x] & DARK)
                buf_add(out, arena_printf(a, "M%d %dh1v1h-1z", x + MARGIN, y + MARGIN));
    buf_add(out, STR("\"/></svg>\n"));
}

struct str qr_svg(struct arena *a, struct str text)
{
    QRcode *code = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    struct str svg = STR("");
    struct buf out;

    if (code == NULL)
        return svg;
    buf_init(&out, SVG_MAX);
    draw(&out, a, code);
    svg = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    QRcode_free(code);
    return svg;
}
