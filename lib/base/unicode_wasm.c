/* unicode_wasm.c: Unicode data from the page. The module imports three functions, no tables.
 *
 *   env.unicode_info(code point)          one number: class | direction << 4 | has_compat << 8
 *                                         | old_hangul_jamo << 9 | mark << 10
 *                                         | combining_class << 16
 *   env.unicode_nfc(in, n, out, room)     writes UTF-8 to `out` and returns its length
 *   env.unicode_lower(in, n, out, room)   likewise, mapping each code point by itself
 *
 * Every engine answers them from normalize(), toLowerCase() and Unicode property escapes. A page
 * need not know combining classes other than 9 (virama), nor directions of code points that no
 * identifier may hold.
 */
#include "base/unicode.h"

#include "base/utf8.h"

#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

typedef size_t page_map(const char *in, size_t n, char *out, size_t room);

IMPORT("unicode_info") uint32_t page_info(uint32_t code_point);
IMPORT("unicode_nfc") page_map page_nfc;
IMPORT("unicode_lower") page_map page_lower;

enum { GROWTH_MAX = 3 }; /* of UTF-8 by NFC: UAX #15 §10; lower case grows less */

struct unicode_info unicode_info(uint32_t c)
{
    uint32_t packed = page_info(c);

    return (struct unicode_info){
        .class = (enum unicode_class)(packed & 0xf),
        .direction = (enum unicode_direction)(packed >> 4 & 0xf),
        .has_compat = packed >> 8 & 1,
        .old_hangul_jamo = packed >> 9 & 1,
        .mark = packed >> 10 & 1,
        .combining_class = (uint8_t)(packed >> 16),
    };
}

static enum err map(struct arena *a, page_map *by_page, struct str in, struct str *out)
{
    size_t room = GROWTH_MAX * in.n, n;
    char *text;

    if (!utf8_valid(in))
        return ERR_MALFORMED;
    text = arena_raw(a, room);
    n = by_page(in.p, in.n, text, room);
    if (n > room)
        return ERR_MALFORMED;
    *out = (struct str){ text, n };
    return ERR_NONE;
}

enum err unicode_nfc(struct arena *a, struct str in, struct str *out)
{
    return map(a, page_nfc, in, out);
}

enum err unicode_lower(struct arena *a, struct str in, struct str *out)
{
    return map(a, page_lower, in, out);
}
