/* fuzz_event_line.c: any line of an event file: what is one is written again so that it reads as the same, and fits. */
#include <stdlib.h>
#include <string.h>

#include "server/event_line.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct str written(struct arena *a, const struct event_line *l)
{
    struct buf out;
    struct str text;

    buf_init(&out, EVENT_LINE_MAX);
    event_line_write(l, &out);
    must(!out.failed);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    struct event_line l, again;
    struct str text;

    if (event_line_read(&a, (struct str){ (const char *)data, n }, &l) == ERR_NONE) {
        must(l.n > 0 && l.reason < EVENT_REASONS);
        text = written(&a, &l);
        must(memchr(text.p, '@', text.n) == NULL && memchr(text.p, '\n', text.n) == NULL);
        must(event_line_read(&a, text, &again) == ERR_NONE);
        must(str_eq(written(&a, &again), text));
    }
    arena_deinit(&a);
    return 0;
}
