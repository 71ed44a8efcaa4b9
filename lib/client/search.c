/* search.c: see search.h. Most texts are ASCII, or nearly: those are folded without asking Unicode. */
#include "client/search.h"

#include <string.h>

#include "base/unicode.h"
#include "base/utf8.h"

/* What somebody wrote may be as long as a message; mappings grow it at most some times. */
static enum err fold(struct arena *a, struct str in, struct str *out)
{
    struct str text;
    enum err e;

    if (utf8_is_ascii(in)) {
        char *p = arena_raw(a, in.n + 1);

        for (size_t i = 0; i < in.n; i++)
            p[i] = (char)(in.p[i] >= 'A' && in.p[i] <= 'Z' ? in.p[i] - 'A' + 'a' : in.p[i]);
        *out = (struct str){ p, in.n };
        return ERR_NONE;
    }
    if ((e = unicode_width_map(a, in, &text)) != ERR_NONE)
        return e;
    if ((e = unicode_lower(a, text, &text)) != ERR_NONE)
        return e;
    return unicode_nfc(a, text, out);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum err search_read(struct arena *a, struct str text, struct search *out)
{
    struct str folded;
    enum err e;

    *out = (struct search){ .n = 0 };
    if (text.n > SEARCH_OCTETS_MAX)
        return ERR_TOO_BIG;
    if ((e = fold(a, text, &folded)) != ERR_NONE)
        return e;
    for (size_t i = 0, n; i < folded.n; i += n) {
        for (n = 0; i + n < folded.n && !is_space(folded.p[i + n]);)
            n++;
        if (n > 0 && out->n == SEARCH_WORDS_MAX)
            return ERR_TOO_BIG;
        if (n > 0)
            out->words[out->n++] = str_slice(folded, i, n);
        else
            n = 1;
    }
    return out->n > 0 ? ERR_NONE : ERR_MISSING;
}

bool search_finds(const struct search *s, struct str text)
{
    struct arena a = { 0 };
    struct str folded;
    bool all = fold(&a, text, &folded) == ERR_NONE;

    for (size_t i = 0; i < s->n && all; i++)
        all = memmem(folded.p, folded.n, s->words[i].p, s->words[i].n) != NULL;
    arena_deinit(&a);
    return all;
}
