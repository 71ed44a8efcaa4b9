/* rtcp.c: reports written and read. */
#include "media/rtcp.h"

#include <string.h>

#include "base/reader.h"

enum {
    SR = 200,
    RR = 201,
    SDES = 202,
    BYE = 203,
    RTPFB = 205,
    PSFB = 206,
    NACK = 1,  /* RTPFB */
    PLI = 1,   /* PSFB */
    FIR = 4,   /* PSFB */
    AFB = 15,  /* PSFB: REMB */
    CNAME = 1, /* of SDES */
};
static const char cname[] = "sotto";

/* ---- Counting what comes ---- */

void reception_packet(struct reception *r, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                      uint64_t now_ms)
{
    int64_t transit = (int64_t)(now_ms * r->clock_hz / 1000) - (int64_t)timestamp, moved;
    int16_t step;

    if (!r->started || r->ssrc != ssrc) {
        *r = (struct reception){ .started = true, .ssrc = ssrc, .clock_hz = r->clock_hz };
        r->highest = r->base = sequence;
        r->transit = transit;
    }
    step = (int16_t)(sequence - (uint16_t)r->highest);
    if (step > 0)
        r->highest += (uint32_t)step;
    r->received++;
    moved = transit - r->transit;
    r->transit = transit;
    if (moved < 0)
        moved = -moved;
    if (moved < (int64_t)r->clock_hz) /* a jump of the timestamp is no jitter */
        r->jitter16 += (uint32_t)moved - ((r->jitter16 + 8) >> 4);
}

uint32_t reception_lost(const struct reception *r)
{
    uint32_t expected = r->highest - r->base + 1;

    return r->started && expected > r->received ? expected - r->received : 0;
}

uint32_t reception_jitter_ms(const struct reception *r)
{
    return r->clock_hz > 0 ? (uint32_t)((uint64_t)(r->jitter16 >> 4) * 1000 / r->clock_hz) : 0;
}

static uint8_t fraction_lost(struct reception *r)
{
    uint32_t expected = r->highest - r->base + 1;
    uint32_t of = expected - r->expected_before, came = r->received - r->received_before;

    r->expected_before = expected;
    r->received_before = r->received;
    return (uint8_t)(of == 0 || came >= of ? 0 : (uint64_t)(of - came) * 256 / of);
}

/* ---- Writing ---- */

struct out {
    uint8_t *p;
    size_t n;
};

static void put_u8(struct out *o, unsigned value)
{
    o->p[o->n++] = (uint8_t)value;
}

static void put_u16(struct out *o, unsigned value)
{
    put_u8(o, value >> 8);
    put_u8(o, value & 255);
}

static void put_u32(struct out *o, uint32_t value)
{
    put_u16(o, value >> 16);
    put_u16(o, value & 0xffff);
}

static size_t begin(struct out *o, unsigned count, unsigned type)
{
    size_t at = o->n;

    put_u8(o, 0x80 | count);
    put_u8(o, type);
    put_u16(o, 0); /* end() */
    return at;
}

/* The length counts words after the first. */
static void end(struct out *o, size_t at)
{
    size_t words = (o->n - at) / 4 - 1;

    o->p[at + 2] = (uint8_t)(words >> 8);
    o->p[at + 3] = (uint8_t)words;
}

uint32_t rtcp_middle_time(uint64_t now_ms)
{
    return (uint32_t)((now_ms << 16) / 1000);
}

static void put_report(struct out *o, struct reception *r, uint64_t now_ms)
{
    uint32_t lost = reception_lost(r);

    put_u32(o, r->ssrc);
    put_u8(o, fraction_lost(r));
    put_u8(o, lost >> 16 & 0x7f);
    put_u16(o, lost & 0xffff);
    put_u32(o, r->highest);
    put_u32(o, r->jitter16 >> 4);
    put_u32(o, r->last_sr);
    put_u32(o, r->last_sr == 0 ? 0 : (uint32_t)(((now_ms - r->last_sr_ms) << 16) / 1000));
}

static void put_reports(struct out *o, const struct sending *s, struct reception *r,
                        uint64_t now_ms)
{
    unsigned count = r->started;
    size_t at = begin(o, count, s->packets > 0 ? SR : RR);

    put_u32(o, s->ssrc);
    if (s->packets > 0) {
        put_u32(o, (uint32_t)(now_ms / 1000));
        put_u32(o, (uint32_t)(((now_ms % 1000) << 32) / 1000));
        put_u32(o, s->timestamp);
        put_u32(o, s->packets);
        put_u32(o, s->octets);
    }
    if (count > 0)
        put_report(o, r, now_ms);
    end(o, at);
}

static void put_name(struct out *o, uint32_t ssrc)
{
    size_t at = begin(o, 1, SDES);

    put_u32(o, ssrc);
    put_u8(o, CNAME);
    put_u8(o, sizeof cname - 1);
    memcpy(o->p + o->n, cname, sizeof cname - 1);
    o->n += sizeof cname - 1;
    do
        put_u8(o, 0);
    while (o->n % 4 != 0);
    end(o, at);
}

/* One word names a packet and which of the 16 after it are missing too. */
static void put_nacks(struct out *o, uint32_t own, uint32_t theirs, const struct rtcp_wish *w)
{
    size_t at = begin(o, NACK, RTPFB), i = 0;

    put_u32(o, own);
    put_u32(o, theirs);
    while (i < w->nack_count) {
        uint16_t first = w->nacks[i++];
        unsigned more = 0;

        for (; i < w->nack_count && (uint16_t)(w->nacks[i] - first - 1) < 16; i++)
            more |= 1u << (uint16_t)(w->nacks[i] - first - 1);
        put_u16(o, first);
        put_u16(o, more);
    }
    end(o, at);
}

/* draft-alvestrand-rmcat-remb-03 §2.2 */
static void put_remb(struct out *o, uint32_t own, uint32_t theirs, uint32_t bps)
{
    size_t at = begin(o, AFB, PSFB);
    unsigned exponent = 0;

    for (; bps > 0x3ffff; bps >>= 1)
        exponent++;
    put_u32(o, own);
    put_u32(o, 0);
    memcpy(o->p + o->n, "REMB", 4);
    o->n += 4;
    put_u32(o, 1u << 24 | exponent << 18 | bps);
    put_u32(o, theirs);
    end(o, at);
}

static void put_wish(struct out *o, uint32_t own, uint32_t theirs, const struct rtcp_wish *w)
{
    size_t at;

    if (w->nack_count > 0)
        put_nacks(o, own, theirs, w);
    if (w->whole_picture) {
        at = begin(o, PLI, PSFB);
        put_u32(o, own);
        put_u32(o, theirs);
        end(o, at);
    }
    if (w->whole_picture && w->with_fir) {
        at = begin(o, FIR, PSFB);
        put_u32(o, own);
        put_u32(o, 0);
        put_u32(o, theirs);
        put_u32(o, (uint32_t)w->fir_number << 24);
        end(o, at);
    }
    if (w->remb_bps > 0)
        put_remb(o, own, theirs, w->remb_bps);
}

size_t rtcp_write(uint8_t out[RTCP_PACKET_MAX], const struct sending *s, struct reception *r,
                  const struct rtcp_wish *wish, uint64_t now_ms)
{
    struct out o = { out, 0 };

    put_reports(&o, s, r, now_ms);
    put_name(&o, s->ssrc);
    if (r->started)
        put_wish(&o, s->ssrc, r->ssrc, wish);
    return o.n;
}

size_t rtcp_write_bye(uint8_t out[RTCP_PACKET_MAX], uint32_t ssrc)
{
    struct out o = { out, 0 };
    size_t at = begin(&o, 0, RR);

    put_u32(&o, ssrc);
    end(&o, at);
    put_name(&o, ssrc);
    at = begin(&o, 1, BYE);
    put_u32(&o, ssrc);
    end(&o, at);
    return o.n;
}

/* ---- Reading ---- */

static void read_reports(struct reader *r, unsigned count, uint32_t own, struct rtcp_news *out)
{
    for (unsigned i = 0; i < count && !r->failed; i++) {
        uint32_t about = read_u32(r), loss = read_u32(r);

        read_bytes(r, 8); /* highest sequence, jitter */
        if (about != own) {
            read_bytes(r, 8);
            continue;
        }
        out->has_report = true;
        out->fraction_lost = (uint8_t)(loss >> 24);
        out->last_sr = read_u32(r);
        out->delay_since_sr = read_u32(r);
    }
}

static void read_sr(struct reader *r, unsigned count, uint32_t own, struct rtcp_news *out)
{
    uint64_t time;

    out->has_sr = true;
    out->sr_ssrc = read_u32(r);
    time = read_u64(r);
    out->sr_middle = (uint32_t)(time >> 16);
    read_bytes(r, 12); /* timestamp, packets, octets */
    read_reports(r, count, own, out);
}

static void read_nacks(struct reader *r, uint32_t own, struct rtcp_news *out)
{
    read_u32(r);
    if (read_u32(r) != own)
        return;
    while (r->left.n >= 4) {
        uint16_t first = read_u16(r), more = read_u16(r);

        for (unsigned i = 0; i <= 16 && out->nack_count < RTCP_NACKS; i++)
            if (i == 0 || (more >> (i - 1) & 1) != 0)
                out->nacks[out->nack_count++] = (uint16_t)(first + i);
    }
}

static void read_payload_feedback(struct reader *r, unsigned format, uint32_t own,
                                  struct rtcp_news *out)
{
    uint32_t about, word;

    read_u32(r);
    about = read_u32(r);
    if (format == PLI && about == own)
        out->whole_picture = true;
    while (format == FIR && r->left.n >= 8) {
        if (read_u32(r) == own)
            out->whole_picture = true;
        read_u32(r);
    }
    if (format != AFB || !str_is(str_of_bytes(read_bytes(r, 4)), "REMB"))
        return;
    word = read_u32(r);
    if (!r->failed)
        out->remb_bps = (uint64_t)(word & 0x3ffff)
                        << (word >> 18 & 31); /* 2^49 is enough for anybody */
}

/* Padding is not looked for: it can only be in the last packet, behind what is read. */
static enum err read_one(struct reader *r, uint32_t own, struct rtcp_news *out)
{
    uint8_t first = read_u8(r), type = read_u8(r);
    uint16_t words = read_u16(r);
    struct reader body = reader_of(read_bytes(r, (size_t)words * 4));

    if (r->failed || first >> 6 != 2)
        return ERR_MALFORMED;
    if (type == SR)
        read_sr(&body, first & 31, own, out);
    else if (type == RR) {
        read_u32(&body);
        read_reports(&body, first & 31, own, out);
    } else if (type == BYE)
        out->bye = true;
    else if (type == RTPFB && (first & 31) == NACK)
        read_nacks(&body, own, out);
    else if (type == PSFB)
        read_payload_feedback(&body, first & 31, own, out);
    return body.failed ? ERR_MALFORMED : ERR_NONE;
}

enum err rtcp_read_news(struct bytes packet, uint32_t own_ssrc, struct rtcp_news *out)
{
    struct rtcp_news news = { 0 };
    struct reader r = reader_of(packet);
    enum err e = ERR_NONE;

    while (e == ERR_NONE && r.left.n > 0)
        e = read_one(&r, own_ssrc, &news);
    if (e == ERR_NONE)
        *out = news;
    return e;
}
