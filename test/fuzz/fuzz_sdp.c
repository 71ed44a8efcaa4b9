/* fuzz_sdp.c: a description that is read is one that is written: as SDP it is read and written the same, and as Jingle it is in the
 * grammar, with nothing left out. No line of what was read becomes two.
 */
#include <stdlib.h>

#include "jingle/sdp.h"

#define SID "ca3cf894-5325-482f-a412-a6e9f832298d"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static size_t count_lines(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
        must((text.p[i] >= ' ' && text.p[i] <= '~') || text.p[i] == '\r' || text.p[i] == '\n');
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    struct str text = { (const char *)data, n }, once = STR_NONE, twice = STR_NONE;
    enum jingle_action action =
        n > 0 && (data[0] & 1) != 0 ? JINGLE_SESSION_INITIATE : JINGLE_SESSION_ACCEPT;
    struct jingle j, k;
    const char *why;

    if (sdp_read(&a, text, action, STR(SID), &j, &why) == ERR_NONE) {
        must(sdp_write(&a, &j, NULL, &once) == ERR_NONE);
        must(count_lines(once) <= 2 * SDP_LINES_MAX);
        if (sdp_read(&a, once, action, STR(SID), &k, &why) == ERR_NONE) {
            must(k.left_out == 0 && jingle_media_of(&k) == jingle_media_of(&j));
            must(sdp_write(&a, &k, NULL, &twice) == ERR_NONE && str_eq(once, twice));
        } else {
            must(count_lines(once) > SDP_LINES_MAX);
        }
        must(jingle_read(&a, jingle_write(&a, &j), &k, &why) == ERR_NONE && k.left_out == 0);
    } else {
        must(why != NULL);
    }
    arena_deinit(&a);
    return 0;
}
