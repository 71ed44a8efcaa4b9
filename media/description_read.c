/* description_read.c: the other side's description. */
#include <string.h>

#include "base/encode.h"
#include "base/ip.h"
#include "media/description.h"

enum {
    TYPES = 128,
    TYPE_MAX = 127,
    UFRAG_MIN = 4, /* RFC 8839 §5.4 */
    PWD_MIN = 22,
    TEXT_MAX = 1000, /* of one line */
};

/* What one section says about its payload types, until it is known which of them we use. */
struct types {
    bool listed[TYPES], is_opus[TYPES], is_vp8[TYPES], is_red[TYPES];
    uint8_t order[TYPES]; /* as the peer prefers them */
    size_t count;
    uint8_t red_of[TYPES]; /* fmtp of RED: what is in it; SDP_NO_TYPE: not said */
    bool nack[TYPES + 1], pli[TYPES + 1], fir[TYPES + 1], remb[TYPES + 1]; /* the last: of all */
};

struct reading {
    struct sdp *out;
    struct sdp_section *section;  /* NULL: before the first */
    struct sdp_transport session; /* what was said for all of them */
    struct types types;
    struct str group;    /* the names after BUNDLE */
    unsigned candidates; /* lines of them so far */
    const char *why;
};

static enum err refuse(struct reading *r, const char *why)
{
    r->why = why;
    return ERR_MALFORMED;
}

static bool read_number(struct str s, uint64_t max, uint64_t *out)
{
    return str_to_u64(s, max, out) == ERR_NONE;
}

/* ---- Transport ---- */

static bool is_ice_text(struct str s, size_t min)
{
    if (s.n < min || s.n > ICE_TEXT_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+'
              || c == '/'))
            return false;
    }
    return true;
}

static enum err read_ice_text(struct reading *r, struct str value, size_t min,
                              char out[ICE_TEXT_MAX + 1])
{
    if (out[0] != '\0' || !is_ice_text(value, min))
        return refuse(r, "credentials");
    memcpy(out, value.p, value.n);
    out[value.n] = '\0';
    return ERR_NONE;
}

/* sha-256 AB:CD:… (RFC 8122 §5). Another hash is another fingerprint of the same certificate: passed over. */
static enum err read_fingerprint(struct reading *r, struct sdp_transport *t, struct str value)
{
    struct str hash = str_split(&value, ' ');

    if (!str_eq_nocase(hash, STR("sha-256")))
        return ERR_NONE;
    if (t->has_fingerprint || value.n != SDP_FINGERPRINT * 3 - 1)
        return refuse(r, "fingerprint");
    for (size_t i = 0; i < SDP_FINGERPRINT; i++) {
        int high = hex_digit(value.p[3 * i]), low = hex_digit(value.p[3 * i + 1]);

        if (high < 0 || low < 0 || (i + 1 < SDP_FINGERPRINT && value.p[3 * i + 2] != ':'))
            return refuse(r, "fingerprint");
        t->fingerprint[i] = (uint8_t)(high << 4 | low);
    }
    t->has_fingerprint = true;
    return ERR_NONE;
}

static enum err read_setup(struct reading *r, struct sdp_transport *t, struct str value)
{
    if (t->setup != SDP_SETUP_NONE)
        return refuse(r, "setup");
    if (str_is(value, "actpass"))
        t->setup = SDP_ACTPASS;
    else if (str_is(value, "active"))
        t->setup = SDP_ACTIVE;
    else if (str_is(value, "passive"))
        t->setup = SDP_PASSIVE;
    else
        return refuse(r, "setup");
    return ERR_NONE;
}

static bool read_address(struct str ip, struct stun_address *out)
{
    if (ip4_read(ip, out->ip) == ERR_NONE)
        return true;
    out->is_v6 = true;
    return ip6_read(ip, out->ip) == ERR_NONE;
}

/* foundation component transport priority address port typ TYPE … (RFC 8839 §5.1) */
static enum err read_candidate(struct reading *r, struct sdp_transport *t, struct str value)
{
    struct str word[8];
    struct stun_address address = { 0 };
    uint64_t component, priority, port;
    unsigned number = r->candidates++;
    bool tcp;

    for (size_t i = 0; i < COUNT_OF(word); i++)
        word[i] = str_split(&value, ' ');
    if (!read_number(word[1], 256, &component) || !read_number(word[3], UINT32_MAX, &priority)
        || !read_number(word[5], UINT16_MAX, &port) || !str_is(word[6], "typ"))
        return refuse(r, "candidate");
    tcp = str_eq_nocase(word[2], STR("tcp")) && str_starts(value, STR("tcptype passive"));
    if (component != 1 || (!tcp && !str_eq_nocase(word[2], STR("udp"))))
        return ERR_NONE;
    /* A name would have to be looked up, and somebody would see who does. */
    if (port == 0 || !read_address(word[4], &address)
        || (!str_is(word[7], "host") && !str_is(word[7], "relay")))
        return refuse(r, "candidate");
    if (t->candidate_count == ICE_PAIRS)
        return refuse(r, "candidates");
    address.port = (uint16_t)port;
    t->tcp[t->candidate_count] = tcp;
    t->numbers[t->candidate_count] = number;
    t->priorities[t->candidate_count] = (uint32_t)priority;
    t->candidates[t->candidate_count++] = address;
    return ERR_NONE;
}

/* ---- Codecs ---- */

static bool read_type(struct str s, uint64_t *out)
{
    return read_number(s, TYPE_MAX, out);
}

/* PT name/rate[/channels] */
static enum err read_rtpmap(struct reading *r, struct str value)
{
    struct str type_text = str_split(&value, ' ');
    struct types *t = &r->types;
    uint64_t type;

    if (!read_type(type_text, &type))
        return refuse(r, "rtpmap");
    t->is_opus[type] = str_eq_nocase(value, STR("opus/48000/2"));
    t->is_vp8[type] = str_eq_nocase(value, STR("VP8/90000"));
    t->is_red[type] = str_eq_nocase(value, STR("red/48000/2"));
    return ERR_NONE;
}

/* Of RED: 111/111 (RFC 2198 §5), which is what is inside. Ours holds one more, all of one type. */
static enum err read_fmtp(struct reading *r, struct str value)
{
    struct str type_text = str_split(&value, ' '), first = str_split(&value, '/');
    uint64_t type, inside;

    if (!read_type(type_text, &type))
        return refuse(r, "fmtp");
    if (read_type(first, &inside))
        r->types.red_of[type] = (uint8_t)inside;
    return ERR_NONE;
}

static enum err read_feedback(struct reading *r, struct str value)
{
    struct str type_text = str_split(&value, ' ');
    uint64_t type = TYPES;

    if (!str_is(type_text, "*") && !read_type(type_text, &type))
        return refuse(r, "rtcp-fb");
    if (str_is(value, "nack"))
        r->types.nack[type] = true;
    else if (str_is(value, "nack pli"))
        r->types.pli[type] = true;
    else if (str_is(value, "ccm fir"))
        r->types.fir[type] = true;
    else if (str_is(value, "goog-remb"))
        r->types.remb[type] = true;
    return ERR_NONE;
}

/* The first that both speak, and RED around it. */
static void choose_types(struct reading *r)
{
    struct sdp_section *s = r->section;
    const struct types *t = &r->types;
    const bool *wanted = s->kind == SDP_AUDIO ? t->is_opus : t->is_vp8;

    s->type = s->red = SDP_NO_TYPE;
    for (size_t i = 0; i < t->count && s->type == SDP_NO_TYPE; i++)
        if (wanted[t->order[i]])
            s->type = t->order[i];
    if (s->type == SDP_NO_TYPE) {
        s->refused = true;
        return;
    }
    for (size_t i = 0; i < t->count && s->kind == SDP_AUDIO && s->red == SDP_NO_TYPE; i++)
        if (t->is_red[t->order[i]] && t->red_of[t->order[i]] == s->type)
            s->red = t->order[i];
    s->nack = t->nack[s->type] || t->nack[TYPES];
    s->pli = t->pli[s->type] || t->pli[TYPES];
    s->fir = t->fir[s->type] || t->fir[TYPES];
    s->remb = t->remb[s->type] || t->remb[TYPES];
}

/* ---- Sections ---- */

static enum err end_section(struct reading *r)
{
    struct sdp_section *s = r->section;

    if (s == NULL)
        return ERR_NONE;
    choose_types(r);
    if (!s->refused && !s->mux)
        return refuse(r, "rtcp-mux");
    return ERR_NONE;
}

/* audio PORT PROTOCOL types… */
static enum err begin_section(struct reading *r, struct str value)
{
    struct str kind = str_split(&value, ' '), port_text = str_split(&value, ' ');
    struct str protocol = str_split(&value, ' ');
    struct types *t = &r->types;
    uint64_t port, type;
    enum err e;

    if ((e = end_section(r)) != ERR_NONE)
        return e;
    if (r->out->count == SDP_SECTIONS)
        return refuse(r, "sections");
    r->section = &r->out->sections[r->out->count++];
    r->section->kind = str_is(kind, "video") ? SDP_VIDEO : SDP_AUDIO;
    r->section->sends = r->section->receives = true;
    if ((!str_is(kind, "audio") && !str_is(kind, "video"))
        || (r->out->count == 2 && r->out->sections[0].kind == r->section->kind))
        return refuse(r, "sections");
    if (!read_number(port_text, UINT16_MAX, &port)
        || (!str_is(protocol, "UDP/TLS/RTP/SAVPF") && !str_is(protocol, "UDP/TLS/RTP/SAVP")))
        return refuse(r, "protocol");
    r->section->refused = port == 0;
    memset(t, 0, sizeof *t);
    memset(t->red_of, SDP_NO_TYPE, sizeof t->red_of);
    while (value.p != NULL) {
        if (!read_type(str_split(&value, ' '), &type) || t->listed[type])
            return refuse(r, "types");
        t->listed[type] = true;
        t->order[t->count++] = (uint8_t)type;
    }
    return ERR_NONE;
}

static enum err read_mid(struct reading *r, struct str value)
{
    char *mid = r->section->mid;

    if (mid[0] != '\0' || value.n == 0 || value.n > SDP_MID_MAX)
        return refuse(r, "mid");
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] > '~')
            return refuse(r, "mid");
    memcpy(mid, value.p, value.n);
    return ERR_NONE;
}

static bool read_direction(struct sdp_section *s, struct str name)
{
    bool both = str_is(name, "sendrecv"), none = str_is(name, "inactive");
    bool sends = str_is(name, "sendonly"), receives = str_is(name, "recvonly");

    if (!both && !none && !sends && !receives)
        return false;
    s->sends = both || sends;
    s->receives = both || receives;
    return true;
}

static enum err read_transport(struct reading *r, struct str name, struct str value)
{
    struct sdp_transport *t = r->section != NULL ? &r->section->transport : &r->session;

    if (str_is(name, "ice-ufrag"))
        return read_ice_text(r, value, UFRAG_MIN, t->ufrag);
    if (str_is(name, "ice-pwd"))
        return read_ice_text(r, value, PWD_MIN, t->pwd);
    if (str_is(name, "fingerprint"))
        return read_fingerprint(r, t, value);
    if (str_is(name, "setup"))
        return read_setup(r, t, value);
    if (str_is(name, "candidate"))
        return r->section != NULL ? read_candidate(r, t, value) : refuse(r, "candidate");
    return ERR_NONE;
}

static enum err read_attribute(struct reading *r, struct str line)
{
    struct str value = line, name = str_split(&value, ':');

    if (r->section == NULL) {
        if (str_is(name, "group") && str_starts(value, STR("BUNDLE")))
            r->group = str_skip(value, sizeof "BUNDLE" - 1);
        return read_transport(r, name, value);
    }
    if (read_direction(r->section, name))
        return ERR_NONE;
    if (str_is(name, "rtcp-mux")) {
        r->section->mux = true;
        return ERR_NONE;
    }
    if (str_is(name, "mid"))
        return read_mid(r, value);
    if (str_is(name, "rtpmap"))
        return read_rtpmap(r, value);
    if (str_is(name, "fmtp"))
        return read_fmtp(r, value);
    if (str_is(name, "rtcp-fb"))
        return read_feedback(r, value);
    return read_transport(r, name, value);
}

static enum err read_line(struct reading *r, struct str line)
{
    if (line.n < 2 || line.p[1] != '=' || line.n > TEXT_MAX)
        return refuse(r, "line");
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] < ' ')
            return refuse(r, "line");
    if (line.p[0] == 'm')
        return begin_section(r, str_skip(line, 2));
    return line.p[0] == 'a' ? read_attribute(r, str_skip(line, 2)) : ERR_NONE;
}

/* ---- The whole ---- */

/* What was said for the session holds for sections that say nothing. */
static void inherit(struct sdp_transport *t, const struct sdp_transport *session)
{
    if (t->ufrag[0] == '\0')
        memcpy(t->ufrag, session->ufrag, sizeof t->ufrag);
    if (t->pwd[0] == '\0')
        memcpy(t->pwd, session->pwd, sizeof t->pwd);
    if (t->setup == SDP_SETUP_NONE)
        t->setup = session->setup;
    if (!t->has_fingerprint) {
        t->has_fingerprint = session->has_fingerprint;
        memcpy(t->fingerprint, session->fingerprint, sizeof t->fingerprint);
    }
}

static bool is_in_group(struct str group, const char *mid)
{
    while (group.n > 0)
        if (str_is(str_split(&group, ' '), mid))
            return mid[0] != '\0';
    return false;
}

static enum err check_transport(struct reading *r, const struct sdp_transport *t)
{
    if (t->ufrag[0] == '\0' || t->pwd[0] == '\0')
        return refuse(r, "credentials");
    if (!t->has_fingerprint)
        return refuse(r, "fingerprint");
    if (t->setup == SDP_SETUP_NONE)
        return refuse(r, "setup");
    return t->candidate_count == 0 ? refuse(r, "candidates") : ERR_NONE;
}

static enum err end(struct reading *r)
{
    struct sdp *s = r->out;
    const struct sdp_section *audio = description_section(s, SDP_AUDIO);
    bool first = true;
    enum err e = end_section(r);

    if (e != ERR_NONE)
        return e;
    if (audio == NULL || audio->refused)
        return refuse(r, "audio");
    s->bundled = s->count == 1;
    if (s->count == 2 && !s->sections[0].refused && !s->sections[1].refused)
        s->bundled =
            is_in_group(r->group, s->sections[0].mid) && is_in_group(r->group, s->sections[1].mid);
    for (size_t i = 0; i < s->count; i++) {
        inherit(&s->sections[i].transport, &r->session);
        if (s->sections[i].refused || (s->bundled && !first))
            continue;
        first = false;
        if ((e = check_transport(r, &s->sections[i].transport)) != ERR_NONE)
            return e;
    }
    return ERR_NONE;
}

enum err description_read(struct str in, struct sdp *out, const char **why)
{
    struct sdp found = { 0 };
    struct reading r = { .out = &found, .why = "size" };
    enum err e = in.n > SDP_MAX ? ERR_TOO_BIG : ERR_NONE;

    for (size_t lines = 0; e == ERR_NONE && in.p != NULL && in.n > 0; lines++) {
        struct str line = str_split(&in, '\n');

        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        e = lines < SDP_LINES_MAX ? read_line(&r, line) : ERR_TOO_BIG;
    }
    if (e == ERR_NONE)
        e = end(&r);
    if (e == ERR_NONE)
        *out = found;
    else
        *why = r.why;
    return e;
}

const struct sdp_section *description_section(const struct sdp *s, enum sdp_kind kind)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->sections[i].kind == kind)
            return &s->sections[i];
    return NULL;
}
