/* octets.c: text in stanzas to octets and numbers. */
#include "omemo/octets.h"

#include <string.h>

#include "base/encode.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str without_space(struct arena *a, struct str text)
{
    char *out = arena_raw(a, text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (!is_space(text.p[i]))
            out[n++] = text.p[i];
    return (struct str){ out, n };
}

/* White space may double the text, not more. */
enum err octets_read(struct arena *a, struct str text, size_t max, struct bytes *out)
{
    size_t digits = (max + 2) / 3 * 4;
    struct bytes octets;
    enum err e;

    if (text.n > 2 * digits)
        return ERR_TOO_BIG;
    if ((e = base64_read(a, without_space(a, text), &octets)) != ERR_NONE)
        return e;
    if (octets.n > max)
        return ERR_TOO_BIG;
    *out = octets;
    return ERR_NONE;
}

enum err octets_read_exactly(struct arena *a, const struct xml_node *node, uint8_t *out, size_t n)
{
    struct bytes octets;
    enum err e;

    if (node == NULL)
        return ERR_MALFORMED;
    if ((e = octets_read(a, xml_text_of(a, node), n, &octets)) != ERR_NONE)
        return e;
    if (octets.n != n)
        return ERR_MALFORMED;
    memcpy(out, octets.p, n);
    return ERR_NONE;
}

enum err id_read(struct str text, uint32_t max, uint32_t *out)
{
    uint64_t value;

    if (str_to_u64(text, max, &value) != ERR_NONE || value == 0)
        return ERR_MALFORMED;
    *out = (uint32_t)value;
    return ERR_NONE;
}

struct str id_text(struct arena *a, uint32_t id)
{
    return arena_printf(a, "%u", (unsigned)id);
}
