/* description_write.c: our own description. It has no address, and no name that outlives the call. */
#include "media/description.h"

static void put(struct buf *b, const char *text)
{
    buf_add(b, str_from(text));
}

static void put_line(struct buf *b, const char *name, const char *value)
{
    put(b, name);
    put(b, value);
    put(b, "\r\n");
}

static void put_typed(struct buf *b, const char *name, unsigned type, const char *value)
{
    put(b, name);
    buf_add_u64(b, type);
    put_line(b, " ", value);
}

static void put_transport(struct buf *b, const struct sdp_transport *t)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char *const setups[] = {
        [SDP_ACTPASS] = "actpass", [SDP_ACTIVE] = "active", [SDP_PASSIVE] = "passive"
    };

    put_line(b, "a=ice-ufrag:", t->ufrag);
    put_line(b, "a=ice-pwd:", t->pwd);
    put(b, "a=fingerprint:sha-256 ");
    for (size_t i = 0; i < SDP_FINGERPRINT; i++) {
        if (i > 0)
            buf_add_char(b, ':');
        buf_add_char(b, digits[t->fingerprint[i] >> 4]);
        buf_add_char(b, digits[t->fingerprint[i] & 15]);
    }
    put(b, "\r\n");
    put_line(b, "a=setup:", setups[t->setup]);
}

static void put_audio(struct buf *b, const struct sdp_section *s)
{
    put_typed(b, "a=rtpmap:", s->type, "opus/48000/2");
    put_typed(b, "a=fmtp:", s->type, "minptime=10;useinbandfec=1;cbr=1");
    if (s->red != SDP_NO_TYPE) {
        put_typed(b, "a=rtpmap:", s->red, "red/48000/2");
        put(b, "a=fmtp:");
        buf_add_u64(b, s->red);
        buf_add_char(b, ' ');
        buf_add_u64(b, s->type);
        buf_add_char(b, '/');
        buf_add_u64(b, s->type);
        put(b, "\r\n");
    }
    put(b, "a=maxptime:120\r\n");
}

static void put_video(struct buf *b, const struct sdp_section *s)
{
    put_typed(b, "a=rtpmap:", s->type, "VP8/90000");
    if (s->nack)
        put_typed(b, "a=rtcp-fb:", s->type, "nack");
    if (s->pli)
        put_typed(b, "a=rtcp-fb:", s->type, "nack pli");
    if (s->fir)
        put_typed(b, "a=rtcp-fb:", s->type, "ccm fir");
    if (s->remb)
        put_typed(b, "a=rtcp-fb:", s->type, "goog-remb");
}

static void put_source(struct buf *b, const struct sdp_section *s, const char *stream)
{
    put(b, "a=ssrc:");
    buf_add_u64(b, s->ssrc);
    put(b, " cname:sotto\r\na=ssrc:");
    buf_add_u64(b, s->ssrc);
    put(b, " msid:");
    put(b, stream);
    put_line(b, " ", s->kind == SDP_AUDIO ? "audio" : "video");
}

static void put_media(struct buf *b, const struct sdp_section *s)
{
    put(b, s->kind == SDP_AUDIO ? "m=audio " : "m=video ");
    put(b, s->refused ? "0" : "9");
    put(b, " UDP/TLS/RTP/SAVPF ");
    /* RED first: whoever speaks it is asked to send with copies. */
    if (!s->refused && s->red != SDP_NO_TYPE) {
        buf_add_u64(b, s->red);
        buf_add_char(b, ' ');
    }
    buf_add_u64(b, s->type == SDP_NO_TYPE ? 0 : s->type);
    put(b, "\r\nc=IN IP4 0.0.0.0\r\n");
}

static void put_section(struct buf *b, const struct sdp_section *s, const char *stream)
{
    put_media(b, s);
    if (s->mid[0] != '\0')
        put_line(b, "a=mid:", s->mid);
    if (s->refused) {
        put(b, "a=inactive\r\n");
        return;
    }
    put(b, "a=rtcp:9 IN IP4 0.0.0.0\r\n");
    put_transport(b, &s->transport);
    put_line(b, "a=",
             s->sends && s->receives ? "sendrecv"
             : s->sends              ? "sendonly"
             : s->receives           ? "recvonly"
                                     : "inactive");
    put(b, "a=rtcp-mux\r\n");
    if (s->kind == SDP_AUDIO)
        put_audio(b, s);
    else
        put_video(b, s);
    put_source(b, s, stream);
}

void description_write(struct buf *out, const struct sdp *local, const char *stream)
{
    put(out, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
    if (local->bundled) {
        put(out, "a=group:BUNDLE");
        for (size_t i = 0; i < local->count; i++)
            if (!local->sections[i].refused && local->sections[i].mid[0] != '\0') {
                buf_add_char(out, ' ');
                put(out, local->sections[i].mid);
            }
        put(out, "\r\n");
    }
    put(out, "a=msid-semantic: WMS *\r\n");
    for (size_t i = 0; i < local->count; i++)
        put_section(out, &local->sections[i], stream);
}
