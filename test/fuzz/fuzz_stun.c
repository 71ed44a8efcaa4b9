/* fuzz_stun.c: what is read as STUN lies inside its packet, and an answer to it can be read.
 *
 * No mutation finds a right FINGERPRINT, so each input is read a second time with the one that it should have had.
 */
#include <stdlib.h>
#include <string.h>

#include "rtp/stun.h"
#include "rtp/stun_wire.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void inside(struct bytes packet, const void *p, size_t n)
{
    const uint8_t *at = p;

    must(n == 0 || (at >= packet.p && n <= packet.n && at <= packet.p + packet.n - n));
}

static void read_once(struct bytes packet)
{
    struct stun_message m, again;
    uint8_t out[STUN_MAX];
    size_t written;

    if (stun_read(packet, &m) != ERR_NONE)
        return;
    must(packet.n <= STUN_MAX && packet.n % 4 == 0);
    inside(packet, m.transaction.p, m.transaction.n);
    inside(packet, m.username.p, m.username.n);
    must(m.class == STUN_INDICATION || m.integrity_at >= STUN_HEADER);
    must(!stun_is_authentic(&m, STR("not its password")));
    if (m.class != STUN_SUCCESS)
        return;
    written = stun_write_answer(out, m.transaction, &m.mapped, STR("password"));
    must(stun_read(bytes_of(out, written), &again) == ERR_NONE);
    must(again.mapped.port == m.mapped.port && again.mapped.is_v6 == m.mapped.is_v6);
    must(stun_is_authentic(&again, STR("password")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t whole[STUN_MAX];
    uint32_t crc;

    read_once(bytes_of(data, n));
    if (n < STUN_HEADER + 8 || n > sizeof whole)
        return 0;
    memcpy(whole, data, n);
    crc = stun_crc32(bytes_of(whole, n - 8)) ^ STUN_FINGERPRINT_XOR;
    for (int i = 0; i < 4; i++)
        whole[n - 4 + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    read_once(bytes_of(whole, n));
    return 0;
}
