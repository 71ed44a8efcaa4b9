/* tar.c: one header block.
 *
 *      0 name 100      100 mode 8      108 uid 8       116 gid 8       124 size 12     136 time 12
 *    148 sum 8         156 type 1      157 link 100    257 "ustar\0" 6 263 "00" 2      265 …
 *
 * Numbers are octal text that ends in NUL or space; with the first bit set, big-endian octets.
 */
#include "ctl/tar.h"

#include <stdio.h>
#include <string.h>

enum {
    AT_MODE = 100,
    AT_UID = 108,
    AT_GID = 116,
    AT_SIZE = 124,
    AT_TIME = 136,
    AT_SUM = 148,
    AT_TYPE = 156,
    AT_LINK = 157,
    AT_MAGIC = 257,
    AT_VERSION = 263,
    AT_PREFIX = 345,
    END_PREFIX = 500,
    SHORT = 8,
    LONG = 12,
    SUM_DIGITS = 6,
};
#define OCTAL_MAX 077777777777ull /* 11 digits */

/* ---- Writing --------------------------------------------------------------------------------- */

/* `digits` of them, then NUL: what follows is still zero. */
static void put_octal(uint8_t *at, size_t digits, uint64_t value)
{
    for (size_t i = digits; i-- > 0; value /= 8)
        at[i] = (uint8_t)('0' + value % 8);
}

static void put_size(uint8_t *at, uint64_t value)
{
    if (value <= OCTAL_MAX) {
        put_octal(at, LONG - 1, value);
        return;
    }
    for (size_t i = LONG; i-- > 1; value /= 256)
        at[i] = (uint8_t)(value % 256);
    at[0] = 0x80;
}

/* Of all octets, those of the sum itself as spaces. */
static uint64_t sum_of(const uint8_t block[TAR_BLOCK])
{
    uint64_t sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= AT_SUM && i < AT_SUM + SHORT ? ' ' : block[i];
    return sum;
}

void tar_write(const struct tar_entry *e, uint8_t out[TAR_BLOCK])
{
    memset(out, 0, TAR_BLOCK);
    memcpy(out, e->name.p, e->name.n);
    put_octal(out + AT_MODE, SHORT - 1, 0600);
    put_octal(out + AT_UID, SHORT - 1, 0);
    put_octal(out + AT_GID, SHORT - 1, 0);
    put_size(out + AT_SIZE, e->size);
    put_size(out + AT_TIME, e->time_s);
    out[AT_TYPE] = '0';
    memcpy(out + AT_MAGIC, "ustar", 6);
    memcpy(out + AT_VERSION, "00", 2);
    put_octal(out + AT_SUM, SUM_DIGITS, sum_of(out));
    out[AT_SUM + SUM_DIGITS + 1] = ' ';
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static enum err read_octal(const uint8_t *p, size_t n, uint64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(p[i] - '0');
    if (i == 0 || i == n || (p[i] != 0 && p[i] != ' '))
        return ERR_MALFORMED;
    *out = value;
    return ERR_NONE;
}

static enum err read_size(const uint8_t *p, uint64_t *out)
{
    uint64_t value = 0;

    if (p[0] != 0x80)
        return read_octal(p, LONG, out);
    if (!is_zero(p + 1, LONG - 1 - sizeof value))
        return ERR_MALFORMED;
    for (size_t i = LONG - sizeof value; i < LONG; i++)
        value = value << 8 | p[i];
    if (value > TAR_SIZE_MAX)
        return ERR_MALFORMED;
    *out = value;
    return ERR_NONE;
}

static enum err read_name(const uint8_t *p, struct str *out)
{
    size_t n = 0;

    while (n < TAR_NAME_MAX && p[n] > ' ' && p[n] < 0x7f)
        n++;
    if (n == 0 || !is_zero(p + n, TAR_NAME_MAX - n))
        return ERR_MALFORMED;
    *out = (struct str){ (const char *)p, n };
    return ERR_NONE;
}

enum err tar_read(const uint8_t block[TAR_BLOCK], struct tar_entry *out)
{
    struct tar_entry e = { 0 };
    uint64_t sum;

    if (is_zero(block, TAR_BLOCK))
        return ERR_MISSING;
    if (read_octal(block + AT_SUM, SHORT, &sum) != ERR_NONE || sum != sum_of(block)
        || memcmp(block + AT_MAGIC, "ustar", 6) != 0 || block[AT_TYPE] != '0'
        || !is_zero(block + AT_LINK, AT_MAGIC - AT_LINK)
        || !is_zero(block + AT_PREFIX, END_PREFIX - AT_PREFIX)
        || read_size(block + AT_SIZE, &e.size) != ERR_NONE || read_name(block, &e.name) != ERR_NONE)
        return ERR_MALFORMED;
    *out = e;
    return ERR_NONE;
}
