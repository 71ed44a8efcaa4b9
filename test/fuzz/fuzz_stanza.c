/* fuzz_stanza.c: from text to stanza, form, page request and caps hash; and every answer can be
 * read by who gets it, comes from whom was asked and goes to who asked. */
#include <stdlib.h>

#include "base/mem.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/dataform.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"
#include "xmpp/rsm.h"
#include "xmpp/stanza.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct xml_limits limits = {
    .element_bytes = 16 * 1024, .depth = 16, .attrs = 32, .nodes = 512
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool same_address(bool has_a, const struct jid *a, bool has_b, const struct jid *b)
{
    return has_a == has_b && (!has_a || jid_eq(a, b));
}

static void check_answer(struct arena *a, const struct stanza *in, struct xml_node *answer)
{
    enum stanza_condition why;
    struct xml_node *read;
    struct stanza back;
    struct buf text;

    buf_init(&text, 64 * 1024);
    xml_write(&text, answer, STR_NONE);
    check(!text.failed && xml_parse_document(a, buf_str(&text), &limits, &read) == ERR_NONE);
    buf_deinit(&text);
    check(stanza_parse(a, read, &back, &why) == ERR_NONE
          || (in->kind == STANZA_IQ && in->id.n == 0));
    check(back.kind == in->kind && !stanza_may_be_answered(&back) && str_eq(back.id, in->id));
    check(same_address(back.has_to, &back.to, in->has_from, &in->from));
    check(same_address(back.has_from, &back.from, in->has_to, &in->to));
}

static void check_payload(struct arena *a, const struct xml_node *payload)
{
    struct dataform form;
    struct str hash;
    struct rsm rsm;

    if (dataform_read(a, payload, &form) == ERR_NONE)
        for (const struct xml_node *f = NULL; (f = dataform_next_field(&form, f)) != NULL;)
            check(xml_get(f, STR("var")).p == NULL
                  || dataform_value(a, &form, xml_get(f, STR("var"))).p != NULL);
    if (rsm_read(a, payload, &rsm) == ERR_NONE)
        check(rsm.present || !(rsm.has_max || rsm.has_index || rsm.has_before));
    if (disco_caps_hash(a, payload, &hash) == ERR_NONE)
        check(hash.n == 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    enum stanza_condition why;
    struct xml_node *node;
    struct stanza s;
    enum err e;

    if (xml_parse_document(&a, (struct str){ (const char *)data, n }, &limits, &node) == ERR_NONE
        && (e = stanza_parse(&a, node, &s, &why)) != ERR_UNSUPPORTED) {
        check((e == ERR_NONE) == (why == COND_NONE));
        if (stanza_may_be_answered(&s))
            check_answer(&a, &s, stanza_error(&a, &s, why ? why : COND_FORBIDDEN, STR("why")));
        if (s.payload != NULL) {
            check_answer(&a, &s, stanza_result(&a, &s));
            check_payload(&a, s.payload);
        }
    }
    arena_deinit(&a);
    return 0;
}
