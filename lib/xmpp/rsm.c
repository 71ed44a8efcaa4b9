/* rsm.c: the <set/> of a request and of its answer. */
#include "xmpp/rsm.h"

#include "xmpp/ns.h"

static const struct str ns = STR_INIT(NS_RSM);

/* A number in a child element; its absence is fine. */
static enum err read_number(struct arena *a, const struct xml_node *set, struct str name,
                            uint64_t *out, bool *out_present)
{
    struct str text = xml_child_text(a, set, ns, name);

    *out_present = text.p != NULL;
    if (text.p == NULL)
        return ERR_NONE;
    return str_to_u64(str_trim(text), UINT64_MAX, out) == ERR_NONE ? ERR_NONE : ERR_MALFORMED;
}

enum err rsm_read(struct arena *a, const struct xml_node *parent, struct rsm *out)
{
    const struct xml_node *set = xml_child(parent, ns, STR("set"));
    struct rsm r = { .present = set != NULL };

    if (set != NULL) {
        if (read_number(a, set, STR("max"), &r.max, &r.has_max) != ERR_NONE
            || read_number(a, set, STR("index"), &r.index, &r.has_index) != ERR_NONE)
            return ERR_MALFORMED;
        r.before = xml_child_text(a, set, ns, STR("before"));
        r.after = xml_child_text(a, set, ns, STR("after"));
        r.has_before = r.before.p != NULL;
    }
    *out = r;
    return ERR_NONE;
}

static struct str number_text(struct arena *a, uint64_t number)
{
    return arena_printf(a, "%llu", (unsigned long long)number);
}

void rsm_write(struct arena *a, struct xml_node *parent, const struct rsm_answer *answer)
{
    struct xml_node *set = xml_add(a, parent, ns, STR("set"));

    if (answer->first.n > 0) { /* an empty page has neither: XEP-0059 §2.1 */
        struct xml_node *first = xml_add_text_child(a, set, ns, STR("first"), answer->first);

        if (answer->has_index)
            xml_set(a, first, STR("index"), number_text(a, answer->index));
        xml_add_text_child(a, set, ns, STR("last"), answer->last);
    }
    if (answer->has_count)
        xml_add_text_child(a, set, ns, STR("count"), number_text(a, answer->count));
}
