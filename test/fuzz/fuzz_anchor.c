/* fuzz_anchor.c: datagrams from anywhere into a call, cut out of the input behind an octet of source, two of length and one of
 * time; some are made authentic first. Whatever comes, nothing of it goes where it did not come from by right: to a source that
 * never answered a check go only checks and answers of ours, and to the other side goes only what was sent to us.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor/core.h"
#include "base/mem.h"

enum { SOURCES = 4, CALL = 1 };

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint32_t *x = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((*x = *x * 1664525 + 1013904223) >> 24);
}

static const struct str ufrags[2] = { STR_INIT("callerLegUfrag01"), STR_INIT("calleeLegUfrag02") };
static const struct str pwds[2] = { STR_INIT("callerLegPassword0000001"),
                                    STR_INIT("calleeLegPassword0000002") };
static const struct str names[2] = { STR_INIT("callerLegUfrag01:cccc"),
                                     STR_INIT("calleeLegUfrag02:dddd") };

static void tell(struct core *c, bool open)
{
    struct anchor_order o = { .kind = ANCHOR_CALL, .call = CALL };

    core_order(c, &o, 0);
    for (int i = 0; i < 2; i++) {
        o.side = (enum anchor_side)i;
        o.kind = ANCHOR_LEG;
        o.ufrag = ufrags[i];
        o.pwd = pwds[i];
        core_order(c, &o, 0);
        o.kind = ANCHOR_CLIENT;
        o.ufrag = i == 0 ? STR("cccc") : STR("dddd");
        o.pwd = STR("aPasswordOfAClient0001");
        memset(o.flow.payload_types, 0xff, sizeof o.flow.payload_types);
        core_order(c, &o, 0);
    }
    o.kind = ANCHOR_GATE;
    o.open = open;
    core_order(c, &o, 0);
}

/* Source 0 is the caller and answers all; the others answer nothing. */
static void take_sends(struct core *c, struct bytes given, bool open, uint64_t now_ms)
{
    uint8_t answers[CORE_SENDS_MAX][STUN_MAX];
    size_t count, sizes[CORE_SENDS_MAX] = { 0 };
    const struct core_send *sends = core_sends(c, &count);
    struct route first = { .peer = { .ip = { 1 }, .port = 1 } };

    must(open || count == 0);
    for (size_t i = 0; i < count; i++) {
        struct stun_message m;
        bool ours = stun_read(sends[i].packet, &m) == ERR_NONE;

        must(sends[i].packet.n > 0 && sends[i].packet.n <= RTP_MAX);
        must(ours || sends[i].to.peer.port == 1);
        must(!sends[i].forwarded || sends[i].packet.p == given.p);
        if (ours && m.class == STUN_REQUEST && sends[i].to.peer.port == 1)
            sizes[i] = stun_write_answer(answers[i], m.transaction, &first.peer,
                                         STR("aPasswordOfAClient0001"));
    }
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] > 0)
            core_packet(c, &first, bytes_of(answers[i], sizes[i]), now_ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint32_t seed = 1;
    struct core_config config = { 2, 4, { fill, &seed } };
    struct core *c = core_new(&config);
    bool open = n > 0 && (data[0] & 1) != 0;
    uint64_t now_ms = 0;

    tell(c, open);
    for (struct bytes in = { data, n }; in.n >= 4;) {
        struct route from = { .peer = { .ip = { 1 }, .port = (uint16_t)(1 + in.p[0] % SOURCES) } };
        size_t size = ((size_t)in.p[1] << 8 | in.p[2]) & 0x3ff;
        uint8_t room[STUN_MAX];
        struct bytes packet;

        now_ms += in.p[3] * 8u;
        packet = bytes_of(in.p + 4, size > in.n - 4 ? in.n - 4 : size);
        if ((in.p[0] & 128) != 0) { /* an authentic check */
            struct stun_check check = { .priority = 1,
                                        .username = names[in.p[0] >> 6 & 1],
                                        .role = in.p[0] & 32 ? STUN_CONTROLLING : STUN_CONTROLLED,
                                        .use_candidate = (in.p[0] & 16) != 0 };

            memcpy(check.transaction, packet.p, packet.n < 12 ? packet.n : 12);
            packet = bytes_of(room, stun_write_check(room, &check, pwds[in.p[0] >> 6 & 1]));
        }
        in = bytes_of(in.p + 4 + (size > in.n - 4 ? in.n - 4 : size),
                      in.n - 4 - (size > in.n - 4 ? in.n - 4 : size));
        core_packet(c, &from, packet, now_ms);
        take_sends(c, packet, open, now_ms);
        while (core_tick(c, now_ms))
            take_sends(c, packet, open, now_ms);
        take_sends(c, packet, open, now_ms);
    }
    core_free(c);
    return 0;
}
