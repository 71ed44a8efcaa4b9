/* qr.c: libqrencode's dots, two rows to a line of text. */
#include "ctl/qr.h"

#include <qrencode.h>
#include <stdio.h>

enum { MARGIN = 4, DARK = 1 }; /* a quiet zone of four dots: ISO/IEC 18004 §5.3.8 */

static bool is_light(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return true;
    return (code->data[y * code->width + x] & DARK) == 0;
}

/* White on black whatever the terminal's colours are: many cameras read no inverted code. */
static void print_line(const QRcode *code, int y)
{
    static const char *const halves[2][2] = { { " ", "\u2584" }, { "\u2580", "\u2588" } };

    printf("  \x1b[97;40m");
    for (int x = -MARGIN; x < code->width + MARGIN; x++)
        printf("%s", halves[is_light(code, x, y)][is_light(code, x, y + 1)]);
    printf("\x1b[0m\n");
}

bool qr_print(const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

    if (code == NULL)
        return false;
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2)
        print_line(code, y);
    QRcode_free(code);
    return true;
}
