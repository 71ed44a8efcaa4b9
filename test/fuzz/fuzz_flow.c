/* fuzz_flow.c: packets of a call, cut out of the input behind two octets of length and one of time: what is judged keeps the
 * bounds of its flow, and the same packets are judged the same.
 */
#include <stdlib.h>
#include <string.h>

#include "rtp/flow.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct flow judge_all(struct bytes in, unsigned counts[FLOW_VERDICTS])
{
    struct flow_config config = { .video = true };
    struct flow f;
    uint64_t now_ms = 1000;

    flow_allow(&config, 111);
    flow_allow(&config, 96);
    flow_init(&f, &config, now_ms);
    while (in.n >= 3) {
        size_t n = ((size_t)in.p[0] << 8 | in.p[1]) & 0x7ff;
        enum flow_verdict v;

        now_ms += in.p[2];
        in = bytes_of(in.p + 3, in.n - 3);
        n = n > in.n ? in.n : n;
        v = flow_judge(&f, bytes_of(in.p, n), now_ms);
        must(v < FLOW_VERDICTS && flow_verdict_text(v) != NULL);
        must(v != FLOW_PASS || n <= RTP_MAX);
        counts[v]++;
        if (f.secured)
            flow_peer_secured(&f, now_ms);
        in = bytes_of(in.p + n, in.n - n);
    }
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    unsigned once[FLOW_VERDICTS] = { 0 }, twice[FLOW_VERDICTS] = { 0 };
    struct flow f = judge_all(bytes_of(data, n), once), g = judge_all(bytes_of(data, n), twice);

    must(memcmp(once, twice, sizeof once) == 0 && f.octets.level == g.octets.level);
    return 0;
}
