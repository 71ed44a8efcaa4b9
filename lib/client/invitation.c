/* invitation.c: see invitation.h. */
#include "client/invitation.h"

#include "base/datetime.h"
#include "client/engine_inside.h"
#include "client/invite.h"
#include "xmpp/dataform.h"
#include "xmpp/ns.h"

#define NODE_INVITE   NS_INVITE "#invite"
#define NODE_WITHDRAW "urn:sotto:invite:0#withdraw" /* of our server */

static void refuse(struct engine *c, struct str why)
{
    struct engine_event e = { .kind = ENGINE_INVITATION, .refused = true, .text = why };

    engine_tell(c, &e);
}

static struct str reason(struct arena *a, const struct stanza *answer)
{
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));
    struct str text =
        error != NULL ? xml_child_text(a, error, STR(NS_STANZA_ERRORS), STR("text")) : STR_NONE;

    return text.n > 0 ? text : STR("the server does not let its people do this");
}

/* The link opens whatever the other person has, and the page is shown in words: neither is anything but what it should be. */
static bool is_link(struct str text, struct str scheme)
{
    struct invite i;

    return str_starts(text, scheme) && invite_read(text, &i) == ERR_NONE;
}

static void form_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    struct engine_event e = { .kind = ENGINE_INVITATION };
    const struct xml_node *command = answer->type == IQ_RESULT
                                         ? xml_child(answer->node, STR(NS_COMMANDS), STR("command"))
                                         : NULL;
    struct dataform form;
    struct str page;

    if (answer->type == IQ_ERROR) {
        refuse(c, reason(&r->arena, answer));
        return;
    }
    if (command == NULL || dataform_read(&r->arena, command, &form) != ERR_NONE
        || !is_link(e.text = dataform_value(&r->arena, &form, STR("uri")), STR("xmpp:"))) {
        refuse(c, STR("the server's answer holds no invitation"));
        return;
    }
    page = dataform_value(&r->arena, &form, STR("landing-url"));
    if (is_link(page, STR("https://")))
        e.entry.target = page;
    if (datetime_read(dataform_value(&r->arena, &form, STR("expire")), &e.entry.time_ms)
        != ERR_NONE)
        e.entry.time_ms = 0;
    engine_tell(c, &e);
}

static void answered(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (answer == NULL)
        refuse(c, STR("the connection ended before the server answered"));
    else
        form_came(c, r, answer);
}

static void taken_back(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (answer != NULL && answer->type == IQ_RESULT)
        engine_tell(c, &(struct engine_event){ .kind = ENGINE_INVITATION });
    else if (answer != NULL)
        refuse(c, reason(&r->arena, answer));
    else
        refuse(c, STR("the connection ended before the server answered"));
}

enum err engine_take_back(struct engine *c, struct str invitation)
{
    struct jid server = { .domain = c->config.jid.domain };
    struct arena a = { 0 };
    struct xml_node *command;
    struct invite i;
    enum err e = invite_read(invitation, &i);

    if (e != ERR_NONE)
        return e;
    command = xml_new(&a, STR(NS_COMMANDS), STR("command"));
    xml_set(&a, command, STR("node"), STR(NODE_WITHDRAW));
    xml_set(&a, command, STR("action"), STR("execute"));
    dataform_field(&a, dataform_new(&a, command, STR("submit"), STR_NONE), STR("token"), STR_NONE,
                   STR_NONE, i.token);
    request_send(c, request_new(c, taken_back), "set", &server, command);
    engine_end_round(c);
    arena_deinit(&a);
    return ERR_NONE;
}

void engine_invite(struct engine *c)
{
    struct jid server = { .domain = c->config.jid.domain };
    struct arena a = { 0 };
    struct xml_node *command = xml_new(&a, STR(NS_COMMANDS), STR("command"));

    xml_set(&a, command, STR("node"), STR(NODE_INVITE));
    xml_set(&a, command, STR("action"), STR("execute"));
    request_send(c, request_new(c, answered), "set", &server, command);
    engine_end_round(c);
    arena_deinit(&a);
}
