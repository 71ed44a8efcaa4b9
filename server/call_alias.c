/* call_alias.c: see call_alias.h. */
#include "server/call_alias.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "server/home.h"

enum { ALIAS_OCTETS = 15 }; /* 24 letters */

#define ALIAS_PREFIX "r-"

struct str call_alias(struct arena *a, const struct settings *s, struct str account,
                      const struct jid *device)
{
    struct str full = jid_text(a, device), bare = jid_bare_text(a, device), letters;
    uint8_t digest[HASH_SIZE_MAX];

    if (jid_is_bare(device))
        return bare;
    hmac(HASH_SHA256, bytes_of(s->secret, sizeof s->secret),
         bytes_of_str(arena_printf(a, "call alias\n%.*s\n%.*s", STR_ARG(account), STR_ARG(full))),
         digest);
    letters = base32_text(a, bytes_of(digest, ALIAS_OCTETS));
    return arena_printf(a, "%.*s/" ALIAS_PREFIX "%.*s", STR_ARG(bare), STR_ARG(letters));
}

void call_alias_set(struct call *c, struct str alias, const struct jid *device)
{
    c->far_alias = arena_str(&c->ledger.arena, alias);
    c->far_device = jid_text(&c->ledger.arena, device);
}

struct str call_alias_resolve(const struct home *h, struct str full)
{
    if (!str_starts(str_skip(full, str_find(full, '/')), STR("/" ALIAS_PREFIX)))
        return full;
    for (const struct link *l = list_first(&h->calls); l != NULL; l = list_next(&h->calls, l)) {
        const struct call *c = LIST_ENTRY(l, const struct call, in_home);

        if (c->far_alias.n > 0 && str_eq(c->far_alias, full))
            return c->far_device;
    }
    return full;
}
