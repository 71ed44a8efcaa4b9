/* mam_prefs.c: Message Archive Management Preferences (XEP-0441): with whom messages are archived. */
#include "server/modules/mam_prefs.h"

#include "base/buf.h"
#include "server/limits.h"
#include "server/modules/modules.h"

static const struct str defaults[] = { STR_INIT("always"), STR_INIT("never"), STR_INIT("roster") };

/* ---- Use ------------------------------------------------------------------------------------------- */

bool mam_prefs_keep(const struct view *v, struct arena *a, const struct jid *other)
{
    struct str prefs = v->mam_prefs, standard = str_split(&prefs, '\n'), full, bare;
    const struct roster_item *item;
    bool always = false;

    if (standard.n == 0) /* none were set */
        return true;
    full = jid_text(a, other);
    bare = jid_bare_text(a, other);
    while (prefs.p != NULL) { /* §2.3: with a resource as it is, without one for all of them */
        struct str line = str_split(&prefs, '\n'), jid = str_skip(line, 1);

        if (!str_eq(jid, full) && !str_eq(jid, bare))
            continue;
        if (str_starts(line, STR("-")))
            return false;
        always = true;
    }
    if (always || str_is(standard, "always"))
        return true;
    if (str_is(standard, "never"))
        return false;
    item = view_contact(v, bare);
    return (item != NULL && item->listed) || str_eq(bare, v->bare);
}

/* ---- Protocol -------------------------------------------------------------------------------------- */

static enum verdict answer(const struct incoming *in, struct outcome *out, struct str prefs)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *node = xml_add(a, result, STR(NS_MAM), STR("prefs"));
    struct xml_node *always = xml_add(a, node, STR(NS_MAM), STR("always"));
    struct xml_node *never = xml_add(a, node, STR(NS_MAM), STR("never"));
    struct str standard = str_split(&prefs, '\n');

    xml_set(a, node, STR("default"), standard.n > 0 ? standard : defaults[0]);
    while (prefs.p != NULL) {
        struct str line = str_split(&prefs, '\n');

        xml_add_text_child(a, str_starts(line, STR("-")) ? never : always, STR(NS_MAM), STR("jid"),
                           str_skip(line, 1));
    }
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict prefs_get(const struct incoming *in, struct outcome *out)
{
    if (!in->own)
        return outcome_forbid(in, out);
    return answer(in, out, arena_str(outcome_arena(out), in->view->mam_prefs));
}

/* The addresses of one list, each on a line behind its sign. */
static enum stanza_condition read_list(struct arena *a, const struct xml_node *list, char sign,
                                       size_t *count, struct buf *prefs)
{
    const struct xml_node *i = list ? xml_first_element(list) : NULL;
    struct jid j;

    for (; i != NULL; i = xml_next_element(i)) {
        if (!xml_is(i, STR(NS_MAM), STR("jid")))
            return COND_BAD_REQUEST;
        if (jid_parse(a, str_trim(xml_text_of(a, i)), &j) != ERR_NONE)
            return COND_JID_MALFORMED;
        if (++*count > MAM_PREFS_JIDS)
            return COND_RESOURCE_CONSTRAINT;
        buf_add_char(prefs, '\n');
        buf_add_char(prefs, sign);
        buf_add(prefs, jid_text(a, &j));
    }
    return COND_NONE;
}

static enum stanza_condition read_prefs(struct arena *a, const struct xml_node *node,
                                        struct buf *prefs)
{
    struct str standard = xml_get(node, STR("default"));
    enum stanza_condition why = COND_BAD_REQUEST;
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (str_eq(standard, defaults[i]))
            why = COND_NONE;
    buf_add(prefs, standard);
    if (why == COND_NONE)
        why = read_list(a, xml_child(node, STR(NS_MAM), STR("always")), '+', &count, prefs);
    if (why == COND_NONE)
        why = read_list(a, xml_child(node, STR(NS_MAM), STR("never")), '-', &count, prefs);
    return why;
}

static enum verdict prefs_set(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    enum stanza_condition why;
    struct str text;
    struct buf prefs;
    struct row *row;

    if (!in->own)
        return outcome_forbid(in, out);
    buf_init(&prefs, MAM_PREFS_JIDS * (size_t)(JID_MAX + 2));
    why = read_prefs(a, in->stanza->payload, &prefs);
    text = arena_str(a, buf_str(&prefs));
    buf_deinit(&prefs);
    if (why != COND_NONE)
        return outcome_refuse(in, out, why, STR_NONE);
    row = outcome_write(out, ROW_DOCUMENT);
    row->document.kind = DOC_MAM_PREFS;
    row->document.key = STR("");
    row->document.value = text;
    return answer(in, out, text);
}

const struct module mam_prefs_module = {
    .name = "mam-prefs",
    .spec = "XEP-0441 0.2.0",
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_MAM), STR_INIT("prefs"), prefs_get },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_MAM), STR_INIT("prefs"), prefs_set }),
};
