/* fields.c: see fields.h. */
#include "http/fields.h"

#include <string.h>

bool http_may_follow(char last, char c)
{
    unsigned char octet = (unsigned char)c;

    if (last == '\r' || c == '\n')
        return last == '\r' && c == '\n';
    return c == '\t' || c == '\r' || (octet >= ' ' && octet != 0x7f);
}

bool http_is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alnum && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.n > 0;
}

struct str http_next_line(struct str *rest)
{
    struct str line = str_split(rest, '\n');

    return str_slice(line, 0, line.n - 1); /* without its CR */
}

enum err http_field_read(struct str line, struct http_field *out)
{
    struct str value = line, name = str_split(&value, ':');

    if (value.p == NULL || !http_is_token(name) || str_find(value, '\r') < value.n)
        return ERR_MALFORMED;
    *out = (struct http_field){ name, str_trim(value) };
    return ERR_NONE;
}

struct str http_field_find(const struct http_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(fields[i].name, str_from(name)))
            return fields[i].value;
    return STR_NONE;
}

size_t http_field_times(const struct http_field *fields, size_t count, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += str_eq_nocase(fields[i].name, str_from(name));
    return n;
}
