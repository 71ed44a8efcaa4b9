/* sdp_read.c: SDP as the Jingle that it would be (XEP-0167 §5, XEP-0293, XEP-0294, XEP-0320, XEP-0338, XEP-0339), read as such.
 *
 * Lines become elements without being looked at more than that takes; whether they are any good is jingle_read()'s to say.
 */
#include "jingle/reading.h"
#include "jingle/sdp.h"
#include "xmpp/ns.h"

enum { PAYLOADS_MAX = 128 };

struct section {
    struct xml_node *content, *description, *transport, *fingerprint;
    struct str media, mid;
    struct {
        uint8_t id;
        struct xml_node *node;
    } payloads[PAYLOADS_MAX];
    size_t payload_count;
    bool declined, bundle_only;
    struct str ufrag, pwd, ice_options, hash, digest, setup;
    const char *senders; /* NULL: both */
};

struct sdp {
    struct arena *arena;
    enum jingle_action action;
    struct xml_node *jingle, *group;
    struct section session; /* what stands before the first m= holds for all */
    struct section sections[JINGLE_CONTENTS];
    size_t count;
    bool mixed_extensions;
    const char *why;
};

static bool fails(struct sdp *s, const char *why)
{
    if (s->why == NULL)
        s->why = why;
    return false;
}

static struct xml_node *add(struct sdp *s, struct xml_node *parent, const char *ns,
                            const char *name)
{
    return xml_add(s->arena, parent, str_from(ns), str_from(name));
}

static void set(struct sdp *s, struct xml_node *n, const char *name, struct str value)
{
    xml_set(s->arena, n, str_from(name), value);
}

/* ---- Payload types ---------------------------------------------------------------------------------- */

static struct xml_node *payload(const struct section *m, struct str id)
{
    uint64_t number;

    if (token_number(id, 0, 127, &number))
        for (size_t i = 0; i < m->payload_count; i++)
            if (m->payloads[i].id == number)
                return m->payloads[i].node;
    return NULL;
}

/* RFC 4855 §3: in any case, and GStreamer writes OPUS; Jingle's readers know one. */
static struct str codec_name(struct str name)
{
    static const char *const lower[] = { "opus", "red", "rtx", "telephone-event", "ulpfec" };

    for (size_t i = 0; i < sizeof lower / sizeof *lower; i++)
        if (str_eq_nocase(name, str_from(lower[i])))
            return str_from(lower[i]);
    return name;
}

/* opus/48000/2 */
static bool read_rtpmap(struct sdp *s, struct section *m, struct str value)
{
    struct xml_node *n = payload(m, str_split(&value, ' '));

    if (n == NULL)
        return fails(s, "rtpmap");
    set(s, n, "name", codec_name(str_split(&value, '/')));
    set(s, n, "clockrate", str_split(&value, '/'));
    if (value.n > 0)
        set(s, n, "channels", value);
    return true;
}

/* minptime=10;useinbandfec=1, or something that has no name (RFC 4733, RFC 2198). */
static bool read_fmtp(struct sdp *s, struct section *m, struct str value)
{
    struct xml_node *n = payload(m, str_split(&value, ' ')), *p;

    if (n == NULL)
        return fails(s, "fmtp");
    while (value.n > 0) {
        struct str one = str_trim(str_split(&value, ';'));
        size_t equals = str_find(one, '=');

        if (one.n == 0)
            continue;
        if (equals == 0)
            return fails(s, "fmtp");
        p = add(s, n, NS_JINGLE_RTP, "parameter");
        set(s, p, "name", equals < one.n ? str_slice(one, 0, equals) : STR(""));
        set(s, p, "value", equals < one.n ? str_skip(one, equals + 1) : one);
    }
    return true;
}

static bool read_feedback(struct sdp *s, struct section *m, struct str value)
{
    struct str id = str_split(&value, ' '), type = str_split(&value, ' ');
    struct xml_node *parent = str_is(id, "*") ? m->description : payload(m, id), *n;

    if (parent == NULL)
        return fails(s, "feedback");
    if (str_is(type, "trr-int")) {
        n = add(s, parent, NS_JINGLE_RTP_FEEDBACK, "rtcp-fb-trr-int");
        set(s, n, "value", value);
        return true;
    }
    n = add(s, parent, NS_JINGLE_RTP_FEEDBACK, "rtcp-fb");
    set(s, n, "type", type);
    if (value.n > 0)
        set(s, n, "subtype", value);
    return true;
}

static bool read_ptime(struct sdp *s, struct section *m, const char *name, struct str value)
{
    if (m->payload_count == 0)
        return fails(s, "ptime");
    set(s, m->payloads[0].node, name, value);
    return true;
}

/* ---- Other attributes of a medium ------------------------------------------------------------------- */

/* Whose direction it is depends on who describes: XEP-0166 names the parties. */
static const char *senders_of(const struct sdp *s, struct str direction)
{
    bool by_initiator = s->action == JINGLE_SESSION_INITIATE;

    if (str_is(direction, "sendrecv"))
        return "both";
    if (str_is(direction, "sendonly"))
        return by_initiator ? "initiator" : "responder";
    if (str_is(direction, "recvonly"))
        return by_initiator ? "responder" : "initiator";
    return str_is(direction, "inactive") ? "none" : NULL;
}

/* 1 or 1/sendonly, then a URI; extension attributes (RFC 8285 §5) nobody here needs. */
static bool read_extension(struct sdp *s, struct section *m, struct str value)
{
    struct str id = str_split(&value, ' '), number = str_split(&id, '/');
    struct xml_node *n = add(s, m->description, NS_JINGLE_RTP_EXTENSION, "rtp-hdrext");
    const char *senders = id.n > 0 ? senders_of(s, id) : NULL;

    set(s, n, "id", number);
    set(s, n, "uri", str_split(&value, ' '));
    if (senders != NULL)
        set(s, n, "senders", str_from(senders));
    return id.n == 0 || senders != NULL || fails(s, "extension");
}

/* One source has several lines; the number is all that is told of it. */
static bool read_source(struct sdp *s, struct section *m, struct str value)
{
    struct str ssrc = str_split(&value, ' ');
    struct xml_node *n;

    for (n = xml_first_element(m->description); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_JINGLE_RTP_SOURCE), STR("source"))
            && str_eq(xml_get(n, STR("ssrc")), ssrc))
            return true;
    set(s, add(s, m->description, NS_JINGLE_RTP_SOURCE, "source"), "ssrc", ssrc);
    return true;
}

static bool read_source_group(struct sdp *s, struct section *m, struct str value)
{
    struct xml_node *n = add(s, m->description, NS_JINGLE_RTP_SOURCE, "ssrc-group");

    set(s, n, "semantics", str_split(&value, ' '));
    while (value.n > 0)
        set(s, add(s, n, NS_JINGLE_RTP_SOURCE, "source"), "ssrc", str_split(&value, ' '));
    return true;
}

static bool read_fingerprint(struct sdp *s, struct section *m, struct str value)
{
    if (m->hash.n > 0)
        return fails(s, "fingerprint-twice");
    m->hash = str_split(&value, ' ');
    m->digest = value;
    return true;
}

/* ---- Lines ------------------------------------------------------------------------------------------ */

static bool read_group(struct sdp *s, struct str value)
{
    if (!str_is(str_split(&value, ' '), "BUNDLE") || value.n == 0)
        return true;
    if (s->group != NULL)
        return fails(s, "group-twice");
    s->group = xml_new(s->arena, STR(NS_JINGLE_GROUP), STR("group"));
    set(s, s->group, "semantics", STR("BUNDLE"));
    while (value.n > 0)
        set(s, add(s, s->group, NS_JINGLE_GROUP, "content"), "name", str_split(&value, ' '));
    return true;
}

/* What may stand at either level. */
static bool read_shared(struct sdp *s, struct section *m, struct str name, struct str value)
{
    const char *senders = senders_of(s, name);

    if (senders != NULL)
        m->senders = senders;
    else if (str_is(name, "ice-ufrag"))
        m->ufrag = value;
    else if (str_is(name, "ice-pwd"))
        m->pwd = value;
    else if (str_is(name, "setup"))
        m->setup = value;
    else if (str_is(name, "fingerprint"))
        return read_fingerprint(s, m, value);
    else if (str_is(name, "ice-options"))
        m->ice_options = value;
    return true;
}

static bool read_of_session(struct sdp *s, struct str name, struct str value)
{
    if (str_is(name, "group"))
        return read_group(s, value);
    s->mixed_extensions |= str_is(name, "extmap-allow-mixed");
    return read_shared(s, &s->session, name, value);
}

static bool read_of_medium(struct sdp *s, struct section *m, struct str name, struct str value)
{
    static const struct {
        const char *name;
        bool (*read)(struct sdp *s, struct section *m, struct str value);
    } attributes[] = {
        { "rtpmap", read_rtpmap },    { "fmtp", read_fmtp },   { "rtcp-fb", read_feedback },
        { "extmap", read_extension }, { "ssrc", read_source }, { "ssrc-group", read_source_group },
    };

    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (str_is(name, attributes[i].name))
            return attributes[i].read(s, m, value);
    if (str_is(name, "ptime") || str_is(name, "maxptime"))
        return read_ptime(s, m, str_is(name, "ptime") ? "ptime" : "maxptime", value);
    if (str_is(name, "mid"))
        m->mid = value;
    else if (str_is(name, "rtcp-mux"))
        add(s, m->description, NS_JINGLE_RTP, "rtcp-mux");
    else if (str_is(name, "extmap-allow-mixed"))
        add(s, m->description, NS_JINGLE_RTP_EXTENSION, "extmap-allow-mixed");
    else if (str_is(name, "bundle-only"))
        m->bundle_only = true;
    return read_shared(s, m, name, value);
}

/* audio 9 UDP/TLS/RTP/SAVPF 111 63 */
static bool read_medium(struct sdp *s, struct str value)
{
    struct section *m = &s->sections[s->count];
    struct str port;
    uint64_t id;

    if (s->count == JINGLE_CONTENTS)
        return fails(s, "contents");
    s->count++;
    m->media = str_split(&value, ' ');
    port = str_split(&value, ' ');
    m->declined = str_is(port, "0");
    if (!str_is(str_split(&value, ' '), "UDP/TLS/RTP/SAVPF"))
        return fails(s, "transport");
    m->content = xml_new(s->arena, STR(NS_JINGLE), STR("content"));
    m->description = add(s, m->content, NS_JINGLE_RTP, "description");
    m->transport = add(s, m->content, NS_JINGLE_ICE_UDP, "transport");
    set(s, m->description, "media", m->media);
    while (value.n > 0) {
        struct str text = str_split(&value, ' ');

        if (!token_number(text, 0, 127, &id) || m->payload_count == PAYLOADS_MAX)
            return fails(s, "payload-id");
        m->payloads[m->payload_count].id = (uint8_t)id;
        m->payloads[m->payload_count].node =
            xml_new(s->arena, STR(NS_JINGLE_RTP), STR("payload-type"));
        set(s, m->payloads[m->payload_count++].node, "id", text);
    }
    return true;
}

static bool read_bandwidth(struct sdp *s, struct section *m, struct str value)
{
    struct str type = str_split(&value, ':');

    if (str_is(type, "AS"))
        set(s,
            xml_add_text_child(s->arena, m->description, STR(NS_JINGLE_RTP), STR("bandwidth"),
                               value),
            "type", type);
    return true;
}

static bool read_line(struct sdp *s, struct str line)
{
    struct section *m = s->count > 0 ? &s->sections[s->count - 1] : NULL;
    struct str value = str_skip(line, 2), name;

    if (line.n < 2 || line.p[1] != '=' || !token_is(line, TOKEN_PRINTABLE, 2, SDP_MAX))
        return fails(s, "line");
    switch (line.p[0]) {
    case 'm': return read_medium(s, value);
    case 'b': return m == NULL || read_bandwidth(s, m, value);
    case 'a': break;
    default: return true;
    }
    name = str_split(&value, ':');
    return m == NULL ? read_of_session(s, name, value) : read_of_medium(s, m, name, value);
}

static bool read_lines(struct sdp *s, struct str text)
{
    for (size_t lines = 0; text.n > 0; lines++) {
        struct str line = str_split(&text, '\n');

        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        if (lines == SDP_LINES_MAX)
            return fails(s, "size");
        if (line.n > 0 && !read_line(s, line))
            return false;
    }
    return true;
}

/* ---- The element ------------------------------------------------------------------------------------ */

static struct str either(struct str own, struct str of_all)
{
    return own.n > 0 ? own : of_all;
}

static void add_ice_options(struct sdp *s, struct xml_node *transport, struct str options)
{
    while (options.n > 0) {
        struct str option = str_split(&options, ' ');

        if (str_is(option, "trickle") || str_is(option, "renomination"))
            xml_add(s->arena, transport, STR(NS_JINGLE_ICE_OPTION), option);
    }
}

static void finish_transport(struct sdp *s, struct section *m)
{
    struct str digest = either(m->digest, s->session.digest);
    struct xml_node *n;

    set(s, m->transport, "ufrag", either(m->ufrag, s->session.ufrag));
    set(s, m->transport, "pwd", either(m->pwd, s->session.pwd));
    add_ice_options(s, m->transport, either(m->ice_options, s->session.ice_options));
    if (digest.n == 0)
        return;
    n = xml_add_text_child(s->arena, m->transport, STR(NS_JINGLE_DTLS), STR("fingerprint"), digest);
    set(s, n, "hash", either(m->hash, s->session.hash));
    set(s, n, "setup", either(m->setup, s->session.setup));
}

/* A payload type of which no line says what it is (RFC 3551's own numbers) is not told of. */
static void finish_content(struct sdp *s, struct section *m)
{
    const char *senders = m->senders != NULL ? m->senders : s->session.senders;

    set(s, m->content, "creator", STR("initiator"));
    set(s, m->content, "name", either(m->mid, m->media));
    if (senders != NULL)
        set(s, m->content, "senders", str_from(senders));
    for (size_t i = 0; i < m->payload_count; i++)
        if (xml_get(m->payloads[i].node, STR("name")).p != NULL)
            xml_append(m->description, m->payloads[i].node);
    if (s->mixed_extensions)
        add(s, m->description, NS_JINGLE_RTP_EXTENSION, "extmap-allow-mixed");
    finish_transport(s, m);
    xml_append(s->jingle, m->content);
}

static bool is_declined(const struct section *m)
{
    return m->declined && !m->bundle_only;
}

/* What is declined is not there, nor in the group. */
static void drop_from_group(struct sdp *s, struct str name)
{
    struct xml_node *next;

    for (struct xml_node *n = s->group != NULL ? xml_first_element(s->group) : NULL; n != NULL;
         n = next) {
        next = xml_next_element(n);
        if (str_eq(xml_get(n, STR("name")), name))
            xml_detach(s->group, n);
    }
}

static void finish(struct sdp *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct section *m = &s->sections[i];

        if (is_declined(m))
            drop_from_group(s, either(m->mid, m->media));
        else
            finish_content(s, m);
    }
    if (s->group != NULL && xml_first_element(s->group) != NULL)
        xml_append(s->jingle, s->group);
}

enum err sdp_read(struct arena *a, struct str text, enum jingle_action action, struct str sid,
                  struct jingle *out, const char **why)
{
    struct sdp s = { .arena = a, .action = action };

    *why = "size";
    if (text.n > SDP_MAX)
        return ERR_TOO_BIG;
    s.jingle = xml_new(a, STR(NS_JINGLE), STR("jingle"));
    set(&s, s.jingle, "action", str_from(jingle_action_text(action)));
    set(&s, s.jingle, "sid", arena_str(a, sid));
    if (!read_lines(&s, arena_str(a, text))) {
        *why = s.why;
        return ERR_MALFORMED;
    }
    finish(&s);
    return jingle_read(a, s.jingle, out, why);
}
