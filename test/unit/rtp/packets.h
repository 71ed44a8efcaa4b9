/* packets.h: packets of tests, written as hexadecimal digits. */
#ifndef SOTTO_TEST_UNIT_RTP_PACKETS_H
#define SOTTO_TEST_UNIT_RTP_PACKETS_H

#include "test/unit/check.h"

struct packet {
    uint8_t octets[2048];
    size_t n;
};

static inline unsigned packet_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Spaces are passed over; "*N " repeats the octet before it until there are N of the packet. */
static inline struct packet packet_of(const char *hex)
{
    struct packet p = { .n = 0 };

    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
        } else if (*hex == '*') {
            size_t until = 0;

            for (hex++; *hex >= '0' && *hex <= '9'; hex++)
                until = until * 10 + packet_digit(*hex);
            assert_true(p.n > 0 && until <= sizeof p.octets);
            for (; p.n < until; p.n++)
                p.octets[p.n] = p.octets[p.n - 1];
        } else {
            assert_true(p.n < sizeof p.octets && hex[1] != '\0');
            p.octets[p.n++] = (uint8_t)(packet_digit(hex[0]) << 4 | packet_digit(hex[1]));
            hex += 2;
        }
    }
    return p;
}

static inline struct bytes packet_bytes(const struct packet *p)
{
    return bytes_of(p->octets, p->n);
}

#endif
