/* recovery_code.c: see recovery_code.h. A code is 150 bits: 128 random ones and 22 of their BLAKE2b. */
#include "client/recovery_code.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/blake2b.h"

enum { SYMBOLS = 30, BITS = 5, GROUP = 5, CHECK_BITS = SYMBOLS * BITS - 8 * RECOVERY_CODE_OCTETS };

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct symbols {
    uint8_t v[SYMBOLS];
};

static void write_bits(struct symbols *out, size_t at, uint32_t value, size_t n)
{
    for (size_t i = 0; i < n; i++, at++)
        out->v[at / BITS] |= (uint8_t)((value >> (n - 1 - i) & 1) << (BITS - 1 - at % BITS));
}

static uint32_t read_bits(const struct symbols *s, size_t at, size_t n)
{
    uint32_t out = 0;

    for (size_t i = 0; i < n; i++, at++)
        out = out << 1 | (s->v[at / BITS] >> (BITS - 1 - at % BITS) & 1u);
    return out;
}

static uint32_t check_of(const uint8_t code[RECOVERY_CODE_OCTETS])
{
    uint8_t key[32] = "sotto recovery code", hash[16];

    blake2b(bytes_of(key, sizeof key), bytes_of(code, RECOVERY_CODE_OCTETS), hash, sizeof hash);
    return ((uint32_t)hash[0] << 16 | (uint32_t)hash[1] << 8 | hash[2]) >> (24 - CHECK_BITS);
}

struct str recovery_code_text(struct arena *a, const uint8_t code[RECOVERY_CODE_OCTETS])
{
    struct symbols s = { { 0 } };
    char *out = arena_raw(a, SYMBOLS + SYMBOLS / GROUP);
    size_t n = 0;

    for (size_t i = 0; i < RECOVERY_CODE_OCTETS; i++)
        write_bits(&s, 8 * i, code[i], 8);
    write_bits(&s, 8 * RECOVERY_CODE_OCTETS, check_of(code), CHECK_BITS);
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (i > 0 && i % GROUP == 0)
            out[n++] = '-';
        out[n++] = letters[s.v[i]];
    }
    secure_zero(&s, sizeof s);
    return (struct str){ out, n };
}

/* ---- Reading ------------------------------------------------------------------------------------- */

/* -1: a mark between groups; -2: nothing of a code. */
static int symbol_of(char c)
{
    const char *found;

    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    if (c == '-' || c == ' ' || c == '.' || c == '_')
        return -1;
    found = c != '\0' ? strchr(letters, c) : NULL;
    return found != NULL ? (int)(found - letters) : -2;
}

static bool fits(const struct symbols *s, uint8_t out[RECOVERY_CODE_OCTETS])
{
    for (size_t i = 0; i < RECOVERY_CODE_OCTETS; i++)
        out[i] = (uint8_t)read_bits(s, 8 * i, 8);
    return read_bits(s, 8 * RECOVERY_CODE_OCTETS, CHECK_BITS) == check_of(out);
}

static bool mend_one(struct symbols *s, uint8_t out[RECOVERY_CODE_OCTETS])
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        uint8_t was = s->v[i];

        for (size_t v = 0; v < sizeof letters - 1; v++) {
            s->v[i] = (uint8_t)v;
            if (fits(s, out))
                return true;
        }
        s->v[i] = was;
    }
    return false;
}

static void swap(uint8_t pair[2])
{
    uint8_t first = pair[0];

    pair[0] = pair[1];
    pair[1] = first;
}

static bool mend_neighbours(struct symbols *s, uint8_t out[RECOVERY_CODE_OCTETS])
{
    for (size_t i = 0; i + 1 < SYMBOLS; i++) {
        swap(s->v + i);
        if (fits(s, out))
            return true;
        swap(s->v + i);
    }
    return false;
}

enum err recovery_code_read(struct str text, uint8_t out[RECOVERY_CODE_OCTETS])
{
    struct symbols s = { { 0 } };
    size_t n = 0;
    enum err e = ERR_MALFORMED;

    for (size_t i = 0; i < text.n; i++) {
        int v = symbol_of(text.p[i]);

        if (v == -1)
            continue;
        if (n == SYMBOLS)
            goto done;
        /* What no code has is a wrong character like any other. */
        s.v[n++] = v < 0 ? 0 : (uint8_t)v;
    }
    /* Of a thousand codes that are nearly this one, one in four thousand fits by chance. */
    if (n == SYMBOLS && (fits(&s, out) || mend_neighbours(&s, out) || mend_one(&s, out)))
        e = ERR_NONE;
done:
    secure_zero(&s, sizeof s);
    return e;
}
