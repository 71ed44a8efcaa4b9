/* derivation.c: the detour of a routed stanza over a thread that may take its time. */
#include "server/derivation.h"

#include <string.h>

#include "server/router.h"

static const enum hash hashes[DERIVED_KEYS] = { HASH_SHA1, HASH_SHA256, HASH_SHA512 };

struct derivation {
    struct routed *routed;
    derived_fn *then;
    const struct random *random;
    uint32_t iterations;
    struct scram_keys keys[DERIVED_KEYS];
    size_t password_n;
    char password[];
};

struct derivation *derivation_new(struct routed *r, struct str password, derived_fn *then)
{
    const struct home *h = r->account->home;
    struct derivation *d = mem_alloc(sizeof *d + password.n);

    d->routed = r;
    d->then = then;
    d->random = &h->host->random;
    d->iterations = h->settings->scram_iterations;
    d->password_n = password.n;
    memcpy(d->password, password.p, password.n);
    return d;
}

void derivation_free(struct derivation *d)
{
    if (d == NULL)
        return;
    secure_zero(d, sizeof *d + d->password_n);
    mem_free(d);
}

static void derive(void *arg)
{
    struct derivation *d = arg;

    for (size_t i = 0; i < DERIVED_KEYS; i++)
        scram_derive_fresh(hashes[i], (struct str){ d->password, d->password_n }, d->iterations,
                           d->random, &d->keys[i]);
}

static void derived(void *arg)
{
    struct derivation *d = arg;

    router_derived(d->routed);
}

void derivation_run(struct derivation *d)
{
    const struct host *host = d->routed->account->home->host;

    host->ops->offload(host->ctx, derive, derived, d);
}

enum verdict derivation_continue(struct derivation *d, const struct incoming *in,
                                 struct outcome *out)
{
    return d->then(in, d->keys, out);
}
