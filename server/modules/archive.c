/* archive.c: which messages are kept, for history (XEP-0313 §5.1) and for people who are offline (XEP-0160).
 *
 * Kept is what a person would miss: anything encrypted or with a body, receipts, markers, retractions, and what asks
 * to be stored (XEP-0334). The row is committed before anybody sees the message; its position becomes the stanza-id.
 * A client that sends the same origin-id again after a lost connection is heard once.
 */
#include <string.h>

#include "crypto/hash.h"
#include "server/modules/modules.h"
#include "server/modules/receipts.h"
#include "server/stored.h"

static bool has(const struct stanza *m, const char *ns, const char *name)
{
    return xml_child(m->node, str_from(ns), str_from(name)) != NULL;
}

static bool worth_keeping(const struct stanza *m)
{
    if (m->type == MESSAGE_ERROR || m->type == MESSAGE_HEADLINE || m->type == MESSAGE_GROUPCHAT)
        return false;
    if (has(m, NS_HINTS, "no-store") || has(m, NS_HINTS, "no-permanent-store"))
        return false;
    return has_content(m) || is_receipt(m) || has(m, NS_HINTS, "store")
           || xml_child_ns(m->node, STR(NS_RETRACT)) != NULL;
}

/* Of (sender, recipient, origin-id); false without an origin-id: other ids need not be unique (RFC 6120 §8.1.3). */
static bool origin_of(const struct incoming *in, struct outcome *out, uint8_t origin[16])
{
    const struct xml_node *id = xml_child(in->stanza->node, STR(NS_SID), STR("origin-id"));
    struct str text = id ? xml_get(id, STR("id")) : STR_NONE;
    uint8_t digest[HASH_SIZE_MAX];
    struct str to;

    if (text.n == 0)
        return false;
    to = jid_text(outcome_arena(out), &in->stanza->to);
    hash_digest(HASH_SHA256,
                bytes_of_str(arena_printf(outcome_arena(out), "%.*s\n%.*s\n%.*s", STR_ARG(in->sender),
                                          STR_ARG(to), STR_ARG(text))),
                digest);
    memcpy(origin, digest, 16);
    return true;
}

/* At the sender's home, whose view remembers what it sent last. A repeated message was accepted before: it is
 * acknowledged again, and nothing else. */
static enum verdict archive_once(const struct incoming *in, struct outcome *out)
{
    uint8_t origin[16];

    if (in->stanza->kind != STANZA_MESSAGE || !worth_keeping(in->stanza)
        || !origin_of(in, out, origin))
        return PASS;
    return outcome_repeats(out, origin) ? DROP : PASS;
}

static enum verdict archive_keep(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;
    unsigned kind = is_receipt(m) ? ENTRY_RECEIPT : 0;
    unsigned hidden = in->settings->archive_on ? 0 : ENTRY_HIDDEN;
    struct arena *a = outcome_arena(out);
    struct row *row;

    if (m->kind != STANZA_MESSAGE || !worth_keeping(m))
        return PASS;
    if (!in->settings->archive_on && in->reachable) /* no history is kept: only the absent need a copy */
        return PASS;
    row = outcome_write(out, ROW_MESSAGE);
    row->message.at_ms = in->now_ms;
    row->message.body = stanza_text(a, m->node);
    if (in->origin != NULL)
        memcpy(row->message.origin, in->origin, sizeof row->message.origin);
    row->message.entry[0] = (struct archive_entry){
        .account = in->view->account,
        .peer = jid_text(a, &m->from),
        .flags = ENTRY_OFFLINE | kind | hidden,
    };
    if (in->sender_account != 0 && !in->own && in->settings->archive_on
        && !(in->sender_notes & NOTE_UNSENT))
        row->message.entry[1] = (struct archive_entry){
            .account = in->sender_account,
            .peer = jid_text(a, &m->to),
            .flags = ENTRY_SENT | kind,
        };
    return PASS;
}

const struct module archive_module = {
    .name = "archive",
    .spec = "XEP-0160 1.0.1, XEP-0334 0.4.0",
    .features = LIST(STR_INIT(NS_OFFLINE_FEATURE)),
    .hooks = { [HOOK_OUT] = archive_once, [HOOK_IN] = archive_keep },
};
