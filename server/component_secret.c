/* component_secret.c: see component_secret.h. */
#include "server/component_secret.h"

#include "xmpp/jid.h"

enum err component_secret_read(struct arena *a, struct str text, struct component_secret *out)
{
    struct str rest = text, domain = str_split(&rest, '=');
    struct component_secret c;

    if (rest.n < COMPONENT_SECRET_MIN || rest.n > COMPONENT_SECRET_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < rest.n; i++)
        if (rest.p[i] <= ' ' || rest.p[i] > '~')
            return ERR_MALFORMED;
    if (jid_prepare_domain(a, domain, &c.domain) != ERR_NONE)
        return ERR_MALFORMED;
    c.secret = arena_str(a, rest);
    *out = c;
    return ERR_NONE;
}
