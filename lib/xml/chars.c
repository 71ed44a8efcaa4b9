/* chars.c: character classes, and the bulk checks over text. */
#include "xml/chars.h"

enum { LETTER = XML_NAME_START | XML_NAME };

const uint8_t xml_char_classes[256] = {
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
    ['_'] = LETTER,
    ['0' ... '9'] = XML_NAME,
    ['-'] = XML_NAME,
    ['.'] = XML_NAME,
    [' '] = XML_SPACE,
    ['\t'] = XML_SPACE | XML_VALUE_STOP,
    ['\n'] = XML_SPACE | XML_VALUE_STOP,
    ['\r'] = XML_SPACE | XML_VALUE_STOP | XML_TEXT_STOP | XML_CDATA_STOP,
    ['<'] = XML_TAG_STOP | XML_TEXT_STOP | XML_VALUE_STOP | XML_URI_STOP,
    ['>'] = XML_TAG_STOP | XML_TEXT_STOP | XML_URI_STOP, /* in text, for "]]>" */
    ['"'] = XML_TAG_STOP | XML_URI_STOP,
    ['\''] = XML_TAG_STOP,
    ['&'] = XML_TEXT_STOP | XML_VALUE_STOP | XML_URI_STOP,
    [']'] = XML_CDATA_STOP,
    ['\\'] = XML_URI_STOP,
    ['^'] = XML_URI_STOP,
    ['`'] = XML_URI_STOP,
    ['{' ... '}'] = XML_URI_STOP,
};

/* Sixteen bytes at a time. Compilers have this for every machine; comparisons yield all ones or zero. */
typedef uint8_t lanes __attribute__((vector_size(16)));

/* '<' and '>' differ in one bit, so that one test finds both. */
enum { ANGLE_BIT = '<' ^ '>' };

struct seen {
    lanes high, control, amp, angle;
};

static inline void look(struct seen *seen, const char *p)
{
    lanes bytes;

    memcpy(&bytes, p, sizeof bytes);
    seen->high |= bytes;
    seen->control |= (lanes)(bytes < 0x20);
    seen->amp |= (lanes)(bytes == '&');
    seen->angle |= (lanes)((bytes | ANGLE_BIT) == ('<' | ANGLE_BIT));
}

static inline bool any(lanes bytes, uint8_t bits)
{
    uint64_t halves[2];

    memcpy(halves, &bytes, sizeof halves);
    return ((halves[0] | halves[1]) & XML_EACH_BYTE(bits)) != 0;
}

/* Fewer bytes than lanes: the rest is filled up with what has no trait. */
static inline void look_at_few(struct seen *seen, struct str text)
{
    char few[sizeof(lanes)];

    memset(few, ' ', sizeof few);
    for (size_t i = 0; i < text.n; i++)
        few[i] = text.p[i];
    look(seen, few);
}

unsigned xml_traits(struct str text)
{
    struct seen seen = { 0 };
    size_t i = 0;

    if (text.n < sizeof(lanes)) {
        look_at_few(&seen, text);
    } else {
        for (; text.n - i >= sizeof(lanes); i += sizeof(lanes))
            look(&seen, text.p + i);
        look(&seen, text.p + text.n - sizeof(lanes)); /* may overlap what was seen */
    }
    return (any(seen.high, 0x80) ? XML_HAS_HIGH : 0u)
           | (any(seen.control, 0xff) ? XML_HAS_CONTROL : 0u)
           | (any(seen.amp, 0xff) ? XML_HAS_AMP : 0u)
           | (any(seen.angle, 0xff) ? XML_HAS_ANGLE : 0u);
}

static bool follows(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t xml_char_length(const uint8_t *p, size_t left)
{
    if (p[0] < 0xe0)
        return p[0] >= 0xc2 && left >= 2 && follows(p[1]) ? 2 : 0;
    if (p[0] < 0xf0) {
        if (left < 3 || !follows(p[1]) || !follows(p[2]))
            return 0;
        if (p[0] == 0xe0 && p[1] < 0xa0) /* overlong */
            return 0;
        if (p[0] == 0xed && p[1] > 0x9f) /* surrogates */
            return 0;
        return p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe ? 0 : 3; /* U+FFFE, U+FFFF */
    }
    if (left < 4 || !follows(p[1]) || !follows(p[2]) || !follows(p[3]))
        return 0;
    if (p[0] == 0xf0 && p[1] < 0x90)
        return 0;
    return p[0] > 0xf4 || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

static const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 8) {
        uint64_t word = xml_load8((const char *)p);

        if ((word & XML_EACH_BYTE(0x80)) != 0 || xml_find_below(word, 0x20) != 0)
            break;
        p += 8;
    }
    return p;
}

bool xml_chars_valid(struct str text)
{
    const uint8_t *p = (const uint8_t *)text.p, *end = p + text.n;

    while (p < end) {
        if (*p >= 0x80) {
            size_t n = xml_char_length(p, (size_t)(end - p));

            if (n == 0)
                return false;
            p += n;
        } else if (*p >= 0x20 || xml_char_is((char)*p, XML_SPACE)) {
            p = skip_plain(p + 1, end);
        } else {
            return false;
        }
    }
    return true;
}

bool xml_char_valid(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c < 0xd800 || (c > 0xdfff && c < 0xfffe) || (c > 0xffff && c <= 0x10ffff);
}

bool xml_is_space(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!xml_char_is(text.p[i], XML_SPACE))
            return false;
    return true;
}
