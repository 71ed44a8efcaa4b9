/* fuzz_push_options.c: options that were read are within their limits, and reading what was written gives the same once more: nothing
 * but fields and values is in it.
 */
#include <stdlib.h>

#include "server/push_options.h"
#include "server/stored.h"
#include "xmpp/ns.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check(const struct xml_node *options)
{
    const struct xml_node *x = xml_first_element(options);
    size_t values = 0;

    must(xml_is(options, STR(NS_PUBSUB), STR("publish-options"))
         && xml_count_elements(options) == 1);
    must(xml_is(x, STR(NS_DATA), STR("x")) && xml_count_elements(x) <= PUSH_FIELDS_MAX + 1);
    for (const struct xml_node *f = xml_first_element(x); f != NULL; f = xml_next_element(f)) {
        must(xml_is(f, STR(NS_DATA), STR("field")) && xml_get(f, STR("var")).n <= PUSH_FIELD_BYTES);
        for (const struct xml_node *v = f->first; v != NULL; v = v->next) {
            must(xml_is(v, STR(NS_DATA), STR("value")) && v->attrs == NULL);
            values++;
        }
    }
    must(values <= PUSH_VALUES_BYTES + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = { 0 };
    struct xml_node *enable = stored_element(&a, (struct str){ (const char *)data, n });
    struct xml_node *once = NULL, *twice = NULL;

    if (enable != NULL && push_options_read(&a, enable, &once) == ERR_NONE && once != NULL) {
        check(once);
        must(push_options_read(&a, once, &twice) == ERR_NONE && twice != NULL);
        must(str_eq(element_text(&a, once), element_text(&a, twice)));
    }
    arena_deinit(&a);
    return 0;
}
