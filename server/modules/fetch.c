/* fetch.c: asking for files of other hosts through this server (urn:sotto:fetch:0, docs/fetch.md): tickets. The files go
 * over HTTPS (web/fetch.c).
 *
 *     <iq type='get' to='sotto.example'><fetch xmlns='urn:sotto:fetch:0' url='https://…'/></iq>
 *     <iq type='result'><fetch xmlns='urn:sotto:fetch:0' url='https://sotto.example:5443/fetch?ticket=…' max-size='…'
 *         expires='…'/></iq>
 */
#include "base/datetime.h"
#include "http/url.h"
#include "server/fetch_desk.h"
#include "server/modules/modules.h"
#include "xmpp/disco.h"

static bool is_on(const struct settings *s)
{
    return s->web_url.n > 0 && s->fetch_bytes > 0;
}

static enum verdict too_often(const struct incoming *in, struct outcome *out)
{
    struct xml_node *answer = stanza_error(
        outcome_arena(out), in->stanza, COND_POLICY_VIOLATION,
        STR("You have had many files fetched from elsewhere. Please try again later."));

    xml_set(outcome_arena(out), stanza_error_child(answer), STR("type"), STR("wait"));
    outcome_reply(out, answer);
    outcome_event(out, EVENT(EVENT_FETCH));
    return HANDLED;
}

static enum verdict give_ticket(const struct incoming *in, struct outcome *out, struct str token)
{
    const struct settings *s = in->settings;
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *fetch = xml_add(a, result, STR(NS_FETCH), STR("fetch"));

    xml_set(a, fetch, STR("url"),
            arena_printf(a, "%.*s/fetch?ticket=%.*s", STR_ARG(s->web_url), STR_ARG(token)));
    xml_set(a, fetch, STR("max-size"), arena_printf(a, "%llu", (unsigned long long)s->fetch_bytes));
    xml_set(a, fetch, STR("expires"), datetime_text(a, in->now_ms + FETCH_TICKET_MS));
    outcome_reply(out, result);
    return HANDLED;
}

/* What lies here is asked for directly; and a server that asks itself may be taken for somebody whom it trusts. */
static enum verdict ask_directly(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer =
        stanza_error(a, in->stanza, COND_NOT_ACCEPTABLE,
                     STR("This file is on this server: ask for it directly."));

    xml_add(a, stanza_error_child(answer), STR(NS_FETCH), STR("direct"));
    outcome_reply(out, answer);
    return HANDLED;
}

static bool is_ours(const struct settings *s, const struct https_url *url)
{
    return settings_serves(s, url->name) || str_eq(url->host, s->web_host);
}

static enum verdict fetch_request(const struct incoming *in, struct outcome *out)
{
    struct str text = xml_get(in->stanza->payload, STR("url")), token;
    struct https_url url;

    if (!is_on(in->settings))
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    switch (https_url_read(outcome_arena(out), text, &url)) {
    case ERR_NONE: break;
    case ERR_DENIED:
        outcome_event(out, EVENT(EVENT_FETCH_TARGET, .rule = "port"));
        return outcome_refuse(in, out, COND_NOT_ACCEPTABLE,
                              STR("Files are fetched over https, from port 443 or above 1023."));
    default: return outcome_refuse(in, out, COND_BAD_REQUEST, STR("That is no address of a file."));
    }
    if (is_ours(in->settings, &url))
        return ask_directly(in, out);
    if (!outcome_fetch_ticket(out, text, &token))
        return too_often(in, out);
    return give_ticket(in, out, token);
}

static void describe(const struct settings *s, struct arena *a, struct xml_node *query)
{
    if (is_on(s))
        disco_feature(a, query, STR(NS_FETCH));
}

const struct module fetch_module = {
    .name = "fetch",
    .spec = "urn:sotto:fetch:0",
    .describe = describe,
    .iqs = IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_FETCH), STR_INIT("fetch"), fetch_request }),
};
