/* call_describe.c: our description, and what the other side's makes of the call. */
#include <string.h>

#include "media/call.h"

enum { TYPE_OPUS = 111, TYPE_RED = 63, TYPE_VP8 = 96, OUT_MAX = 16 * 1024 };

static uint32_t random_u32(const struct call *c)
{
    uint32_t n;

    random_fill(c->random, &n, sizeof n);
    return n;
}

/* ---- Transports ---- */

/* One for all if they are bundled, else one each; NULL: a section without any. */
static size_t transport_index(const struct call *c, size_t section)
{
    if (c->remote.bundled)
        for (size_t i = 0; i < c->remote.count; i++)
            if (!c->remote.sections[i].refused && !c->local.sections[i].refused)
                return i;
    return section;
}

struct transport *call_transport_of(struct call *c, size_t section)
{
    size_t i = transport_index(c, section);

    if (section >= c->remote.count || c->remote.sections[section].refused
        || c->local.sections[section].refused || !c->transport_used[i])
        return NULL;
    return &c->transports[i];
}

/* All have the same credentials: which of them will be used is not known when the offer goes out. */
static void open_transports(struct call *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        transport_init(&c->transports[i], &c->certificate, c->random, c->offers);
        c->transport_used[i] = true;
        if (i > 0) {
            memcpy(c->transports[i].ice.local_ufrag, c->transports[0].ice.local_ufrag,
                   sizeof c->transports[i].ice.local_ufrag);
            memcpy(c->transports[i].ice.local_pwd, c->transports[0].ice.local_pwd,
                   sizeof c->transports[i].ice.local_pwd);
        }
    }
}

static void close_unused(struct call *c)
{
    for (size_t i = 0; i < SDP_SECTIONS; i++) {
        bool used = false;

        for (size_t s = 0; s < c->remote.count; s++)
            used = used || call_transport_of(c, s) == &c->transports[i];
        if (c->transport_used[i] && !used) {
            transport_deinit(&c->transports[i]);
            c->transport_used[i] = false;
        }
    }
}

static void fill_transport(struct call *c, size_t i, enum sdp_setup setup)
{
    struct sdp_transport *t = &c->local.sections[i].transport;

    memcpy(t->ufrag, c->transports[0].ice.local_ufrag, sizeof t->ufrag);
    memcpy(t->pwd, c->transports[0].ice.local_pwd, sizeof t->pwd);
    memcpy(t->fingerprint, c->certificate.fingerprint, sizeof t->fingerprint);
    t->has_fingerprint = true;
    t->setup = setup;
}

static void name_stream(struct call *c)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[16];

    random_fill(c->random, raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        c->stream_name[2 * i] = digits[raw[i] >> 4];
        c->stream_name[2 * i + 1] = digits[raw[i] & 15];
    }
}

/* ---- An offer ---- */

static void fill_offer(struct call *c, size_t i, enum sdp_kind kind)
{
    c->local.sections[i] = (struct sdp_section){
        .kind = kind,
        .sends = kind == SDP_AUDIO || c->pictures != NULL,
        .receives = true,
        .mux = true,
        .type = kind == SDP_AUDIO ? TYPE_OPUS : TYPE_VP8,
        .red = kind == SDP_AUDIO ? TYPE_RED : SDP_NO_TYPE,
        .nack = true,
        .pli = true,
        .fir = true,
        .remb = true,
        .ssrc = random_u32(c),
    };
    memcpy(c->local.sections[i].mid, kind == SDP_AUDIO ? "audio" : "video", sizeof "audio");
    fill_transport(c, i, SDP_ACTPASS);
}

enum err call_make_local(struct call *c, const char **why)
{
    (void)why;
    c->local.count = c->wants_video ? 2 : 1;
    c->local.bundled = true;
    open_transports(c, c->local.count);
    name_stream(c);
    fill_offer(c, 0, SDP_AUDIO);
    if (c->wants_video)
        fill_offer(c, 1, SDP_VIDEO);
    return ERR_NONE;
}

void call_say_local(struct call *c)
{
    struct buf text;

    buf_init(&text, OUT_MAX);
    description_write(&text, &c->local, c->stream_name);
    channel_say(c->channel,
                json_pack("{ssssso}", "is", "local", "type", c->offers ? "offer" : "answer", "sdp",
                          json_stringn(text.p, text.n)));
    buf_deinit(&text);
}

/* ---- An answer of ours: the offer's types and names, as far as we speak them ---- */

static void fill_answer(struct call *c, size_t i)
{
    const struct sdp_section *theirs = &c->remote.sections[i];
    struct sdp_section *ours = &c->local.sections[i];

    *ours = *theirs;
    ours->ssrc = random_u32(c);
    ours->refused = theirs->refused || (theirs->kind == SDP_VIDEO && !c->wants_video);
    ours->sends = theirs->receives && (theirs->kind == SDP_AUDIO || c->pictures != NULL);
    ours->receives = theirs->sends;
    memset(&ours->transport, 0, sizeof ours->transport);
    fill_transport(c, i, theirs->transport.setup == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE);
}

static void make_answer(struct call *c)
{
    open_transports(c, c->remote.count);
    name_stream(c);
    c->local.count = c->remote.count;
    c->local.bundled = c->remote.bundled;
    for (size_t i = 0; i < c->remote.count; i++)
        fill_answer(c, i);
}

/* ---- What both together mean ---- */

static enum err check_answer(const struct call *c, const char **why)
{
    *why = "answer";
    if (c->remote.count != c->local.count)
        return ERR_MALFORMED;
    for (size_t i = 0; i < c->local.count; i++) {
        const struct sdp_section *ours = &c->local.sections[i], *theirs = &c->remote.sections[i];

        if (theirs->kind != ours->kind)
            return ERR_MALFORMED;
        if (theirs->refused)
            continue;
        if (theirs->type != ours->type || (theirs->red != SDP_NO_TYPE && theirs->red != ours->red)
            || (theirs->transport.setup == SDP_ACTPASS && transport_index(c, i) == i))
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

static void open_stream(struct call *c, struct stream *s, size_t i)
{
    const struct sdp_section *ours = &c->local.sections[i], *theirs = &c->remote.sections[i];

    s->transport = call_transport_of(c, i);
    s->used = s->transport != NULL;
    s->sends = ours->sends && theirs->receives;
    s->receives = ours->receives && theirs->sends;
    s->type = theirs->type;
    s->red = theirs->red;
    s->sending.ssrc = ours->ssrc;
    random_fill(c->random, &s->sequence, sizeof s->sequence);
    s->sequence &=
        0x7fff; /* RFC 3711 §3.3.1: the receiver cannot know of a roll-over before its first packet */
}

static void open_video(struct call *c, size_t i)
{
    const struct sdp_section *theirs = &c->remote.sections[i];

    c->v = mem_alloc(sizeof *c->v);
    c->v->sent = mem_alloc(CALL_SENT * sizeof *c->v->sent);
    c->v->next_to_send = c->video.sequence;
    c->v->nack = theirs->nack;
    c->v->fir = theirs->fir;
    c->v->remb = theirs->remb;
    video_in_init(&c->v->in);
    c->v->in_open = true;
    /* Now, because it asks how many processors there are, which the last step of the sandbox forbids. */
    if (c->pictures != NULL && c->video.sends)
        c->v->encoder_open =
            video_out_init(&c->v->out, c->pictures->width, c->pictures->height) == ERR_NONE;
}

static void open_streams(struct call *c)
{
    for (size_t i = 0; i < c->remote.count; i++)
        open_stream(c, c->remote.sections[i].kind == SDP_AUDIO ? &c->audio : &c->video, i);
    voice_in_init(&c->hear);
    voice_out_init(&c->say, &c->voice, random_u32(c));
    c->voice_open = true;
    for (size_t i = 0; c->video.used && i < c->remote.count; i++)
        if (c->remote.sections[i].kind == SDP_VIDEO)
            open_video(c, i);
}

enum err call_take_remote(struct call *c, struct str sdp, const char **why)
{
    enum err e = description_read(sdp, &c->remote, why);

    if (e != ERR_NONE)
        return e;
    if (!c->offers)
        make_answer(c);
    else if ((e = check_answer(c, why)) != ERR_NONE)
        return e;
    /* A video that is refused leaves one transport, whoever is bundled with whom. */
    close_unused(c);
    open_streams(c);
    return ERR_NONE;
}
