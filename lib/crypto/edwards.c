/* edwards.c: public keys between the Edwards form and the Montgomery form (RFC 7748 §4.1):
 * u = (1+y)/(1-y) by libsodium, and y = (u-1)/(u+1) here, since no library offers it.
 *
 * Keys are public: nothing here runs in constant time. A number modulo p = 2^255-19 is eight 32-bit
 * limbs, lowest first, and at most 2^256-1 between operations; field_reduce() makes it unique.
 */
#include <string.h>

#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_sign_ed25519.h>

#include "crypto/curve.h"
#include "crypto/sodium.h"

enum { LIMBS = 8 };

struct field {
    uint32_t limb[LIMBS];
};

static const struct field field_one = { { 1 } };
static const struct field field_p = {
    { 0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
      0x7fffffff },
};

/* *a += more; what leaves at the top comes back at the bottom, since 2^256 = 38. */
static void field_fold(struct field *a, uint64_t more)
{
    while (more > 0) {
        for (int i = 0; i < LIMBS; i++) {
            more += a->limb[i];
            a->limb[i] = (uint32_t)more;
            more >>= 32;
        }
        more *= 38;
    }
}

/* Both are below 2^255, as all are that are added here: no carry is left. */
static void field_add(struct field *out, const struct field *a, const struct field *b)
{
    uint64_t carry = 0;

    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        out->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void field_mul(struct field *out, const struct field *a, const struct field *b)
{
    uint32_t product[2 * LIMBS] = { 0 };
    uint64_t carry;

    for (int i = 0; i < LIMBS; i++) {
        carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + LIMBS] = (uint32_t)carry;
    }
    carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)product[i + LIMBS] * 38 + product[i];
        out->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    field_fold(out, carry * 38);
}

/* a^(p-2) = 1/a, and 0 of 0: bits of p-2 from the top are 1 but for the second and the fourth. */
static void field_invert(struct field *out, const struct field *a)
{
    struct field r = *a;

    for (int bit = 253; bit >= 0; bit--) {
        field_mul(&r, &r, &r);
        if (bit != 2 && bit != 4)
            field_mul(&r, &r, a);
    }
    *out = r;
}

static bool field_below_p(const struct field *a)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != field_p.limb[i])
            return a->limb[i] < field_p.limb[i];
    return false;
}

static void field_sub_p(struct field *a)
{
    int64_t borrow = 0;

    for (int i = 0; i < LIMBS; i++) {
        borrow += (int64_t)a->limb[i] - field_p.limb[i];
        a->limb[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
}

static void field_reduce(struct field *a)
{
    while (!field_below_p(a))
        field_sub_p(a);
}

static struct field field_read(const uint8_t in[CURVE_KEY_SIZE])
{
    struct field a = { { 0 } };

    for (int i = 0; i < CURVE_KEY_SIZE; i++)
        a.limb[i / 4] |= (uint32_t)in[i] << i % 4 * 8;
    return a;
}

static void field_write(const struct field *a, uint8_t out[CURVE_KEY_SIZE])
{
    for (int i = 0; i < CURVE_KEY_SIZE; i++)
        out[i] = (uint8_t)(a->limb[i / 4] >> i % 4 * 8);
}

/* libsodium refuses what is on no point or outside the subgroup. With that, y + p is refused too: the
 * second form exists for y below 19 only, and none of those is a key. */
enum err x25519_of_ed25519(const uint8_t ed[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE])
{
    uint8_t u[CURVE_KEY_SIZE];

    sodium_ready();
    if (crypto_sign_ed25519_pk_to_curve25519(u, ed) != 0)
        return ERR_MALFORMED;
    memcpy(out, u, sizeof u);
    return ERR_NONE;
}

/* u = -1 has no y; (-1+1)^-1 counts as 0, and y = 0 is a point of order 4, which is refused. A y of
 * the twist is on no point; a point outside the subgroup of the base point is nobody's key. */
enum err ed25519_of_x25519(const uint8_t u[CURVE_KEY_SIZE], bool sign, uint8_t out[CURVE_KEY_SIZE])
{
    struct field number = field_read(u), minus_one = field_p, above, below;
    uint8_t ed[CURVE_KEY_SIZE];

    sodium_ready();
    if (!field_below_p(&number))
        return ERR_MALFORMED;
    minus_one.limb[0]--;
    field_add(&above, &number, &minus_one);
    field_add(&below, &number, &field_one);
    field_invert(&below, &below);
    field_mul(&above, &above, &below);
    field_reduce(&above);
    field_write(&above, ed);
    ed[CURVE_KEY_SIZE - 1] |= (uint8_t)(sign << 7);
    if (crypto_core_ed25519_is_valid_point(ed) != 1)
        return ERR_MALFORMED;
    memcpy(out, ed, sizeof ed);
    return ERR_NONE;
}
