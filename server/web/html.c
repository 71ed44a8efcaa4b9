/* html.c: templates. */
#include "server/web/html.h"

#include <assert.h>

static void add_escaped(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&': buf_add(out, STR("&amp;")); break;
        case '<': buf_add(out, STR("&lt;")); break;
        case '>': buf_add(out, STR("&gt;")); break;
        case '"': buf_add(out, STR("&quot;")); break;
        case '\'': buf_add(out, STR("&#39;")); break;
        default: buf_add_char(out, text.p[i]);
        }
    }
}

static struct str value_of(struct str name, const struct html_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, values[i].name))
            return values[i].text;
    assert(!"a template names what its page does not give");
    return STR_NONE;
}

void html_fill(struct buf *out, struct str template, const struct html_value *values, size_t count)
{
    while (template.n > 0) {
        struct str name;

        buf_add(out, str_split(&template, '{'));
        if (template.p == NULL)
            return;
        name = str_split(&template, '}');
        if (str_starts(name, STR("!")))
            buf_add(out, value_of(str_skip(name, 1), values, count));
        else
            add_escaped(out, value_of(name, values, count));
    }
}
