/* candidates.c: where media goes, as our own server says. Nobody but a client reads these: the server counts those that it gets and
 * writes its own (XEP-0176 §5.5).
 */
#include "base/ip.h"
#include "jingle/sdp.h"
#include "jingle/token.h"
#include "xmpp/ns.h"

/* No names: looking one up tells whoever runs that name where we are. */
static bool is_literal(struct str ip)
{
    uint8_t octets[16];

    return ip4_read(ip, octets) == ERR_NONE || ip6_read(ip, octets) == ERR_NONE;
}

static bool read_candidate(const struct xml_node *n, struct jingle_candidate *out)
{
    struct str protocol = xml_get(n, STR("protocol"));
    uint64_t component, priority, port;

    *out = (struct jingle_candidate){ .ip = xml_get(n, STR("ip")),
                                      .tcp = str_is(protocol, "tcp")
                                             && str_is(xml_get(n, STR("tcptype")), "passive") };
    if (!is_literal(out->ip) || (!out->tcp && !str_is(protocol, "udp"))
        || !token_number(xml_get(n, STR("component")), 1, 2, &component)
        || !token_number(xml_get(n, STR("priority")), 0, UINT32_MAX, &priority)
        || !token_number(xml_get(n, STR("port")), 1, 65535, &port))
        return false;
    out->component = (uint32_t)component;
    out->priority = (uint32_t)priority;
    out->port = (uint16_t)port;
    return true;
}

static struct jingle_content *content_named(struct jingle *j, struct str name)
{
    for (size_t i = 0; i < j->content_count; i++)
        if (str_eq(j->contents[i].name, name))
            return &j->contents[i];
    return NULL;
}

void jingle_candidates(struct arena *a, const struct xml_node *element, struct jingle *j)
{
    for (const struct xml_node *n = xml_first_element(element); n != NULL;
         n = xml_next_element(n)) {
        struct jingle_content *c = xml_is(n, STR(NS_JINGLE), STR("content"))
                                       ? content_named(j, xml_get(n, STR("name")))
                                       : NULL;
        const struct xml_node *t =
            c != NULL ? xml_child(n, STR(NS_JINGLE_ICE_UDP), STR("transport")) : NULL;
        struct jingle_candidate found;

        for (const struct xml_node *m = t != NULL ? xml_first_element(t) : NULL; m != NULL;
             m = xml_next_element(m))
            if (xml_is(m, STR(NS_JINGLE_ICE_UDP), STR("candidate"))
                && c->transport.candidate_count < JINGLE_CANDIDATES && read_candidate(m, &found)) {
                found.ip = arena_str(a, found.ip);
                c->transport.candidates[c->transport.candidate_count++] = found;
            }
    }
}
