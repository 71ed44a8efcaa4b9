/* fuzz_jingle.c: an action or a message of a call that is read is written in the grammar: it is read again, nothing is left out of
 * it, and it is written the same.
 */
#include <stdlib.h>

#include "jingle/message.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

static const struct xml_limits limits = { 65536, 32, 64, 4000 };

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct str text_of(struct arena *a, const struct xml_node *node)
{
    struct buf out;
    struct str text;

    buf_init(&out, 1 << 20);
    xml_write(&out, node, STR_NONE);
    must(!out.failed);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

static void check_action(struct arena *a, const struct xml_node *node)
{
    struct xml_node *again;
    struct jingle j, k;
    struct str text;
    const char *why;

    if (jingle_read(a, node, &j, &why) != ERR_NONE) {
        must(why != NULL);
        return;
    }
    text = text_of(a, jingle_write(a, &j));
    must(xml_parse_document(a, text, &limits, &again) == ERR_NONE);
    must(jingle_read(a, again, &k, &why) == ERR_NONE && k.left_out == 0);
    must(k.action == j.action && jingle_media_of(&k) == jingle_media_of(&j));
    must(str_eq(text, text_of(a, jingle_write(a, &k))));
}

static void check_message(struct arena *a, const struct xml_node *node)
{
    struct xml_node *out = xml_new(a, STR(NS_CLIENT), STR("message")), *again;
    struct call_message m, n;
    struct str text;
    const char *why;

    if (call_message_read(node, &m, &why) != ERR_NONE)
        return;
    call_message_write(a, out, &m);
    text = text_of(a, out);
    must(text.n <= 600);
    must(xml_parse_document(a, text, &limits, &again) == ERR_NONE);
    must(call_message_read(again, &n, &why) == ERR_NONE && n.left_out == 0);
    must(n.word == m.word && n.media == m.media && n.device == m.device && n.reason == m.reason
         && str_eq(n.id, m.id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    struct xml_node *node;

    if (xml_parse_document(&a, (struct str){ (const char *)data, n }, &limits, &node) == ERR_NONE) {
        if (xml_is(node, STR(NS_JINGLE), STR("jingle")))
            check_action(&a, node);
        else
            check_message(&a, node);
    }
    arena_deinit(&a);
    return 0;
}
