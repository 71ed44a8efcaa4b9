/* linking.c: see linking.h. */
#include "server/linking.h"

#include "base/encode.h"
#include "xmpp/ns.h"

static enum err read_step(struct str name, enum link_step *out)
{
    if (str_is(name, "hello"))
        *out = LINK_HELLO;
    else if (str_is(name, "answer"))
        *out = LINK_ANSWER;
    else if (str_is(name, "gift"))
        *out = LINK_GIFT;
    else
        return ERR_MALFORMED;
    return ERR_NONE;
}

enum err link_request_read(struct arena *a, const struct stanza *iq, struct link_request *out)
{
    const struct xml_node *node = iq->payload;
    struct link_request r = { .put = xml_is(node, STR(NS_LINK), STR("put")) };
    enum err e;

    if (r.put != (iq->type == IQ_SET) || (!r.put && !xml_is(node, STR(NS_LINK), STR("take"))))
        return ERR_MALFORMED;
    r.channel = xml_get(node, STR("channel"));
    if (r.channel.n != LINK_CHANNEL_CHARS)
        return ERR_MALFORMED;
    if ((e = read_step(xml_get(node, STR("step")), &r.step)) != ERR_NONE)
        return e;
    if (r.put && (e = base64_read(a, str_trim(xml_text_of(a, node)), &r.octets)) != ERR_NONE)
        return e;
    if (r.put
        && (r.octets.n == 0 || r.octets.n > (r.step == LINK_GIFT ? LINK_LONG_MAX : LINK_SHORT_MAX)))
        return ERR_MALFORMED;
    *out = r;
    return ERR_NONE;
}

struct xml_node *link_answer(struct arena *a, const struct stanza *iq, struct bytes octets)
{
    struct xml_node *result = stanza_result(a, iq);

    xml_add_text_child(a, result, STR(NS_LINK), STR("octets"), base64_text(a, octets));
    return result;
}
