/* safety.c: digits out of keys. */
#include "omemo/safety.h"

#include <string.h>

#include "crypto/hash.h"

enum { HASH = 64, GROUP_OCTETS = 5, GROUPS = SAFETY_DIGITS / 5, GROUP_LIMIT = 100000 };

static const uint8_t version[] = { 0, 1 };

/* Sorted by octets, one after the other. Insertion: there are few. */
static struct bytes sorted_keys(struct arena *a, const struct safety_side *side)
{
    uint8_t *out = (uint8_t *)arena_raw(a, side->count * OMEMO_KEY);

    for (size_t n = 0; n < side->count; n++) {
        size_t at = n;

        for (; at > 0; at--) {
            uint8_t *before = out + (at - 1) * OMEMO_KEY;

            if (memcmp(before, side->keys[n].curve, OMEMO_KEY) <= 0)
                break;
            memcpy(before + OMEMO_KEY, before, OMEMO_KEY);
        }
        memcpy(out + at * OMEMO_KEY, side->keys[n].curve, OMEMO_KEY);
    }
    return bytes_of(out, side->count * OMEMO_KEY);
}

static void hash_of(struct bytes first, struct bytes keys, struct bytes last, uint8_t out[HASH])
{
    struct hash_state s;

    hash_init(&s, HASH_SHA512);
    hash_update(&s, first);
    hash_update(&s, keys);
    hash_update(&s, last);
    hash_final(&s, out);
}

static struct str digits_of(struct arena *a, const struct safety_side *side)
{
    struct bytes keys = sorted_keys(a, side);
    struct str text = STR_NONE;
    uint8_t hash[HASH];

    hash_of(bytes_of(version, sizeof version), keys, bytes_of_str(side->jid), hash);
    for (int i = 1; i < SAFETY_ROUNDS; i++)
        hash_of(bytes_of(hash, HASH), keys, bytes_of(NULL, 0), hash);
    for (int i = 0; i < GROUPS; i++) {
        uint64_t value = 0;

        for (int j = 0; j < GROUP_OCTETS; j++)
            value = value << 8 | hash[i * GROUP_OCTETS + j];
        text = arena_concat(
            a, text, arena_printf(a, "%s%05u", i > 0 ? " " : "", (unsigned)(value % GROUP_LIMIT)));
    }
    return text;
}

enum err safety_number(struct arena *a, const struct safety_side *one,
                       const struct safety_side *other, struct str *out)
{
    struct str x, y;

    if (one->count == 0 || other->count == 0)
        return ERR_MALFORMED;
    if (one->count > SAFETY_KEYS_MAX || other->count > SAFETY_KEYS_MAX)
        return ERR_TOO_BIG;
    x = digits_of(a, one);
    y = digits_of(a, other);
    if (str_cmp(x, y) > 0)
        *out = arena_concat(a, y, arena_concat(a, STR(" "), x));
    else
        *out = arena_concat(a, x, arena_concat(a, STR(" "), y));
    return ERR_NONE;
}
