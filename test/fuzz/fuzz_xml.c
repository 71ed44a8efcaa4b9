/* fuzz_xml.c: what was read and written is read the same; limits hold however the input is cut.
 *
 * The first byte tells how the rest is cut.
 */
#include <stdlib.h>

#include "xml/parser.h"
#include "xml/writer.h"

static const struct xml_limits limits = {
    .element_bytes = 4096, .depth = 20, .attrs = 16, .nodes = 200
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void write_and_read(const struct xml_node *node, struct str context)
{
    struct arena a = { 0 };
    struct xml_node *again;
    struct buf first, second;

    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    xml_write(&first, node, STR_NONE);
    /* The text may have grown: prefixes are spelled out, characters escaped. */
    must(xml_parse_document(&a, buf_str(&first), &(struct xml_limits){ 1 << 20, 20, 40, 200 },
                            &again)
         == ERR_NONE);
    xml_write(&second, again, STR_NONE);
    must(!first.failed && str_eq(buf_str(&first), buf_str(&second)));
    buf_reset(&first);
    buf_reset(&second);
    xml_write(&first, node, context);
    xml_write(&second, again, context);
    must(str_eq(buf_str(&first), buf_str(&second)));
    buf_deinit(&first);
    buf_deinit(&second);
    arena_deinit(&a);
}

static void feed(struct xml_parser *p, struct str in)
{
    struct xml_event event;
    enum err e;

    while ((e = xml_parse(p, &in, &event)) == ERR_NONE && event.kind != XML_MORE) {
        must(event.bytes <= limits.element_bytes);
        if (event.kind == XML_ELEMENT) {
            must(xml_parser_idle(p));
            write_and_read(event.node, xml_parser_root_default_ns(p));
        }
        arena_deinit(&event.arena);
    }
    must(e != ERR_NONE || in.n == 0);
    must(p->partial.n <= limits.element_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = { (const char *)data, size };
    enum xml_framing framing = size > 0 && data[0] & 1 ? XML_DOCUMENTS : XML_STREAM;
    size_t step = size > 0 && data[0] > 1 ? data[0] / 2u : size;
    struct xml_parser p;

    xml_parser_init(&p, framing, &limits);
    for (in = str_skip(in, 1); in.n > 0; in = str_skip(in, step))
        feed(&p, str_slice(in, 0, step));
    xml_parser_deinit(&p);
    return 0;
}
