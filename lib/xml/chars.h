/* chars.h: which characters XML allows where (XML 1.0 §2.2-2.4, Namespaces in XML 1.0 §2.2, §4).
 *
 * Long texts are judged eight bytes at a time; a byte is looked at alone only where one is special.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_XML_CHARS_H
#define SOTTO_XML_CHARS_H

#include <string.h>

#include "base/str.h"

enum xml_char_class {
    XML_NAME_START = 1 << 0, /* of names without a colon; ASCII only, see README.md */
    XML_NAME = 1 << 1,
    XML_SPACE = 1 << 2,
    XML_TAG_STOP = 1 << 3,   /* < > and quotes: what matters to find the end of a tag */
    XML_TEXT_STOP = 1 << 4,  /* ends a run that can be taken as it is: in text, */
    XML_VALUE_STOP = 1 << 5, /* in an attribute's value, */
    XML_CDATA_STOP = 1 << 6, /* in a CDATA section */
    XML_URI_STOP = 1 << 7,   /* printable, but not in namespace names: see scope.c */
};

extern const uint8_t xml_char_classes[256];

static inline bool xml_char_is(char c, enum xml_char_class class)
{
    return xml_char_classes[(uint8_t)c] & class;
}

/* What occurs in a text, so that a text without any of it needs no second look. */
enum xml_trait {
    XML_HAS_HIGH = 1 << 0,    /* bytes from 0x80: UTF-8 to be checked */
    XML_HAS_CONTROL = 1 << 1, /* bytes below 0x20: line ends, tabs and the forbidden ones */
    XML_HAS_AMP = 1 << 2,
    XML_HAS_ANGLE = 1 << 3, /* < or > */
};

unsigned xml_traits(struct str text);

/* Every character is one of production [2] Char, in strict UTF-8. */
bool xml_chars_valid(struct str text);
bool xml_char_valid(uint32_t code_point);
/* Length of the character that starts at the multi-byte lead p[0], 0 if it is not allowed. */
size_t xml_char_length(const uint8_t *p, size_t left);

bool xml_is_space(struct str text); /* white space only, or nothing */

/* Eight bytes in a word, the first one lowest. Each test yields a word whose lowest set bit is in the
 * first byte that matches, or 0; its higher bits mean nothing. */
#define XML_EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (uint8_t)(c))

static inline uint64_t xml_load8(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

static inline uint64_t xml_find_below(uint64_t word, uint8_t limit) /* limit <= 0x80 */
{
    return (word - XML_EACH_BYTE(limit)) & ~word & XML_EACH_BYTE(0x80);
}

static inline uint64_t xml_find_equal(uint64_t word, char c)
{
    return xml_find_below(word ^ XML_EACH_BYTE(c), 1);
}

/* c or the character that differs from it in `bit` only, such as '<' and '>'. */
static inline uint64_t xml_find_either(uint64_t word, char c, char bit)
{
    return xml_find_equal(word | XML_EACH_BYTE(bit), (char)(c | bit));
}

static inline size_t xml_first_found(uint64_t found) /* found != 0 */
{
    return (size_t)__builtin_ctzll(found) / 8;
}

#endif
