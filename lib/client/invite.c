/* invite.c: see invite.h. */
#include "client/invite.h"

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
              || c == '_' || c == '.' || c == '~'))
            return false;
    }
    return s.n > 0 && s.n <= INVITE_TOKEN_MAX;
}

static enum err read_uri(struct str text, struct invite *out)
{
    struct str address = str_split(&text, '?'), action = str_split(&text, ';'), pair;
    struct str local = STR_NONE, domain = address;
    bool registers = str_is(action, "register");

    if (str_find(address, '@') < address.n) {
        local = str_split(&domain, '@');
        if (local.n == 0)
            return ERR_MALFORMED;
    }
    while (text.p != NULL) {
        pair = str_split(&text, ';');
        if (str_starts(pair, STR("preauth=")))
            out->token = str_skip(pair, 8);
        registers |= str_is(pair, "ibr=y");
    }
    if (!registers || domain.n == 0 || domain.p == NULL || str_find(address, '%') < address.n)
        return ERR_MALFORMED;
    out->domain = domain;
    if (str_is(action, "roster"))
        out->inviter = address;
    else
        out->name = local;
    return ERR_NONE;
}

static enum err read_page(struct str text, struct invite *out)
{
    struct str authority = str_split(&text, '/');
    size_t slash = text.p != NULL ? str_find_last(text, '/') : 0;

    if (text.p == NULL || authority.n == 0 || str_find(authority, '@') < authority.n)
        return ERR_MALFORMED;
    out->token = slash < text.n ? str_skip(text, slash + 1) : text;
    out->domain = str_split(&authority, ':');
    return out->domain.n > 0 ? ERR_NONE : ERR_MALFORMED;
}

enum err invite_read(struct str text, struct invite *out)
{
    const struct str xmpp = STR("xmpp:"), https = STR("https://");
    struct invite i = { .token = text };
    enum err e = ERR_NONE;

    if (str_starts(text, xmpp)) {
        i.token = STR_NONE;
        e = read_uri(str_skip(text, xmpp.n), &i);
    } else if (str_starts(text, https)) {
        e = read_page(str_skip(text, https.n), &i);
    }
    if (e == ERR_NONE && !is_token(i.token))
        e = ERR_MALFORMED;
    if (e == ERR_NONE)
        *out = i;
    return e;
}
