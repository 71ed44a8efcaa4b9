/* ip_public.c: which addresses are hosts of the public internet, each one: by the registries of special-purpose addresses
 * (RFC 6890 and what IANA has entered since) and of multicast.
 *
 * For IPv6 the list says what is allowed, 2000::/3, and what of it is not: all of the rest is reserved, local, or wraps an
 * IPv4 address that must not come in by another door (::ffff:0:0/96, 64:ff9b::/96).
 */
#include <string.h>

#include "base/ip.h"
#include "base/mem.h"

struct block {
    uint8_t prefix[6];
    unsigned bits;
};

static const struct block special4[] = {
    { { 0 }, 8 },             /* this network */
    { { 10 }, 8 },            /* private */
    { { 100, 64 }, 10 },      /* shared with a carrier's customers (RFC 6598) */
    { { 127 }, 8 },           /* loopback */
    { { 169, 254 }, 16 },     /* link-local; where clouds keep their secrets */
    { { 172, 16 }, 12 },      /* private */
    { { 192, 0, 0 }, 24 },    /* protocol assignments */
    { { 192, 0, 2 }, 24 },    /* documentation */
    { { 192, 31, 196 }, 24 }, /* AS112 */
    { { 192, 52, 193 }, 24 }, /* AMT */
    { { 192, 88, 99 }, 24 },  /* relays of 6to4 */
    { { 192, 168 }, 16 },     /* private */
    { { 192, 175, 48 }, 24 }, /* AS112 */
    { { 198, 18 }, 15 },      /* benchmarks */
    { { 198, 51, 100 }, 24 }, /* documentation */
    { { 203, 0, 113 }, 24 },  /* documentation */
    { { 224 }, 4 },           /* multicast */
    { { 240 }, 4 },           /* reserved; broadcast */
};

static const struct block global6 = { { 0x20 }, 3 };
static const struct block special6[] = {
    { { 0x20, 0x01, 0x00, 0x00 }, 23 }, /* protocol assignments: Teredo, ORCHID, benchmarks */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x20, 0x02 }, 16 },             /* 6to4: an IPv4 address inside */
    { { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 }, 48 }, /* AS112 */
    { { 0x3f, 0xff, 0x00 }, 20 },                   /* documentation (RFC 9637) */
};

static bool holds(const struct block *b, const uint8_t *ip)
{
    size_t whole = b->bits / 8;
    unsigned rest = b->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return memcmp(b->prefix, ip, whole) == 0
           && (rest == 0 || ((b->prefix[whole] ^ ip[whole]) & mask) == 0);
}

static bool any_holds(const struct block *list, size_t n, const uint8_t *ip)
{
    for (size_t i = 0; i < n; i++)
        if (holds(&list[i], ip))
            return true;
    return false;
}

bool ip4_is_public(const uint8_t ip[4])
{
    return !any_holds(special4, COUNT_OF(special4), ip);
}

bool ip6_is_public(const uint8_t ip[16])
{
    return holds(&global6, ip) && !any_holds(special6, COUNT_OF(special6), ip);
}
