/* link_old.c: see link_old.h. */
#include "client/link_old.h"

#include <string.h>

#include "base/encode.h"
#include "client/engine_inside.h"
#include "client/history.h"
#include "client/link.h"
#include "client/trust_book.h"
#include "client/trust_message.h"
#include "xmpp/ns.h"

struct link_old {
    struct arena arena;
    struct link_code code;
    struct str channel;
    struct link_secret secret;
    struct bytes hello, message;
    struct link_answer answer; /* views of message */
    struct link_shared shared;
    bool answered, with_history;
};

void link_old_free(struct link_old *l)
{
    if (l == NULL)
        return;
    arena_deinit(&l->arena);
    secure_zero(l, sizeof *l);
    mem_free(l);
}

/* ---- What happened --------------------------------------------------------------------------------- */

static void tell(struct engine *c, enum link_change what, struct str text)
{
    struct engine_event e = { .kind = ENGINE_LINK, .link = what, .text = text };

    if (what == LINK_ANSWERED) {
        e.entry.author = c->linking->answer.name;
        e.on = c->linking->answer.wants_history;
    }
    engine_tell(c, &e);
}

static void give_up(struct engine *c, struct str why)
{
    if (c->linking->with_history)
        history_cancel(c, c->linking->answer.device);
    link_old_free(c->linking);
    c->linking = NULL;
    tell(c, LINK_FAILED, why);
}

/* False: it was told. */
static bool succeeded(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *error =
        answer != NULL ? xml_child(answer->node, STR(NS_CLIENT), STR("error")) : NULL;
    struct str text = error != NULL
                          ? xml_child_text(&r->arena, error, STR(NS_STANZA_ERRORS), STR("text"))
                          : STR_NONE;

    if (c->linking == NULL)
        return false;
    if (answer != NULL && answer->type == IQ_RESULT)
        return true;
    give_up(c, answer == NULL ? STR("the connection ended before it was done")
               : text.n > 0   ? text
                              : STR("the server refused, or the new device took too long"));
    return false;
}

/* ---- Hello ----------------------------------------------------------------------------------------- */

static struct xml_node *question(struct engine *c, struct arena *a, bool put, const char *step)
{
    struct xml_node *node = xml_new(a, STR(NS_LINK), put ? STR("put") : STR("take"));

    xml_set(a, node, STR("channel"), c->linking->channel);
    xml_set(a, node, STR("step"), str_from(step));
    return node;
}

static void put(struct engine *c, const char *step, struct bytes octets, request_done *done)
{
    struct arena a = { 0 };
    struct xml_node *node = question(c, &a, true, step);

    xml_add_text(&a, node, base64_text(&a, octets));
    request_send(c, request_new(c, done), "set", NULL, node);
    arena_deinit(&a);
}

static void opened(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (succeeded(c, r, answer))
        tell(c, LINK_OPENED, STR_NONE);
}

enum err engine_link_begin(struct engine *c, struct str code)
{
    struct link_old *l = mem_alloc(sizeof *l);
    enum err e = link_code_read(&l->arena, code, &l->code);

    if (e == ERR_NONE && !str_eq(l->code.domain, c->config.jid.domain))
        e = ERR_DENIED;
    if (e != ERR_NONE) {
        link_old_free(l);
        return e;
    }
    link_old_free(c->linking);
    c->linking = l;
    l->channel = link_channel(&l->arena, &l->code);
    link_secret_make(&l->secret, &c->random);
    l->hello = link_hello_write(&l->arena, &l->secret);
    put(c, "hello", l->hello, opened);
    engine_end_round(c);
    return ERR_NONE;
}

/* ---- Answer ---------------------------------------------------------------------------------------- */

static enum err take_answer(struct link_old *l, const struct stanza *answer)
{
    const struct xml_node *octets = xml_child(answer->node, STR(NS_LINK), STR("octets"));
    enum err e;

    if (octets == NULL)
        return ERR_MALFORMED;
    if ((e = base64_read(&l->arena, str_trim(xml_text_of(&l->arena, octets)), &l->message))
            != ERR_NONE
        || (e = link_answer_read(l->message, &l->answer)) != ERR_NONE)
        return e;
    return link_agree(&l->code, l->hello, l->message, &l->secret, l->answer.key, &l->shared);
}

static bool is_missing(const struct stanza *answer)
{
    const struct xml_node *error =
        answer != NULL ? xml_child(answer->node, STR(NS_CLIENT), STR("error")) : NULL;

    return error != NULL && xml_child(error, STR(NS_STANZA_ERRORS), STR("item-not-found")) != NULL;
}

static void answered(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (c->linking != NULL && is_missing(answer)) {
        tell(c, LINK_WAITS, STR_NONE);
        return;
    }
    if (!succeeded(c, r, answer))
        return;
    if (take_answer(c->linking, answer) != ERR_NONE) {
        give_up(c, STR("the answer is not from the device that showed this code: somebody may be "
                       "in between"));
        return;
    }
    c->linking->answered = true;
    tell(c, LINK_ANSWERED, str_from(c->linking->shared.digits));
}

void engine_link_ask(struct engine *c)
{
    struct arena a = { 0 };

    if (c->linking == NULL || c->linking->answered)
        return;
    request_send(c, request_new(c, answered), "get", NULL, question(c, &a, false, "answer"));
    engine_end_round(c);
    arena_deinit(&a);
}

/* ---- Gift ------------------------------------------------------------------------------------------ */

static size_t count_keys(const struct engine *c)
{
    struct engine_key_info k;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);)
        n++;
    return n;
}

static void fill_keys(const struct engine *c, struct arena *a, struct link_gift *gift)
{
    struct engine_key_info k;

    gift->keys = arena_alloc(a, count_keys(c) * sizeof *gift->keys);
    for (size_t cursor = 0; engine_next_key(c, &cursor, &k);) {
        struct link_key *to = &gift->keys[gift->key_count++];

        *to = (struct link_key){
            .account = k.account, .device = k.device, .trust = (uint8_t)k.trust, .met_ms = k.met_ms
        };
        if (k.trust == TRUST_TRUSTED && k.linked)
            to->trust = LINK_TRUST_LINKED;
        memcpy(to->curve, k.curve, sizeof to->curve);
    }
}

static void given(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (!succeeded(c, r, answer))
        return;
    link_old_free(c->linking);
    c->linking = NULL;
    tell(c, LINK_GIVEN, STR_NONE);
}

/* Its messages are read, and it reads ours, without a further question. It counts as trusted and not as compared: else devices that
 * another one of ours links would wait for a decision here. */
static void trust_it(struct engine *c)
{
    const struct link_answer *answer = &c->linking->answer;
    struct engine_key_info k = { .account = c->bare,
                                 .device = answer->device,
                                 .trust = TRUST_TRUSTED,
                                 .met_ms = c->now_ms,
                                 .linked = true,
                                 .decided_ms = c->now_ms };
    struct identity_key key;

    if (identity_key_read(OMEMO_2, answer->ed, &key) != ERR_NONE)
        return; /* link_answer_read() has read it */
    memcpy(k.curve, key.curve, sizeof k.curve);
    trust_adopt(c, &k);
    trust_message_decided(c, &k);
}

static void password_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *created;
    struct link_gift gift = { .jid = c->bare, .device = c->identity->device_id };
    struct arena a = { 0 };

    if (!succeeded(c, r, answer))
        return;
    created = xml_child(answer->node, STR(NS_CREDENTIALS), STR("created"));
    gift.password = created != NULL ? xml_get(created, STR("password")) : STR_NONE;
    if (gift.password.n == 0) {
        give_up(c, STR("the server's answer holds no password"));
        return;
    }
    memcpy(gift.ed, c->identity->ed, sizeof gift.ed);
    if ((gift.has_history = c->linking->with_history))
        history_promise(c, c->linking->answer.device, c->linking->shared.history);
    fill_keys(c, &a, &gift);
    put(c, "gift", link_gift_seal(&a, &c->linking->shared, &gift), given);
    trust_it(c);
    arena_deinit(&a);
}

void engine_link_give(struct engine *c, bool with_history)
{
    struct arena a = { 0 };
    struct xml_node *create;
    struct str name;

    if (c->linking == NULL || !c->linking->answered)
        return;
    c->linking->with_history = with_history;
    create = xml_new(&a, STR(NS_CREDENTIALS), STR("create"));
    name = str_trim(c->linking->answer.name);
    xml_set(&a, create, STR("name"), name.n > 0 ? name : STR("linked device"));
    xml_set(&a, create, STR("kind"), STR("device"));
    request_send(c, request_new(c, password_came), "set", NULL, create);
    engine_end_round(c);
    arena_deinit(&a);
}
