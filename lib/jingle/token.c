/* token.c: see token.h. */
#include "jingle/token.h"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_of(char c, enum token_alphabet alphabet)
{
    switch (alphabet) {
    case TOKEN_NAME: return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
    case TOKEN_ICE: return is_alphanumeric(c) || c == '+' || c == '/';
    case TOKEN_CALL_ID: return is_alphanumeric(c) || c == '+' || c == '/' || c == '_' || c == '-';
    case TOKEN_PRINTABLE: return c >= ' ' && c <= '~';
    case TOKEN_HEX_PAIRS:
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
               || c == ':';
    }
    return false;
}

bool token_is(struct str s, enum token_alphabet alphabet, size_t least, size_t most)
{
    if (s.n < least || s.n > most)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_of(s.p[i], alphabet))
            return false;
    return true;
}

bool token_number(struct str s, uint64_t least, uint64_t most, uint64_t *out)
{
    return str_to_u64(s, most, out) == ERR_NONE && *out >= least;
}

size_t token_among(struct str s, const char *const *names, size_t count)
{
    size_t i = 0;

    while (i < count && !str_is(s, names[i]))
        i++;
    return i;
}
