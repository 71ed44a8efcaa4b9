/* encode.c: base64, base32, hexadecimal. */
#include "base/encode.h"

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_digits[] = "0123456789abcdef";

/* Groups of `bits` bits, most significant first; the last group is filled with zero bits. */
static struct str radix_text(struct arena *a, struct bytes in, const char *digits, unsigned bits,
                             unsigned pad_to)
{
    size_t n = (in.n * 8 + bits - 1) / bits;
    size_t padded = pad_to ? (n + pad_to - 1) / pad_to * pad_to : n;
    char *out = arena_raw(a, padded);
    uint32_t acc = 0;
    unsigned have = 0;
    size_t at = 0;

    for (size_t i = 0; i < in.n; i++) {
        acc = acc << 8 | in.p[i];
        for (have += 8; have >= bits; have -= bits)
            out[at++] = digits[acc >> (have - bits) & ((1u << bits) - 1)];
    }
    if (have > 0)
        out[at++] = digits[acc << (bits - have) & ((1u << bits) - 1)];
    while (at < padded)
        out[at++] = '=';
    return (struct str){ out, padded };
}

struct str base64_text(struct arena *a, struct bytes in)
{
    return radix_text(a, in, base64_digits, 6, 4);
}

struct str base64url_text(struct arena *a, struct bytes in)
{
    return radix_text(a, in, base64url_digits, 6, 0);
}

struct str base32_text(struct arena *a, struct bytes in)
{
    return radix_text(a, in, base32_digits, 5, 0);
}

struct str hex_text(struct arena *a, struct bytes in)
{
    return radix_text(a, in, hex_digits, 4, 0);
}

static int base64_value(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return -1;
}

static enum err base64_digits_read(struct arena *a, struct str in, bool url, struct bytes *out)
{
    uint8_t *bytes = (uint8_t *)arena_raw(a, in.n / 4 * 3 + 3);
    uint32_t acc = 0;
    unsigned have = 0;
    size_t at = 0;

    if (in.n % 4 == 1)
        return ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++) {
        int value = base64_value(in.p[i], url);

        if (value < 0)
            return ERR_MALFORMED;
        acc = acc << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            bytes[at++] = (uint8_t)(acc >> have);
        }
    }
    if ((acc & ((1u << have) - 1)) != 0)
        return ERR_MALFORMED; /* two texts for the same octets: RFC 4648 §3.5 */
    *out = (struct bytes){ bytes, at };
    return ERR_NONE;
}

static struct str without_padding(struct str in)
{
    if (in.n > 0 && in.p[in.n - 1] == '=')
        in.n -= in.p[in.n - 2] == '=' ? 2 : 1;
    return in;
}

enum err base64_read(struct arena *a, struct str in, struct bytes *out)
{
    if (in.n % 4 != 0)
        return ERR_MALFORMED;
    return base64_digits_read(a, without_padding(in), false, out);
}

/* Without branches per digit, so that it costs next to nothing: every key and payload of every message is looked at.
 * A digit is in one of five ranges; the misses are gathered. */
static bool all_base64_digits(struct str in)
{
    unsigned misses = 0;

    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];

        misses |= !(((unsigned char)(c - 'A') < 26) | ((unsigned char)(c - 'a') < 26)
                    | ((unsigned char)(c - '0') < 10) | (c == '+') | (c == '/'));
    }
    return misses == 0;
}

bool base64_valid(struct str in)
{
    unsigned unused; /* bits of the last digit that stand for nothing */

    if (in.n % 4 != 0)
        return false;
    in = without_padding(in);
    if (!all_base64_digits(in) || in.n % 4 == 1)
        return false;
    unused = in.n % 4 == 2 ? 0xf : in.n % 4 == 3 ? 0x3 : 0;
    return unused == 0 || ((unsigned)base64_value(in.p[in.n - 1], false) & unused) == 0;
}

enum err base64url_read(struct arena *a, struct str in, struct bytes *out)
{
    return base64_digits_read(a, in, true, out);
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err hex_read(struct arena *a, struct str in, struct bytes *out)
{
    uint8_t *bytes = (uint8_t *)arena_raw(a, in.n / 2);

    if (in.n % 2 != 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i += 2) {
        int high = hex_digit(in.p[i]), low = hex_digit(in.p[i + 1]);

        if (high < 0 || low < 0)
            return ERR_MALFORMED;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = (struct bytes){ bytes, in.n / 2 };
    return ERR_NONE;
}

static int base32_value(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

enum err base32_read(struct arena *a, struct str in, struct bytes *out)
{
    uint8_t *bytes = (uint8_t *)arena_raw(a, in.n);
    uint32_t acc = 0;
    unsigned have = 0;
    size_t at = 0;

    for (size_t i = 0; i < in.n; i++) {
        int value = base32_value(in.p[i]);

        if (value < 0)
            return ERR_MALFORMED;
        acc = acc << 5 | (uint32_t)value;
        have += 5;
        if (have >= 8) {
            have -= 8;
            bytes[at++] = (uint8_t)(acc >> have);
        }
    }
    if (have >= 5 || (acc & ((1u << have) - 1)) != 0)
        return ERR_MALFORMED;
    *out = (struct bytes){ bytes, at };
    return ERR_NONE;
}
