/* fuzz_media_sdp.c: a description that is taken holds all that a call needs, and what is written from it is taken again. */
#include <stdlib.h>
#include <string.h>

#include "media/description.h"

static void check_transport(const struct sdp_transport *t)
{
    if (strlen(t->ufrag) < 4 || strlen(t->pwd) < 22 || !t->has_fingerprint
        || t->setup == SDP_SETUP_NONE || t->candidate_count == 0 || t->candidate_count > ICE_PAIRS)
        abort();
    for (size_t i = 0; i < t->candidate_count; i++)
        if (t->candidates[i].port == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    const struct sdp_section *audio;
    struct buf out;
    struct sdp s;

    if (description_read((struct str){ (const char *)data, size }, &s, &why) != ERR_NONE) {
        if (why == NULL)
            abort();
        return 0;
    }
    audio = description_section(&s, SDP_AUDIO);
    if (audio == NULL || audio->refused || audio->type > 127 || !audio->mux)
        abort();
    for (size_t i = 0; i < s.count; i++)
        if (!s.sections[i].refused && (!s.bundled || i == 0))
            check_transport(&s.sections[i].transport);
    for (size_t i = 0; i < s.count; i++)
        if (s.sections[i].transport.setup == SDP_SETUP_NONE)
            s.sections[i].transport.setup = SDP_ACTIVE;
    buf_init(&out, SDP_MAX);
    description_write(&out, &s, "stream");
    if (out.failed || memmem(out.p, out.n, "\na=candidate", 12) != NULL)
        abort();
    buf_deinit(&out);
    return 0;
}
