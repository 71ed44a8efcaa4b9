/* peek.c: small looks into a stanza. */
#include "bench/load/peek.h"

#include <string.h>

static bool ends_name(char c)
{
    return c == ' ' || c == '>' || c == '/' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str peek_name(struct str stanza)
{
    struct str rest = str_skip(stanza, 1);
    size_t n = 0;

    while (n < rest.n && !ends_name(rest.p[n]))
        n++;
    return str_slice(rest, 0, n);
}

/* Cuts the next name='value' from *tag; false at the tag's end. */
static bool next_attr(struct str *tag, struct str *out_name, struct str *out_value)
{
    size_t equals, close;
    char quote;

    while (tag->n > 0 && is_space(tag->p[0]))
        *tag = str_skip(*tag, 1);
    equals = str_find(*tag, '=');
    if (tag->n == 0 || tag->p[0] == '>' || tag->p[0] == '/' || tag->n - equals < 2)
        return false;
    *out_name = str_trim(str_slice(*tag, 0, equals));
    *tag = str_trim(str_skip(*tag, equals + 1));
    quote = tag->n > 0 ? tag->p[0] : '\0';
    if (quote != '\'' && quote != '"')
        return false;
    *tag = str_skip(*tag, 1);
    close = str_find(*tag, quote);
    *out_value = str_slice(*tag, 0, close);
    *tag = str_skip(*tag, close + 1);
    return true;
}

struct str peek_attr(struct str stanza, const char *name)
{
    struct str tag = str_skip(stanza, 1 + peek_name(stanza).n), key, value;

    while (next_attr(&tag, &key, &value))
        if (str_is(key, name))
            return value;
    return STR_NONE;
}

/* The stanza from behind its outermost start tag. */
static struct str behind_tag(struct str stanza)
{
    struct str rest = str_skip(stanza, 1 + peek_name(stanza).n), key, value;

    while (next_attr(&rest, &key, &value))
        ;
    return str_skip(rest, str_find(rest, '>') + 1);
}

struct str peek_text(struct str stanza)
{
    struct str inner = behind_tag(stanza);
    size_t close = str_find(inner, '<');

    return str_slice(inner, 0, close);
}

struct str peek_child(struct str stanza, const char *name)
{
    struct str rest = behind_tag(stanza);

    for (size_t at; (at = str_find(rest, '<')) < rest.n; rest = str_skip(rest, 1)) {
        rest = str_skip(rest, at);
        if (str_is(peek_name(rest), name))
            return rest;
    }
    return STR_NONE;
}

struct str peek_condition(struct str stanza)
{
    struct str error = peek_child(stanza, "error"); /* a stanza's error is one level deeper */
    struct str inner = behind_tag(error.p != NULL ? error : stanza);

    return peek_name(str_skip(inner, str_find(inner, '<')));
}

bool peek_has(struct str stanza, struct str text)
{
    return stanza.n > 0 && memmem(stanza.p, stanza.n, text.p, text.n) != NULL;
}
