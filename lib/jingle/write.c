/* write.c: an action as XML, from nothing but the struct. */
#include "jingle/reading.h"
#include "xmpp/ns.h"

static void set(struct arena *a, struct xml_node *n, const char *name, struct str value)
{
    xml_set(a, n, str_from(name), value);
}

static void set_number(struct arena *a, struct xml_node *n, const char *name, uint32_t value)
{
    set(a, n, name, arena_printf(a, "%lu", (unsigned long)value));
}

static void set_some(struct arena *a, struct xml_node *n, const char *name, uint32_t value)
{
    if (value > 0)
        set_number(a, n, name, value);
}

static void set_senders(struct arena *a, struct xml_node *n, enum jingle_senders senders)
{
    if (senders != JINGLE_BOTH)
        set(a, n, "senders", str_from(jingle_senders_names[senders]));
}

static void set_name(struct arena *a, struct xml_node *n, struct str name, bool by_responder)
{
    set(a, n, "creator", by_responder ? STR("responder") : STR("initiator"));
    set(a, n, "name", name);
}

/* ---- Descriptions ----------------------------------------------------------------------------------- */

static void write_feedbacks(struct arena *a, struct xml_node *parent,
                            const struct jingle_feedback *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct xml_node *n = xml_add(a, parent, STR(NS_JINGLE_RTP_FEEDBACK),
                                     list[i].is_interval ? STR("rtcp-fb-trr-int") : STR("rtcp-fb"));

        if (list[i].is_interval) {
            set_number(a, n, "value", list[i].interval);
            continue;
        }
        set(a, n, "type", list[i].type);
        if (list[i].subtype.n > 0)
            set(a, n, "subtype", list[i].subtype);
    }
}

static void write_payload(struct arena *a, struct xml_node *parent, const struct jingle_payload *p)
{
    struct xml_node *n = xml_add(a, parent, STR(NS_JINGLE_RTP), STR("payload-type"));

    set_number(a, n, "id", p->id);
    set(a, n, "name", p->name);
    set_some(a, n, "clockrate", p->clockrate);
    if (p->channels > 1)
        set_number(a, n, "channels", p->channels);
    set_some(a, n, "ptime", p->ptime);
    set_some(a, n, "maxptime", p->maxptime);
    for (size_t i = 0; i < p->parameter_count; i++) {
        struct xml_node *m = xml_add(a, n, STR(NS_JINGLE_RTP), STR("parameter"));

        set(a, m, "name", p->parameters[i].name);
        set(a, m, "value", p->parameters[i].value);
    }
    write_feedbacks(a, n, p->feedbacks, p->feedback_count);
}

/* Names that lips and sound are kept together by (XEP-0339); the same in every call of everybody. */
static void write_source(struct arena *a, struct xml_node *parent, uint32_t ssrc,
                         enum jingle_media media)
{
    struct xml_node *n = xml_add(a, parent, STR(NS_JINGLE_RTP_SOURCE), STR("source")), *m;

    set_number(a, n, "ssrc", ssrc);
    m = xml_add(a, n, STR(NS_JINGLE_RTP_SOURCE), STR("parameter"));
    set(a, m, "name", STR("cname"));
    set(a, m, "value", STR("call"));
    m = xml_add(a, n, STR(NS_JINGLE_RTP_SOURCE), STR("parameter"));
    set(a, m, "name", STR("msid"));
    set(a, m, "value", media == JINGLE_AUDIO ? STR("call audio") : STR("call video"));
}

static void write_sources(struct arena *a, struct xml_node *n, const struct jingle_description *d)
{
    for (size_t i = 0; i < d->source_count; i++)
        write_source(a, n, d->sources[i], d->media);
    for (size_t i = 0; i < d->group_count; i++) {
        struct xml_node *group = xml_add(a, n, STR(NS_JINGLE_RTP_SOURCE), STR("ssrc-group"));

        set(a, group, "semantics", d->groups[i].semantics);
        for (size_t k = 0; k < d->groups[i].count; k++)
            set_number(a, xml_add(a, group, STR(NS_JINGLE_RTP_SOURCE), STR("source")), "ssrc",
                       d->groups[i].sources[k]);
    }
}

static void write_description(struct arena *a, struct xml_node *content,
                              const struct jingle_description *d)
{
    struct xml_node *n = xml_add(a, content, STR(NS_JINGLE_RTP), STR("description")), *m;

    set(a, n, "media", d->media == JINGLE_AUDIO ? STR("audio") : STR("video"));
    for (size_t i = 0; i < d->payload_count; i++)
        write_payload(a, n, &d->payloads[i]);
    write_feedbacks(a, n, d->feedbacks, d->feedback_count);
    if (d->bandwidth_kbps > 0) {
        m = xml_add_text_child(a, n, STR(NS_JINGLE_RTP), STR("bandwidth"),
                               arena_printf(a, "%lu", (unsigned long)d->bandwidth_kbps));
        set(a, m, "type", STR("AS"));
    }
    for (size_t i = 0; i < d->extension_count; i++) {
        m = xml_add(a, n, STR(NS_JINGLE_RTP_EXTENSION), STR("rtp-hdrext"));
        set_number(a, m, "id", d->extensions[i].id);
        set(a, m, "uri", d->extensions[i].uri);
        set_senders(a, m, d->extensions[i].senders);
    }
    if (d->mixed_extensions)
        xml_add(a, n, STR(NS_JINGLE_RTP_EXTENSION), STR("extmap-allow-mixed"));
    write_sources(a, n, d);
    if (d->rtcp_mux)
        xml_add(a, n, STR(NS_JINGLE_RTP), STR("rtcp-mux"));
}

/* ---- Transports ------------------------------------------------------------------------------------- */

static void write_fingerprint(struct arena *a, struct xml_node *transport,
                              const struct jingle_fingerprint *f)
{
    struct xml_node *n;

    if (f->is_sealed) {
        n = xml_add(a, transport, STR(NS_JINGLE_OMEMO_FINGERPRINT), STR("fingerprint"));
        xml_append(n, encrypted_write(a, &f->sealed));
    } else {
        n = xml_add_text_child(a, transport, STR(NS_JINGLE_DTLS), STR("fingerprint"), f->value);
    }
    set(a, n, "hash", f->hash);
    set(a, n, "setup", str_from(jingle_setup_names[f->setup]));
}

static void write_candidate(struct arena *a, struct xml_node *transport,
                            const struct jingle_candidate *c, size_t number)
{
    struct xml_node *n = xml_add(a, transport, STR(NS_JINGLE_ICE_UDP), STR("candidate"));

    set_number(a, n, "component", c->component);
    set(a, n, "foundation", c->tcp ? STR("2") : STR("1"));
    set(a, n, "generation", STR("0"));
    set(a, n, "id", arena_printf(a, "a%zu", number + 1));
    set(a, n, "ip", c->ip);
    set(a, n, "network", STR("0"));
    set_number(a, n, "port", c->port);
    set_number(a, n, "priority", c->priority);
    set(a, n, "protocol", c->tcp ? STR("tcp") : STR("udp"));
    if (c->tcp)
        set(a, n, "tcptype", STR("passive"));
    set(a, n, "type", STR("host"));
}

/* An address of nobody, as one that only connects has it (RFC 6544 §4.5): its sense is that candidates of TCP are understood here. */
static void write_active(struct arena *a, struct xml_node *transport)
{
    struct xml_node *n = xml_add(a, transport, STR(NS_JINGLE_ICE_UDP), STR("candidate"));

    set_number(a, n, "component", 1);
    set(a, n, "foundation", STR("1"));
    set(a, n, "generation", STR("0"));
    set(a, n, "id", STR("a0"));
    set(a, n, "ip", STR("0.0.0.0"));
    set(a, n, "network", STR("0"));
    set_number(a, n, "port", 9);
    set_number(a, n, "priority", 1);
    set(a, n, "protocol", STR("tcp"));
    set(a, n, "tcptype", STR("active"));
    set(a, n, "type", STR("host"));
}

static void write_transport(struct arena *a, struct xml_node *content,
                            const struct jingle_transport *t)
{
    struct xml_node *n = xml_add(a, content, STR(NS_JINGLE_ICE_UDP), STR("transport"));

    if (t->ufrag.n > 0) {
        set(a, n, "ufrag", t->ufrag);
        set(a, n, "pwd", t->pwd);
    }
    if (t->has_fingerprint)
        write_fingerprint(a, n, &t->fingerprint);
    if (t->trickle)
        xml_add(a, n, STR(NS_JINGLE_ICE_OPTION), STR("trickle"));
    if (t->renomination)
        xml_add(a, n, STR(NS_JINGLE_ICE_OPTION), STR("renomination"));
    if (t->knows_tcp)
        write_active(a, n);
    for (size_t i = 0; i < t->candidate_count; i++)
        write_candidate(a, n, &t->candidates[i], i);
}

/* ---- Actions ---------------------------------------------------------------------------------------- */

static void write_group(struct arena *a, struct xml_node *n, const struct jingle *j)
{
    struct xml_node *group = xml_add(a, n, STR(NS_JINGLE_GROUP), STR("group"));

    set(a, group, "semantics", STR("BUNDLE"));
    for (size_t i = 0; i < j->beside_count; i++) /* what was there before comes first */
        set(a, xml_add(a, group, STR(NS_JINGLE_GROUP), STR("content")), "name", j->beside[i]);
    for (size_t i = 0; i < j->content_count; i++)
        if (j->contents[i].in_group)
            set(a, xml_add(a, group, STR(NS_JINGLE_GROUP), STR("content")), "name",
                j->contents[i].name);
}

static void write_content(struct arena *a, struct xml_node *parent, const struct jingle_content *c)
{
    struct xml_node *n = xml_add(a, parent, STR(NS_JINGLE), STR("content"));

    set_name(a, n, c->name, c->by_responder);
    set_senders(a, n, c->senders);
    if (c->has_description)
        write_description(a, n, &c->description);
    if (c->has_transport)
        write_transport(a, n, &c->transport);
}

static void write_info(struct arena *a, struct xml_node *parent, const struct jingle *j)
{
    static const char *const names[] = {
        "", "active", "hold", "unhold", "mute", "unmute", "ringing"
    };
    struct xml_node *n = xml_add(a, parent, STR(NS_JINGLE_RTP_INFO), str_from(names[j->info]));

    if (j->info_content.n > 0)
        set_name(a, n, j->info_content, j->info_by_responder);
}

void jingle_write_reason(struct arena *a, struct xml_node *parent, const char *reason)
{
    xml_add(a, xml_add(a, parent, STR(NS_JINGLE), STR("reason")), STR(NS_JINGLE), str_from(reason));
}

struct xml_node *jingle_write(struct arena *a, const struct jingle *j)
{
    struct xml_node *n = xml_new(a, STR(NS_JINGLE), STR("jingle"));

    set(a, n, "action", str_from(jingle_action_text(j->action)));
    set(a, n, "sid", j->sid);
    if (j->initiator.n > 0)
        set(a, n, "initiator", j->initiator);
    if (j->responder.n > 0)
        set(a, n, "responder", j->responder);
    if (j->has_group)
        write_group(a, n, j);
    for (size_t i = 0; i < j->content_count; i++)
        write_content(a, n, &j->contents[i]);
    if (j->info != JINGLE_INFO_NONE)
        write_info(a, n, j);
    if (j->reason != NULL)
        jingle_write_reason(a, n, j->reason);
    return n;
}
