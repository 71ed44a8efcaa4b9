/* blocking.c: Blocking Command (XEP-0191): nothing from the blocked, nothing to them.
 *
 * To those whom an account blocks it looks like one that does not exist: messages and requests go
 * the way of what is for nobody, so that they get the same answers, or none; presence gets silence,
 * and nobody but its own devices learns of the block. A block of a full address keeps out what comes
 * from there; presence goes to accounts, so it is hidden from whole accounts only.
 */
#include <string.h>

#include "server/modules/modules.h"

/* ---- The list (§3.2) ------------------------------------------------------------------------------- */

static void add_item(struct arena *a, struct xml_node *list, struct str jid)
{
    xml_set(a, xml_add(a, list, STR(NS_BLOCKING), STR("item")), STR("jid"), arena_str(a, jid));
}

static enum verdict list_get(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *list;
    struct map_slot slot;

    if (!in->own)
        return outcome_forbid(in, out);
    result = stanza_result(a, in->stanza);
    list = xml_add(a, result, STR(NS_BLOCKING), STR("blocklist"));
    for (size_t at = 0; map_next(&in->view->blocks, &at, &slot);)
        add_item(a, list, slot.key);
    outcome_session(out, SESSION_BLOCKLIST, 0);
    outcome_reply(out, result);
    return HANDLED;
}

/* ---- Changes (§3.3 to §3.5) ------------------------------------------------------------------------ */

/* What is asked for is written even if the list says that it is so already: that may come from a change which is not
 * committed yet and can still fail, and the result that we answer is to hold all the same. */

/* The addresses that a request names: each once, prepared. */
struct named {
    struct map jids;           /* JID -> itself */
    enum stanza_condition why; /* COND_NONE while all is well */
};

static void name_item(struct arena *a, struct named *named, const struct xml_node *item)
{
    struct str *jid = ARENA_NEW(a, struct str);
    struct jid j;

    if (!xml_is(item, STR(NS_BLOCKING), STR("item")) || xml_get(item, STR("jid")).n == 0) {
        named->why = COND_BAD_REQUEST;
    } else if (jid_parse(a, xml_get(item, STR("jid")), &j) != ERR_NONE) {
        named->why = COND_JID_MALFORMED;
    } else {
        *jid = jid_text(a, &j);
        map_put(&named->jids, *jid, jid);
    }
}

static void named_read(const struct incoming *in, struct arena *a, struct named *out)
{
    uint64_t seed[2];

    /* Who asks chooses the keys, so the hash of the map must not be known to him. */
    memcpy(seed, in->settings->secret, sizeof seed);
    map_init(&out->jids, seed);
    out->why = COND_NONE;
    for (const struct xml_node *i = xml_first_element(in->stanza->payload);
         i != NULL && out->why == COND_NONE; i = xml_next_element(i))
        name_item(a, out, i);
}

/* To the devices that asked for the list: what was named, or nothing for "all". */
static void push_change(struct outcome *out, struct str command, const struct named *named)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *iq = stanza_new(a, STANZA_IQ, "set", STR_NONE, STR_NONE, STR_NONE);
    struct xml_node *list = xml_add(a, iq, STR(NS_BLOCKING), command);
    struct map_slot slot;

    for (size_t at = 0; map_next(&named->jids, &at, &slot);)
        add_item(a, list, slot.key);
    outcome_push(out, iq, SESSION_BLOCKLIST);
}

static enum verdict block_named(const struct incoming *in, struct outcome *out,
                                const struct named *named)
{
    const struct map *blocks = &in->view->blocks;
    struct map_slot slot;
    size_t added = 0;

    for (size_t at = 0; map_next(&named->jids, &at, &slot);)
        added += map_get(blocks, slot.key) == NULL;
    if (added > 0 && blocks->n + added > in->settings->blocks)
        return outcome_full(in, out, "blocks", STR("Your block list is full."));
    for (size_t at = 0; map_next(&named->jids, &at, &slot);)
        outcome_write(out, ROW_BLOCK)->block.jid = slot.key;
    outcome_hide(out, &named->jids);
    push_change(out, STR("block"), named);
    return outcome_result(in, out);
}

static enum verdict block(const struct incoming *in, struct outcome *out)
{
    struct named named;
    enum verdict v;

    if (!in->own)
        return outcome_forbid(in, out);
    named_read(in, outcome_arena(out), &named);
    if (named.why == COND_NONE && named.jids.n == 0)
        named.why = COND_BAD_REQUEST; /* §3.3 */
    v = named.why == COND_NONE
            ? block_named(in, out, &named)
            : outcome_refuse(in, out, named.why, STR("That is no list of addresses."));
    map_deinit(&named.jids);
    return v;
}

/* Whoever a removed entry covers may see us again, unless another entry covers him too; that is
 * looked at when the rows are in force. */
static void show_again(const struct incoming *in, struct outcome *out, const struct map *removed)
{
    struct arena *a = outcome_arena(out);
    struct map_slot slot;
    struct jid j;

    for (size_t at = 0; map_next(&in->view->roster, &at, &slot);)
        if (jid_parse(a, slot.key, &j) == ERR_NONE && blocks_cover(removed, &j))
            outcome_show(out, arena_str(a, slot.key));
    for (size_t at = 0; map_next(removed, &at, &slot);)
        if (jid_parse(a, slot.key, &j) == ERR_NONE && j.local.n > 0 && !jid_is_bare(&j))
            outcome_show(out, arena_str(a, slot.key));
}

static enum verdict unblock_named(const struct incoming *in, struct outcome *out,
                                  const struct named *named)
{
    bool all = named->jids.n == 0;
    struct map_slot slot;

    for (size_t at = 0; map_next(&named->jids, &at, &slot);)
        outcome_write(out, ROW_BLOCK_GONE)->block.jid = slot.key;
    if (all)
        outcome_write(out, ROW_BLOCK_GONE)->block.jid = STR("");
    show_again(in, out, all ? &in->view->blocks : &named->jids);
    push_change(out, STR("unblock"), named);
    return outcome_result(in, out);
}

static enum verdict unblock(const struct incoming *in, struct outcome *out)
{
    struct named named;
    enum verdict v;

    if (!in->own)
        return outcome_forbid(in, out);
    named_read(in, outcome_arena(out), &named);
    v = named.why == COND_NONE
            ? unblock_named(in, out, &named)
            : outcome_refuse(in, out, named.why, STR("That is no list of addresses."));
    map_deinit(&named.jids);
    return v;
}

/* ---- What passes ----------------------------------------------------------------------------------- */

/* An account's own devices cannot be kept apart (§5), and its server is nobody to be blocked. */
static bool is_blocked(const struct incoming *in, const struct jid *other)
{
    bool own = jid_same_account(&in->stanza->to, &in->stanza->from);
    bool server = other->local.n == 0 && settings_serves(in->settings, other->domain);

    return !own && !server && view_blocks(in->view, other);
}

static enum verdict stop_outbound(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer, *error;

    if (!is_blocked(in, &in->stanza->to))
        return PASS;
    if (!stanza_may_be_answered(in->stanza))
        return DROP;
    answer =
        stanza_error(a, in->stanza, COND_NOT_ACCEPTABLE, STR("You have blocked this address."));
    error = stanza_error_child(answer);
    xml_set(a, error, STR("type"), STR("cancel")); /* §3.3: other words would not help */
    xml_add(a, error, STR(NS_BLOCKING_ERRORS), STR("blocked"));
    outcome_reply(out, answer);
    return HANDLED;
}

/* What a client sends to all its contacts, it does not send to this one. */
static bool is_availability(const struct stanza *s)
{
    return s->kind == STANZA_PRESENCE && !stanza_is_subscription(s);
}

static enum verdict stop_inbound(const struct incoming *in, struct outcome *out)
{
    if (!is_blocked(in, &in->stanza->from))
        return PASS;
    if (!is_availability(in->stanza))
        outcome_event(out, EVENT(EVENT_BLOCKED));
    if (in->stanza->kind == STANZA_PRESENCE || !stanza_may_be_answered(in->stanza)
        || (in->sender_notes & NOTE_RECORD) != 0) /* composed: there is nobody who could compare */
        return DROP;
    outcome_note(out, NOTE_UNHEARD);
    return NOBODY;
}

const struct module blocking_module = {
    .name = "blocking",
    .spec = "XEP-0191 1.3",
    .features = LIST(STR_INIT(NS_BLOCKING)),
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_BLOCKING), STR_INIT("blocklist"), list_get },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_BLOCKING), STR_INIT("block"), block },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_BLOCKING), STR_INIT("unblock"), unblock }),
    .hooks = { [HOOK_OUT] = stop_outbound, [HOOK_IN] = stop_inbound },
};
