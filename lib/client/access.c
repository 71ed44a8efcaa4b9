/* access.c: see access.h. */
#include "client/access.h"

#include "base/datetime.h"
#include "client/engine_inside.h"
#include "xmpp/ns.h"

enum { ACCESS_MAX = 1000 }; /* more than any server of ours remembers */

/* ---- What happened --------------------------------------------------------------------------------- */

static void tell(struct engine *c, enum access_change what, struct str id, struct str text)
{
    struct engine_event e = { .kind = ENGINE_ACCESS, .access = what, .text = text };

    e.entry.id = id;
    engine_tell(c, &e);
}

static void tell_why(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *error =
        answer != NULL ? xml_child(answer->node, STR(NS_CLIENT), STR("error")) : NULL;
    struct str text = error != NULL
                          ? xml_child_text(&r->arena, error, STR(NS_STANZA_ERRORS), STR("text"))
                          : STR_NONE;

    if (error != NULL && xml_child(error, STR(NS_CAM), STR("password-reset-required")) != NULL)
        tell(c, ACCESS_REVOKED_FOR_NOW, STR_NONE, STR_NONE);
    else if (answer == NULL)
        tell(c, ACCESS_FAILED, STR_NONE, STR("the connection ended before the server answered"));
    else if (text.n == 0 && error != NULL
             && xml_child(error, STR(NS_STANZA_ERRORS), STR("item-not-found")) != NULL)
        tell(c, ACCESS_FAILED, STR_NONE, STR("the server knows nobody of this id who may log in"));
    else
        tell(c, ACCESS_FAILED, STR_NONE, text.n > 0 ? text : STR("the server refused"));
}

static bool succeeded(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (answer != NULL && answer->type == IQ_RESULT)
        return true;
    tell_why(c, r, answer);
    return false;
}

/* ---- The list -------------------------------------------------------------------------------------- */

static uint64_t time_of(struct arena *a, const struct xml_node *client, const char *name)
{
    uint64_t ms;
    struct str text = xml_child_text(a, client, STR(NS_CAM), str_from(name));

    return datetime_read(text, &ms) == ERR_NONE ? ms : 0;
}

static void read_client(struct arena *a, const struct xml_node *client, struct access_info *out)
{
    const struct xml_node *auth = xml_child(client, STR(NS_CAM), STR("auth"));
    const struct xml_node *agent = xml_child(client, STR(NS_CAM), STR("user-agent"));
    const struct xml_node *permission = xml_child(client, STR(NS_CAM), STR("permission"));
    const struct xml_node *via = xml_child(client, STR(NS_CREDENTIALS), STR("via"));

    *out = (struct access_info){
        .id = arena_str(a, xml_get(client, STR("id"))),
        .is_password = str_is(xml_get(client, STR("type")), "access"),
        .limited =
            permission != NULL && !str_is(xml_get(permission, STR("status")), "unrestricted"),
        .connected = str_is(xml_get(client, STR("connected")), "true"),
        .first_ms = time_of(a, client, "first-seen"),
        .last_ms = time_of(a, client, "last-seen"),
        .via = via != NULL ? arena_str(a, xml_get(via, STR("id"))) : STR_NONE,
        .knows_password = auth != NULL && xml_child(auth, STR(NS_CAM), STR("password")) != NULL,
    };
    if (agent != NULL) {
        out->name = arena_str(a, xml_child_text(a, agent, STR(NS_CAM), STR("device")));
        out->software = arena_str(a, xml_child_text(a, agent, STR(NS_CAM), STR("software")));
    }
}

static void list_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    struct arena *a = &c->access.arena;
    const struct xml_node *list;
    size_t n = 0;

    if (!succeeded(c, r, answer))
        return;
    arena_deinit(a);
    c->access.count = 0;
    list = xml_child(answer->node, STR(NS_CAM), STR("clients"));
    for (const struct xml_node *x = list ? xml_first_element(list) : NULL; x != NULL;
         x = xml_next_element(x))
        n += xml_is(x, STR(NS_CAM), STR("client"));
    n = n < ACCESS_MAX ? n : ACCESS_MAX;
    c->access.list = arena_alloc(a, n * sizeof *c->access.list);
    for (const struct xml_node *x = list ? xml_first_element(list) : NULL;
         x != NULL && c->access.count < n; x = xml_next_element(x))
        if (xml_is(x, STR(NS_CAM), STR("client")))
            read_client(a, x, &c->access.list[c->access.count++]);
    tell(c, ACCESS_LISTED, STR_NONE, STR_NONE);
}

void engine_ask_access(struct engine *c)
{
    struct arena a = { 0 };

    request_send(c, request_new(c, list_came), "get", NULL, xml_new(&a, STR(NS_CAM), STR("list")));
    engine_end_round(c);
    arena_deinit(&a);
}

bool engine_next_access(const struct engine *c, size_t *cursor, struct access_info *out)
{
    if (*cursor >= c->access.count)
        return false;
    *out = c->access.list[(*cursor)++];
    return true;
}

/* ---- Changing it ----------------------------------------------------------------------------------- */

static void password_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *created;

    if (!succeeded(c, r, answer))
        return;
    created = xml_child(answer->node, STR(NS_CREDENTIALS), STR("created"));
    if (created == NULL || xml_get(created, STR("password")).n == 0)
        tell(c, ACCESS_FAILED, STR_NONE, STR("the server's answer holds no password"));
    else
        tell(c, ACCESS_MADE, xml_get(created, STR("id")), xml_get(created, STR("password")));
}

void engine_make_password(struct engine *c, struct str name, bool limited)
{
    struct arena a = { 0 };
    struct xml_node *create = xml_new(&a, STR(NS_CREDENTIALS), STR("create"));

    xml_set(&a, create, STR("name"), name);
    xml_set(&a, create, STR("kind"), limited ? STR("app") : STR("device"));
    request_send(c, request_new(c, password_came), "set", NULL, create);
    engine_end_round(c);
    arena_deinit(&a);
}

static void revoked(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (succeeded(c, r, answer))
        tell(c, ACCESS_REVOKED, STR_NONE, STR_NONE);
}

void engine_revoke_access(struct engine *c, struct str id)
{
    struct arena a = { 0 };
    struct xml_node *revoke = xml_new(&a, STR(NS_CAM), STR("revoke"));

    xml_set(&a, revoke, STR("id"), id);
    request_send(c, request_new(c, revoked), "set", NULL, revoke);
    engine_end_round(c);
    arena_deinit(&a);
}
