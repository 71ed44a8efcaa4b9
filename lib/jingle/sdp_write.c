/* sdp_write.c: a description as SDP, from nothing but the struct, whose texts cannot end a line. */
#include "base/buf.h"
#include "jingle/reading.h"
#include "jingle/sdp.h"

/* ---- Lines ------------------------------------------------------------------------------------------ */

static void line(struct buf *out, struct str text)
{
    buf_add(out, text);
    buf_add(out, STR("\r\n"));
}

static void attribute(struct buf *out, const char *name, struct str value)
{
    buf_add(out, STR("a="));
    buf_add(out, str_from(name));
    buf_add_char(out, ':');
    line(out, value);
}

static void flag(struct buf *out, const char *name)
{
    buf_add(out, STR("a="));
    line(out, str_from(name));
}

static void begin(struct buf *out, const char *name, uint64_t number)
{
    buf_add(out, STR("a="));
    buf_add(out, str_from(name));
    buf_add_char(out, ':');
    buf_add_u64(out, number);
}

static void end(struct buf *out)
{
    buf_add(out, STR("\r\n"));
}

/* The other way round than in sdp_read.c. */
static const char *direction(const struct jingle *j, enum jingle_senders senders)
{
    bool by_initiator = j->action == JINGLE_SESSION_INITIATE;

    switch (senders) {
    case JINGLE_INITIATOR: return by_initiator ? "sendonly" : "recvonly";
    case JINGLE_RESPONDER: return by_initiator ? "recvonly" : "sendonly";
    case JINGLE_NOBODY: return "inactive";
    case JINGLE_BOTH: break;
    }
    return "sendrecv";
}

/* ---- Media ------------------------------------------------------------------------------------------ */

static void write_feedbacks(struct buf *out, const char *id, uint64_t number,
                            const struct jingle_feedback *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add(out, STR("a=rtcp-fb:"));
        if (id != NULL)
            buf_add(out, str_from(id));
        else
            buf_add_u64(out, number);
        buf_add_char(out, ' ');
        buf_add(out, list[i].is_interval ? STR("trr-int ") : list[i].type);
        if (list[i].is_interval)
            buf_add_u64(out, list[i].interval);
        if (list[i].subtype.n > 0)
            buf_add_char(out, ' ');
        line(out, list[i].subtype);
    }
}

static void write_parameters(struct buf *out, const struct jingle_payload *p)
{
    if (p->parameter_count == 0)
        return;
    begin(out, "fmtp", p->id);
    for (size_t i = 0; i < p->parameter_count; i++) {
        buf_add_char(out, i == 0 ? ' ' : ';');
        buf_add(out, p->parameters[i].name);
        if (p->parameters[i].name.n > 0)
            buf_add_char(out, '=');
        buf_add(out, p->parameters[i].value);
    }
    end(out);
}

static void write_payload(struct buf *out, const struct jingle_payload *p)
{
    begin(out, "rtpmap", p->id);
    buf_add_char(out, ' ');
    buf_add(out, p->name);
    if (p->clockrate > 0) {
        buf_add_char(out, '/');
        buf_add_u64(out, p->clockrate);
    }
    if (p->channels > 1) {
        buf_add_char(out, '/');
        buf_add_u64(out, p->channels);
    }
    end(out);
    write_parameters(out, p);
    write_feedbacks(out, NULL, p->id, p->feedbacks, p->feedback_count);
}

static void write_number(struct buf *out, const char *name, uint32_t value)
{
    if (value > 0) {
        begin(out, name, value);
        end(out);
    }
}

static void write_extensions(struct buf *out, const struct jingle *j,
                             const struct jingle_description *d)
{
    for (size_t i = 0; i < d->extension_count; i++) {
        const struct jingle_extension *e = &d->extensions[i];

        begin(out, "extmap", e->id);
        if (e->senders != JINGLE_BOTH) {
            buf_add_char(out, '/');
            buf_add(out, str_from(direction(j, e->senders)));
        }
        buf_add_char(out, ' ');
        line(out, e->uri);
    }
    if (d->mixed_extensions)
        flag(out, "extmap-allow-mixed");
}

/* The names are ours, the same for everybody, as in write.c. */
static void write_sources(struct buf *out, const struct jingle_description *d)
{
    for (size_t i = 0; i < d->group_count; i++) {
        attribute(out, "ssrc-group", d->groups[i].semantics);
        buf_cut(out, out->n - 2);
        for (size_t k = 0; k < d->groups[i].count; k++) {
            buf_add_char(out, ' ');
            buf_add_u64(out, d->groups[i].sources[k]);
        }
        end(out);
    }
    for (size_t i = 0; i < d->source_count; i++) {
        begin(out, "ssrc", d->sources[i]);
        line(out, STR(" cname:call"));
        begin(out, "ssrc", d->sources[i]);
        line(out, d->media == JINGLE_AUDIO ? STR(" msid:call audio") : STR(" msid:call video"));
    }
}

static void write_description(struct buf *out, const struct jingle *j,
                              const struct jingle_description *d)
{
    for (size_t i = 0; i < d->payload_count; i++)
        write_payload(out, &d->payloads[i]);
    write_feedbacks(out, "*", 0, d->feedbacks, d->feedback_count);
    if (d->payload_count > 0) {
        write_number(out, "ptime", d->payloads[0].ptime);
        write_number(out, "maxptime", d->payloads[0].maxptime);
    }
    write_extensions(out, j, d);
    write_sources(out, d);
    if (d->rtcp_mux)
        flag(out, "rtcp-mux");
}

/* ---- Transports ------------------------------------------------------------------------------------- */

/* RFC 8839 §5.1, RFC 6544 §4.5. */
static void write_candidate(struct buf *out, const struct jingle_candidate *c)
{
    buf_add(out, c->tcp ? STR("a=candidate:2 ") : STR("a=candidate:1 "));
    buf_add_u64(out, c->component);
    buf_add(out, c->tcp ? STR(" tcp ") : STR(" udp "));
    buf_add_u64(out, c->priority);
    buf_add_char(out, ' ');
    buf_add(out, c->ip);
    buf_add_char(out, ' ');
    buf_add_u64(out, c->port);
    line(out,
         c->tcp ? STR(" typ host tcptype passive generation 0") : STR(" typ host generation 0"));
}

static void write_transport(struct buf *out, const struct jingle_transport *t)
{
    attribute(out, "ice-ufrag", t->ufrag);
    attribute(out, "ice-pwd", t->pwd);
    if (t->trickle || t->renomination) {
        buf_add(out, STR("a=ice-options:"));
        buf_add(out, t->trickle ? STR("trickle") : STR_NONE);
        line(out, !t->renomination ? STR_NONE
                  : t->trickle     ? STR(" renomination")
                                   : STR("renomination"));
    }
    buf_add(out, STR("a=fingerprint:"));
    buf_add(out, t->fingerprint.hash);
    buf_add_char(out, ' ');
    line(out, t->fingerprint.value);
    attribute(out, "setup", str_from(jingle_setup_names[t->fingerprint.setup]));
    for (size_t i = 0; i < t->candidate_count; i++)
        write_candidate(out, &t->candidates[i]);
    if (t->candidate_count > 0)
        flag(out, "end-of-candidates");
}

/* ---- All of it -------------------------------------------------------------------------------------- */

static void write_medium_line(struct buf *out, const struct jingle_description *d, bool declined)
{
    buf_add(out, d->media == JINGLE_AUDIO ? STR("m=audio ") : STR("m=video "));
    buf_add(out, declined ? STR("0 UDP/TLS/RTP/SAVPF") : STR("9 UDP/TLS/RTP/SAVPF"));
    for (size_t i = 0; i < d->payload_count; i++) {
        buf_add_char(out, ' ');
        buf_add_u64(out, d->payloads[i].id);
    }
    end(out);
    line(out, STR("c=IN IP4 0.0.0.0"));
}

static void write_content(struct buf *out, const struct jingle *j, const struct jingle_content *c)
{
    const struct jingle_description *d = &c->description;

    write_medium_line(out, d, false);
    if (d->bandwidth_kbps > 0) {
        buf_add(out, STR("b=AS:"));
        buf_add_u64(out, d->bandwidth_kbps);
        end(out);
    }
    if (!d->rtcp_mux)
        line(out, STR("a=rtcp:9 IN IP4 0.0.0.0"));
    attribute(out, "mid", c->name);
    flag(out, direction(j, c->senders));
    write_transport(out, &c->transport);
    write_description(out, j, d);
}

static void write_declined(struct buf *out, const struct jingle_content *c)
{
    write_medium_line(out, &c->description, true);
    attribute(out, "mid", c->name);
    flag(out, "inactive");
}

static const struct jingle_content *find(const struct jingle *j, struct str name)
{
    for (size_t i = 0; i < j->content_count; i++)
        if (str_eq(j->contents[i].name, name))
            return &j->contents[i];
    return NULL;
}

static void write_group(struct buf *out, const struct jingle *j)
{
    if (!j->has_group)
        return;
    buf_add(out, STR("a=group:BUNDLE"));
    for (size_t i = 0; i < j->content_count; i++)
        if (j->contents[i].in_group) {
            buf_add_char(out, ' ');
            buf_add(out, j->contents[i].name);
        }
    end(out);
}

static bool may_be_written(const struct jingle *j)
{
    for (size_t i = 0; i < j->content_count; i++) {
        const struct jingle_transport *t = &j->contents[i].transport;

        if (!t->has_fingerprint || t->fingerprint.is_sealed)
            return false;
    }
    return j->content_count > 0;
}

enum err sdp_write(struct arena *a, const struct jingle *j, const struct jingle *offer,
                   struct str *out)
{
    const struct jingle *order = offer != NULL ? offer : j;
    struct buf text;
    bool ok;

    if (!may_be_written(j))
        return ERR_DENIED;
    buf_init(&text, SDP_MAX);
    line(&text, STR("v=0"));
    line(&text, STR("o=- 1 1 IN IP4 0.0.0.0"));
    line(&text, STR("s=-"));
    line(&text, STR("t=0 0"));
    write_group(&text, j);
    for (size_t i = 0; i < order->content_count; i++) {
        const struct jingle_content *c = find(j, order->contents[i].name);

        if (c != NULL)
            write_content(&text, j, c);
        else
            write_declined(&text, &order->contents[i]);
    }
    ok = !text.failed;
    *out = ok ? arena_str(a, buf_str(&text)) : *out;
    buf_deinit(&text);
    return ok ? ERR_NONE : ERR_TOO_BIG;
}
