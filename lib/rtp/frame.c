/* frame.c: two octets of length, and what they promise. */
#include "rtp/frame.h"

#include <assert.h>
#include <string.h>

static size_t length_at(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

/* Up to so many octets of a frame are in the reader, as far as there are. */
static void hold(struct frame_reader *r, struct bytes *in, size_t wanted)
{
    size_t n = wanted > r->held ? wanted - r->held : 0;

    if (n > in->n)
        n = in->n;
    if (n > 0)
        memcpy(r->octets + r->held, in->p, n);
    r->held += n;
    *in = bytes_of(in->p + n, in->n - n);
}

static enum frame_verdict next_held(struct frame_reader *r, struct bytes *in, struct bytes *out)
{
    size_t n;

    hold(r, in, FRAME_HEADER);
    if (r->held < FRAME_HEADER)
        return FRAME_MORE;
    n = length_at(r->octets);
    if (n > RTP_MAX)
        return FRAME_BROKEN;
    hold(r, in, FRAME_HEADER + n);
    if (r->held < FRAME_HEADER + n)
        return FRAME_MORE;
    r->held = 0;
    *out = bytes_of(r->octets + FRAME_HEADER, n);
    return FRAME_PACKET;
}

/* One that came whole is not copied. */
enum frame_verdict frame_next(struct frame_reader *r, struct bytes *in, struct bytes *out_packet)
{
    size_t n;

    if (in->n == 0)
        return FRAME_MORE;
    if (r->held > 0 || in->n < FRAME_HEADER)
        return next_held(r, in, out_packet);
    n = length_at(in->p);
    if (n > RTP_MAX)
        return FRAME_BROKEN;
    if (n > in->n - FRAME_HEADER)
        return next_held(r, in, out_packet);
    *out_packet = bytes_of(in->p + FRAME_HEADER, n);
    *in = bytes_of(in->p + FRAME_HEADER + n, in->n - FRAME_HEADER - n);
    return FRAME_PACKET;
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

void frame_header(uint8_t out[FRAME_HEADER], size_t packet)
{
    assert(packet <= RTP_MAX);
    out[0] = (uint8_t)(packet >> 8);
    out[1] = (uint8_t)packet;
}

void frame_keep(struct frame_writer *w, struct bytes packet, size_t taken)
{
    frame_header(w->octets, packet.n);
    memcpy(w->octets + FRAME_HEADER, packet.p, packet.n);
    w->n = FRAME_HEADER + packet.n;
    w->at = taken < w->n ? taken : w->n;
}

struct bytes frame_rest(const struct frame_writer *w)
{
    return bytes_of(w->octets + w->at, w->n - w->at);
}

void frame_taken(struct frame_writer *w, size_t n)
{
    w->at += n < w->n - w->at ? n : w->n - w->at;
}
