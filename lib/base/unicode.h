/* unicode.h: the facade over Unicode data. Native builds use utf8proc; wasm builds import three
 * functions from the page (no tables in the module).
 *
 * Mappings cost more than linear time on hostile input, so callers cap it first.
 * Owns: nothing; results go into the arena.  Threads: pure.  Errors: ERR_MALFORMED (not UTF-8).
 */
#ifndef SOTTO_BASE_UNICODE_H
#define SOTTO_BASE_UNICODE_H

#include "base/arena.h"

/* Unicode general categories, folded to what PRECIS (RFC 8264 §9) and safe display ask for. */
enum unicode_class {
    UNICODE_LETTER_DIGIT, /* Ll Lu Lo Nd Lm Mn Mc: RFC 8264 §9.1 */
    UNICODE_OTHER_LETTER, /* Lt Nl No Me: §9.18 */
    UNICODE_SPACE,        /* Zs: §9.14 */
    UNICODE_SYMBOL,       /* Sm Sc Sk So: §9.15 */
    UNICODE_PUNCTUATION,  /* Pc Pd Ps Pe Pi Pf Po: §9.16 */
    UNICODE_CONTROL,      /* Cc: §9.12 */
    UNICODE_IGNORABLE,    /* default ignorable, noncharacters, Cf: §9.13 */
    UNICODE_UNASSIGNED,   /* Cn: §9.10 */
    UNICODE_OTHER,        /* private use, surrogates, line and paragraph separators */
};

enum unicode_direction {
    UNICODE_LEFT,
    UNICODE_RIGHT,
    UNICODE_ARABIC_NUMBER,
    UNICODE_NUMBER,
    UNICODE_NEUTRAL,
    UNICODE_MARK,
};

struct unicode_info {
    enum unicode_class class;
    enum unicode_direction direction; /* for the Bidi Rule, RFC 5893 */
    bool has_compat;                  /* NFKC changes it: RFC 8264 §9.17 */
    bool old_hangul_jamo;             /* §9.9 */
    bool mark;                        /* Mn Mc Me: no label begins with one, RFC 5891 §4.2.3.2 */
    uint8_t combining_class;          /* 9 = virama, for RFC 5892 A.1/A.2 */
};

struct unicode_info unicode_info(uint32_t code_point);
CHECKED enum err unicode_nfc(struct arena *a, struct str in, struct str *out);
/* toLowerCase (RFC 8264 §5.2.3), each code point by itself: a sigma maps alike at the end of a
 * word, so that equal names stay equal whatever follows them. */
CHECKED enum err unicode_lower(struct arena *a, struct str in, struct str *out);
/* Fullwidth and halfwidth forms to ordinary ones (RFC 8264 §5.2.1). */
CHECKED enum err unicode_width_map(struct arena *a, struct str in, struct str *out);

#endif
