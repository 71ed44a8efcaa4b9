/* differential.c: see differential.h. */
#include "differential.h"

#include "expat_tree.h"
#include "libxml2_tree.h"
#include "tree_text.h"
#include "xml/writer.h"

enum { TEXT_MAX = 1 << 22 };

struct trees {
    struct arena arena;
    struct buf ours, other, log, cut_log;
};

static bool same(struct buf *into, const struct buf *want, const struct xml_node *node)
{
    buf_reset(into);
    tree_text(into, node);
    return str_eq(buf_str(into), buf_str(want));
}

static bool survives_writing(struct trees *t, const struct xml_node *node)
{
    struct xml_node *again;
    struct buf text;
    bool ok;

    buf_init(&text, TEXT_MAX);
    xml_write(&text, node, STR_NONE);
    ok = xml_parse_document(&t->arena, buf_str(&text), &wide_limits, &again) == ERR_NONE
         && same(&t->other, &t->ours, again);
    buf_deinit(&text);
    return ok;
}

static bool cuts_matter(struct trees *t, struct str in, enum xml_framing framing)
{
    buf_reset(&t->log);
    event_text(&t->log, framing, &wide_limits, in, in.n, 1);
    for (size_t step = 1; step < 8; step += 3) {
        buf_reset(&t->cut_log);
        event_text(&t->cut_log, framing, &wide_limits, in, in.n / 2, step);
        if (!str_eq(buf_str(&t->log), buf_str(&t->cut_log)))
            return true;
    }
    return false;
}

/* The list of lib/xml/README.md. The log is that of the input as documents, so that it tells what a
 * second look at trailing bytes finds. */
static bool refused_on_purpose(const struct trees *t, struct str in)
{
    return str_ends(buf_str(&t->log), str_from(err_text(ERR_UNSUPPORTED)))
           || str_starts(in, STR("\xef\xbb\xbf"));
}

static const char *broken_rule(struct trees *t, struct str in, bool *out_accepted)
{
    struct xml_node *node, *expat, *libxml2;
    bool accepted = xml_parse_document(&t->arena, in, &wide_limits, &node) == ERR_NONE;

    *out_accepted = accepted;
    if (cuts_matter(t, in, XML_STREAM) || cuts_matter(t, in, XML_DOCUMENTS))
        return "events depend on how the input is cut";
    expat = expat_tree_parse(&t->arena, in);
    libxml2 = expat ? libxml2_tree_parse(&t->arena, in) : NULL;
    if (!accepted)
        return expat == NULL || libxml2 == NULL || refused_on_purpose(t, in) ? NULL
                                                                             : "only we refuse it";
    if (expat == NULL)
        return "expat refuses it";
    if (libxml2 == NULL)
        return "libxml2 refuses it";
    tree_text(&t->ours, node);
    if (!same(&t->other, &t->ours, expat))
        return "expat reads another tree";
    if (!same(&t->other, &t->ours, libxml2))
        return "libxml2 reads another tree";
    return survives_writing(t, node) ? NULL : "what was written is read differently";
}

struct verdict differential_check(struct str in)
{
    struct trees t = { 0 };
    struct verdict verdict;

    buf_init(&t.ours, TEXT_MAX);
    buf_init(&t.other, TEXT_MAX);
    buf_init(&t.log, TEXT_MAX);
    buf_init(&t.cut_log, TEXT_MAX);
    verdict.broken = broken_rule(&t, in, &verdict.accepted);
    buf_deinit(&t.ours);
    buf_deinit(&t.other);
    buf_deinit(&t.log);
    buf_deinit(&t.cut_log);
    arena_deinit(&t.arena);
    return verdict;
}
