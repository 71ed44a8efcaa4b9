/* declaration.c: the XML declaration (XML 1.0 §2.8): version 1.0, UTF-8. */
#include "xml/tag.h"

#include "xml/chars.h"

static void skip_space(struct str *s)
{
    while (s->n > 0 && xml_char_is(s->p[0], XML_SPACE))
        *s = str_skip(*s, 1);
}

/* S name S? '=' S? quoted value. False, and *s as it was, where another name or nothing follows. */
static bool take(struct str *s, struct str name, struct str *out)
{
    struct str rest = *s;
    size_t n;
    char quote;

    skip_space(&rest);
    if (rest.n == s->n || !str_starts(rest, name))
        return false;
    rest = str_skip(rest, name.n);
    skip_space(&rest);
    if (!str_starts(rest, STR("=")))
        return false;
    rest = str_skip(rest, 1);
    skip_space(&rest);
    quote = rest.n > 0 ? rest.p[0] : 0;
    rest = str_skip(rest, 1);
    n = str_find(rest, quote);
    if ((quote != '"' && quote != '\'') || n == rest.n)
        return false;
    *out = str_slice(rest, 0, n);
    *s = str_skip(rest, n + 1);
    return true;
}

enum err xml_tag_declaration(struct str raw, bool *bad_encoding)
{
    struct str rest = raw, value;

    *bad_encoding = false;
    if (!str_starts(raw, STR("<?xml")) || raw.n < 7 || !xml_char_is(raw.p[5], XML_SPACE))
        return ERR_UNSUPPORTED; /* a processing instruction */
    if (!str_ends(raw, STR("?>")))
        return ERR_MALFORMED;
    rest = str_slice(raw, 5, raw.n - 7);
    if (!take(&rest, STR("version"), &value))
        return ERR_MALFORMED;
    if (!str_eq(value, STR("1.0")))
        return ERR_UNSUPPORTED;
    if (take(&rest, STR("encoding"), &value) && !str_eq_nocase(value, STR("utf-8"))) {
        *bad_encoding = true;
        return ERR_UNSUPPORTED;
    }
    if (take(&rest, STR("standalone"), &value) && !str_eq(value, STR("yes"))
        && !str_eq(value, STR("no")))
        return ERR_MALFORMED;
    return xml_is_space(rest) ? ERR_NONE : ERR_MALFORMED;
}
