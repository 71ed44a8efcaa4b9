/* read_description.c: audio or video, as XEP-0167, XEP-0293, XEP-0294, XEP-0338 and XEP-0339 write it. */
#include "jingle/reading.h"
#include "xmpp/ns.h"

/* ---- What is known ---------------------------------------------------------------------------------- */

static const char *const codecs[] = {
    "opus", "G722", "PCMU", "PCMA", "telephone-event", "CN",         "red",   "rtx",
    "VP8",  "VP9",  "H264", "AV1",  "ulpfec",          "flexfec-03", "speex", "iLBC",
};

static const char *const extensions[] = {
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
    "urn:3gpp:video-orientation",
    "urn:ietf:params:rtp-hdrext:csrc-audio-level",
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:ietf:params:rtp-hdrext:toffset",
};

#define COUNT(names) (sizeof(names) / sizeof *(names))

/* Room for as many as there can be; a list of none has no memory. */
static void *room(struct reading *r, const struct xml_node *parent, size_t most, size_t size)
{
    size_t n = xml_count_elements(parent);

    return n > 0 ? arena_alloc(r->arena, (n < most ? n : most) * size) : NULL;
}

/* ---- Payload types ---------------------------------------------------------------------------------- */

/* RFC 4566 writes these into one line: nothing in them may begin another. */
static bool read_parameter(struct reading *r, const struct xml_node *n, struct jingle_payload *p)
{
    struct jingle_parameter *out = &p->parameters[p->parameter_count];

    if (p->parameter_count == JINGLE_PARAMETERS)
        return reading_fails(r, "parameters");
    out->name = xml_get(n, STR("name"));
    out->value = xml_get(n, STR("value"));
    if (!token_is(out->name, TOKEN_NAME, 0, 48) || !token_is(out->value, TOKEN_PRINTABLE, 0, 256))
        return reading_fails(r, "parameter");
    p->parameter_count++;
    return true;
}

static bool read_feedback(struct reading *r, const struct xml_node *n, struct jingle_feedback *list,
                          size_t *count)
{
    struct jingle_feedback *out = &list[*count];

    if (*count == JINGLE_FEEDBACKS)
        return reading_fails(r, "feedbacks");
    *out = (struct jingle_feedback){ .is_interval = str_is(n->name, "rtcp-fb-trr-int") };
    if (out->is_interval) {
        if (!reading_number(r, n, "value", 0, 65535, 0, &out->interval, "feedback"))
            return false;
    } else {
        out->type = xml_get(n, STR("type"));
        out->subtype = xml_get(n, STR("subtype"));
        if (!token_is(out->type, TOKEN_NAME, 1, 32)
            || (out->subtype.n > 0 && !token_is(out->subtype, TOKEN_NAME, 1, 32)))
            return reading_fails(r, "feedback");
    }
    (*count)++;
    return true;
}

static bool is_feedback(const struct xml_node *n)
{
    return str_eq(n->ns, STR(NS_JINGLE_RTP_FEEDBACK))
           && (str_is(n->name, "rtcp-fb") || str_is(n->name, "rtcp-fb-trr-int"));
}

static bool read_payload_parts(struct reading *r, const struct xml_node *n,
                               struct jingle_payload *p)
{
    p->parameters = room(r, n, JINGLE_PARAMETERS, sizeof *p->parameters);
    p->feedbacks = room(r, n, JINGLE_FEEDBACKS, sizeof *p->feedbacks);
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m)) {
        bool ok = true;

        if (xml_is(m, STR(NS_JINGLE_RTP), STR("parameter")))
            ok = read_parameter(r, m, p);
        else if (is_feedback(m))
            ok = read_feedback(r, m, p->feedbacks, &p->feedback_count);
        else
            r->left_out++;
        if (!ok)
            return false;
    }
    return true;
}

static bool read_payload(struct reading *r, const struct xml_node *n, struct jingle_description *d)
{
    struct jingle_payload p = { .name = xml_get(n, STR("name")) };
    uint64_t id;

    if (!token_number(xml_get(n, STR("id")), 0, 127, &id))
        return reading_fails(r, "payload-id");
    p.id = (uint8_t)id;
    for (size_t i = 0; i < d->payload_count; i++)
        if (d->payloads[i].id == p.id)
            return reading_fails(r, "payload-twice");
    if (!token_is(p.name, TOKEN_NAME, 1, 32))
        return reading_fails(r, "payload-name");
    if (token_among(p.name, codecs, COUNT(codecs)) == COUNT(codecs)) {
        r->left_out++;
        return true;
    }
    if (d->payload_count == JINGLE_PAYLOADS)
        return reading_fails(r, "payloads");
    if (!reading_number(r, n, "clockrate", 8000, 192000, 0, &p.clockrate, "clockrate")
        || !reading_number(r, n, "channels", 1, 8, 1, &p.channels, "channels")
        || !reading_number(r, n, "ptime", 1, 1000, 0, &p.ptime, "ptime")
        || !reading_number(r, n, "maxptime", 1, 1000, 0, &p.maxptime, "ptime")
        || !read_payload_parts(r, n, &p))
        return false;
    d->payloads[d->payload_count++] = p;
    return true;
}

/* ---- Extensions, sources, bandwidth ------------------------------------------------------------------ */

static bool read_extension(struct reading *r, const struct xml_node *n,
                           struct jingle_description *d)
{
    struct jingle_extension e = { .uri = xml_get(n, STR("uri")) };

    if (!token_is(e.uri, TOKEN_PRINTABLE, 1, 128))
        return reading_fails(r, "extension");
    if (token_among(e.uri, extensions, COUNT(extensions)) == COUNT(extensions)) {
        r->left_out++;
        return true;
    }
    if (d->extension_count == JINGLE_EXTENSIONS)
        return reading_fails(r, "extensions");
    if (xml_get(n, STR("id")).p == NULL
        || !reading_number(r, n, "id", 1, 255, 0, &e.id, "extension-id")
        || !reading_senders(r, n, &e.senders))
        return reading_fails(r, "extension-id");
    d->extensions[d->extension_count++] = e;
    return true;
}

static bool read_ssrc(struct reading *r, const struct xml_node *n, uint32_t *out)
{
    uint64_t ssrc;

    if (!token_number(xml_get(n, STR("ssrc")), 0, UINT32_MAX, &ssrc))
        return reading_fails(r, "ssrc");
    *out = (uint32_t)ssrc;
    return true;
}

/* Its parameters (cname, msid) name the sender's streams and, some of them, its machine: they stay here. */
static bool read_source(struct reading *r, const struct xml_node *n, struct jingle_description *d)
{
    uint32_t ssrc;

    if (!read_ssrc(r, n, &ssrc))
        return false;
    for (size_t i = 0; i < d->source_count; i++)
        if (d->sources[i] == ssrc) /* once more, perhaps with zeros before it */
            return true;
    if (d->source_count == JINGLE_SOURCES)
        return reading_fails(r, "sources");
    d->sources[d->source_count++] = ssrc;
    return true;
}

static bool read_source_group(struct reading *r, const struct xml_node *n,
                              struct jingle_description *d)
{
    static const char *const semantics[] = { "FID", "SIM", "FEC-FR" };
    struct jingle_source_group *g = &d->groups[d->group_count];

    if (d->group_count == JINGLE_SOURCE_GROUPS)
        return reading_fails(r, "source-groups");
    *g = (struct jingle_source_group){ .semantics = xml_get(n, STR("semantics")) };
    if (token_among(g->semantics, semantics, COUNT(semantics)) == COUNT(semantics))
        return reading_fails(r, "source-group");
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m))
        if (g->count == JINGLE_SOURCES)
            return reading_fails(r, "source-group");
        else if (!read_ssrc(r, m, &g->sources[g->count++]))
            return false;
    d->group_count++;
    return true;
}

static bool read_bandwidth(struct reading *r, const struct xml_node *n,
                           struct jingle_description *d)
{
    struct arena a = { 0 };
    struct str text = str_trim(xml_text_of(&a, n));
    uint64_t kbps = 0;
    bool ok;

    if (text.n == 0)
        text = xml_get(n, STR("value"));
    ok = str_is(xml_get(n, STR("type")), "AS") && token_number(text, 1, 100000, &kbps);
    arena_deinit(&a);
    if (!ok)
        r->left_out++;
    else
        d->bandwidth_kbps = (uint32_t)kbps;
    return true;
}

/* ---- The description -------------------------------------------------------------------------------- */

static bool read_part(struct reading *r, const struct xml_node *n, struct jingle_description *d)
{
    static const struct {
        const char *ns, *name;
        bool (*read)(struct reading *r, const struct xml_node *n, struct jingle_description *d);
    } parts[] = {
        { NS_JINGLE_RTP, "payload-type", read_payload },
        { NS_JINGLE_RTP, "bandwidth", read_bandwidth },
        { NS_JINGLE_RTP_EXTENSION, "rtp-hdrext", read_extension },
        { NS_JINGLE_RTP_SOURCE, "source", read_source },
        { NS_JINGLE_RTP_SOURCE, "ssrc-group", read_source_group },
    };

    for (size_t i = 0; i < COUNT(parts); i++)
        if (xml_is(n, str_from(parts[i].ns), str_from(parts[i].name)))
            return parts[i].read(r, n, d);
    if (is_feedback(n))
        return read_feedback(r, n, d->feedbacks, &d->feedback_count);
    if (xml_is(n, STR(NS_JINGLE_RTP), STR("rtcp-mux")))
        d->rtcp_mux = true;
    else if (xml_is(n, STR(NS_JINGLE_RTP_EXTENSION), STR("extmap-allow-mixed")))
        d->mixed_extensions = true;
    else
        r->left_out++; /* <encryption/>: keys in clear, which no call of ours uses */
    return true;
}

bool reading_description(struct reading *r, const struct xml_node *n,
                         struct jingle_description *out)
{
    struct str media = xml_get(n, STR("media"));

    if (!str_is(media, "audio") && !str_is(media, "video"))
        return reading_fails(r, "media");
    out->media = str_is(media, "audio") ? JINGLE_AUDIO : JINGLE_VIDEO;
    out->payloads = room(r, n, JINGLE_PAYLOADS, sizeof *out->payloads);
    out->feedbacks = room(r, n, JINGLE_FEEDBACKS, sizeof *out->feedbacks);
    out->extensions = room(r, n, JINGLE_EXTENSIONS, sizeof *out->extensions);
    out->groups = room(r, n, JINGLE_SOURCE_GROUPS, sizeof *out->groups);
    for (const struct xml_node *m = xml_first_element(n); m != NULL; m = xml_next_element(m))
        if (!read_part(r, m, out))
            return false;
    return true;
}
