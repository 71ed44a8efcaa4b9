/* extdisco.c: External Service Discovery (XEP-0215): where a client finds STUN, TURN and their like.
 *
 * Media go through the server's own anchor, whose place and credentials come with an accepted call. It is announced as STUN all
 * the same, so that no client has a reason to ask a server of strangers (Dino has one built in), which would learn who calls from
 * where. TURN is for networks that let nothing through but TLS: on the port for everything, for accounts of ours, and another way to
 * the anchor only (turn.h).
 */
#include "base/datetime.h"
#include "base/ip.h"
#include "rtp/anchor_wire.h"
#include "server/modules/modules.h"
#include "server/turn_credential.h"

static struct str host_text(struct arena *a, const struct stun_address *at)
{
    if (at->is_v6)
        return ip6_text(a, at->ip);
    return arena_printf(a, "%u.%u.%u.%u", at->ip[0], at->ip[1], at->ip[2], at->ip[3]);
}

static void add_stun(struct arena *a, struct xml_node *services, const struct anchor_place *p)
{
    struct xml_node *service = xml_add(a, services, STR(NS_EXTDISCO), STR("service"));

    xml_set(a, service, STR("type"), STR("stun"));
    xml_set(a, service, STR("transport"), STR("udp"));
    xml_set(a, service, STR("host"), host_text(a, &p->address));
    xml_set(a, service, STR("port"), arena_printf(a, "%u", p->address.port));
}

/* TLS, so a name: that of the certificate. */
static void add_turn(const struct incoming *in, struct arena *a, struct xml_node *parent)
{
    const struct settings *settings = in->settings;
    struct bytes secret = bytes_of(settings->secret, sizeof settings->secret);
    uint64_t expires_s = in->now_ms / 1000 + TURN_CREDENTIAL_S;
    struct str salt =
        arena_printf(a, "%.*s %llu", STR_ARG(in->stanza->id), (unsigned long long)in->now_ms);
    struct turn_credential c =
        turn_credential_new(a, secret, turn_owner(secret, in->sender), expires_s, salt);
    struct xml_node *service = xml_add(a, parent, STR(NS_EXTDISCO), STR("service"));

    xml_set(a, service, STR("type"), STR("turns"));
    xml_set(a, service, STR("transport"), STR("tcp"));
    xml_set(a, service, STR("host"), settings->domains[0]);
    xml_set(a, service, STR("port"), arena_printf(a, "%u", settings->turn_port));
    xml_set(a, service, STR("restricted"), STR("true"));
    xml_set(a, service, STR("username"), c.name);
    xml_set(a, service, STR("password"), c.password);
    xml_set(a, service, STR("expires"), datetime_text(a, expires_s * 1000));
}

static bool has_turn(const struct incoming *in)
{
    return in->settings->turn_port != 0 && in->place_count > 0 && in->sender_account != 0
           && in->remote == NULL;
}

static enum verdict services_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *services = xml_add(a, result, STR(NS_EXTDISCO), STR("services"));
    struct str type = xml_get(in->stanza->payload, STR("type"));

    if (type.p != NULL) /* §3.2 */
        xml_set(a, services, STR("type"), type);
    for (size_t i = 0; i < in->place_count && (type.p == NULL || str_is(type, "stun")); i++)
        if (!in->places[i].tcp)
            add_stun(a, services, &in->places[i]);
    if (has_turn(in) && (type.p == NULL || str_is(type, "turns")))
        add_turn(in, a, services);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict credentials_get(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *service =
        xml_child(in->stanza->payload, STR(NS_EXTDISCO), STR("service"));
    struct arena *a = outcome_arena(out);
    struct xml_node *result;

    if (service == NULL || xml_get(service, STR("host")).n == 0
        || xml_get(service, STR("type")).n == 0) /* §3.3 */
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("Name a service."));
    if (!has_turn(in) || !str_is(xml_get(service, STR("type")), "turns")
        || !str_eq(xml_get(service, STR("host")), in->settings->domains[0]))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    result = stanza_result(a, in->stanza);
    add_turn(in, a, xml_add(a, result, STR(NS_EXTDISCO), STR("credentials")));
    outcome_reply(out, result);
    return HANDLED;
}

const struct module extdisco_module = {
    .name = "extdisco",
    .spec = "XEP-0215 1.0.0",
    .features = LIST(STR_INIT(NS_EXTDISCO)),
    .iqs =
        IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_EXTDISCO), STR_INIT("services"), services_get },
            { IQ_GET, TO_SERVER, STR_INIT(NS_EXTDISCO), STR_INIT("credentials"), credentials_get }),
};
