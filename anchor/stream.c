/* stream.c: what the calls know of connections: whether one may stay, and what ends with it. */
#include "anchor/core_inside.h"

void stream_know(struct core *c, struct leg *leg, unsigned path)
{
    uint32_t number = leg->paths[path].stream;

    if (number != 0)
        c->streams[number % CORE_STREAMS] =
            (struct known_stream){ number, (uint32_t)(leg - c->legs), (uint8_t)path };
}

static struct path *path_of(const struct core *c, uint32_t stream)
{
    const struct known_stream *k = &c->streams[stream % CORE_STREAMS];
    struct path *p = k->number == stream ? &c->legs[k->leg].paths[k->path] : NULL;

    return p != NULL && p->used && p->stream == stream ? p : NULL;
}

enum core_stream core_stream_known(const struct core *c, uint32_t stream)
{
    const struct path *p = path_of(c, stream);

    return p == NULL ? STREAM_STRANGE : p->confirmed ? STREAM_CONFIRMED : STREAM_AUTHENTIC;
}

void core_stream_gone(struct core *c, uint32_t stream)
{
    struct known_stream *k = &c->streams[stream % CORE_STREAMS];

    if (path_of(c, stream) != NULL)
        path_forget(c, &c->legs[k->leg], k->path);
    if (k->number == stream)
        *k = (struct known_stream){ 0 };
}

void core_stream_count(struct core *c, size_t count)
{
    c->totals[ANCHOR_TOTAL_STREAMS] = count;
}

void core_stream_full(struct core *c)
{
    c->totals[ANCHOR_TOTAL_FULL]++;
}
